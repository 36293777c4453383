import { canonicalLocation } from '../../../contract/arm.ts';
import {
  resourceGroupNamePattern,
  resourceGroupPatchSchema,
  resourceGroupSchema,
} from '../../../contract/Microsoft.Resources.ts';
import { parseScope } from '../../../contract/resource-id.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import { pageRequest } from '../../http/paging.ts';
import {
  invalidResourceName,
  locationRequired,
  resourceGroupBeingDeleted,
  resourceGroupNotFound,
} from '../../resource-manager/arm-errors.ts';
import type { AsyncOperations } from '../../resource-manager/async-operations.ts';
import { readFilterExpression } from '../../resource-manager/filter-expression.ts';
import { groupDeletionKind } from '../../resource-manager/group-deletion.ts';
import { listAnswer } from '../../resource-manager/list-answer.ts';
import { allOf, groupCondition, groupsAt } from '../../resource-manager/list-condition.ts';
import { polledAtResult } from '../../resource-manager/location-operations.ts';
import { requireLocation } from '../../resource-manager/locations.ts';
import { requireUnlocked } from '../../resource-manager/locks.ts';
import {
  type Answer,
  type Operation,
  type OperationContext,
  parameter,
  type ResourceType,
  subscriptionOfContext,
} from '../../resource-manager/provider.ts';
import {
  findResourceGroup,
  groupCanonical,
  listResourceGroups,
  presentResourceGroup,
  type ResourceGroup,
  resourceGroupId,
  saveResourceGroup,
} from '../../resource-manager/resource-group-store.ts';
import type { Database, Transaction } from '../../storage/database.ts';
import { resourcesApiVersions } from './api-versions.ts';
import { seesSome, visiblePlaces } from './visible-places.ts';

const type = 'Microsoft.Resources/resourceGroups';
const action = 'Microsoft.Resources/subscriptions/resourceGroups';
const path = '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}';

type Put = OperationContext<(typeof resourceGroupSchema)['_output']>;
type Patch = OperationContext<(typeof resourceGroupPatchSchema)['_output']>;

/** Resource groups (`spec/resource-manager.md` a.11). */
export function resourceGroups(database: Database, operations: AsyncOperations): ResourceType {
  return {
    namespace: 'Microsoft.Resources',
    type: 'resourceGroups',
    apiVersions: resourcesApiVersions,
    owner: 'resource-manager',
    tracked: false,
    operations: [
      {
        method: 'GET',
        path: '/subscriptions/{subscriptionId}/resourceGroups',
        action: `${action}/read`,
        allowsOtherwise: (context) => seesSome(database, context),
        run: (context) => list(database, context),
      },
      {
        method: 'PUT',
        path,
        action: `${action}/write`,
        body: resourceGroupSchema,
        makesGroup: true,
        run: (context: Put) => put(database, context),
      } as Operation,
      {
        method: 'PATCH',
        path,
        action: `${action}/write`,
        body: resourceGroupPatchSchema,
        run: (context: Patch) => patch(database, context),
      } as Operation,
      {
        method: 'GET',
        path,
        action: `${action}/read`,
        run: async (context) => ({ status: 200, body: presentResourceGroup(groupOf(context)) }),
      },
      {
        method: 'HEAD',
        path,
        action: `${action}/read`,
        run: async () => ({ status: 204 }),
      },
      {
        method: 'DELETE',
        path,
        action: `${action}/delete`,
        whileDeleting: true,
        run: (context) => remove(database, operations, context),
      },
    ],
  };
}

function groupOf({ group }: OperationContext): ResourceGroup {
  if (group === undefined) throw new TypeError('the path names no resource group');
  return group;
}

async function list(database: Database, context: OperationContext): Promise<Answer> {
  const { tenantId, subscriptionId } = subscriptionOfContext(context);
  const filter = readFilterExpression(context.query.get('$filter'));
  const request = pageRequest(context.query.get('$top'), context.query.get('$skiptoken'));
  const seesAll = await context.may(`${action}/read`, context.target);
  const condition = allOf(
    filter === undefined ? undefined : groupCondition(filter, { tenantId, subscriptionId }),
    seesAll ? undefined : groupsAt((await visiblePlaces(database, context)).groups),
  );
  const page = await listResourceGroups(database.read, tenantId, subscriptionId, request, condition);
  const items = seesAll ? page.items : await readable(context, page.items);
  return listAnswer(context, page, items.map(presentResourceGroup));
}

