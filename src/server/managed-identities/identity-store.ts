import {
  type CanonicalId,
  type ClientId,
  guid,
  type PrincipalId,
  type TenantId,
} from '../../foundation/ids.ts';
import { asPrincipal, selectPrincipalsOf } from '../directory/directory-store.ts';
import type { Principal } from '../directory/service-principals.ts';
import type { Queries } from '../storage/database.ts';

/** A principal that is a managed identity. */
export type ManagedIdentity = Extract<Principal, { readonly principalType: 'ManagedIdentity' }>;

/** The two GUIDs of an identity: of its principal in the directory, and the one it signs in under. */
export interface IdentityIds {
  readonly principalId: PrincipalId;
  readonly clientId: ClientId;
}

/** The identity that a resource has of its own. */
export async function systemAssignedOf(
  queries: Queries,
  tenantId: TenantId,
  resourceCanonical: CanonicalId,
): Promise<ManagedIdentity | undefined> {
  return await identityOf(queries, tenantId, resourceCanonical, 'SystemAssigned');
}

/** The identity that a user-assigned identity's own resource is. */
export async function userAssignedOf(
  queries: Queries,
  tenantId: TenantId,
  resourceCanonical: CanonicalId,
): Promise<ManagedIdentity | undefined> {
  return await identityOf(queries, tenantId, resourceCanonical, 'UserAssigned');
}

async function identityOf(
  queries: Queries,
  tenantId: TenantId,
  resourceCanonical: CanonicalId,
  kind: ManagedIdentity['identity']['kind'],
): Promise<ManagedIdentity | undefined> {
  const row = await queries
    .selectFrom('principals')
    .select('principal_id')
    .where('tenant_id', '=', tenantId)
    .where('resource_canonical', '=', resourceCanonical)
    .where('identity_kind', '=', kind)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return (await identities(queries, tenantId, [row.principal_id]))[0];
}

/** Every identity that some resources have of their own or are; one query for all. */
export async function identitiesOfEach(
  queries: Queries,
  tenantId: TenantId,
  resources: readonly CanonicalId[],
): Promise<readonly ManagedIdentity[]> {
  const rows = await queries
    .selectFrom('principals')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('resource_canonical', 'in', [...resources])
    .orderBy('resource_canonical')
    .execute();
  return rows.map(asPrincipal).filter((principal) => principal.principalType === 'ManagedIdentity');
}

/** The identities that some resources have of their own, by resource; one query for all. */
export async function systemAssignedOfEach(
  queries: Queries,
  tenantId: TenantId,
  resources: readonly CanonicalId[],
): Promise<ReadonlyMap<CanonicalId, IdentityIds>> {
  if (resources.length === 0) return new Map();
  const rows = await queries
    .selectFrom('principals')
    .select(['resource_canonical', 'principal_id', 'client_id'])
    .where('tenant_id', '=', tenantId)
    .where('resource_canonical', 'in', [...resources])
    .where('identity_kind', '=', 'SystemAssigned')
    .execute();
  return new Map(
    rows.map(({ resource_canonical, principal_id, client_id }) => [
      resource_canonical as CanonicalId,
      { principalId: guid<PrincipalId>(principal_id), clientId: guid<ClientId>(client_id) },
    ]),
  );
}

/**
 * Every identity that a resource carries and may use: its own first, then the user-assigned ones attached to it, by
 * their ids. Passed over are attachments to identities that are gone, also where another has the id meanwhile, and to
 * those that are isolated to another region.
 */
export async function identitiesOf(
  queries: Queries,
  tenantId: TenantId,
  resourceCanonical: CanonicalId,
): Promise<readonly ManagedIdentity[]> {
  const own = await systemAssignedOf(queries, tenantId, resourceCanonical);
  const attached = await queries
    .selectFrom('identity_attachments')
    .innerJoin('principals', (join) =>
      join
        .onRef('principals.tenant_id', '=', 'identity_attachments.tenant_id')
        .onRef('principals.principal_id', '=', 'identity_attachments.principal_id'),
    )
    .leftJoin('identity_restrictions', (join) =>
      join
        .onRef('identity_restrictions.tenant_id', '=', 'identity_attachments.tenant_id')
        .onRef('identity_restrictions.principal_id', '=', 'identity_attachments.principal_id'),
    )
    .leftJoin('resources', (join) =>
      join
        .onRef('resources.tenant_id', '=', 'identity_attachments.tenant_id')
        .onRef('resources.canonical', '=', 'identity_attachments.resource_canonical'),
    )
    .select(['principals.principal_id', 'identity_restrictions.isolated_to', 'resources.location'])
    .where('identity_attachments.tenant_id', '=', tenantId)
    .where('identity_attachments.resource_canonical', '=', resourceCanonical)
    .where('principals.identity_kind', '=', 'UserAssigned')
    .execute();
  const usable = attached.filter((row) => row.isolated_to === null || row.isolated_to === row.location);
  const ids = usable.map((row) => row.principal_id);
  const assigned = (await identities(queries, tenantId, ids)).toSorted((a, b) =>
    a.identity.resourceCanonical < b.identity.resourceCanonical ? -1 : 1,
  );
  return own === undefined ? assigned : [own, ...assigned];
}

/** The resources that a user-assigned identity is attached to, in the order of their canonical ids. */
export async function carriersOf(
  queries: Queries,
  tenantId: TenantId,
  principalId: PrincipalId,
): Promise<readonly CanonicalId[]> {
  return await carriersOfEach(queries, tenantId, [principalId]);
}

/** The resources that any of some user-assigned identities is attached to, in the same order. */
export async function carriersOfEach(
  queries: Queries,
  tenantId: TenantId,
  principalIds: readonly PrincipalId[],
): Promise<readonly CanonicalId[]> {
  if (principalIds.length === 0) return [];
  const rows = await queries
    .selectFrom('identity_attachments')
    .select('resource_canonical')
    .where('tenant_id', '=', tenantId)
    .where('principal_id', 'in', [...principalIds])
    .execute();
  // sorted here: for an order an engine would go through the tenant's every attachment
  return [...new Set(rows.map((row) => row.resource_canonical as CanonicalId))].sort();
}

async function identities(
  queries: Queries,
  tenantId: TenantId,
  principalIds: readonly string[],
): Promise<readonly ManagedIdentity[]> {
  const ids = principalIds.map((id) => guid<PrincipalId>(id));
  const principals = await selectPrincipalsOf(queries, tenantId, ids);
  return principals.filter((principal) => principal.principalType === 'ManagedIdentity');
}
