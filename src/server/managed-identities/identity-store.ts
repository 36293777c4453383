import {
  type CanonicalId,
  type ClientId,
  guid,
  type PrincipalId,
  type TenantId,
} from '../../foundation/ids.ts';
import { selectPrincipalsOf } from '../directory/directory-store.ts';
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

/**
 * Every identity that a resource carries: its own first, then the user-assigned ones attached to it, by their ids.
 * Attachments to identities that are gone are passed over.
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
        .onRef('principals.resource_canonical', '=', 'identity_attachments.identity_canonical'),
    )
    .select('principals.principal_id')
    .where('identity_attachments.tenant_id', '=', tenantId)
    .where('identity_attachments.resource_canonical', '=', resourceCanonical)
    .where('principals.identity_kind', '=', 'UserAssigned')
    .execute();
  const ids = attached.map((row) => row.principal_id);
  const assigned = (await identities(queries, tenantId, ids)).toSorted((a, b) =>
    a.identity.resourceCanonical < b.identity.resourceCanonical ? -1 : 1,
  );
  return own === undefined ? assigned : [own, ...assigned];
}

/** The resources that carry a user-assigned identity, in the order of their canonical ids. */
export async function carriersOf(
  queries: Queries,
  tenantId: TenantId,
  identityCanonical: CanonicalId,
): Promise<readonly CanonicalId[]> {
  const rows = await queries
    .selectFrom('identity_attachments')
    .select('resource_canonical')
    .where('tenant_id', '=', tenantId)
    .where('identity_canonical', '=', identityCanonical)
    .orderBy('resource_canonical')
    .execute();
  return rows.map((row) => row.resource_canonical as CanonicalId);
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
