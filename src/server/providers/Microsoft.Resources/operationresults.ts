import type { AsyncOperations } from '../../resource-manager/async-operations.ts';
import {
  monitorAnswer,
  requireAsyncOperation,
  startedByCaller,
} from '../../resource-manager/location-operations.ts';
import type { ResourceType } from '../../resource-manager/provider.ts';
import { resourcesApiVersions } from './api-versions.ts';
import { moveKind } from './moveResources.ts';

/**
 * Where the deletion of a group and the moving of resources are asked about: 202 while it runs, then 200 or 204 without
 * a body (a.11, a.12).
 */
export function operationResults(operations: AsyncOperations): ResourceType {
  return {
    namespace: 'Microsoft.Resources',
    type: 'subscriptions/operationresults',
    apiVersions: resourcesApiVersions,
    owner: 'resource-manager',
    tracked: false,
    operations: [
      {
        method: 'GET',
        path: '/subscriptions/{subscriptionId}/operationresults/{operationId}',
        action: 'Microsoft.Resources/subscriptions/operationresults/read',
        allowsOtherwise: (context) => startedByCaller(operations, context),
        async run(context) {
          const operation = await requireAsyncOperation(operations, context);
          return monitorAnswer(operation, context, operation.kind === moveKind ? 204 : 200);
        },
      },
    ],
  };
}
