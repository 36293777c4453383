import type { CloudProfile } from '../../contract/cloud-profile.ts';
import { systemAssignedUrl } from '../../contract/identity-service.ts';
import { canonicalId, type ResourceScope } from '../../contract/resource-id.ts';
import { removeRoleAssignmentsOfPrincipal } from '../authorization/role-assignment-removal.ts';
import type { Caller } from '../http/bearer.ts';
import { ArmError } from '../http/dialects/arm.ts';
import { attachmentsOfEach } from '../managed-identities/attachments.ts';
import { removeSystemAssigned } from '../managed-identities/identity-end.ts';
import { systemAssignedOf } from '../managed-identities/identity-store.ts';
import { identityTypeOf } from '../resource-manager/identity-support.ts';
import { identitySupportOf } from '../resource-manager/identity-support-table.ts';
import { requireUnlocked } from '../resource-manager/locks.ts';
import { findResource, saveResource } from '../resource-manager/resource-store.ts';
import type { Database, Transaction } from '../storage/database.ts';
import { requireRight } from './access.ts';
import type { ClaimedAddress } from './address.ts';
import { noSuchIdentity } from './resource-identities.ts';
import { identityRights } from './rights.ts';

export interface Asked {
  readonly caller: Caller;
  readonly address: ClaimedAddress;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Ends the resource's own identity, as the provider of a resource that is gone does. Where the resource is still there,
 * it goes on without; an identity that is another one by now is left alone.
 *
 * @returns whether there was something to end
 * @throws ArmError 403, 404, 405, 409 `ScopeLocked`
 */
export async function endIdentity(database: Database, { caller, address, at }: Asked): Promise<boolean> {
  const { scope, canonical: resourceCanonical, own: claimed, userAssigned } = address;
  if (userAssigned !== undefined) {
    throw new ArmError(
      'unsupported',
      'HttpMethodNotAllowed',
      'A user-assigned identity is deleted as the resource that it is.',
    );
  }
  const { tenantId } = caller;
  return await database.transaction(async (transaction) => {
    await requireRight(transaction, caller, identityRights.delete, scope);
    if (claimed === undefined) throw noSuchIdentity();
    const own = await systemAssignedOf(transaction, tenantId, resourceCanonical);
    if (own?.principalId !== claimed.principalId || own.clientId !== claimed.clientId) return false;
    await requireUnlocked(transaction, { tenantId, scope, effect: 'write' });
    const { principalId } = own;
    await removeRoleAssignmentsOfPrincipal(transaction, { tenantId, principalId, at });
    await removeSystemAssigned(transaction, { tenantId, resourceCanonical, at });
    await forgetOwn(transaction, { caller, address, at });
    return true;
  });
}

/** The resource says from now on what it still carries. */
async function forgetOwn(transaction: Transaction, { caller, address, at }: Asked): Promise<void> {
  const { tenantId, principalId, principalType } = caller;
  const { canonical } = address;
  const resource = await findResource(transaction, tenantId, canonical);
  if (resource === undefined) return;
  const attached = (await attachmentsOfEach(transaction, tenantId, [canonical])).get(canonical) ?? [];
  const left = { systemAssigned: false, userAssigned: attached.length > 0 };
  await saveResource(transaction, {
    ...resource,
    identityType: identityTypeOf(left, identitySupportOf(resource.type)),
    version: resource.version + 1,
    changedAt: at,
    changedBy: { principalId, principalType },
  });
}

/**
 * Where the identity is asked for once its resource was moved. The identity moves with the resource, in the resource
 * manager: before that there is no other URL.
 *
 * @throws ArmError 403, 404, 409 `ResourceNotMoved`
 */
export async function movedIdentityUrl(
  { database, profile }: { readonly database: Database; readonly profile: CloudProfile },
  { caller, address }: Asked,
  target: ResourceScope,
): Promise<string> {
  const { own: claimed } = address;
  const { tenantId } = caller;
  return await database.transaction(async (transaction) => {
    await requireRight(transaction, caller, identityRights.move, target);
    if (claimed === undefined) throw noSuchIdentity();
    const canonical = canonicalId(target);
    const resource = await findResource(transaction, tenantId, canonical);
    const own = await systemAssignedOf(transaction, tenantId, canonical);
    if (
      resource !== undefined &&
      own?.principalId === claimed.principalId &&
      own.clientId === claimed.clientId
    ) {
      return systemAssignedUrl(profile, resource, own);
    }
    await requireRight(transaction, caller, identityRights.move, address.scope);
    const before = await systemAssignedOf(transaction, tenantId, address.canonical);
    if (before?.principalId !== claimed.principalId || before.clientId !== claimed.clientId)
      throw noSuchIdentity();
    throw new ArmError(
      'conflict',
      'ResourceNotMoved',
      'The identity moves with its resource, which the resource manager has not moved there.',
      { refusedBy: 'service' },
    );
  });
}
