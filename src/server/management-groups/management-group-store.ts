import { guid, type SubscriptionId, type TenantId } from '../../foundation/ids.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { ManagementGroupsTable } from '../storage/scope-tables.ts';

export interface ManagementGroup {
  readonly tenantId: TenantId;
  /** As spelled when it was made; no two of a tenant differ by case alone. */
  readonly name: string;
  readonly displayName: string;
  /** The parent's name in lower case; the root group has none. */
  readonly parent: string | undefined;
  /** Counts the writes. */
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly changedAt: number;
  /** Object id of who wrote it last; nobody has written a root group that is as it was born. */
  readonly changedBy: string | undefined;
}

function fromRow(row: ManagementGroupsTable): ManagementGroup {
  return {
    tenantId: guid<TenantId>(row.tenant_id),
    name: row.name,
    displayName: row.display_name,
    parent: row.parent_canonical ?? undefined,
    version: row.version,
    createdAt: Number(row.created_at),
    changedAt: Number(row.updated_at),
    changedBy: row.updated_by,
  };
}

/** The groups of a tenant that have a row; the root group need not. */
export async function selectManagementGroups(
  queries: Queries,
  tenantId: TenantId,
): Promise<readonly ManagementGroup[]> {
  const rows = await queries
    .selectFrom('management_groups')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .orderBy('name_canonical')
    .execute();
  return rows.map(fromRow);
}

/** Subscriptions that are in another group than the root, with the lower-case name of that group. */
export async function selectPlacements(
  queries: Queries,
  tenantId: TenantId,
): Promise<ReadonlyMap<SubscriptionId, string>> {
  const rows = await queries
    .selectFrom('management_group_subscriptions')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .execute();
  return new Map(rows.map((row) => [guid<SubscriptionId>(row.subscription_id), row.group_canonical]));
}

/** When the tenant, and with it the root group, was made; `undefined` for no tenant of ours. */
export async function selectTenantBirth(queries: Queries, tenantId: TenantId): Promise<number | undefined> {
  const row = await queries
    .selectFrom('tenants')
    .select('created_at')
    .where('tenant_id', '=', tenantId)
    .executeTakeFirst();
  return row === undefined ? undefined : Number(row.created_at);
}

/** Writes a group, new or changed. */
export async function saveManagementGroup(
  transaction: Transaction,
  group: ManagementGroup & { readonly changedBy: string },
): Promise<void> {
  const { tenantId, changedAt: at } = group;
  const changing = {
    display_name: group.displayName,
    parent_canonical: group.parent ?? null,
    version: group.version,
    updated_at: at,
    updated_by: group.changedBy,
  };
  await transaction
    .insertInto('management_groups')
    .values({
      tenant_id: tenantId,
      name: group.name,
      name_canonical: group.name.toLowerCase(),
      created_at: group.createdAt,
      ...changing,
    })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'name_canonical']).doUpdateSet(changing))
    .execute();
  await recordChange(transaction, { tenantId, kind: 'management-groups', key: tenantId, at });
}

export async function deleteManagementGroupRow(
  transaction: Transaction,
  { tenantId, name }: Pick<ManagementGroup, 'tenantId' | 'name'>,
  at: number,
): Promise<void> {
  await transaction
    .deleteFrom('management_groups')
    .where('tenant_id', '=', tenantId)
    .where('name_canonical', '=', name.toLowerCase())
    .execute();
  await recordChange(transaction, { tenantId, kind: 'management-groups', key: tenantId, at });
}

/** Puts a subscription of the tenant into a group. */
export async function savePlacement(
  transaction: Transaction,
  placement: {
    readonly tenantId: TenantId;
    readonly subscriptionId: SubscriptionId;
    readonly group: ManagementGroup;
    readonly at: number;
  },
): Promise<void> {
  const { tenantId, subscriptionId, group, at } = placement;
  if (group.parent === undefined) {
    await transaction
      .deleteFrom('management_group_subscriptions')
      .where('tenant_id', '=', tenantId)
      .where('subscription_id', '=', subscriptionId)
      .execute();
  } else {
    const group_canonical = group.name.toLowerCase();
    await transaction
      .insertInto('management_group_subscriptions')
      .values({ tenant_id: tenantId, subscription_id: subscriptionId, group_canonical })
      .onConflict((conflict) =>
        conflict.columns(['tenant_id', 'subscription_id']).doUpdateSet({ group_canonical }),
      )
      .execute();
  }
  await recordChange(transaction, { tenantId, kind: 'management-groups', key: tenantId, at });
}
