import type { Transaction } from '../storage/database.ts';
import type { AsyncOperations } from './async-operations.ts';
import { pollingHeaders } from './location-operations.ts';
import { type OperationContext, subscriptionOfContext } from './provider.ts';
import type { Resource } from './resource-store.ts';

/** A change that is done in this transaction, and polled all the same, since clients of its type insist on it. */
export interface DoneOperation {
  /** What a `Location` answers in the end depends on it: nothing is left of a deletion. */
  readonly kind: 'resource-deletion' | 'resource-action' | 'resource-write';
  readonly namespace: string;
  readonly resource: Pick<Resource, 'canonical' | 'location'>;
}

/** Records the operation, which is over when it can first be asked about, and tells where. */
export async function doneHeaders(
  transaction: Transaction,
  operations: AsyncOperations,
  context: Omit<OperationContext<unknown>, 'body'>,
  { kind, namespace, resource }: DoneOperation,
): Promise<ReturnType<typeof pollingHeaders>> {
  const { origin, apiVersion, at, caller } = context;
  const { subscriptionId, tenantId } = subscriptionOfContext(context);
  const operation = await operations.completed(transaction, {
    ...{ tenantId, subscriptionId, kind, target: resource.canonical, at },
    startedBy: caller.principalId,
  });
  // what has no place is nowhere in particular
  return pollingHeaders(operation, {
    ...{ origin, apiVersion, namespace },
    location: resource.location === '' ? 'global' : resource.location,
  });
}
