import { guid, type SubscriptionId, type TenantId } from '../../foundation/ids.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { SubscriptionsTable } from '../storage/tables.ts';

/** A subscription and the one tenant it trusts. */
export interface Subscription {
  readonly subscriptionId: SubscriptionId;
  readonly tenantId: TenantId;
  readonly displayName: string;
  readonly state: 'Enabled' | 'Disabled' | 'Deleted';
  /** Lower case; unique in the tenant. */
  readonly alias: string | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

function fromRow(row: SubscriptionsTable): Subscription {
  return {
    subscriptionId: guid<SubscriptionId>(row.subscription_id),
    tenantId: guid<TenantId>(row.tenant_id),
    displayName: row.display_name,
    state: row.state as Subscription['state'],
    alias: row.alias ?? undefined,
    createdAt: Number(row.created_at),
  };
}

/**
 * The subscription of an id, whichever tenant it trusts: the one look-up that asks before the tenant is known, because
 * it is what tells the tenant.
 */
export async function findSubscription(
  queries: Queries,
  subscriptionId: SubscriptionId,
): Promise<Subscription | undefined> {
  const row = await queries
    .selectFrom('subscriptions')
    .selectAll()
    .where('subscription_id', '=', subscriptionId)
    .executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

export async function findSubscriptionByAlias(
  queries: Queries,
  tenantId: TenantId,
  alias: string,
): Promise<Subscription | undefined> {
  const row = await queries
    .selectFrom('subscriptions')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('alias', '=', alias.toLowerCase())
    .executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

/** All subscriptions that trust a tenant, in the order of their ids. */
export async function listSubscriptions(
  queries: Queries,
  tenantId: TenantId,
): Promise<readonly Subscription[]> {
  const rows = await queries
    .selectFrom('subscriptions')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .orderBy('subscription_id')
    .execute();
  return rows.map(fromRow);
}

/** Makes a subscription that trusts the tenant. The alias, if any, must be free in the tenant. */
export async function insertSubscription(
  transaction: Transaction,
  subscription: {
    readonly subscriptionId: SubscriptionId;
    readonly tenantId: TenantId;
    readonly displayName: string;
    readonly alias?: string;
    readonly at: number;
  },
): Promise<Subscription> {
  const { subscriptionId, tenantId, displayName, alias, at } = subscription;
  const row: SubscriptionsTable = {
    subscription_id: subscriptionId,
    tenant_id: tenantId,
    display_name: displayName,
    state: 'Enabled',
    alias: alias?.toLowerCase() ?? null,
    created_at: at,
  };
  await transaction.insertInto('subscriptions').values(row).execute();
  return fromRow(row);
}

/** Gives a subscription of the tenant the alias it is known by. */
export async function nameSubscription(
  transaction: Transaction,
  tenantId: TenantId,
  subscriptionId: SubscriptionId,
  alias: string,
): Promise<void> {
  await transaction
    .updateTable('subscriptions')
    .set({ alias: alias.toLowerCase() })
    .where('tenant_id', '=', tenantId)
    .where('subscription_id', '=', subscriptionId)
    .execute();
}
