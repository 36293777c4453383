import type { SubscriptionId } from '../../foundation/ids.ts';
import { ArmError } from '../http/dialects/arm.ts';
import { type AsyncOperation, type AsyncOperations, presentOperation } from './async-operations.ts';
import {
  type Answer,
  type OperationContext,
  parameter,
  type ResourceType,
  subscriptionOfContext,
} from './provider.ts';

/** Where an operation is asked about, absolute and with the api-version: clients poll it as it is (a.8). */
interface PollingPlace {
  readonly origin: string;
  readonly namespace: string;
  readonly location: string;
  readonly apiVersion: string;
}

/** Both ways to poll: the status document, and the address that answers 202 until it is over. */
export function pollingHeaders(
  operation: Pick<AsyncOperation, 'operationId' | 'subscriptionId'>,
  { origin, namespace, location, apiVersion }: PollingPlace,
): Readonly<Record<string, string>> {
  const path = operationPath(operation.subscriptionId, namespace, location, operation.operationId);
  const version = `api-version=${encodeURIComponent(apiVersion)}`;
  return {
    'Azure-AsyncOperation': `${origin}${path}?${version}`,
    Location: `${origin}${path}?monitor=true&${version}`,
    'Retry-After': '1',
  };
}

/** The answer of ARM's own long work: 202, and where its result is told in the end (a.8, a.11). */
export function polledAtResult(
  { subscriptionId, operationId }: Pick<AsyncOperation, 'operationId' | 'subscriptionId'>,
  { origin, apiVersion }: Pick<PollingPlace, 'origin' | 'apiVersion'>,
): Answer {
  const path = `/subscriptions/${subscriptionId}/operationresults/${operationId}`;
  return {
    status: 202,
    headers: {
      Location: `${origin}${path}?api-version=${encodeURIComponent(apiVersion)}`,
      'Retry-After': '1',
    },
  };
}

function operationPath(
  subscriptionId: SubscriptionId,
  namespace: string,
  location: string,
  operationId: string,
): string {
  return `/subscriptions/${subscriptionId}/providers/${namespace}/locations/${location}/operations/${operationId}`;
}

/** The operations of a provider: `…/locations/{location}/operations/{id}`, with `monitor=true` the Location form. */
export function locationOperations(
  namespace: string,
  apiVersions: readonly string[],
  operations: AsyncOperations,
): ResourceType {
  return {
    namespace,
    type: 'locations/operations',
    apiVersions,
    owner: 'provider',
    tracked: false,
    operations: [
      {
        method: 'GET',
        path: `/subscriptions/{subscriptionId}/providers/${namespace}/locations/{location}/operations/{operationId}`,
        action: `${namespace}/locations/operations/read`,
        allowsOtherwise: (context) => startedByCaller(operations, context),
        async run(context) {
          const operation = await requireAsyncOperation(operations, context);
          if (context.query.get('monitor') === 'true') {
            // nothing is left of a deletion; clients take the end of an action as 200 alone
            return monitorAnswer(operation, context, operation.kind === 'resource-deletion' ? 204 : 200);
          }
          const id = operationPath(
            operation.subscriptionId,
            namespace,
            parameter(context, 'location'),
            operation.operationId,
          );
          return {
            status: 200,
            body: presentOperation(operation, id),
            ...(operation.status === 'InProgress' ? { headers: { 'Retry-After': '1' } } : {}),
          };
        },
      },
    ],
  };
}

/** Who started an operation may watch it. */
export async function startedByCaller(
  operations: AsyncOperations,
  context: OperationContext<undefined>,
): Promise<boolean> {
  const operation = await findOperation(operations, context);
  return operation?.startedBy === context.caller.principalId;
}

async function findOperation(
  operations: AsyncOperations,
  context: OperationContext<undefined>,
): Promise<AsyncOperation | undefined> {
  const { subscriptionId, tenantId } = subscriptionOfContext(context);
  return await operations.find(tenantId, subscriptionId, parameter(context, 'operationId'));
}

/** The operation that the path's `operationId` names. @throws ArmError 404 */
export async function requireAsyncOperation(
  operations: AsyncOperations,
  context: OperationContext<unknown>,
): Promise<AsyncOperation> {
  const operation = await findOperation(operations, context as OperationContext<undefined>);
  if (operation !== undefined) return operation;
  throw new ArmError(
    'not-found',
    'NotFound',
    `The operation '${parameter(context, 'operationId')}' could not be found.`,
  );
}

/** What a `Location` address answers: 202 and itself while it runs, then the end as it is. */
export function monitorAnswer(
  operation: AsyncOperation,
  context: Pick<OperationContext, 'origin' | 'path' | 'query'>,
  succeeded: 200 | 204,
): Answer {
  switch (operation.status) {
    case 'InProgress':
      return {
        status: 202,
        headers: {
          Location: `${context.origin}${context.path}?${new URLSearchParams([...context.query])}`,
          'Retry-After': '1',
        },
      };
    case 'Succeeded':
      return operation.result === undefined ? { status: succeeded } : { status: 200, body: operation.result };
    case 'Failed':
    case 'Canceled': {
      const code = operation.error?.code ?? 'OperationNotCompleted';
      const message = operation.error?.message ?? 'The operation was canceled.';
      throw new ArmError('conflict', code, message);
    }
  }
}
