import type { JsonObject } from '../../contract/arm.ts';
import { canonicalId } from '../../contract/resource-id.ts';
import type { Database, Transaction } from '../storage/database.ts';
import { resourceGroupBeingDeleted, resourceNotFound } from './arm-errors.ts';
import type { AsyncOperations } from './async-operations.ts';
import { pollingHeaders } from './location-operations.ts';
import { type Operation, type OperationContext, subscriptionOfContext } from './provider.ts';
import { findResourceGroup } from './resource-group-store.ts';
import { findResource, type Resource, saveResource } from './resource-store.ts';

/** An action on a resource: `POST {item}/{name}`. */
export interface ResourceAction {
  /** Path of the resource: `…/virtualMachines/{name}`. */
  readonly item: string;
  readonly namespace: string;
  /** `Microsoft.Compute/virtualMachines`. */
  readonly type: string;
  readonly name: string;
  /**
   * What the action makes of the resource's state; the same object where it changes nothing.
   *
   * @throws ArmError where the resource is in no state for it
   */
  change(resource: Resource, context: OperationContext): JsonObject;
  /** `200` where clients expect the end at once, `polled` where they expect 202 and addresses. */
  readonly answer: 'polled' | 200 | 204;
}

/**
 * The operation that an action makes. Its effect is stored before the answer, also where that is 202: what is polled
 * is over when it can first be asked about.
 */
export function resourceAction(
  { database, operations }: { readonly database: Database; readonly operations: AsyncOperations },
  { item, namespace, type, name, change, answer }: ResourceAction,
): Operation {
  return {
    method: 'POST',
    path: `${item}/${name}`,
    action: `${type}/${name}/action`,
    async run(context) {
      return await database.transaction(async (transaction) => {
        const resource = await changeState(transaction, context, change);
        if (answer !== 'polled') return { status: answer };
        const { origin, apiVersion, at, caller } = context;
        const { subscriptionId, tenantId } = subscriptionOfContext(context);
        const operation = await operations.completed(transaction, {
          ...{ tenantId, subscriptionId, kind: 'resource-action', target: resource.canonical, at },
          startedBy: caller.principalId,
        });
        const place = { origin, apiVersion, namespace, location: resource.location };
        return { status: 202, headers: pollingHeaders(operation, place) };
      });
    },
  };
}

/** Changes the state of the resource that the path names. @throws ArmError `ResourceNotFound`, `ResourceGroupBeingDeleted` */
export async function changeState(
  transaction: Transaction,
  context: OperationContext,
  change: ResourceAction['change'],
): Promise<Resource> {
  const { target, caller, at } = context;
  if (target.kind !== 'resource') throw new TypeError('the path names no resource');
  const resource = await findResource(transaction, caller.tenantId, canonicalId(target));
  if (resource === undefined) throw resourceNotFound(target);
  const { groupCanonical } = resource;
  const group =
    groupCanonical === undefined
      ? undefined
      : await findResourceGroup(transaction, caller.tenantId, groupCanonical);
  if (group?.provisioningState === 'Deleting') throw resourceGroupBeingDeleted(group.name);
  const state = change(resource, context);
  if (state === resource.state) return resource;
  const changed = { ...resource, state, changedAt: at };
  await saveResource(transaction, changed);
  return changed;
}
