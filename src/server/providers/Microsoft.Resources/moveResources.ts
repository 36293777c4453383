import { moveResourcesSchema } from '../../../contract/Microsoft.Resources.ts';
import { canonicalId, parseScope, ResourceIdError, type Scope } from '../../../contract/resource-id.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import {
  authorizationFailed,
  resourceGroupBeingDeleted,
  resourceGroupNotFound,
  resourceNotFound,
  subscriptionNotFound,
} from '../../resource-manager/arm-errors.ts';
import type { AsyncOperations } from '../../resource-manager/async-operations.ts';
import { polledAtResult } from '../../resource-manager/location-operations.ts';
import { requireUnlocked } from '../../resource-manager/locks.ts';
import { type MoveParticipant, movedId, moveResource } from '../../resource-manager/moving.ts';
import {
  type Answer,
  type Operation,
  type OperationContext,
  subscriptionOfContext,
} from '../../resource-manager/provider.ts';
import { findResourceGroup, type ResourceGroup } from '../../resource-manager/resource-group-store.ts';
import { findResource, type Resource } from '../../resource-manager/resource-store.ts';
import { findSubscription } from '../../resource-manager/subscription-store.ts';
import { isAtOrBelow } from '../../storage/beginning.ts';
import type { Database, Transaction } from '../../storage/database.ts';

const group = '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}';
const groupAction = 'Microsoft.Resources/subscriptions/resourceGroups';

/** Types whose resources stay where they were made (`spec/resource-manager.md` a.12). */
const staying: ReadonlySet<string> = new Set(['microsoft.managedidentity/userassignedidentities']);

export const moveKind = 'resource-move';

export interface MovingOptions {
  readonly database: Database;
  readonly operations: AsyncOperations;
  /** What goes along with a resource that moves, or ends. */
  readonly movers: readonly MoveParticipant[];
}

type Context = OperationContext<(typeof moveResourcesSchema)['_output']>;
type ResourceScope = Extract<Scope, { kind: 'resource' }>;
type GroupScope = Extract<Scope, { kind: 'resourceGroup' }>;

/** Resources that go to another group, of this subscription or another of the tenant; and the question whether they can. */
export function moveOperations(options: MovingOptions): readonly Operation[] {
  return [
    {
      method: 'POST',
      path: `${group}/moveResources`,
      action: `${groupAction}/moveResources/action`,
      body: moveResourcesSchema,
      run: (context: Context) => run(options, context, true),
    } as Operation,
    {
      method: 'POST',
      path: `${group}/validateMoveResources`,
      action: `${groupAction}/validateMoveResources/action`,
      body: moveResourcesSchema,
      run: (context: Context) => run(options, context, false),
    } as Operation,
  ];
}

/** All of them or none, in one transaction that is committed before the answer; clients poll it all the same. */
async function run(options: MovingOptions, context: Context, moves: boolean): Promise<Answer> {
  const { database, operations, movers } = options;
  const { at, caller } = context;
  const { tenantId, subscriptionId } = subscriptionOfContext(context);
  const target = await requireTarget(database, context);
  const scopes = resourceScopes(context);
  await requireRights(context, scopes, target);
  const operation = await database.transaction(async (transaction) => {
    const from = await requireGroup(transaction, groupOf(context));
    const to = await requireGroup(transaction, {
      tenantId,
      canonical: canonicalId(target),
      name: target.resourceGroup,
    });
    for (const scope of scopes) {
      const resource = await requireMovable(transaction, context, scope, { from, to });
      if (!moves) continue;
      const writer = { principalId: caller.principalId, principalType: caller.principalType };
      await moveResource(transaction, movers, resource, { from, to }, { writer, at });
    }
    return await operations.completed(transaction, {
      ...{ tenantId, subscriptionId, at },
      kind: moveKind,
      target: from.canonical,
      startedBy: caller.principalId,
    });
  });
  return polledAtResult(operation, context);
}

function groupOf({ group: admitted }: Pick<Context, 'group'>): ResourceGroup {
  if (admitted === undefined) throw new TypeError('the path names no resource group');
  return admitted;
}

/** A group as it is in the transaction. @throws ArmError where it is not there, or goes */
async function requireGroup(
  transaction: Transaction,
  { tenantId, canonical, name }: Pick<ResourceGroup, 'tenantId' | 'canonical' | 'name'>,
): Promise<ResourceGroup> {
  const group = await findResourceGroup(transaction, tenantId, canonical);
  if (group === undefined) throw resourceGroupNotFound(name);
  if (group.provisioningState === 'Deleting') throw resourceGroupBeingDeleted(group.name);
  return group;
}

