import type { CanonicalId, TenantId } from '../../foundation/ids.ts';
import { insertPrincipal } from '../directory/directory-store.ts';
import { directorySpelling } from '../directory/service-principals.ts';
import type { Transaction } from '../storage/database.ts';
import { auditIdentity } from './identity-audit.ts';
import type { IdentityIds } from './identity-store.ts';

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
