import type { JsonObject } from '../../../contract/arm.ts';
import { parseScope } from '../../../contract/resource-id.ts';
import { pageRequest } from '../../http/paging.ts';
import { readFilterExpression } from '../../resource-manager/filter-expression.ts';
import { presentIdentities } from '../../resource-manager/identity-presentation.ts';
import { listAnswer } from '../../resource-manager/list-answer.ts';
import { allOf, resourceCondition, resourcesAt } from '../../resource-manager/list-condition.ts';
import {
  type Answer,
  type OperationContext,
  type ResourceType,
  subscriptionOfContext,
} from '../../resource-manager/provider.ts';
import { nestedName, presentEnvelope } from '../../resource-manager/resource-presentation.ts';
import { listResources, type Resource } from '../../resource-manager/resource-store.ts';
import type { Database } from '../../storage/database.ts';
import { resourcesApiVersions } from './api-versions.ts';
import { type ExportingOptions, exportOperation } from './exportTemplate.ts';
import { type MovingOptions, moveOperations } from './moveResources.ts';
import { seesSome, visiblePlaces } from './visible-places.ts';

/** Lists over all types, with the identities that resources carry, moves and exports (`spec/resource-manager.md` a.12). */
export function resources(options: MovingOptions & ExportingOptions): ResourceType {
  const { database } = options;
  const run = (context: OperationContext) => list(database, context);
  return {
    namespace: 'Microsoft.Resources',
    type: 'subscriptions/resources',
    apiVersions: resourcesApiVersions,
    owner: 'resource-manager',
    tracked: false,
    operations: [
      {
        method: 'GET',
        path: '/subscriptions/{subscriptionId}/resources',
        action: 'Microsoft.Resources/subscriptions/resources/read',
        allowsOtherwise: (context) => seesSome(database, context),
        run,
      },
      {
        method: 'GET',
        path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/resources',
        action: 'Microsoft.Resources/subscriptions/resourceGroups/resources/read',
        allowsOtherwise: (context) => seesSome(database, context),
        run,
      },
      ...moveOperations(options),
      exportOperation(options),
    ],
  };
}

async function list(database: Database, context: OperationContext): Promise<Answer> {
  const { query, group } = context;
  const { tenantId, subscriptionId } = subscriptionOfContext(context);
  const filter = readFilterExpression(query.get('$filter'));
  const seesAll = await context.may(
    group === undefined
      ? 'Microsoft.Resources/subscriptions/resources/read'
      : 'Microsoft.Resources/subscriptions/resourceGroups/resources/read',
    context.target,
  );
  const condition = allOf(
    filter === undefined ? undefined : resourceCondition(filter, { tenantId, subscriptionId }),
    seesAll ? undefined : resourcesAt(await visiblePlaces(database, context)),
  );
  const found = await listResources(
    database.read,
    {
      tenantId,
      subscriptionId,
      placed: true,
      ...(group === undefined ? {} : { groupCanonical: group.canonical }),
      ...(condition === undefined ? {} : { condition }),
    },
    pageRequest(query.get('$top'), query.get('$skiptoken')),
  );
  const page = seesAll ? found : { ...found, items: await readable(context, found.items) };
  const expanded = new Set((query.get('$expand') ?? '').toLowerCase().split(/\s*,\s*/));
  const identities = await presentIdentities(database.read, page.items);
  const items = page.items.map((resource) => ({
    ...presentEnvelope(resource, identities),
    name: nestedName(resource),
    ...expansion(resource, expanded),
  }));
  return listAnswer(context, page, items);
}

/** Those of the resources that the caller may read. */
async function readable(
  { may }: Pick<OperationContext, 'may'>,
  resources: readonly Resource[],
): Promise<readonly Resource[]> {
  const allowed = await Promise.all(
    resources.map(({ type, resourceId }) => may(`${type}/read`, parseScope(resourceId))),
  );
  return resources.filter((_resource, index) => allowed[index]);
}

function expansion(resource: Resource, expanded: ReadonlySet<string>): JsonObject {
  return {
    ...(expanded.has('createdtime') ? { createdTime: new Date(resource.createdAt).toISOString() } : {}),
    ...(expanded.has('changedtime') ? { changedTime: new Date(resource.changedAt).toISOString() } : {}),
    ...(expanded.has('provisioningstate') ? { provisioningState: resource.provisioningState } : {}),
  };
}
