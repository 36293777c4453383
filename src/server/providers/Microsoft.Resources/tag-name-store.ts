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

/** Names in the order that the database gives their lower-case spelling. */
export async function listTagNames(
  queries: Queries,
  owner: TagOwner,
  request: PageRequest,
): Promise<Page<TagName>> {
  const after = request.after ?? '';
  const rows = await queries
    .selectFrom('tag_names')
    .select('name_canonical')
    .where('tenant_id', '=', owner.tenantId)
    .where('subscription_id', '=', owner.subscriptionId)
    .where('name_canonical', '>', after)
    .union(
      queries
        .selectFrom('tags')
        .select('name_canonical')
        .where('tenant_id', '=', owner.tenantId)
        .where('subscription_id', '=', owner.subscriptionId)
        .where('name_canonical', '>', after),
    )
    .orderBy('name_canonical')
    .limit(request.size + 1)
    .execute();
  const page = pageOf(rows, request, (row) => row.name_canonical);
  return {
    after: page.after,
    items: await describe(
      queries,
      owner,
      page.items.map((row) => row.name_canonical),
    ),
  };
}

export async function findTagName(
  queries: Queries,
  owner: TagOwner,
  name: string,
): Promise<TagName | undefined> {
  const [found] = await describe(queries, owner, [name.toLowerCase()]);
  return found;
}

/** Those of the names that are offered or in use, in the order given. */
async function describe(
  queries: Queries,
  owner: TagOwner,
  canonicals: readonly string[],
): Promise<readonly TagName[]> {
  if (canonicals.length === 0) return [];
  const [offered, used, values] = await Promise.all([
    queries
      .selectFrom('tag_names')
      .select(['name_canonical', 'name'])
      .where('tenant_id', '=', owner.tenantId)
      .where('subscription_id', '=', owner.subscriptionId)
      .where('name_canonical', 'in', [...canonicals])
      .execute(),
    queries
      .selectFrom('tags')
      .select((eb) => ['name_canonical', eb.fn.min('name').as('name'), eb.fn.countAll().as('count')])
      .where('tenant_id', '=', owner.tenantId)
      .where('subscription_id', '=', owner.subscriptionId)
      .where('name_canonical', 'in', [...canonicals])
      .groupBy('name_canonical')
      .execute(),
    valuesOf(queries, owner, canonicals),
  ]);
  const counts = new Map(used.map((row) => [row.name_canonical, Number(row.count)]));
  const names = new Map([...used, ...offered].map((row) => [row.name_canonical, row.name]));
  return canonicals.flatMap((canonical) => {
    const name = names.get(canonical);
    if (name === undefined) return [];
    return [{ name, canonical, count: counts.get(canonical) ?? 0, values: values.get(canonical) ?? [] }];
  });
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
