import {
  canonicalId,
  parseScope,
  type ResourceScope,
  resourceType,
  type Scope,
} from '../../contract/resource-id.ts';
import type { TenantId } from '../../foundation/ids.ts';
import { Hierarchy, scopeOfGroup } from '../management-groups/hierarchy.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import {
  managementGroupNotFound,
  resourceGroupBeingDeleted,
  resourceGroupNotFound,
  resourceNotFound,
} from './arm-errors.ts';
import type { Operation, OperationContext } from './provider.ts';
import { findResourceGroup, resourceGroupId } from './resource-group-store.ts';
import { findResource } from './resource-store.ts';

/**
 * What lies in a resource's data plane and has no row of its own, yet is a scope that rights can be given at: by the
 * lower-case type it lies in. Whether such a thing exists is not asked, as in Azure: a right may be there before it.
 */
const dataTypes: ReadonlyMap<string, readonly string[]> = new Map([
  ['microsoft.keyvault/vaults', ['keys', 'secrets', 'certificates']],
]);

/**
 * What an extension (`{scope}/providers/…`) hangs from, in the spelling of what is there: a resource, or something in
 * the data plane of one.
 */
export async function findExtended(
  queries: Queries,
  tenantId: TenantId,
  scope: ResourceScope,
): Promise<ResourceScope | undefined> {
  const resource = await findResource(queries, tenantId, canonicalId(scope));
  if (resource !== undefined) return asResource(resource.resourceId);
  const [type, name] = [scope.types.at(-1), scope.names.at(-1)];
  if (scope.types.length < 2 || type === undefined || name === undefined) return undefined;
  const owner: ResourceScope = { ...scope, types: scope.types.slice(0, -1), names: scope.names.slice(0, -1) };
  const dataType = dataTypes
    .get(resourceType(owner).toLowerCase())
    ?.find((known) => known === type.toLowerCase());
  if (dataType === undefined) return undefined;
  const found = await findResource(queries, tenantId, canonicalId(owner));
  if (found === undefined) return undefined;
  const displayed = asResource(found.resourceId);
  return { ...displayed, types: [...displayed.types, dataType], names: [...displayed.names, name] };
}

/**
 * What an extension (`{scope}/providers/…`) hangs from must exist, and so must the management group that a path names
 * as the place of something else.
 *
 * @throws ArmError 404
 */
export async function requireExtended(
  queries: Queries,
  { path }: Pick<Operation, 'path'>,
  { caller, parameters }: Pick<OperationContext, 'caller' | 'parameters'>,
): Promise<void> {
  const { tenantId } = caller;
  const extended = placeIn(path, parameters);
  if (extended?.kind === 'managementGroup') await requireManagementGroup(queries, tenantId, extended);
  if (extended?.kind !== 'resource') return;
  if ((await findExtended(queries, tenantId, extended)) === undefined) throw resourceNotFound(extended);
}

const inManagementGroup =
  /^\/providers\/Microsoft\.Management\/managementGroups\/\{([A-Za-z]+)\}\/providers\//i;

function placeIn(path: string, parameters: OperationContext['parameters']): Scope | undefined {
  if (path.startsWith('/{scope}/')) return parseScope(parameters['scope'] ?? '/');
  const managementGroup = parameters[inManagementGroup.exec(path)?.[1] ?? ''];
  return managementGroup === undefined ? undefined : { kind: 'managementGroup', managementGroup };
}

/** The group in the spelling of what is there. */
async function requireManagementGroup(
  queries: Queries,
  tenantId: TenantId,
  { managementGroup }: Extract<Scope, { kind: 'managementGroup' }>,
): Promise<Scope> {
  const group = (await Hierarchy.load(queries, tenantId)).group(managementGroup);
  if (group === undefined) throw managementGroupNotFound(managementGroup);
  return scopeOfGroup(group);
}

/**
 * What an extension is about to be written at, in the spelling of what is there; it must still be there in the
 * transaction of the write.
 */
export async function requireLiveScope(
  transaction: Transaction,
  { caller, group: admitted }: Pick<OperationContext, 'caller' | 'group'>,
  scope: Scope,
): Promise<Scope> {
  const { tenantId } = caller;
  if (admitted !== undefined) {
    const group = await findResourceGroup(transaction, tenantId, admitted.canonical);
    if (group === undefined) throw resourceGroupNotFound(admitted.name);
    if (group.provisioningState === 'Deleting') throw resourceGroupBeingDeleted(group.name);
    if (scope.kind === 'resourceGroup') return parseScope(resourceGroupId(group));
  }
  if (scope.kind === 'managementGroup') return await requireManagementGroup(transaction, tenantId, scope);
  if (scope.kind !== 'resource') return scope;
  const extended = await findExtended(transaction, tenantId, scope);
  if (extended === undefined) throw resourceNotFound(scope);
  return extended;
}

function asResource(resourceId: string): ResourceScope {
  const scope = parseScope(resourceId);
  if (scope.kind !== 'resource') throw new TypeError('a stored resource has an id that is none');
  return scope;
}
