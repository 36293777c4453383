import {
  type CanonicalId,
  type ClientId,
  guid,
  type PrincipalId,
  type TenantId,
} from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import { insertPrincipal } from '../directory/directory-store.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Transaction } from '../storage/database.ts';
import { auditIdentity } from './identity-audit.ts';
import { type IdentityIds, systemAssignedOf } from './identity-store.ts';

export interface NewSystemAssigned {
  readonly tenantId: TenantId;
  /** ARM id of the resource, as displayed. */
  readonly resourceId: string;
  readonly resourceCanonical: CanonicalId;
  /** The principal's name in the directory: the resource's. */
  readonly displayName: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Gives a resource its own identity, in the transaction that writes the resource. A resource that has one keeps it;
 * one whose identity ended gets another principal, since object ids are never used again.
 */
export async function createSystemAssigned(
  transaction: Transaction,
  identity: NewSystemAssigned,
  randomness: Randomness,
): Promise<IdentityIds> {
  const { tenantId, resourceId, resourceCanonical, displayName, at } = identity;
  const existing = await systemAssignedOf(transaction, tenantId, resourceCanonical);
  if (existing !== undefined) return { principalId: existing.principalId, clientId: existing.clientId };
  const ids: IdentityIds = {
    principalId: guid<PrincipalId>(randomness.uuid()),
    clientId: guid<ClientId>(randomness.uuid()),
  };
  await insertPrincipal(transaction, {
    ...ids,
    tenantId,
    displayName,
    principalType: 'ManagedIdentity',
    identity: { kind: 'SystemAssigned', resourceId, resourceCanonical },
    at,
  });
  await auditIdentity(
    transaction,
    { tenantId, principalId: ids.principalId, displayName, resourceId, at },
    'Add',
  );
  await recordChange(transaction, { tenantId, kind: 'machine', key: resourceCanonical, at });
  return ids;
}
