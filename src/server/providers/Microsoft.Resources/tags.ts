import { type Tags, tagsSchema } from '../../../contract/arm.ts';
import { tagsPatchSchema, tagsResourceSchema } from '../../../contract/Microsoft.Resources.ts';
import { canonicalId, formatScope, parseScope, type Scope } from '../../../contract/resource-id.ts';
import type { TenantId } from '../../../foundation/ids.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import {
  resourceGroupBeingDeleted,
  resourceGroupNotFound,
  resourceNotFound,
} from '../../resource-manager/arm-errors.ts';
import { readBody } from '../../resource-manager/body.ts';
import {
  type Answer,
  type Operation,
  type OperationContext,
  parameter,
  type ResourceType,
} from '../../resource-manager/provider.ts';
import {
  findResourceGroup,
  resourceGroupId,
  saveResourceGroup,
} from '../../resource-manager/resource-group-store.ts';
import { findResource, saveResource } from '../../resource-manager/resource-store.ts';
import { readTags, writeTags } from '../../resource-manager/tag-store.ts';
import type { Database, Queries, Transaction } from '../../storage/database.ts';
import { resourcesApiVersions } from './api-versions.ts';

const path = '/{scope}/providers/Microsoft.Resources/tags/default';
const action = 'Microsoft.Resources/tags';

type Put = OperationContext<(typeof tagsResourceSchema)['_output']>;
type Patch = OperationContext<(typeof tagsPatchSchema)['_output']>;

/** All tags of a subscription, a group or a resource, as one thing of its own (`spec/resource-manager.md` a.12). */
export function tags(database: Database): ResourceType {
  return {
    namespace: 'Microsoft.Resources',
    type: 'tags',
    apiVersions: resourcesApiVersions,
    owner: 'resource-manager',
    tracked: false,
    operations: [
      {
        method: 'GET',
        path,
        action: `${action}/read`,
        async run(context) {
          const place = await requirePlace(database.read, context);
          return answer(place.id, place.tags);
        },
      },
      {
        method: 'PUT',
        path,
        action: `${action}/write`,
        body: tagsResourceSchema,
        run: (context: Put) => change(database, context, () => context.body.properties.tags ?? {}),
      } as Operation,
      {
        method: 'PATCH',
        path,
        action: `${action}/write`,
        body: tagsPatchSchema,
        run: (context: Patch) => change(database, context, (existing) => patched(existing, context.body)),
      } as Operation,
      {
        method: 'DELETE',
        path,
        action: `${action}/delete`,
        async run(context) {
          await change(database, context, () => ({}));
          return { status: 200 };
        },
      },
    ],
  };
}

function answer(id: string, present: Tags): Answer {
  const type = 'Microsoft.Resources/tags';
  return {
    status: 200,
    body: { id: `${id}/providers/${type}/default`, name: 'default', type, properties: { tags: present } },
  };
}

/** What has tags, as it is in a transaction, and what makes its tags others. */
interface Place {
  readonly id: string;
  readonly tags: Tags;
  save(transaction: Transaction, tags: Tags): Promise<void>;
}

async function change(
  database: Database,
  context: OperationContext,
  wanted: (existing: Tags) => Tags,
): Promise<Answer> {
  return await database.transaction(async (transaction) => {
    const place = await requirePlace(transaction, context);
    const tags = wanted(place.tags);
    await place.save(transaction, tags);
    return answer(place.id, tags);
  });
}

/** @throws ArmError 404 where the scope is not there, 400 where it is nothing that can be tagged */
async function requirePlace(queries: Queries, context: OperationContext): Promise<Place> {
  const scope = parseScope(parameter(context, 'scope'));
  const { tenantId } = context.caller;
  switch (scope.kind) {
    case 'subscription':
      return await subscriptionPlace(queries, tenantId, scope);
    case 'resourceGroup':
      return await groupPlace(queries, tenantId, scope, context.at);
    case 'resource':
      return await resourcePlace(queries, context, scope);
    default:
      throw notTaggable(formatScope(scope));
  }
}

async function subscriptionPlace(
  queries: Queries,
  tenantId: TenantId,
  scope: Extract<Scope, { kind: 'subscription' }>,
): Promise<Place> {
  const place = { tenantId, subscriptionId: scope.subscriptionId, canonical: canonicalId(scope) };
  return {
    id: formatScope(scope),
    tags: await readTags(queries, place),
    save: (transaction, tags) => writeTags(transaction, { ...place, tags }),
  };
}

async function groupPlace(
  queries: Queries,
  tenantId: TenantId,
  scope: Extract<Scope, { kind: 'resourceGroup' }>,
  at: number,
): Promise<Place> {
  const group = await findResourceGroup(queries, tenantId, canonicalId(scope));
  if (group === undefined) throw resourceGroupNotFound(scope.resourceGroup);
  return {
    id: resourceGroupId(group),
    tags: group.tags ?? {},
    async save(transaction, tags) {
      if (group.provisioningState === 'Deleting') throw resourceGroupBeingDeleted(group.name);
      await saveResourceGroup(transaction, { ...group, tags }, at);
    },
  };
}

async function resourcePlace(
  queries: Queries,
  { at, caller }: OperationContext,
  scope: Extract<Scope, { kind: 'resource' }>,
): Promise<Place> {
  const resource = await findResource(queries, caller.tenantId, canonicalId(scope));
  if (resource === undefined) throw resourceNotFound(scope);
  return {
    id: resource.resourceId,
    tags: resource.tags,
    async save(transaction, tags) {
      if (resource.location === '') throw notTaggable(resource.resourceId);
      await saveResource(transaction, {
        ...resource,
        tags,
        version: resource.version + 1,
        changedAt: at,
        changedBy: { principalId: caller.principalId, principalType: caller.principalType },
      });
    },
  };
}

/** What PATCH makes of tags; a name keeps the spelling that it has. `Delete` of a name without value means any value. */
function patched(existing: Tags, { operation, properties }: Patch['body']): Tags {
  const sent = properties?.tags ?? {};
  if (operation === 'replace') return sent;
  const spelled = new Map(Object.keys(existing).map((name) => [name.toLowerCase(), name]));
  const result = new Map(Object.entries(existing));
  for (const [name, value] of Object.entries(sent)) {
    const known = spelled.get(name.toLowerCase()) ?? name;
    if (operation === 'merge') result.set(known, value);
    else if (value === '' || result.get(known) === value) result.delete(known);
  }
  return readBody(tagsSchema, Object.fromEntries(result));
}

function notTaggable(id: string): ArmError {
  return new ArmError('invalid-value', 'FeatureNotSupported', `The resource '${id}' does not support tags.`);
}
