import { ancestors, type Scope } from '../../contract/resource-id.ts';
import type { SubscriptionId, TenantId } from '../../foundation/ids.ts';
import type { Queries } from '../storage/database.ts';
import {
  type ManagementGroup,
  selectManagementGroups,
  selectPlacements,
  selectTenantBirth,
} from './management-group-store.ts';

/** What a tenant's root group is called until somebody calls it otherwise. */
export const rootDisplayName = 'Tenant Root Group';

/** A tenant's groups and where its subscriptions are, at one moment (`spec/resource-manager.md` a.16). */
export class Hierarchy {
  readonly root: ManagementGroup;
  readonly #groups: ReadonlyMap<string, ManagementGroup>;
  readonly #placements: ReadonlyMap<SubscriptionId, string>;
  readonly #children: ReadonlyMap<string | undefined, readonly ManagementGroup[]>;

  /** @param groups all but perhaps the root group, in the order of their names */
  constructor(
    tenantId: TenantId,
    groups: readonly ManagementGroup[],
    placements: ReadonlyMap<SubscriptionId, string>,
    bornAt = 0,
  ) {
    this.root = groups.find(({ parent }) => parent === undefined) ?? {
      tenantId,
      name: tenantId,
      displayName: rootDisplayName,
      parent: undefined,
      version: 1,
      createdAt: bornAt,
      changedAt: bornAt,
      changedBy: undefined,
    };
    const others = groups.filter(({ parent }) => parent !== undefined);
    this.#groups = new Map([this.root, ...others].map((group) => [group.name.toLowerCase(), group]));
    this.#placements = placements;
    this.#children = Map.groupBy(others, ({ parent }) => parent);
  }

  /** Reads a tenant's hierarchy. */
  static async load(queries: Queries, tenantId: TenantId): Promise<Hierarchy> {
    const groups = await selectManagementGroups(queries, tenantId);
    const placements = await selectPlacements(queries, tenantId);
    return new Hierarchy(tenantId, groups, placements, await selectTenantBirth(queries, tenantId));
  }

  /** The root group first, then the others in the order of their names. */
  get groups(): readonly ManagementGroup[] {
    return [...this.#groups.values()];
  }

  /** The group of a name, in whatever case. */
  group(name: string): ManagementGroup | undefined {
    return this.#groups.get(name.toLowerCase());
  }

  /** The group that a subscription of the tenant is in. */
  placeOf(subscriptionId: SubscriptionId): ManagementGroup {
    return this.group(this.#placements.get(subscriptionId) ?? '') ?? this.root;
  }

  /** A group and all above it, innermost first; the root group is the last. */
  pathFrom(group: ManagementGroup): readonly ManagementGroup[] {
    const path: ManagementGroup[] = [];
    for (let at = group; at !== this.root && !path.includes(at); at = this.#parentOf(at)) path.push(at);
    return [...path, this.root];
  }

  #parentOf({ parent }: ManagementGroup): ManagementGroup {
    return this.group(parent ?? '') ?? this.root;
  }

  /** Groups directly below a group. */
  childrenOf(group: ManagementGroup): readonly ManagementGroup[] {
    return this.#children.get(group.name.toLowerCase()) ?? [];
  }

  /** All groups below a group, each before those below it. */
  below(group: ManagementGroup): readonly ManagementGroup[] {
    return this.childrenOf(group).flatMap((child) => [child, ...this.below(child)]);
  }

  /** Whether a subscription is in a group, or in one below it. */
  holds(group: ManagementGroup, subscriptionId: SubscriptionId): boolean {
    return this.pathFrom(this.placeOf(subscriptionId)).includes(group);
  }

  /** Subscriptions in a group or below it; not for the root group, in which every other subscription is. */
  placedBelow(group: ManagementGroup): readonly SubscriptionId[] {
    return [...this.#placements.keys()].filter((subscriptionId) => this.holds(group, subscriptionId));
  }

  /**
   * The chain a right may be inherited along, innermost first: as `ancestors`, with the management groups between the
   * subscription and `/`. A group that is not there is as one directly below the root.
   */
  chain(scope: Scope): readonly Scope[] {
    const within = ancestors(scope);
    const outermost = within.at(-2);
    if (outermost?.kind === 'subscription') {
      const groups = this.pathFrom(this.placeOf(outermost.subscriptionId));
      return [...within.slice(0, -1), ...groups.map(scopeOfGroup), { kind: 'tenant' }];
    }
    if (outermost?.kind === 'managementGroup') {
      const group = this.group(outermost.managementGroup);
      const above = group === undefined ? [this.root] : this.pathFrom(group).slice(1);
      return [...within.slice(0, -1), ...above.map(scopeOfGroup), { kind: 'tenant' }];
    }
    return within;
  }
}

export function scopeOfGroup({ name }: Pick<ManagementGroup, 'name'>): Scope {
  return { kind: 'managementGroup', managementGroup: name };
}
