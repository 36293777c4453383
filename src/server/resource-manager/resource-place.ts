import { canonicalId, formatScope, type ResourceScope } from '../../contract/resource-id.ts';
import type { Transaction } from '../storage/database.ts';
import { resourceGroupBeingDeleted, resourceGroupNotFound, resourceNotFound } from './arm-errors.ts';
import { requireParent } from './nested-resource.ts';
import type { OperationContext } from './provider.ts';
import { findResourceGroup, type ResourceGroup, resourceGroupId } from './resource-group-store.ts';
import { findResource, type Resource } from './resource-store.ts';
import type { TrackedDeclaration } from './tracked-type.ts';

/** Where a resource lies, in the transaction that writes it. */
export interface ResourcePlace {
  readonly group: ResourceGroup | undefined;
  /** What a nested resource lies in. */
  readonly parent: Resource | undefined;
  /** The resource's own id, in the spelling of all that it lies in. */
  readonly resourceId: string;
}

type Placed = Pick<OperationContext, 'group' | 'target' | 'caller'>;

/**
 * Finds the place that a write names. What the pipeline found there may have begun to go since.
 *
 * @throws ArmError `ResourceGroupNotFound`, `ResourceGroupBeingDeleted`, `ParentResourceNotFound`, `ResourceNotFound`
 *   for what an extension hangs from
 */
export async function livePlace(
  transaction: Transaction,
  declaration: TrackedDeclaration,
  context: Placed,
): Promise<ResourcePlace> {
  const target = resourceTarget(context);
  const group = await liveGroup(transaction, context);
  const parent = declaration.unparented
    ? undefined
    : await requireParent(transaction, context.caller.tenantId, target, 'write');
  const names = declaration.type.split('/').map((type, index) => `/${type}/${target.names[index]}`);
  const resourceId =
    parent === undefined
      ? `${await baseOf(transaction, context, group)}/providers/${declaration.namespace}${names.join('')}`
      : `${parent.resourceId}${names.at(-1)}`;
  return { group, parent, resourceId };
}

/** The resource that an operation's path names. */
export function resourceTarget({ target }: Pick<OperationContext, 'target'>): ResourceScope {
  if (target.kind !== 'resource') throw new TypeError('the path names no resource');
  return target;
}

async function liveGroup(
  transaction: Transaction,
  { group: admitted }: Placed,
): Promise<ResourceGroup | undefined> {
  if (admitted === undefined) return undefined;
  const group = await findResourceGroup(transaction, admitted.tenantId, admitted.canonical);
  if (group === undefined) throw resourceGroupNotFound(admitted.name);
  if (group.provisioningState === 'Deleting') throw resourceGroupBeingDeleted(group.name);
  return group;
}

/** What the outermost type's `/providers/` follows: a group, a subscription, or the resource that is extended. */
async function baseOf(
  transaction: Transaction,
  context: Placed,
  group: ResourceGroup | undefined,
): Promise<string> {
  const { parent } = resourceTarget(context);
  if (parent.kind === 'resource') {
    // what lies in a resource's data plane is no place for a record: nobody would end it with that
    const extended = await findResource(transaction, context.caller.tenantId, canonicalId(parent));
    if (extended === undefined) throw resourceNotFound(parent);
    return extended.resourceId;
  }
  return group === undefined ? formatScope(parent) : resourceGroupId(group);
}
