import { canonicalLocation, type JsonObject } from '../../../contract/arm.ts';
import { pageRequest } from '../../http/paging.ts';
import { readFilter } from '../../resource-manager/filter.ts';
import type { SystemIdentities } from '../../resource-manager/identity-block.ts';
import { listAnswer } from '../../resource-manager/list-answer.ts';
import {
  type Answer,
  type OperationContext,
  type ResourceType,
  subscriptionOfContext,
} from '../../resource-manager/provider.ts';
import { groupCanonical } from '../../resource-manager/resource-group-store.ts';
import { presentEnvelope } from '../../resource-manager/resource-presentation.ts';
import { listResources, type Resource } from '../../resource-manager/resource-store.ts';
import type { Database } from '../../storage/database.ts';
import { resourcesApiVersions } from './api-versions.ts';

const filterFields = ['resourcetype', 'name', 'resourcegroup', 'location'];

/** Lists over all types, with the identities that resources carry (`spec/resource-manager.md` a.12). */
export function resources(database: Database, identities: SystemIdentities): ResourceType {
  const run = (context: OperationContext) => list(database, identities, context);
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
        run,
      },
      {
        method: 'GET',
        path: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/resources',
        action: 'Microsoft.Resources/subscriptions/resourceGroups/resources/read',
        run,
      },
    ],
  };
}

async function list(
  database: Database,
  identities: SystemIdentities,
  context: OperationContext,
): Promise<Answer> {
  const { query, group } = context;
  const { tenantId, subscriptionId } = subscriptionOfContext(context);
  const filter = readFilter(query.get('$filter'), filterFields);
  const [type, name, location] = [filter.get('resourcetype'), filter.get('name'), filter.get('location')];
  const groupName = filter.get('resourcegroup');
  const canonical = groupName === undefined ? group?.canonical : groupCanonical(subscriptionId, groupName);
  const request = pageRequest(query.get('$top'), query.get('$skiptoken'));
  if (group !== undefined && canonical !== group.canonical)
    return listAnswer(context, { after: undefined }, []);
  const page = await listResources(
    database.read,
    {
      tenantId,
      subscriptionId,
      placed: true,
      ...(canonical === undefined ? {} : { groupCanonical: canonical }),
      ...(type === undefined ? {} : { type }),
      ...(name === undefined ? {} : { name }),
      ...(location === undefined ? {} : { location: canonicalLocation(location) }),
    },
    request,
  );
  const expanded = new Set((query.get('$expand') ?? '').toLowerCase().split(','));
  const items = await Promise.all(
    page.items.map(async (resource) => ({
      ...(await presentEnvelope(database.read, identities, resource)),
      ...expansion(resource, expanded),
    })),
  );
  return listAnswer(context, page, items);
}

function expansion(resource: Resource, expanded: ReadonlySet<string>): JsonObject {
  return {
    ...(expanded.has('createdtime') ? { createdTime: new Date(resource.createdAt).toISOString() } : {}),
    ...(expanded.has('changedtime') ? { changedTime: new Date(resource.changedAt).toISOString() } : {}),
    ...(expanded.has('provisioningstate') ? { provisioningState: resource.provisioningState } : {}),
  };
}
