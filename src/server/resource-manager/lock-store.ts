import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { type CanonicalId, guid, type SubscriptionId, type TenantId } from '../../foundation/ids.ts';
import { beginsWith, isBelowOneOf, spanBelow } from '../storage/beginning.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import { portionsOf } from '../storage/portions.ts';
import type { LocksTable } from '../storage/scope-tables.ts';
import type { Writer } from './resource-store.ts';

export type LockLevel = 'CanNotDelete' | 'ReadOnly';

/** A lock as it is stored: an extension of what it locks. */
export interface Lock {
  readonly tenantId: TenantId;
  readonly subscriptionId: SubscriptionId;
  /** What is locked, as displayed. */
  readonly scope: string;
  readonly scopeCanonical: CanonicalId;
  /** As spelled when it was made; at one scope no two differ by case alone. */
  readonly name: string;
  readonly level: LockLevel;
  readonly notes: string | undefined;
  /** Application ids. */
  readonly owners: readonly string[] | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly createdBy: Writer;
  readonly changedAt: number;
  readonly changedBy: Writer;
}

function fromRow(row: LocksTable): Lock {
  return {
    tenantId: guid<TenantId>(row.tenant_id),
    subscriptionId: guid<SubscriptionId>(row.subscription_id),
    scope: row.scope,
    scopeCanonical: row.scope_canonical as CanonicalId,
    name: row.name,
    level: row.level as LockLevel,
    notes: row.notes ?? undefined,
    owners: row.owners === null ? undefined : (JSON.parse(row.owners) as string[]),
    createdAt: Number(row.created_at),
    createdBy: JSON.parse(row.created_by) as Writer,
    changedAt: Number(row.updated_at),
    changedBy: JSON.parse(row.updated_by) as Writer,
  };
}

export async function findLock(
  queries: Queries,
  tenantId: TenantId,
  scope: CanonicalId,
  name: string,
): Promise<Lock | undefined> {
  const row = await queries
    .selectFrom('locks')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('scope_canonical', '=', scope)
    .where('name_canonical', '=', name.toLowerCase())
    .executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

export interface LockFilter {
  readonly tenantId: TenantId;
  readonly subscriptionId: SubscriptionId;
  /** Exactly these scopes… */
  readonly at: readonly CanonicalId[];
  /** …and all that is below this one. */
  readonly below?: CanonicalId;
  readonly level?: LockLevel;
  /** Rows at most. */
  readonly limit: number;
  /** Only locks that come after this key, for paging. */
  readonly after?: string;
}

/** Locks in the order of their keys (`lockKey`). */
export async function listLocks(queries: Queries, filter: LockFilter): Promise<readonly Lock[]> {
  const { at, below, limit } = filter;
  const here = await selectLocks(queries, filter, sql<SqlBool>`scope_canonical in (${sql.join(at)})`);
  if (below === undefined) return here;
  // a query for each: an index serves either, and not both at once
  const under = await selectLocks(queries, filter, beginsWith('scope_canonical', `${below}/`));
  return [...here, ...under].sort(byKey).slice(0, limit);
}

function byKey(one: Lock, other: Lock): number {
  if (one.scopeCanonical !== other.scopeCanonical) return one.scopeCanonical < other.scopeCanonical ? -1 : 1;
  return one.name.toLowerCase() < other.name.toLowerCase() ? -1 : 1;
}

async function selectLocks(
  queries: Queries,
  { tenantId, subscriptionId, level, limit, after }: LockFilter,
  place: RawBuilder<SqlBool>,
): Promise<readonly Lock[]> {
  let query = queries
    .selectFrom('locks')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('subscription_id', '=', subscriptionId)
    .where(place);
  if (level !== undefined) query = query.where('level', '=', level);
  const [scope, name] = after === undefined ? [] : after.split(keySeparator);
  if (scope !== undefined && name !== undefined) {
    query = query.where((eb) =>
      eb.or([
        eb('scope_canonical', '>', scope),
        eb.and([eb('scope_canonical', '=', scope), eb('name_canonical', '>', name)]),
      ]),
    );
  }
  const rows = await query.orderBy('scope_canonical').orderBy('name_canonical').limit(limit).execute();
  return rows.map(fromRow);
}

const keySeparator = '|';

/** What orders locks, and where a page ends. No id has the separator. */
export function lockKey(lock: Pick<Lock, 'scopeCanonical' | 'name'>): string {
  return `${lock.scopeCanonical}${keySeparator}${lock.name.toLowerCase()}`;
}

/** Writes a lock, new or changed. */
export async function saveLock(transaction: Transaction, lock: Lock): Promise<void> {
  const changing = {
    level: lock.level,
    notes: lock.notes ?? null,
    owners: lock.owners === undefined ? null : JSON.stringify(lock.owners),
    updated_at: lock.changedAt,
    updated_by: JSON.stringify(lock.changedBy),
  };
  await transaction
    .insertInto('locks')
    .values({
      tenant_id: lock.tenantId,
      subscription_id: lock.subscriptionId,
      scope: lock.scope,
      scope_canonical: lock.scopeCanonical,
      name: lock.name,
      name_canonical: lock.name.toLowerCase(),
      created_at: lock.createdAt,
      created_by: JSON.stringify(lock.createdBy),
      ...changing,
    })
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'scope_canonical', 'name_canonical']).doUpdateSet(changing),
    )
    .execute();
}

/** @returns whether there was one */
export async function deleteLockRow(
  transaction: Transaction,
  tenantId: TenantId,
  scope: CanonicalId,
  name: string,
): Promise<boolean> {
  const rows = await transaction
    .deleteFrom('locks')
    .where('tenant_id', '=', tenantId)
    .where('scope_canonical', '=', scope)
    .where('name_canonical', '=', name.toLowerCase())
    .returning('name')
    .execute();
  return rows.length > 0;
}

/** Removes every lock at some scopes and below them. */
export async function deleteLocksAtOrBelow(
  transaction: Transaction,
  tenantId: TenantId,
  scopes: readonly CanonicalId[],
): Promise<void> {
  const below = await transaction
    .selectFrom('locks')
    .select('scope_canonical')
    .where('tenant_id', '=', tenantId)
    .where(spanBelow('scope_canonical', scopes))
    .execute();
  const above = new Set<string>(scopes);
  const locked = below.map((row) => row.scope_canonical).filter((scope) => isBelowOneOf(above, scope));
  for (const portion of portionsOf([...new Set<string>([...scopes, ...locked])])) {
    await transaction
      .deleteFrom('locks')
      .where('tenant_id', '=', tenantId)
      .where('scope_canonical', 'in', portion)
      .execute();
  }
}
