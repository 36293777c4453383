import type { JsonObject } from '../../contract/arm.ts';
import type { Database, Queries } from '../storage/database.ts';
import type { AsyncOperations } from './async-operations.ts';
import { doneHeaders } from './done-operation.ts';
import type { Answer, Operation, OperationContext } from './provider.ts';
import { changeResource } from './resource-change.ts';
import type { Resource } from './resource-store.ts';

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
  /**
   * A status where clients expect the end at once, `polled` where they expect 202 and addresses, a function where they
   * expect the resource.
   */
  readonly answer:
    | 'polled'
    | 200
    | 204
    | ((queries: Queries, resource: Resource, context: OperationContext) => Promise<Answer>);
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
        const { target } = context;
        if (target.kind !== 'resource') throw new TypeError('the path names no resource');
        const resource = await changeResource(transaction, context, target, (before) => {
          const state = change(before, context);
          return state === before.state ? before : { ...before, state };
        });
        if (typeof answer === 'function') return await answer(transaction, resource, context);
        if (answer !== 'polled') return { status: answer };
        const done = { kind: 'resource-action', namespace, resource } as const;
        return { status: 202, headers: await doneHeaders(transaction, operations, context, done) };
      });
    },
  };
}
