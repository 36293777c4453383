import { canonicalId, type ResourceScope } from '../../contract/resource-id.ts';
import type { Transaction } from '../storage/database.ts';
import { resourceGroupBeingDeleted, resourceNotFound } from './arm-errors.ts';
import type { OperationContext } from './provider.ts';
import { findResourceGroup } from './resource-group-store.ts';
import { findResource, type Resource, saveResource } from './resource-store.ts';

/**
 * Changes a stored resource by something other than its own PUT: an action, a part of it that has a path. A change of
 * its properties counts as a write of it; one of its state alone leaves its ETag.
 *
 * @param change the same object where nothing changes
 * @returns the resource as it is stored
 * @throws ArmError `ResourceNotFound`, `ResourceGroupBeingDeleted`
 */
export async function changeResource(
  transaction: Transaction,
  { caller, at }: Pick<OperationContext<unknown>, 'caller' | 'at'>,
  scope: ResourceScope,
  change: (resource: Resource) => Resource,
): Promise<Resource> {
  const { tenantId, principalId, principalType } = caller;
  const resource = await findResource(transaction, tenantId, canonicalId(scope));
  if (resource === undefined) throw resourceNotFound(scope);
  const { groupCanonical } = resource;
  const group =
    groupCanonical === undefined ? undefined : await findResourceGroup(transaction, tenantId, groupCanonical);
  if (group?.provisioningState === 'Deleting') throw resourceGroupBeingDeleted(group.name);
  const changed = change(resource);
  if (changed === resource) return resource;
  const written = changed.properties !== resource.properties;
  const stored: Resource = {
    ...changed,
    changedAt: at,
    ...(written ? { version: resource.version + 1, changedBy: { principalId, principalType } } : {}),
  };
  await saveResource(transaction, stored);
  return stored;
}
