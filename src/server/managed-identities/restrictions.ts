import {
  type CanonicalId,
  type ClientId,
  guid,
  type PrincipalId,
  type TenantId,
} from '../../foundation/ids.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import { removeCredentials } from './credential-store.ts';
import { carriersOf, type IdentityIds } from './identity-store.ts';

/** Where a user-assigned identity may be used. */
export interface Restrictions {
  /** The location that its resources have to be in; everywhere where absent. */
  readonly isolatedTo: string | undefined;
  /** Namespaces and types to which alone it may be assigned; all where absent. */
  readonly assignableTo: readonly string[] | undefined;
}

/** A user-assigned identity as whoever attaches it needs it. */
export interface Assignable extends IdentityIds, Restrictions {}

/** The user-assigned identities of some ids, as far as the tenant has them. */
export async function assignableIdentities(
  queries: Queries,
  tenantId: TenantId,
  identities: readonly CanonicalId[],
): Promise<ReadonlyMap<CanonicalId, Assignable>> {
  if (identities.length === 0) return new Map();
  const rows = await queries
    .selectFrom('principals')
    .leftJoin('identity_restrictions', (join) =>
      join
        .onRef('identity_restrictions.tenant_id', '=', 'principals.tenant_id')
        .onRef('identity_restrictions.principal_id', '=', 'principals.principal_id'),
    )
    .select([
      'principals.resource_canonical',
      'principals.principal_id',
      'principals.client_id',
      'identity_restrictions.isolated_to',
      'identity_restrictions.assignable_to',
    ])
    .where('principals.tenant_id', '=', tenantId)
    .where('principals.identity_kind', '=', 'UserAssigned')
    .where('principals.resource_canonical', 'in', [...identities])
    .execute();
  return new Map(
    rows.map((row) => [
      row.resource_canonical as CanonicalId,
      {
        principalId: guid<PrincipalId>(row.principal_id),
        clientId: guid<ClientId>(row.client_id),
        isolatedTo: row.isolated_to ?? undefined,
        assignableTo: row.assignable_to === null ? undefined : (JSON.parse(row.assignable_to) as string[]),
      },
    ]),
  );
}

/**
 * Sets where an identity may be used. What it is attached to elsewhere keeps naming it and gets no token any more, until
 * the isolation is lifted; lists of types hold for what is assigned from now on.
 */
export async function restrictIdentity(
  transaction: Transaction,
  {
    tenantId,
    principalId,
    isolatedTo,
    assignableTo,
    at,
  }: Restrictions & {
    readonly tenantId: TenantId;
    readonly principalId: PrincipalId;
    /** Milliseconds since the epoch. */
    readonly at: number;
  },
): Promise<void> {
  const before = await transaction
    .deleteFrom('identity_restrictions')
    .where('tenant_id', '=', tenantId)
    .where('principal_id', '=', principalId)
    .returning('isolated_to')
    .executeTakeFirst();
  if (isolatedTo !== undefined || assignableTo !== undefined) {
    await transaction
      .insertInto('identity_restrictions')
      .values({
        tenant_id: tenantId,
        principal_id: principalId,
        isolated_to: isolatedTo ?? null,
        assignable_to: assignableTo === undefined ? null : JSON.stringify(assignableTo),
      })
      .execute();
  }
  if ((before?.isolated_to ?? undefined) === isolatedTo) return;
  for (const resourceCanonical of await carriersOf(transaction, tenantId, principalId)) {
    const inPlace =
      isolatedTo === undefined || isolatedTo === (await locationOf(transaction, tenantId, resourceCanonical));
    if (!inPlace) await removeCredentials(transaction, { tenantId, principalId, resourceCanonical, at });
    await recordChange(transaction, { tenantId, kind: 'machine', key: resourceCanonical, at });
  }
}

/** The part of restrictions in the end of identities. */
export async function forgetRestrictions(
  transaction: Transaction,
  tenantId: TenantId,
  principalIds: readonly PrincipalId[],
): Promise<void> {
  await transaction
    .deleteFrom('identity_restrictions')
    .where('tenant_id', '=', tenantId)
    .where('principal_id', 'in', [...principalIds])
    .execute();
}

async function locationOf(
  queries: Queries,
  tenantId: TenantId,
  resource: CanonicalId,
): Promise<string | undefined> {
  const row = await queries
    .selectFrom('resources')
    .select('location')
    .where('tenant_id', '=', tenantId)
    .where('canonical', '=', resource)
    .executeTakeFirst();
  return row?.location;
}
