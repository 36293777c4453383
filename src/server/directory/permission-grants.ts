import type { Selectable } from 'kysely';
import { DomainError } from '../../foundation/domain-error.ts';
import type { TenantId } from '../../foundation/ids.ts';
import { type Randomness, randomText } from '../../foundation/randomness.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { PermissionGrantsTable } from '../storage/directory-tables.ts';

/** What an application may do at a resource as a user, or as any user (Graph's `oAuth2PermissionGrant`). */
export interface PermissionGrant {
  readonly grantId: string;
  readonly tenantId: TenantId;
  /** Object id of the client's service principal. */
  readonly clientId: string;
  readonly consentType: 'AllPrincipals' | 'Principal';
  /** The user; `null` for all. */
  readonly userId: string | null;
  /** Object id of the resource's service principal. */
  readonly resourceId: string;
  /** Scopes with blanks between. */
  readonly scope: string;
}

const idOctets = 24;
/** Grants that one client has at most, so that the list of them can be read at once. */
export const maxGrants = 1000;

/**
 * Grants permissions.
 *
 * @throws DomainError `already-exists` where client, user and resource have a grant already, `conflict` at the bound
 */
export async function insertPermissionGrant(
  transaction: Transaction,
  grant: Omit<PermissionGrant, 'grantId'>,
  randomness: Randomness,
  at: number,
): Promise<PermissionGrant> {
  const standing = await selectPermissionGrants(transaction, grant.tenantId, { clientId: grant.clientId });
  const same = standing.some(
    ({ resourceId, userId }) => resourceId === grant.resourceId && userId === grant.userId,
  );
  if (same) {
    throw new DomainError('already-exists', 'Permission entry already exists.', {
      code: 'Request_MultipleObjectsWithSameKeyValue',
    });
  }
  if (standing.length >= maxGrants) {
    throw new DomainError('conflict', `A client has at most ${maxGrants} permission grants.`, {
      code: 'Directory_QuotaExceeded',
    });
  }
  const made = { ...grant, grantId: randomText(randomness, idOctets) };
  await transaction
    .insertInto('permission_grants')
    .values({
      grant_id: made.grantId,
      tenant_id: made.tenantId,
      client_principal_id: made.clientId,
      consent_type: made.consentType,
      user_id: made.userId,
      resource_id: made.resourceId,
      scope: made.scope,
      created_at: at,
    })
    .execute();
  await recordChange(transaction, { tenantId: made.tenantId, kind: 'app-roles', key: made.clientId, at });
  return made;
}

interface GrantKey {
  readonly tenantId: TenantId;
  readonly grantId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Changes the scopes of a grant. @returns the grant as it is now, `undefined` where there is none */
export async function updatePermissionGrant(
  transaction: Transaction,
  { tenantId, grantId, at }: GrantKey,
  scope: string,
): Promise<PermissionGrant | undefined> {
  const row = await transaction
    .updateTable('permission_grants')
    .set({ scope })
    .where('tenant_id', '=', tenantId)
    .where('grant_id', '=', grantId)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return undefined;
  await recordChange(transaction, { tenantId, kind: 'app-roles', key: row.client_principal_id, at });
  return asGrant(row);
}

/** Takes a grant away. @returns what it was, `undefined` where there is none */
export async function deletePermissionGrant(
  transaction: Transaction,
  { tenantId, grantId, at }: GrantKey,
): Promise<PermissionGrant | undefined> {
  const row = await transaction
    .deleteFrom('permission_grants')
    .where('tenant_id', '=', tenantId)
    .where('grant_id', '=', grantId)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return undefined;
  await recordChange(transaction, { tenantId, kind: 'app-roles', key: row.client_principal_id, at });
  return asGrant(row);
}

export async function selectPermissionGrant(
  queries: Queries,
  tenantId: TenantId,
  grantId: string,
): Promise<PermissionGrant | undefined> {
  const row = await queries
    .selectFrom('permission_grants')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('grant_id', '=', grantId)
    .executeTakeFirst();
  return row && asGrant(row);
}

/** Grants of a tenant by id, those of one client, resource or user where told. */
export async function selectPermissionGrants(
  queries: Queries,
  tenantId: TenantId,
  {
    clientId,
    resourceId,
    userId,
    consentType,
    after,
    limit,
  }: {
    readonly clientId?: string;
    readonly resourceId?: string;
    readonly userId?: string;
    readonly consentType?: string;
    readonly after?: string;
    readonly limit?: number;
  },
): Promise<readonly PermissionGrant[]> {
  const rows = await queries
    .selectFrom('permission_grants')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .$if(clientId !== undefined, (q) => q.where('client_principal_id', '=', clientId ?? ''))
    .$if(resourceId !== undefined, (q) => q.where('resource_id', '=', resourceId ?? ''))
    .$if(userId !== undefined, (q) => q.where('user_id', '=', userId ?? ''))
    .$if(consentType !== undefined, (q) => q.where('consent_type', '=', consentType ?? ''))
    .$if(after !== undefined, (q) => q.where('grant_id', '>', after ?? ''))
    .orderBy('grant_id')
    .limit(limit ?? maxGrants)
    .execute();
  return rows.map(asGrant);
}

function asGrant(row: Selectable<PermissionGrantsTable>): PermissionGrant {
  return {
    grantId: row.grant_id,
    tenantId: row.tenant_id as TenantId,
    clientId: row.client_principal_id,
    consentType: row.consent_type === 'AllPrincipals' ? 'AllPrincipals' : 'Principal',
    userId: row.user_id,
    resourceId: row.resource_id,
    scope: row.scope,
  };
}
