import { formatScope } from '../../../contract/resource-id.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import { type Hierarchy, scopeOfGroup } from '../../management-groups/hierarchy.ts';
import type { ManagementGroup } from '../../management-groups/management-group-store.ts';
import type { QueryParameters } from '../../resource-manager/request-target.ts';
import type { Subscription } from '../../resource-manager/subscription-store.ts';

export const groupType = 'Microsoft.Management/managementGroups';
export const placementType = `${groupType}/subscriptions`;

export function idOfGroup(group: Pick<ManagementGroup, 'name'>): string {
  return formatScope(scopeOfGroup(group));
}

/** A group as lists show it. */
export function presentListed({ tenantId, name, displayName }: ManagementGroup): object {
  return {
    id: idOfGroup({ name }),
    type: groupType,
    name,
    properties: { tenantId, displayName },
  };
}

/** What is asked for beside the group itself. */
export interface Expansion {
  readonly children: 'none' | 'direct' | 'all';
  readonly withSubscriptions: boolean;
  readonly path: boolean;
  readonly ancestors: boolean;
}

/**
 * Reads `$expand`, `$recurse` and `$filter` of a group.
 *
 * @throws ArmError 400 `BadRequest`
 */
export function readExpansion(query: QueryParameters): Expansion {
  const asked = (query.get('$expand') ?? '').toLowerCase().split(',').filter(Boolean);
  const unknown = asked.find((each) => !['children', 'path', 'ancestors'].includes(each));
  if (unknown !== undefined) throw badRequest("$expand is 'children', 'path' or 'ancestors'.");
  const recurse = (query.get('$recurse') ?? 'false').toLowerCase();
  if (recurse !== 'true' && recurse !== 'false') throw badRequest("$recurse is 'true' or 'false'.");
  if (recurse === 'true' && !asked.includes('children')) {
    throw badRequest('$recurse asks for $expand=children beside it.');
  }
  const filter = (query.get('$filter') ?? '').trim().toLowerCase();
  if (filter !== '' && filter !== 'children.childtype ne subscription') {
    throw badRequest("The supported $filter is 'children.childType ne Subscription'.");
  }
  return {
    children: !asked.includes('children') ? 'none' : recurse === 'true' ? 'all' : 'direct',
    withSubscriptions: filter === '',
    path: asked.includes('path'),
    ancestors: asked.includes('ancestors'),
  };
}

export function badRequest(message: string): ArmError {
  return new ArmError('invalid-value', 'BadRequest', message);
}

const bare: Expansion = { children: 'none', withSubscriptions: false, path: false, ancestors: false };

/**
 * A group with what was asked for.
 *
 * @param subscriptions all of the tenant, where children are asked for
 */
export function presentGroup(
  hierarchy: Hierarchy,
  group: ManagementGroup,
  expansion: Expansion = bare,
  subscriptions: readonly Subscription[] = [],
): object {
  const { tenantId, name, displayName, version, changedAt, changedBy } = group;
  const above = hierarchy.pathFrom(group).slice(1);
  const [parent] = above;
  const chain = above.map((each) => ({ name: each.name, displayName: each.displayName }));
  return {
    id: idOfGroup(group),
    type: groupType,
    name,
    properties: {
      tenantId,
      displayName,
      details: {
        version,
        updatedTime: new Date(changedAt).toISOString(),
        ...(changedBy === undefined ? {} : { updatedBy: changedBy }),
        ...(parent === undefined
          ? {}
          : { parent: { id: idOfGroup(parent), name: parent.name, displayName: parent.displayName } }),
        // the path from the root group down, and the chain up to it
        ...(expansion.path ? { path: chain.toReversed() } : {}),
        ...(expansion.ancestors
          ? {
              managementGroupAncestors: chain.map((each) => each.name),
              managementGroupAncestorsChain: chain,
            }
          : {}),
      },
      ...(expansion.children === 'none'
        ? {}
        : { children: presentChildren(hierarchy, group, expansion, placesOf(hierarchy, subscriptions)) }),
    },
  };
}

/** Which of the subscriptions are in which group. */
export type Places = ReadonlyMap<ManagementGroup, readonly Subscription[]>;

export function placesOf(hierarchy: Hierarchy, subscriptions: readonly Subscription[]): Places {
  return Map.groupBy(subscriptions, ({ subscriptionId }) => hierarchy.placeOf(subscriptionId));
}

function presentChildren(
  hierarchy: Hierarchy,
  group: ManagementGroup,
  expansion: Expansion,
  places: Places,
): readonly object[] {
  const groups = hierarchy.childrenOf(group).map((child) => {
    const below = expansion.children === 'all' ? presentChildren(hierarchy, child, expansion, places) : [];
    return {
      id: idOfGroup(child),
      type: groupType,
      name: child.name,
      displayName: child.displayName,
      ...(below.length === 0 ? {} : { children: below }),
    };
  });
  if (!expansion.withSubscriptions) return groups;
  return [
    ...groups,
    ...(places.get(group) ?? []).map(({ subscriptionId, displayName }) => ({
      id: `/subscriptions/${subscriptionId}`,
      type: '/subscriptions',
      name: subscriptionId,
      displayName,
    })),
  ];
}

/** A subscription as a thing in its group. */
export function presentPlacement(subscription: Subscription, group: ManagementGroup): object {
  const { subscriptionId, tenantId, displayName, state } = subscription;
  return {
    id: `${idOfGroup(group)}/subscriptions/${subscriptionId}`,
    type: placementType,
    name: subscriptionId,
    properties: {
      tenant: tenantId,
      displayName,
      parent: { id: idOfGroup(group) },
      state: state === 'Enabled' ? 'Active' : state,
    },
  };
}
