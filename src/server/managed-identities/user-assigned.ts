import type { CanonicalId, TenantId } from '../../foundation/ids.ts';
import { deletePrincipal, insertPrincipal } from '../directory/directory-store.ts';
import { directorySpelling } from '../directory/service-principals.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Transaction } from '../storage/database.ts';
import { removeCredentials } from './credential-store.ts';
import { auditIdentity } from './identity-audit.ts';
import { carriersOf, type IdentityIds, userAssignedOf } from './identity-store.ts';
import { forgetRestrictions } from './restrictions.ts';

export interface NewUserAssigned extends IdentityIds {
  readonly tenantId: TenantId;
  /** ARM id of the identity, as displayed. */
  readonly resourceId: string;
  readonly resourceCanonical: CanonicalId;
  readonly displayName: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Makes the principal of a user-assigned identity, in the transaction that makes the identity. */
export async function createUserAssigned(transaction: Transaction, identity: NewUserAssigned): Promise<void> {
  const { tenantId, principalId, clientId, displayName, resourceCanonical, at } = identity;
  const resourceId = directorySpelling(identity.resourceId);
  await insertPrincipal(transaction, {
    ...{ tenantId, principalId, clientId, displayName, at },
    principalType: 'ManagedIdentity',
    identity: { kind: 'UserAssigned', resourceId, resourceCanonical },
  });
  await auditIdentity(transaction, { tenantId, principalId, displayName, resourceId, at }, 'Add');
}

/**
 * Ends a user-assigned identity: its principal, and the certificates that hosts had for it. Resources that carry it go
 * on naming it, as Azure's do; their hosts are told that it is gone.
 *
 * @returns what ended, or `undefined` where the resource is no user-assigned identity
 */
export async function removeUserAssigned(
  transaction: Transaction,
  resource: { readonly tenantId: TenantId; readonly resourceCanonical: CanonicalId; readonly at: number },
): Promise<IdentityIds | undefined> {
  const { tenantId, resourceCanonical, at } = resource;
  const identity = await userAssignedOf(transaction, tenantId, resourceCanonical);
  if (identity === undefined) return undefined;
  const { principalId, clientId } = identity;
  await removeCredentials(transaction, { tenantId, principalId, at });
  await forgetRestrictions(transaction, { tenantId, principalId });
  await deletePrincipal(transaction, { tenantId, principalId, at });
  const { displayName, identity: of } = identity;
  await auditIdentity(
    transaction,
    { tenantId, principalId, displayName, resourceId: of.resourceId, at },
    'Delete',
  );
  for (const key of await carriersOf(transaction, tenantId, principalId)) {
    await recordChange(transaction, { tenantId, kind: 'machine', key, at });
  }
  return { principalId, clientId };
}
