import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { CommitListeners, type Database, type Transaction } from './database.ts';
import { type ColumnTypes, migrate } from './migrate.ts';
import type { Tables } from './tables.ts';

const columnTypes: ColumnTypes = {
  bytes: 'bytea',
  sequence: 'bigserial',
  asSequence: (column) => column.primaryKey(),
  transactionId: { type: sql`xid8`, current: sql`pg_current_xact_id()` },
};

const int8 = 20;
/** Any number: every replica must choose the same, and no other program on the database does. */
const migrationLock = 7_311_046_517;
const serializationFailure = new Set(['40001', '40P01']);
const maxAttempts = 20;

/**
 * Opens PostgreSQL. Transactions run SERIALIZABLE and are repeated when the server finds a conflict; migrations run
 * under an advisory lock, so that replicas may start together.
 */
export async function openPostgres(url: string): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: 10_000,
    // int8 holds times and counters of ours, all far below 2^53
    types: {
      getTypeParser: (id, format) =>
        id === int8 && format !== 'binary' ? Number : pg.types.getTypeParser(id, format as 'text'),
    },
  });
  // an idle connection that the server drops must not end the process; the next query opens another
  pool.on('error', () => undefined);
  const read = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const listeners = new CommitListeners();

  try {
    await read.transaction().execute(async (transaction) => {
      await sql`select pg_advisory_xact_lock(${sql.lit(migrationLock)})`.execute(transaction);
      await migrate(transaction as unknown as Kysely<unknown>, columnTypes);
    });
  } catch (error) {
    await read.destroy();
    throw error;
  }

  return {
    engine: 'postgres',
    read,
    async transaction(work) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const result = await read
            .transaction()
            .setIsolationLevel('serializable')
            .execute((transaction) => work(transaction as unknown as Transaction));
          await listeners.call();
          return result;
        } catch (error) {
          if (attempt === maxAttempts || !serializationFailure.has((error as { code?: string }).code ?? '')) {
            throw error;
          }
        }
      }
    },
    onCommit(listener) {
      return listeners.add(listener);
    },
    async [Symbol.asyncDispose]() {
      await read.destroy();
    },
  };
}
