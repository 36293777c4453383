import { DomainError } from '../../foundation/domain-error.ts';
import type { TenantId } from '../../foundation/ids.ts';
import type { Queries, Transaction } from '../storage/database.ts';

/** Owners that an object has at most (Entra's own limit). */
export const maxOwners = 100;
/** Objects that one who may only make their own can own, so that nobody fills the directory (Entra's own limit). */
const maxOwned = 250;

/** Who may own: people and service principals. */
export type OwnerType = 'User' | 'ServicePrincipal';

export interface Owner {
  readonly ownerId: string;
  readonly ownerType: OwnerType;
}

interface OwnedKey {
  readonly tenantId: TenantId;
  readonly objectId: string;
}

/**
 * Makes somebody an owner of an object.
 *
 * @throws DomainError `already-exists` where they are, `conflict` at the object's bound
 */
export async function insertOwner(
  transaction: Transaction,
  { tenantId, objectId, ownerId, ownerType, at }: OwnedKey & Owner & { readonly at: number },
): Promise<void> {
  const owners = await selectOwners(transaction, { tenantId, objectId });
  if (owners.some((owner) => owner.ownerId === ownerId)) {
    throw new DomainError(
      'already-exists',
      "One or more added object references already exist for the following modified properties: 'owners'.",
      { code: 'Request_BadRequest' },
    );
  }
  if (owners.length >= maxOwners) {
    throw new DomainError('conflict', `An object has at most ${maxOwners} owners.`, {
      code: 'Directory_QuotaExceeded',
    });
  }
  await transaction
    .insertInto('object_owners')
    .values({
      tenant_id: tenantId,
      object_id: objectId,
      owner_id: ownerId,
      owner_type: ownerType,
      created_at: at,
    })
    .execute();
}

/** @returns whether the object had the owner */
export async function deleteOwner(
  transaction: Transaction,
  { tenantId, objectId, ownerId }: OwnedKey & { readonly ownerId: string },
): Promise<boolean> {
  const row = await transaction
    .deleteFrom('object_owners')
    .where('tenant_id', '=', tenantId)
    .where('object_id', '=', objectId)
    .where('owner_id', '=', ownerId)
    .returning('owner_id')
    .executeTakeFirst();
  return row !== undefined;
}

/** An object's owners, by object id. */
export async function selectOwners(
  queries: Queries,
  { tenantId, objectId }: OwnedKey,
): Promise<readonly Owner[]> {
  const rows = await queries
    .selectFrom('object_owners')
    .select(['owner_id', 'owner_type'])
    .where('tenant_id', '=', tenantId)
    .where('object_id', '=', objectId)
    .orderBy('owner_id')
    .limit(maxOwners)
    .execute();
  return rows.map((row) => ({
    ownerId: row.owner_id,
    ownerType: row.owner_type === 'User' ? 'User' : 'ServicePrincipal',
  }));
}

/** Whether somebody owns an object. */
export async function owns(
  queries: Queries,
  { tenantId, objectId, ownerId }: OwnedKey & { readonly ownerId: string },
): Promise<boolean> {
  const row = await queries
    .selectFrom('object_owners')
    .select('owner_id')
    .where('tenant_id', '=', tenantId)
    .where('object_id', '=', objectId)
    .where('owner_id', '=', ownerId)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Holds whoever may only make their own objects to the number of them.
 *
 * @throws DomainError `forbidden` at the bound
 */
export async function requireRoomToOwn(queries: Queries, tenantId: TenantId, ownerId: string): Promise<void> {
  const owned = await selectOwned(queries, tenantId, ownerId);
  if (owned.length < maxOwned) return;
  throw new DomainError(
    'forbidden',
    `The directory object quota limit for the principal has been exceeded.`,
    {
      code: 'Directory_QuotaExceeded',
    },
  );
}

/** Object ids of what somebody owns, in order. */
export async function selectOwned(
  queries: Queries,
  tenantId: TenantId,
  ownerId: string,
): Promise<readonly string[]> {
  const rows = await queries
    .selectFrom('object_owners')
    .select('object_id')
    .where('tenant_id', '=', tenantId)
    .where('owner_id', '=', ownerId)
    .orderBy('object_id')
    .limit(1000)
    .execute();
  return rows.map((row) => row.object_id);
}
