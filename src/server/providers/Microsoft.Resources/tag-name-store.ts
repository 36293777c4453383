import type { SubscriptionId, TenantId } from '../../../foundation/ids.ts';
import { type Page, type PageRequest, pageOf } from '../../http/paging.ts';
import type { Queries, Transaction } from '../../storage/database.ts';

/** Whose tags are counted. */
export interface TagOwner {
  readonly tenantId: TenantId;
  readonly subscriptionId: SubscriptionId;
}

/** A tag name that is offered, or that something carries. */
export interface TagName {
  readonly name: string;
  readonly canonical: string;
  /** How many resources, groups and subscriptions carry it. */
  readonly count: number;
  readonly values: readonly TagValue[];
}

export interface TagValue {
  readonly value: string;
  readonly count: number;
}

/** Names in the order of their lower-case spelling. */
export async function listTagNames(
  queries: Queries,
  owner: TagOwner,
  request: PageRequest,
): Promise<Page<TagName>> {
  const after = request.after ?? '';
  const [offered, used] = await Promise.all([
    queries
      .selectFrom('tag_names')
      .select(['name_canonical', 'name'])
      .where('tenant_id', '=', owner.tenantId)
      .where('subscription_id', '=', owner.subscriptionId)
      .where('name_canonical', '>', after)
      .orderBy('name_canonical')
      .limit(request.size + 1)
      .execute(),
    queries
      .selectFrom('tags')
      .select((eb) => ['name_canonical', eb.fn.min('name').as('name'), eb.fn.countAll().as('count')])
      .where('tenant_id', '=', owner.tenantId)
      .where('subscription_id', '=', owner.subscriptionId)
      .where('name_canonical', '>', after)
      .groupBy('name_canonical')
      .orderBy('name_canonical')
      .limit(request.size + 1)
      .execute(),
  ]);
  const names = new Map<string, Omit<TagName, 'values'>>();
  for (const { name_canonical: canonical, name, count } of used) {
    names.set(canonical, { canonical, name, count: Number(count) });
  }
  for (const { name_canonical: canonical, name } of offered) {
    names.set(canonical, { canonical, name, count: names.get(canonical)?.count ?? 0 });
  }
  const sorted = [...names.values()].sort((one, other) => (one.canonical < other.canonical ? -1 : 1));
  const page = pageOf(sorted, request, ({ canonical }) => canonical);
  const values = await valuesOf(
    queries,
    owner,
    page.items.map(({ canonical }) => canonical),
  );
  return {
    ...page,
    items: page.items.map((name) => ({ ...name, values: values.get(name.canonical) ?? [] })),
  };
}

export async function findTagName(
  queries: Queries,
  owner: TagOwner,
  name: string,
): Promise<TagName | undefined> {
  const canonical = name.toLowerCase();
  const offered = await queries
    .selectFrom('tag_names')
    .select('name')
    .where('tenant_id', '=', owner.tenantId)
    .where('subscription_id', '=', owner.subscriptionId)
    .where('name_canonical', '=', canonical)
    .executeTakeFirst();
  const values = (await valuesOf(queries, owner, [canonical])).get(canonical) ?? [];
  const count = values.reduce((sum, value) => sum + value.count, 0);
  if (offered === undefined && count === 0) return undefined;
  return { name: offered?.name ?? name, canonical, count, values };
}

/** Values by lower-case name: those offered, and those in use. */
async function valuesOf(
  queries: Queries,
  owner: TagOwner,
  canonicals: readonly string[],
): Promise<ReadonlyMap<string, readonly TagValue[]>> {
  if (canonicals.length === 0) return new Map();
  const [offered, used] = await Promise.all([
    queries
      .selectFrom('tag_values')
      .select(['name_canonical', 'value'])
      .where('tenant_id', '=', owner.tenantId)
      .where('subscription_id', '=', owner.subscriptionId)
      .where('name_canonical', 'in', [...canonicals])
      .execute(),
    queries
      .selectFrom('tags')
      .select((eb) => ['name_canonical', 'value', eb.fn.countAll().as('count')])
      .where('tenant_id', '=', owner.tenantId)
      .where('subscription_id', '=', owner.subscriptionId)
      .where('name_canonical', 'in', [...canonicals])
      .groupBy(['name_canonical', 'value'])
      .execute(),
  ]);
  const found = new Map<string, Map<string, number>>();
  const at = (canonical: string) => {
    const known = found.get(canonical) ?? new Map<string, number>();
    found.set(canonical, known);
    return known;
  };
  for (const { name_canonical: name, value } of offered) at(name).set(value, 0);
  for (const { name_canonical: name, value, count } of used) at(name).set(value, Number(count));
  return new Map(
    [...found].map(([name, values]) => [
      name,
      [...values]
        .map(([value, count]) => ({ value, count }))
        .sort((one, other) => (one.value < other.value ? -1 : 1)),
    ]),
  );
}

export async function countTagNames(queries: Queries, owner: TagOwner): Promise<number> {
  const row = await queries
    .selectFrom('tag_names')
    .select((eb) => eb.fn.countAll().as('count'))
    .where('tenant_id', '=', owner.tenantId)
    .where('subscription_id', '=', owner.subscriptionId)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

export async function insertTagName(transaction: Transaction, owner: TagOwner, name: string): Promise<void> {
  await transaction
    .insertInto('tag_names')
    .values({
      tenant_id: owner.tenantId,
      subscription_id: owner.subscriptionId,
      name,
      name_canonical: name.toLowerCase(),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** @returns whether it was offered */
export async function deleteTagName(
  transaction: Transaction,
  owner: TagOwner,
  canonical: string,
): Promise<boolean> {
  const { numDeletedRows } = await transaction
    .deleteFrom('tag_names')
    .where('tenant_id', '=', owner.tenantId)
    .where('subscription_id', '=', owner.subscriptionId)
    .where('name_canonical', '=', canonical)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

export async function insertTagValue(
  transaction: Transaction,
  owner: TagOwner,
  canonical: string,
  value: string,
): Promise<void> {
  await transaction
    .insertInto('tag_values')
    .values({
      tenant_id: owner.tenantId,
      subscription_id: owner.subscriptionId,
      name_canonical: canonical,
      value,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** @returns whether it was offered */
export async function deleteTagValue(
  transaction: Transaction,
  owner: TagOwner,
  canonical: string,
  value: string,
): Promise<boolean> {
  const { numDeletedRows } = await transaction
    .deleteFrom('tag_values')
    .where('tenant_id', '=', owner.tenantId)
    .where('subscription_id', '=', owner.subscriptionId)
    .where('name_canonical', '=', canonical)
    .where('value', '=', value)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}
