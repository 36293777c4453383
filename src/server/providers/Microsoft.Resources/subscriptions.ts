import type { Tags } from '../../../contract/arm.ts';
import {
  canonicalId,
  parseScope,
  ResourceIdError,
  type Scope,
  subscriptionOf,
} from '../../../contract/resource-id.ts';
import type { CanonicalId, SubscriptionId } from '../../../foundation/ids.ts';
import { listHeldBy } from '../../authorization/authorization-store.ts';
import type { Caller } from '../../http/bearer.ts';
import { Hierarchy } from '../../management-groups/hierarchy.ts';
import {
  type OperationContext,
  type ResourceType,
  subscriptionOfContext,
} from '../../resource-manager/provider.ts';
import { regions } from '../../resource-manager/regions.ts';
import { listSubscriptions, type Subscription } from '../../resource-manager/subscription-store.ts';
import { readTags, readTagsOf } from '../../resource-manager/tag-store.ts';
import type { Database } from '../../storage/database.ts';
import { resourcesApiVersions } from './api-versions.ts';

const namespace = 'Microsoft.Resources';

/** Subscriptions and their locations (`spec/resource-manager.md` a.9). */
export function subscriptions(database: Database): ResourceType {
  return {
    namespace,
    type: 'subscriptions',
    apiVersions: resourcesApiVersions,
    owner: 'resource-manager',
    tracked: false,
    operations: [
      {
        method: 'GET',
        path: '/subscriptions',
        action: 'Microsoft.Resources/subscriptions/read',
        async run({ caller }) {
          const sees = await visibleTo(database, caller);
          const all = await listSubscriptions(database.read, caller.tenantId);
          const seen = all.filter(({ subscriptionId }) => sees(subscriptionId));
          const tags = await readTagsOf(database.read, caller.tenantId, seen.map(canonicalOf));
          const value = seen.map((each) => present(each, tags.get(canonicalOf(each))));
          return { status: 200, body: { value, count: { type: 'Total', value: value.length } } };
        },
      },
      {
        method: 'GET',
        path: '/subscriptions/{subscriptionId}',
        action: 'Microsoft.Resources/subscriptions/read',
        allowsOtherwise: (context) => seesSubscription(database, context),
        async run(context) {
          const subscription = subscriptionOfContext(context);
          const { tenantId } = subscription;
          const canonical = canonicalOf(subscription);
          const tags = await readTags(database.read, { tenantId, canonical });
          return { status: 200, body: present(subscription, tags) };
        },
      },
      {
        method: 'GET',
        path: '/subscriptions/{subscriptionId}/locations',
        action: 'Microsoft.Resources/subscriptions/locations/read',
        allowsOtherwise: (context) => seesSubscription(database, context),
        run: async (context) => ({
          status: 200,
          body: { value: presentLocations(subscriptionOfContext(context).subscriptionId) },
        }),
      },
    ],
  };
}

/** A caller sees the subscriptions in which, or above which, some role is assigned to it or to a group it is in. */
async function visibleTo(database: Database, caller: Caller): Promise<(id: SubscriptionId) => boolean> {
  const seen = new Set<SubscriptionId>();
  const groups = new Set<string>();
  for (const { scope: text } of await listHeldBy(database.read, caller.tenantId, caller.principalId)) {
    const scope = readScope(text);
    if (scope?.kind === 'tenant') return () => true;
    if (scope?.kind === 'managementGroup') groups.add(canonicalId(scope));
    const subscriptionId = scope === undefined ? undefined : subscriptionOf(scope);
    if (subscriptionId !== undefined) seen.add(subscriptionId);
  }
  if (groups.size === 0) return (id) => seen.has(id);
  const hierarchy = await Hierarchy.load(database.read, caller.tenantId);
  return (subscriptionId) =>
    seen.has(subscriptionId) ||
    hierarchy.chain({ kind: 'subscription', subscriptionId }).some((scope) => groups.has(canonicalId(scope)));
}

function readScope(text: string): Scope | undefined {
  try {
    return parseScope(text);
  } catch (error) {
    if (error instanceof ResourceIdError) return undefined;
    throw error;
  }
}

async function seesSubscription(database: Database, context: OperationContext<undefined>): Promise<boolean> {
  const sees = await visibleTo(database, context.caller);
  return sees(subscriptionOfContext(context).subscriptionId);
}

function canonicalOf({ subscriptionId }: Pick<Subscription, 'subscriptionId'>): CanonicalId {
  return canonicalId({ kind: 'subscription', subscriptionId });
}

function present(subscription: Subscription, tags: Tags = {}): object {
  const { subscriptionId, tenantId, displayName, state } = subscription;
  return {
    id: `/subscriptions/${subscriptionId}`,
    authorizationSource: 'RoleBased',
    managedByTenants: [],
    subscriptionId,
    tenantId,
    displayName,
    state,
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    subscriptionPolicies: {
      locationPlacementId: 'Public_2014-09-01',
      quotaId: 'PayAsYouGo_2014-09-01',
      spendingLimit: 'Off',
    },
  };
}

function presentLocations(subscriptionId: SubscriptionId): readonly object[] {
  const id = (name: string) => `/subscriptions/${subscriptionId}/locations/${name}`;
  return regions.map(({ name, displayName, geographyGroup, place }) => ({
    id: id(name),
    name,
    type: 'Region',
    displayName,
    regionalDisplayName: geographyGroup === '' ? displayName : `(${geographyGroup}) ${displayName}`,
    metadata:
      place === undefined
        ? { regionType: 'Logical', regionCategory: 'Other' }
        : {
            regionType: 'Physical',
            regionCategory: place.category,
            geography: place.geography,
            geographyGroup,
            longitude: place.longitude,
            latitude: place.latitude,
            physicalLocation: place.physicalLocation,
            pairedRegion: place.paired.map((paired) => ({ name: paired, id: id(paired) })),
          },
    ...zonesOf(name, place?.zones ?? 0),
  }));
}

function zonesOf(region: string, count: number): object {
  if (count === 0) return {};
  const zones = Array.from({ length: count }, (_, index) => String(index + 1));
  return {
    availabilityZoneMappings: zones.map((zone) => ({
      logicalZone: zone,
      physicalZone: `${region}-az${zone}`,
    })),
  };
}
