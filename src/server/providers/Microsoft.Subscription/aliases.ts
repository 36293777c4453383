import { aliasNamePattern, aliasSchema } from '../../../contract/Microsoft.Subscription.ts';
import { guid, type SubscriptionId } from '../../../foundation/ids.ts';
import type { Randomness } from '../../../foundation/randomness.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import { Hierarchy } from '../../management-groups/hierarchy.ts';
import { savePlacement } from '../../management-groups/management-group-store.ts';
import { readGroupId } from '../../management-groups/management-groups.ts';
import {
  invalidResourceName,
  managementGroupNotFound,
  subscriptionNotFound,
} from '../../resource-manager/arm-errors.ts';
import {
  type Answer,
  type Operation,
  type OperationContext,
  parameter,
  type ResourceType,
} from '../../resource-manager/provider.ts';
import { requireRight } from '../../resource-manager/required-right.ts';
import {
  findSubscription,
  findSubscriptionByAlias,
  insertSubscription,
  listSubscriptions,
  nameSubscription,
  type Subscription,
} from '../../resource-manager/subscription-store.ts';
import type { Database, Transaction } from '../../storage/database.ts';
import { subscriptionApiVersions } from './api-versions.ts';

const type = 'Microsoft.Subscription/aliases';
const path = '/providers/Microsoft.Subscription/aliases';

type Put = OperationContext<(typeof aliasSchema)['_output']>;

/** How subscriptions are made: a PUT of a name of the caller's choice, as often as it likes (a.9). */
export function aliases(database: Database, randomness: Randomness): ResourceType {
  return {
    namespace: 'Microsoft.Subscription',
    type: 'aliases',
    apiVersions: subscriptionApiVersions,
    owner: 'provider',
    tracked: false,
    operations: [
      {
        method: 'PUT',
        path: `${path}/{aliasName}`,
        action: `${type}/write`,
        body: aliasSchema,
        run: (context: Put) => put(database, randomness, context),
      } as Operation,
      {
        method: 'GET',
        path: `${path}/{aliasName}`,
        action: `${type}/read`,
        async run(context) {
          const name = parameter(context, 'aliasName');
          const subscription = await findSubscriptionByAlias(database.read, context.caller.tenantId, name);
          if (subscription === undefined) throw aliasNotFound(name);
          return { status: 200, body: present(subscription, name) };
        },
      },
      {
        method: 'GET',
        path,
        action: `${type}/read`,
        async run({ caller }) {
          const all = await listSubscriptions(database.read, caller.tenantId);
          const value = all.flatMap((each) => (each.alias === undefined ? [] : [present(each, each.alias)]));
          return { status: 200, body: { value } };
        },
      },
    ],
  };
}

async function put(database: Database, randomness: Randomness, context: Put): Promise<Answer> {
  const name = parameter(context, 'aliasName');
  if (!aliasNamePattern.test(name)) {
    throw invalidResourceName(
      type,
      name,
      'it has 1 to 64 letters, digits, hyphens, underscores and inner dots',
    );
  }
  const { tenantId } = context.caller;
  return await database.transaction(async (transaction) => {
    const existing = await findSubscriptionByAlias(transaction, tenantId, name);
    if (existing !== undefined) return { status: 200, body: present(existing, name) };
    const wanted = context.body.properties?.subscriptionId ?? undefined;
    const subscription =
      wanted === undefined
        ? await make(transaction, randomness, context, name)
        : await adopt(transaction, context, wanted, name);
    return { status: 201, body: present(subscription, name) };
  });
}

/** Makes a subscription, in the management group that the body names, which takes the right to write there. */
async function make(
  transaction: Transaction,
  randomness: Randomness,
  { caller, body, at }: Put,
  name: string,
): Promise<Subscription> {
  const { tenantId } = caller;
  const subscriptionId = guid<SubscriptionId>(randomness.uuid());
  const displayName = body.properties?.displayName ?? name;
  const groupId = body.properties?.additionalProperties?.managementGroupId ?? '';
  const made = { subscriptionId, tenantId, displayName, alias: name, at };
  const subscription = await insertSubscription(transaction, made);
  if (groupId === '') return subscription;
  const scope = readGroupId(groupId);
  await requireRight(transaction, caller, 'Microsoft.Management/managementGroups/write', scope);
  const group = (await Hierarchy.load(transaction, tenantId)).group(scope.managementGroup);
  if (group === undefined) throw managementGroupNotFound(scope.managementGroup);
  await savePlacement(transaction, { tenantId, subscriptionId, group, at });
  return subscription;
}

/** Names a subscription that the tenant already has; one of another tenant is as if it were not. */
async function adopt(
  transaction: Transaction,
  { caller }: Put,
  wanted: string,
  name: string,
): Promise<Subscription> {
  const subscription = await findSubscription(transaction, guid<SubscriptionId>(wanted));
  if (subscription === undefined || subscription.tenantId !== caller.tenantId)
    throw subscriptionNotFound(wanted);
  if (subscription.alias !== undefined) {
    throw new ArmError(
      'conflict',
      'SubscriptionAliasConflict',
      `The subscription '${subscription.subscriptionId}' already has an alias.`,
    );
  }
  await nameSubscription(transaction, caller.tenantId, subscription.subscriptionId, name);
  return { ...subscription, alias: name.toLowerCase() };
}

function present({ subscriptionId, displayName, createdAt }: Subscription, name: string): object {
  return {
    id: `${path}/${name}`,
    name,
    type,
    properties: {
      subscriptionId,
      displayName,
      provisioningState: 'Succeeded',
      createdTime: new Date(createdAt).toISOString(),
    },
  };
}

function aliasNotFound(name: string): ArmError {
  return new ArmError(
    'not-found',
    'SubscriptionNotFound',
    `The subscription alias '${name}' could not be found.`,
  );
}
