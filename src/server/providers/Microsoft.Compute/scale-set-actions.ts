import type * as z from 'zod';
import type { JsonObject } from '../../../contract/arm.ts';
import { instanceIdsSchema, requiredInstanceIdsSchema } from '../../../contract/Microsoft.Compute.ts';
import { doneHeaders } from '../../resource-manager/done-operation.ts';
import type { Answer, Operation, OperationContext } from '../../resource-manager/provider.ts';
import { changeResource } from '../../resource-manager/resource-change.ts';
import { type Resource, saveResource } from '../../resource-manager/resource-store.ts';
import { requireResource } from '../../resource-manager/tracked-answer.ts';
import { collectionPath } from '../../resource-manager/tracked-resource.ts';
import type { TrackedDependencies } from '../../resource-manager/tracked-type.ts';
import type { Transaction } from '../../storage/database.ts';
import { powerActions } from './machine-state.ts';
import {
  instancesOf,
  modelOf,
  removeInstances,
  scaleSetType,
  selectInstances,
  viewOfSet,
} from './scale-set-instances.ts';
import { sizes } from './sizes.ts';

const namespace = 'Microsoft.Compute';
const item = `${collectionPath({ namespace, type: 'virtualMachineScaleSets' })}/{name}`;

/** What an action does to the instances that it is for. */
type Act = (
  transaction: Transaction,
  set: Resource,
  chosen: readonly Resource[],
  context: OperationContext,
) => Promise<void>;

/** Actions on the instances of a scale set, and what it says of them. */
export function scaleSetActions(dependencies: TrackedDependencies): readonly Operation[] {
  const { participants, database } = dependencies;
  const powers = Object.entries(powerActions).map(([name, power]) =>
    action(dependencies, name, instanceIdsSchema, async (transaction, _set, chosen, { at }) => {
      if (power === undefined) return;
      for (const instance of chosen) await saveState(transaction, instance, { power }, at);
    }),
  );
  return [
    ...powers,
    action(
      dependencies,
      'manualupgrade',
      requiredInstanceIdsSchema,
      async (transaction, set, chosen, { at }) => {
        for (const instance of chosen) await saveState(transaction, instance, { model: modelOf(set) }, at);
      },
    ),
    action(dependencies, 'delete', requiredInstanceIdsSchema, (transaction, set, chosen, context) =>
      removeInstances(transaction, participants, set, chosen, context),
    ),
    {
      method: 'GET',
      path: `${item}/instanceView`,
      action: `${scaleSetType}/instanceView/read`,
      async run(context) {
        const set = await requireResource({ dependencies }, context);
        return { status: 200, body: viewOfSet(set, await instancesOf(database.read, set)) };
      },
    },
    {
      method: 'GET',
      path: `${item}/skus`,
      action: `${scaleSetType}/skus/read`,
      async run(context) {
        await requireResource({ dependencies }, context);
        return { status: 200, body: { value: sizes.map(({ name }) => presentSku(name)) } };
      },
    },
  ];
}

function presentSku(name: string): JsonObject {
  return {
    resourceType: scaleSetType,
    sku: { name, tier: 'Standard' },
    capacity: { minimum: 0, maximum: 1000, defaultCapacity: 1, scaleType: 'Automatic' },
  };
}

async function saveState(
  transaction: Transaction,
  instance: Resource,
  state: JsonObject,
  at: number,
): Promise<void> {
  await saveResource(transaction, { ...instance, state: { ...instance.state, ...state }, changedAt: at });
}

/** `POST {set}/{name}`: done before the answer, which is 202 with addresses to poll. */
function action<
  Schema extends z.ZodType<
    { readonly instanceIds?: readonly string[] | null | undefined } | null | undefined
  >,
>({ database, operations }: TrackedDependencies, name: string, body: Schema, act: Act): Operation {
  return {
    method: 'POST',
    path: `${item}/${name}`,
    action: `${scaleSetType}/${name}/action`,
    body,
    async run(context: OperationContext<z.infer<Schema>>): Promise<Answer> {
      const { target } = context;
      if (target.kind !== 'resource') throw new TypeError('the path names no resource');
      return await database.transaction(async (transaction) => {
        const set = await changeResource(transaction, context, target, (resource) => resource);
        const chosen = selectInstances(await instancesOf(transaction, set), context.body?.instanceIds);
        await act(transaction, set, chosen, context);
        const done = { kind: 'resource-action', namespace, resource: set } as const;
        return { status: 202, headers: await doneHeaders(transaction, operations, context, done) };
      });
    },
  } as Operation;
}