/** The group that is moved to, in a subscription of the caller's own tenant; whether it is there is asked later. */
async function requireTarget(database: Database, { body, caller, target }: Context): Promise<GroupScope> {
  const scope = readScope(body.targetResourceGroup);
  if (scope.kind !== 'resourceGroup') throw invalid('the target is no resource group');
  const subscription = await findSubscription(database.read, scope.subscriptionId);
  // a subscription of others looks as one that is not there
  if (subscription === undefined || subscription.tenantId !== caller.tenantId) {
    throw subscriptionNotFound(scope.subscriptionId);
  }
  if (subscription.state !== 'Enabled') {
    throw new ArmError(
      'conflict',
      'ReadOnlyDisabledSubscription',
      `The subscription '${subscription.subscriptionId}' is disabled and therefore marked as read only.`,
    );
  }
  if (canonicalId(scope) === canonicalId(target)) {
    throw invalid('the source and the target are the same resource group');
  }
  return scope;
}

/** Resources of the source group, each once; what is nested in one moves with it, and not by itself. */
function resourceScopes({ body, target }: Context): readonly ResourceScope[] {
  const scopes = new Map<string, ResourceScope>();
  for (const id of body.resources) {
    const scope = readScope(id);
    if (scope.kind !== 'resource' || canonicalId(scope.parent) !== canonicalId(target)) {
      throw invalid(`'${id}' is no resource of the source resource group`);
    }
    if (scope.types.length > 1) throw invalid(`'${id}' moves with the resource that it lies in`);
    scopes.set(canonicalId(scope), scope);
  }
  return [...scopes.values()];
}

/**
 * Who moves a resource hands it to whoever has rights at the new place, and takes it from whoever has them at the old
 * one: the right to write it is asked for at both ids.
 */
async function requireRights(
  context: Context,
  scopes: readonly ResourceScope[],
  target: GroupScope,
): Promise<void> {
  const require = async (action: string, scope: Scope) => {
    if (!(await context.may(action, scope))) throw authorizationFailed(context.caller, action, scope);
  };
  await require(`${groupAction}/write`, target);
  for (const scope of scopes) {
    const action = `${scope.namespace}/${scope.types.join('/')}/write`;
    await require(action, scope);
    await require(action, { ...scope, parent: target });
  }
}

/** @throws ArmError where the resource is not there, stays, is locked or at work, or its new id is taken */
async function requireMovable(
  transaction: Transaction,
  { caller: { tenantId } }: Context,
  scope: ResourceScope,
  groups: { readonly from: ResourceGroup; readonly to: ResourceGroup },
): Promise<Resource> {
  const resource = await findResource(transaction, tenantId, canonicalId(scope));
  if (resource === undefined) throw resourceNotFound(scope);
  if (staying.has(resource.type.toLowerCase())) {
    throw new ArmError(
      'conflict',
      'ResourceMoveNotSupported',
      `Resource move is not supported for resource types '${resource.type}'.`,
    );
  }
  const to = movedId(resource, groups.from, groups.to);
  if ((await findResource(transaction, tenantId, to.canonical)) !== undefined) {
    throw new ArmError(
      'conflict',
      'ResourceMoveConflict',
      `The resource '${to.resourceId}' already exists in the target resource group.`,
    );
  }
  // the old id ends, and with it what protects it from deletion
  await requireUnlocked(transaction, { tenantId, scope, effect: 'delete' });
  await requireUnlocked(transaction, { tenantId, scope: parseScope(to.resourceId), effect: 'write' });
  await requireIdle(transaction, resource);
  return resource;
}

/** Long work goes on under the id that it began with, so a resource waits for it. */
async function requireIdle(transaction: Transaction, resource: Resource): Promise<void> {
  const { tenantId, canonical } = resource;
  const busy = await transaction
    .selectFrom('async_operations')
    .select('operation_id')
    .where('tenant_id', '=', tenantId)
    .where('status', '=', 'InProgress')
    .where(isAtOrBelow('target_canonical', canonical))
    .executeTakeFirst();
  if (busy === undefined) return;
  throw new ArmError(
    'conflict',
    'ResourceMoveConflict',
    `An operation is in progress on the resource '${resource.resourceId}'.`,
  );
}

function readScope(id: string): Scope {
  try {
    return parseScope(id);
  } catch (error) {
    if (error instanceof ResourceIdError) throw invalid(error.message);
    throw error;
  }
}

function invalid(reason: string): ArmError {
  return new ArmError('invalid-value', 'InvalidMoveResourcesRequest', `The move is not valid: ${reason}.`);
}