/** Those of the groups that the caller may read. */
async function readable(
  { may }: Pick<OperationContext, 'may'>,
  groups: readonly ResourceGroup[],
): Promise<readonly ResourceGroup[]> {
  const allowed = await Promise.all(
    groups.map((group) => may(`${action}/read`, parseScope(resourceGroupId(group)))),
  );
  return groups.filter((_group, index) => allowed[index]);
}

async function put(database: Database, context: Put): Promise<Answer> {
  const { body, at } = context;
  const name = parameter(context, 'resourceGroupName');
  if (!resourceGroupNamePattern.test(name)) {
    throw invalidResourceName(
      type,
      name,
      'it has 1 to 90 letters, digits, underscores, parentheses, hyphens and periods, and does not end with a period',
    );
  }
  const { tenantId, subscriptionId } = subscriptionOfContext(context);
  const canonical = groupCanonical(subscriptionId, name);
  return await database.transaction(async (transaction) => {
    const existing = await findResourceGroup(transaction, tenantId, canonical);
    if (existing?.provisioningState === 'Deleting') throw resourceGroupBeingDeleted(existing.name);
    const location = body.location ?? existing?.location;
    if (location === undefined || location === '') throw locationRequired();
    if (existing !== undefined && canonicalLocation(location) !== existing.location) {
      throw new ArmError(
        'conflict',
        'InvalidResourceGroupLocation',
        `Invalid resource group location '${location}'. The Resource group already exists in location '${existing.location}'.`,
      );
    }
    const group: ResourceGroup = {
      canonical,
      tenantId,
      subscriptionId,
      name: existing?.name ?? name,
      location: existing?.location ?? requireLocation(location, type),
      tags: body.tags ?? undefined,
      managedBy: body.managedBy ?? undefined,
      provisioningState: 'Succeeded',
      createdAt: existing?.createdAt ?? at,
    };
    await saveResourceGroup(transaction, group, at);
    return { status: existing === undefined ? 201 : 200, body: presentResourceGroup(group) };
  });
}

async function patch(database: Database, context: Patch): Promise<Answer> {
  const { body, at } = context;
  return await database.transaction(async (transaction) => {
    const existing = await stillThere(transaction, groupOf(context));
    if (existing.provisioningState === 'Deleting') throw resourceGroupBeingDeleted(existing.name);
    const group: ResourceGroup = {
      ...existing,
      tags: body.tags === undefined ? existing.tags : (body.tags ?? undefined),
      managedBy: body.managedBy === undefined ? existing.managedBy : (body.managedBy ?? undefined),
    };
    await saveResourceGroup(transaction, group, at);
    return { status: 200, body: presentResourceGroup(group) };
  });
}

/** Marks the group, so that nothing new comes into it, and leaves the rest to the operation that is polled. */
async function remove(
  database: Database,
  operations: AsyncOperations,
  context: OperationContext,
): Promise<Answer> {
  const { at, caller } = context;
  const { tenantId, subscriptionId } = subscriptionOfContext(context);
  const operation = await database.transaction(async (transaction) => {
    const group = await stillThere(transaction, groupOf(context));
    // once it is marked, no lock can be made in it any more: all of it goes, or nothing
    await requireUnlocked(transaction, { tenantId, scope: context.target, effect: 'delete' });
    await saveResourceGroup(transaction, { ...group, provisioningState: 'Deleting' }, at);
    return await operations.begin(transaction, {
      tenantId,
      subscriptionId,
      kind: groupDeletionKind,
      target: group.canonical,
      startedBy: caller.principalId,
      at,
    });
  });
  operations.run(operation);
  return polledAtResult(operation, context);
}

async function stillThere(transaction: Transaction, admitted: ResourceGroup): Promise<ResourceGroup> {
  const group = await findResourceGroup(transaction, admitted.tenantId, admitted.canonical);
  if (group === undefined) throw resourceGroupNotFound(admitted.name);
  return group;
}
