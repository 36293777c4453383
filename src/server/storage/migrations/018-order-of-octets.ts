import { type Kysely, sql } from 'kysely';
import type { Migration } from '../migration.ts';

/** Ids of which the beginning is looked for: `beginning.ts`. */
const columns = [
  ['resources', 'canonical'],
  ['role_assignments', 'scope_canonical'],
  ['locks', 'scope_canonical'],
  ['async_operations', 'target_canonical'],
] as const;

/** Ids compare by octets on every engine, so that an index finds what lies below one; and indexes of what deletions look for. */
export const orderOfOctets: Migration = {
  name: '018-order-of-octets',
  async up(db: Kysely<unknown>, { octetOrder }) {
    await db.schema
      .createIndex('async_operations_status')
      .on('async_operations')
      .columns(['status', 'target_canonical'])
      .execute();
    await db.schema
      .createIndex('async_operations_end')
      .on('async_operations')
      .columns(['tenant_id', 'ended_at'])
      .execute();
    await db.schema
      .createIndex('join_tokens_resource')
      .on('join_tokens')
      .columns(['tenant_id', 'resource_canonical'])
      .execute();
    if (octetOrder === undefined) return;
    for (const [table, column] of columns) {
      const [named, at] = [sql.table(table), sql.ref(column)];
      await sql`alter table ${named} alter column ${at} type text collate ${octetOrder}`.execute(db);
    }
  },
};
