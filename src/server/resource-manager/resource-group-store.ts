import type { Tags } from '../../contract/arm.ts';
import type { ResourceGroupBody } from '../../contract/Microsoft.Resources.ts';
import { canonicalId } from '../../contract/resource-id.ts';
import { type CanonicalId, guid, type SubscriptionId, type TenantId } from '../../foundation/ids.ts';
import type { Page, PageRequest } from '../http/paging.ts';
import { pageOf } from '../http/paging.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { ResourceGroupsTable } from '../storage/tables.ts';
import type { ListCondition } from './list-condition.ts';
import { removeTags, writeTags } from './tag-store.ts';

export interface ResourceGroup {
  readonly canonical: CanonicalId;
  readonly tenantId: TenantId;
  readonly subscriptionId: SubscriptionId;
  /** As spelled when it was made. */
  readonly name: string;
  readonly location: string;
  readonly tags: Tags | undefined;
  readonly managedBy: string | undefined;
  readonly provisioningState: 'Succeeded' | 'Deleting';
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

function fromRow(row: ResourceGroupsTable): ResourceGroup {
  return {
    canonical: row.canonical as CanonicalId,
    tenantId: guid<TenantId>(row.tenant_id),
    subscriptionId: guid<SubscriptionId>(row.subscription_id),
    name: row.name,
    location: row.location,
    tags: row.tags === null ? undefined : (JSON.parse(row.tags) as Tags),
    managedBy: row.managed_by ?? undefined,
    provisioningState: row.provisioning_state as ResourceGroup['provisioningState'],
    createdAt: Number(row.created_at),
  };
}

export function groupCanonical(subscriptionId: SubscriptionId, name: string): CanonicalId {
  return canonicalId({ kind: 'resourceGroup', subscriptionId, resourceGroup: name });
}

export async function findResourceGroup(
  queries: Queries,
  tenantId: TenantId,
  canonical: CanonicalId,
): Promise<ResourceGroup | undefined> {
  const row = await queries
    .selectFrom('resource_groups')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('canonical', '=', canonical)
    .executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

export async function listResourceGroups(
  queries: Queries,
  tenantId: TenantId,
  subscriptionId: SubscriptionId,
  request: PageRequest,
  condition?: ListCondition<'resource_groups'>,
): Promise<Page<ResourceGroup>> {
  let query = queries
    .selectFrom('resource_groups')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('subscription_id', '=', subscriptionId);
  if (condition !== undefined) query = query.where(condition);
  if (request.after !== undefined) query = query.where('canonical', '>', request.after);
  const rows = await query
    .orderBy('canonical')
    .limit(request.size + 1)
    .execute();
  return pageOf(rows.map(fromRow), request, (group) => group.canonical);
}

/** Writes a group, new or changed. Its name, location and time of birth stay what they were. */
export async function saveResourceGroup(
  transaction: Transaction,
  group: ResourceGroup,
  at: number,
): Promise<void> {
  const changing = {
    tags: group.tags === undefined ? null : JSON.stringify(group.tags),
    managed_by: group.managedBy ?? null,
    provisioning_state: group.provisioningState,
  };
  await transaction
    .insertInto('resource_groups')
    .values({
      canonical: group.canonical,
      tenant_id: group.tenantId,
      subscription_id: group.subscriptionId,
      name: group.name,
      location: group.location,
      created_at: group.createdAt,
      ...changing,
    })
    .onConflict((conflict) =>
      conflict
        .column('canonical')
        .doUpdateSet(changing)
        .where('resource_groups.tenant_id', '=', group.tenantId),
    )
    .execute();
  await writeTags(transaction, { ...group, tags: group.tags ?? {} });
  await recordChange(transaction, { tenantId: group.tenantId, kind: 'resource', key: group.canonical, at });
}

export async function deleteResourceGroupRow(
  transaction: Transaction,
  tenantId: TenantId,
  canonical: CanonicalId,
  at: number,
): Promise<void> {
  await transaction
    .deleteFrom('resource_groups')
    .where('tenant_id', '=', tenantId)
    .where('canonical', '=', canonical)
    .execute();
  await removeTags(transaction, tenantId, [canonical]);
  await recordChange(transaction, { tenantId, kind: 'resource', key: canonical, at });
}

export function resourceGroupId(group: Pick<ResourceGroup, 'subscriptionId' | 'name'>): string {
  return `/subscriptions/${group.subscriptionId}/resourceGroups/${group.name}`;
}

export function presentResourceGroup(group: ResourceGroup): ResourceGroupBody {
  return {
    id: resourceGroupId(group),
    name: group.name,
    type: 'Microsoft.Resources/resourceGroups',
    location: group.location,
    ...(group.managedBy === undefined ? {} : { managedBy: group.managedBy }),
    ...(group.tags === undefined ? {} : { tags: group.tags }),
    properties: { provisioningState: group.provisioningState },
  };
}
