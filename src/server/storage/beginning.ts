import { type RawBuilder, type SqlBool, sql } from 'kysely';

/**
 * What begins with a text, octet by octet: a range, which an index finds however many rows there are, and to which `_`
 * in a name is no wildcard. The column must compare by octets (migration 018 on PostgreSQL).
 *
 * @param beginning ends with an ASCII character, as `/subscriptions/…/` does
 */
export function beginsWith(column: string, beginning: string): RawBuilder<SqlBool> {
  return sql<SqlBool>`(${sql.ref(column)} >= ${beginning} and ${sql.ref(column)} < ${endOf(beginning)})`;
}

/** An id itself and what lies below it, as one range; `name-2`, which lies between the two, is left out. */
export function isAtOrBelow(column: string, id: string): RawBuilder<SqlBool> {
  const below = `${id}/`;
  return sql<SqlBool>`(${sql.ref(column)} >= ${id} and ${sql.ref(column)} < ${endOf(below)} and (${sql.ref(column)} = ${id} or ${sql.ref(column)} >= ${below}))`;
}

/** What lies below one of some ids, and maybe more: one range from the first to the last of them. Of one id it is exact. */
export function spanBelow(column: string, ids: readonly string[]): RawBuilder<SqlBool> {
  const beginnings = ids.map((id) => `${id}/`).sort(byOctets);
  const ends = beginnings.map(endOf).sort(byOctets);
  return sql<SqlBool>`(${sql.ref(column)} >= ${beginnings[0] ?? ''} and ${sql.ref(column)} < ${ends.at(-1) ?? ''})`;
}

/** Whether an id lies below one of these. */
export function isBelowOneOf(ids: ReadonlySet<string>, id: string): boolean {
  for (let at = id.lastIndexOf('/'); at > 0; at = id.lastIndexOf('/', at - 1)) {
    if (ids.has(id.slice(0, at))) return true;
  }
  return false;
}

/** As the engines compare. */
function byOctets(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

/** The first text after all that begin with this one. */
function endOf(beginning: string): string {
  const last = beginning.charCodeAt(beginning.length - 1);
  return `${beginning.slice(0, -1)}${String.fromCharCode(last + 1)}`;
}
