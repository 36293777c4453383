import { type RawBuilder, type SqlBool, sql } from 'kysely';

/**
 * What begins with a text, octet by octet: a range, which an index finds however many rows there are, and to which `_`
 * in a name is no wildcard. The column must compare by octets (migration 018 on PostgreSQL).
 *
 * @param beginning ends with an ASCII character, as `/subscriptions/…/` does
 */
export function beginsWith(column: string, beginning: string): RawBuilder<SqlBool> {
  const last = beginning.charCodeAt(beginning.length - 1);
  const end = `${beginning.slice(0, -1)}${String.fromCharCode(last + 1)}`;
  return sql<SqlBool>`(${sql.ref(column)} >= ${beginning} and ${sql.ref(column)} < ${end})`;
}
