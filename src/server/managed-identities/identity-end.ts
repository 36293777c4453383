import type { CanonicalId, TenantId } from '../../foundation/ids.ts';
import { deleteServicePrincipals } from '../directory/application-deletion.ts';
import { deletePrincipals } from '../directory/directory-store.ts';
import { recordChanges } from '../storage/change-log.ts';
import type { Transaction } from '../storage/database.ts';
import { detachFromEnded } from './attachments.ts';
import { removeCredentialsOfEach } from './credential-store.ts';
import { auditIdentities } from './identity-audit.ts';
import {
  carriersOfEach,
  type IdentityIds,
  identitiesOfEach,
  type ManagedIdentity,
  systemAssignedOf,
} from './identity-store.ts';
import { forgetRestrictions } from './restrictions.ts';

/**
 * Ends the identity that a resource has of its own: principal and credentials, in the caller's transaction. Its role
 * assignments are the caller's to remove, before this, where they are not to be left behind as Azure leaves them.
 *
 * @returns what ended, or `undefined` where the resource had none
 */
export async function removeSystemAssigned(
  transaction: Transaction,
  resource: { readonly tenantId: TenantId; readonly resourceCanonical: CanonicalId; readonly at: number },
): Promise<IdentityIds | undefined> {
  const { tenantId, resourceCanonical, at } = resource;
  const identity = await systemAssignedOf(transaction, tenantId, resourceCanonical);
  if (identity === undefined) return undefined;
  await tellHosts(transaction, tenantId, await endIdentities(transaction, tenantId, [identity], at), at);
  const { principalId, clientId } = identity;
  return { principalId, clientId };
}

/**
 * The part of managed identities in the deletion of resources: the identities that they have of their own end, or those
 * that they are, and what they carried of others is detached with the certificates that their hosts had for them.
 */
export async function removeIdentitiesOfResources(
  transaction: Transaction,
  ending: {
    readonly tenantId: TenantId;
    readonly resourceCanonicals: readonly CanonicalId[];
    readonly at: number;
  },
): Promise<void> {
  const { tenantId, resourceCanonicals, at } = ending;
  // first, so that an audit names identities that end with what carried them
  const carriers = await detachFromEnded(transaction, tenantId, resourceCanonicals, at);
  const identities = await identitiesOfEach(transaction, tenantId, resourceCanonicals);
  const told = await endIdentities(transaction, tenantId, identities, at);
  const onHosts = await removeCredentialsOfEach(
    transaction,
    tenantId,
    'resource_canonical',
    resourceCanonicals,
    at,
  );
  await tellHosts(transaction, tenantId, [...carriers, ...told, ...onHosts], at);
}

/**
 * Ends principals of identities, and the certificates that hosts had for them. Resources that carry a user-assigned one
 * go on naming it, as Azure's do.
 *
 * @returns the resources whose hosts are to be told
 */
async function endIdentities(
  transaction: Transaction,
  tenantId: TenantId,
  identities: readonly ManagedIdentity[],
  at: number,
): Promise<readonly CanonicalId[]> {
  if (identities.length === 0) return [];
  const of = (kind: ManagedIdentity['identity']['kind']) =>
    identities.filter(({ identity }) => identity.kind === kind);
  const [own, assigned] = [of('SystemAssigned'), of('UserAssigned').map(({ principalId }) => principalId)];
  const principalIds = identities.map(({ principalId }) => principalId);
  await removeCredentialsOfEach(transaction, tenantId, 'principal_id', principalIds, at);
  if (own.length > 0) {
    const ids = own.map(({ principalId }) => principalId);
    await deleteServicePrincipals(transaction, { tenantId, principalIds: ids, at });
  }
  if (assigned.length > 0) {
    await forgetRestrictions(transaction, tenantId, assigned);
    await deletePrincipals(transaction, { tenantId, principalIds: assigned, at });
  }
  await auditIdentities(
    transaction,
    identities.map(({ principalId, displayName, identity: { resourceId } }) => {
      return { tenantId, principalId, displayName, resourceId, at };
    }),
    'Delete',
  );
  const carriers = await carriersOfEach(transaction, tenantId, assigned);
  return [...own.map(({ identity }) => identity.resourceCanonical), ...carriers];
}

async function tellHosts(
  transaction: Transaction,
  tenantId: TenantId,
  resources: readonly CanonicalId[],
  at: number,
): Promise<void> {
  await recordChanges(
    transaction,
    Array.from(new Set(resources), (key) => ({ tenantId, kind: 'machine', key, at }) as const),
  );
}
