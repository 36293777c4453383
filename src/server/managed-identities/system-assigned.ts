import {
  type CanonicalId,
  type ClientId,
  guid,
  type PrincipalId,
  type TenantId,
} from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import { deleteServicePrincipal } from '../directory/application-deletion.ts';
import { insertPrincipal } from '../directory/directory-store.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Transaction } from '../storage/database.ts';
import { attachmentsOfEach, detachIdentities } from './attachments.ts';
import { removeCredentials } from './credential-store.ts';
import { auditIdentity } from './identity-audit.ts';
import { type IdentityIds, systemAssignedOf } from './identity-store.ts';
import { removeUserAssigned } from './user-assigned.ts';

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
  const { principalId, clientId } = identity;
  await removeCredentials(transaction, { tenantId, principalId, at });
  await deleteServicePrincipal(transaction, { tenantId, principalId, at });
  await auditIdentity(
    transaction,
    {
      tenantId,
      principalId,
      displayName: identity.displayName,
      resourceId: identity.identity.resourceId,
      at,
    },
    'Delete',
  );
  await recordChange(transaction, { tenantId, kind: 'machine', key: resourceCanonical, at });
  return { principalId, clientId };
}

/**
 * The part of managed identities in the deletion of a resource: its own identity ends, or the identity that it is, and
 * what it carried of others is detached with the certificates that its hosts had for them.
 */
export async function removeIdentitiesOfResource(
  transaction: Transaction,
  resource: { readonly tenantId: TenantId; readonly resourceCanonical: CanonicalId; readonly at: number },
): Promise<void> {
  const { tenantId, resourceCanonical, at } = resource;
  await removeSystemAssigned(transaction, resource);
  await removeUserAssigned(transaction, resource);
  const attachments = await attachmentsOfEach(transaction, tenantId, [resourceCanonical]);
  const attached = attachments.get(resourceCanonical);
  if (attached !== undefined) {
    const resourceId = await spelledId(transaction, tenantId, resourceCanonical);
    const cause = 'resource-deleted';
    await detachIdentities(transaction, { tenantId, resourceCanonical, resourceId, cause, at }, attached);
  }
  const ended = await removeCredentials(transaction, { tenantId, resourceCanonical, at });
  if (ended > 0) await recordChange(transaction, { tenantId, kind: 'machine', key: resourceCanonical, at });
}

/** The id of a resource as displayed, which an audit names. */
async function spelledId(
  transaction: Transaction,
  tenantId: TenantId,
  resourceCanonical: CanonicalId,
): Promise<string> {
  const row = await transaction
    .selectFrom('resources')
    .select('resource_id')
    .where('tenant_id', '=', tenantId)
    .where('canonical', '=', resourceCanonical)
    .executeTakeFirst();
  return row?.resource_id ?? resourceCanonical;
}
