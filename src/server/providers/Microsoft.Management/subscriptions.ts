import { placementSchema } from '../../../contract/Microsoft.Management.ts';
import { isGuid, type SubscriptionId } from '../../../foundation/ids.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import { pageOf, pageRequest } from '../../http/paging.ts';
import { Hierarchy } from '../../management-groups/hierarchy.ts';
import { type ManagementGroup, savePlacement } from '../../management-groups/management-group-store.ts';
import { managementGroupNotFound, subscriptionNotFound } from '../../resource-manager/arm-errors.ts';
import { listAnswer } from '../../resource-manager/list-answer.ts';
import {
  type Answer,
  type OperationContext,
  parameter,
  type ResourceType,
} from '../../resource-manager/provider.ts';
import {
  findSubscription,
  listSubscriptions,
  type Subscription,
} from '../../resource-manager/subscription-store.ts';
import type { Database, Queries } from '../../storage/database.ts';
import { managementApiVersions } from './api-versions.ts';
import { requireMove } from './moves.ts';
import { placementType, presentPlacement } from './presentation.ts';

const path = '/providers/Microsoft.Management/managementGroups/{groupId}/subscriptions';
const item = `${path}/{subscriptionId}`;

/** Which group a subscription is in: exactly one, the root group unless it was put into another (a.16). */
export function subscriptionsOfGroups(database: Database): ResourceType {
  return {
    namespace: 'Microsoft.Management',
    type: 'managementGroups/subscriptions',
    apiVersions: managementApiVersions,
    owner: 'provider',
    tracked: false,
    operations: [
      {
        method: 'GET',
        path,
        action: `${placementType}/read`,
        run: (context) => list(database, context),
      },
      {
        method: 'GET',
        path: item,
        action: `${placementType}/read`,
        run: (context) => get(database, context),
      },
      {
        method: 'PUT',
        path: item,
        action: `${placementType}/write`,
        body: placementSchema,
        // the root group takes back what may be moved from where it is
        allowsOtherwise: async (context) =>
          isRoot(await Hierarchy.load(database.read, context.caller.tenantId), context),
        run: (context) => put(database, context),
      },
      {
        method: 'DELETE',
        path: item,
        action: `${placementType}/delete`,
        run: (context) => remove(database, context),
      },
    ],
  };
}

function isRoot(hierarchy: Hierarchy, context: Pick<OperationContext, 'parameters'>): boolean {
  return hierarchy.group(parameter(context, 'groupId')) === hierarchy.root;
}

function groupIn(hierarchy: Hierarchy, context: Pick<OperationContext, 'parameters'>): ManagementGroup {
  const name = parameter(context, 'groupId');
  const group = hierarchy.group(name);
  if (group === undefined) throw managementGroupNotFound(name);
  return group;
}

function subscriptionIdOf(context: Pick<OperationContext, 'parameters'>): SubscriptionId {
  const text = parameter(context, 'subscriptionId');
  if (isGuid(text)) return text.toLowerCase() as SubscriptionId;
  throw new ArmError(
    'malformed',
    'InvalidSubscriptionId',
    `The provided subscription identifier '${text}' is malformed or invalid.`,
  );
}

/** One of another tenant is as if it were not. */
async function requireSubscription(
  queries: Queries,
  { caller, parameters }: Pick<OperationContext, 'caller' | 'parameters'>,
): Promise<Subscription> {
  const subscriptionId = subscriptionIdOf({ parameters });
  const subscription = await findSubscription(queries, subscriptionId);
  if (subscription?.tenantId !== caller.tenantId) throw subscriptionNotFound(subscriptionId);
  return subscription;
}

async function list(database: Database, context: OperationContext): Promise<Answer> {
  const { tenantId } = context.caller;
  const request = pageRequest(context.query.get('$top'), context.query.get('$skiptoken'));
  const hierarchy = await Hierarchy.load(database.read, tenantId);
  const group = groupIn(hierarchy, context);
  const held = (await listSubscriptions(database.read, tenantId)).filter(
    ({ subscriptionId }) =>
      hierarchy.placeOf(subscriptionId) === group &&
      (request.after === undefined || subscriptionId > request.after),
  );
  const page = pageOf(held, request, ({ subscriptionId }) => subscriptionId);
  return listAnswer(
    context,
    page,
    page.items.map((each) => presentPlacement(each, group)),
  );
}

async function get(database: Database, context: OperationContext): Promise<Answer> {
  const hierarchy = await Hierarchy.load(database.read, context.caller.tenantId);
  const group = groupIn(hierarchy, context);
  const subscription = await requireSubscription(database.read, context);
  if (hierarchy.placeOf(subscription.subscriptionId) !== group) {
    throw new ArmError(
      'not-found',
      'NotFound',
      `The subscription '${subscription.subscriptionId}' is not in the management group '${group.name}'.`,
    );
  }
  return { status: 200, body: presentPlacement(subscription, group) };
}

/** Moves a subscription from where it is into the group. */
async function put(database: Database, context: OperationContext): Promise<Answer> {
  const { caller, at } = context;
  const { tenantId } = caller;
  const subscriptionId = subscriptionIdOf(context);
  return await database.transaction(async (transaction) => {
    const hierarchy = await Hierarchy.load(transaction, tenantId);
    const to = groupIn(hierarchy, context);
    const from = hierarchy.placeOf(subscriptionId);
    // before anything is told of it; one that is not there is as one in the root group
    await requireMove(transaction, caller, { moved: { kind: 'subscription', subscriptionId }, from, to });
    const subscription = await requireSubscription(transaction, context);
    if (from !== to) await savePlacement(transaction, { tenantId, subscriptionId, group: to, at });
    return { status: 200, body: presentPlacement(subscription, to) };
  });
}

/** Moves a subscription out of the group, to the root group. */
async function remove(database: Database, context: OperationContext): Promise<Answer> {
  const { caller, at } = context;
  const { tenantId } = caller;
  const subscriptionId = subscriptionIdOf(context);
  return await database.transaction(async (transaction) => {
    const hierarchy = await Hierarchy.load(transaction, tenantId);
    const from = groupIn(hierarchy, context);
    const group = hierarchy.root;
    if (from === group || hierarchy.placeOf(subscriptionId) !== from) return { status: 204 };
    await requireMove(transaction, caller, {
      moved: { kind: 'subscription', subscriptionId },
      from,
      to: group,
    });
    await savePlacement(transaction, { tenantId, subscriptionId, group, at });
    return { status: 200 };
  });
}
