import { setTimeout as wait } from 'node:timers/promises';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import type { Randomness } from '../../foundation/randomness.ts';
import { AtOnce } from './at-once.ts';
import { CommitListeners, type Database, type Transaction } from './database.ts';
import {
  asUnavailable,
  DatabaseError,
  isSerializationConflict,
  isUniqueViolation,
  postgresReason,
} from './database-errors.ts';
import { migrate } from './migrate.ts';
import type { ColumnTypes, Migration } from './migration.ts';
import { postgresJournal } from './postgres-journal.ts';
import type { Tables } from './tables.ts';
import { TransactionScope } from './transaction-scope.ts';

const columnTypes: ColumnTypes = {
  bytes: 'bytea',
  sequence: 'bigserial',
  asSequence: (column) => column.primaryKey(),
  keyIsTable: undefined,
  octetOrder: sql`"C"`,
  transactionId: { type: sql`xid8`, current: sql`pg_current_xact_id()` },
};

const int8 = 20;
/** Any number: every replica must choose the same, and no other program on the database does. */
const migrationLock = 7_311_046_517;
const oldestVersion = 130_000;
const maxAttempts = 20;
/** Of each of the two pools. */
const maxConnections = 10;

/**
 * Opens PostgreSQL 13 or later. Reads run READ COMMITTED, each on a snapshot of its own; transactions run SERIALIZABLE
 * and are repeated when the server finds a conflict; migrations run under an advisory lock, so that replicas may start
 * together.
 *
 * @param url `postgres://…`; its password appears in no error
 * @throws DatabaseError where the server cannot be reached, refuses, is too old, or does not keep what it acknowledges
 */
export async function openPostgres(
  url: string,
  randomness: Randomness,
  migrations?: readonly Migration[],
): Promise<Database> {
  const config = poolConfig(url);
  const place = describe(config);
  // readers have a pool of their own: a transaction's work may read beside it, and must never wait for another
  // transaction's connection to do so
  const readers = openPool(config);
  const writers = openPool(config);
  const read = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: readers }) });
  const write = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: writers }) });
  const atOnce = new AtOnce(maxConnections);
  const listeners = new CommitListeners();
  const scope = new TransactionScope();
  const close = async () => {
    await Promise.all([read.destroy(), write.destroy()]);
  };

  try {
    await assertServes(read, place);
    await migrateOnce(config, migrations);
  } catch (error) {
    await close();
    if (error instanceof DatabaseError) throw error;
    throw new DatabaseError(`${place} cannot be used: ${postgresReason(error)}`);
  }

  async function attempt<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return write
      .transaction()
      .setIsolationLevel('serializable')
      .execute((transaction) => scope.run(() => work(transaction as unknown as Transaction)));
  }

  async function commit<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    let duplicates = 0;
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await atOnce.run(() => attempt(work), isSerializationConflict);
      } catch (error) {
        // two that looked for a row and then made it: the loser, run again, finds the winner's
        const lostRace = isUniqueViolation(error) && duplicates++ === 0;
        if (attempts >= maxAttempts || !(isSerializationConflict(error) || lostRace)) {
          throw asUnavailable(error) ?? error;
        }
      }
      await wait(jitter(attempts, randomness));
    }
  }

  const journal = postgresJournal(write);
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;

  /** Work that closing waits for. */
  async function counted<T>(start: () => Promise<T>): Promise<T> {
    scope.assertOutside();
    if (closing !== undefined) throw new Error('the database is closed');
    const turn = start();
    underWay.add(turn);
    try {
      return await turn;
    } finally {
      underWay.delete(turn);
    }
  }

  return {
    engine: 'postgres',
    read,
    async transaction(work) {
      const result = await counted(() => commit(work));
      await listeners.call();
      return result;
    },
    journal: { write: (entries) => counted(() => journal.write(entries)) },
    onCommit(listener) {
      return listeners.add(listener);
    },
    /** Lets the transactions that were asked for finish. */
    [Symbol.asyncDispose]() {
      closing ??= Promise.allSettled(underWay).then(close);
      return closing;
    },
  };
}

function poolConfig(url: string): pg.PoolConfig {
  return {
    connectionString: url,
    max: maxConnections,
    application_name: 'innate',
    connectionTimeoutMillis: 10_000,
    statement_timeout: 30_000,
    // a transaction left open holds back the change log's readers and the server's own cleaning
    idle_in_transaction_session_timeout: 30_000,
    // the server's limit does not help where the network swallows its answer
    query_timeout: 60_000,
    keepAlive: true,
    // int8 holds times and counters of ours, all far below 2^53
    types: {
      getTypeParser: (id, format) =>
        id === int8 && format !== 'binary' ? Number : pg.types.getTypeParser(id, format as 'text'),
    },
  };
}

function openPool(config: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool(config);
  // an idle connection that the server drops must not end the process; the next query opens another
  pool.on('error', () => undefined);
  return pool;
}

function describe(config: pg.PoolConfig): string {
  try {
    const { host, port, database, user } = new pg.Client(config);
    return `PostgreSQL at ${host}:${port}, database ${database ?? user ?? ''}`;
  } catch {
    // the error's text may hold the address and its password
    throw new DatabaseError(
      'the database address cannot be read: postgres://user:password@host:port/database',
    );
  }
}

/** A connection of its own: a migration, and waiting for another replica's, may take longer than any request. */
async function migrateOnce(
  { query_timeout: _, ...config }: pg.PoolConfig,
  migrations: readonly Migration[] | undefined,
): Promise<void> {
  const pool = openPool({ ...config, max: 1, statement_timeout: 0, idle_in_transaction_session_timeout: 0 });
  await using queries = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  await queries
    .transaction()
    // so that what follows the lock sees what its holder before committed
    .setIsolationLevel('read committed')
    .execute(async (transaction) => {
      await sql`select pg_advisory_xact_lock(${sql.lit(migrationLock)})`.execute(transaction);
      await migrate(transaction, columnTypes, migrations);
    });
}

/** A commit that PostgreSQL acknowledges must be on its disk. */
async function assertServes(queries: Kysely<Tables>, place: string): Promise<void> {
  const { rows } = await sql<{ version: number; name: string; setting: string }>`
    select current_setting('server_version_num')::int as version, name, setting from pg_settings
     where name in ('fsync', 'full_page_writes', 'synchronous_commit')`.execute(queries);
  for (const { version, name, setting } of rows) {
    if (version < oldestVersion) throw new DatabaseError(`${place} is older than version 13`);
    if (setting === 'off') {
      throw new DatabaseError(`${place} may lose what it has acknowledged: its setting ${name} is off`);
    }
  }
}

/** Milliseconds to wait before another attempt: random, so that those who collided do not collide again. */
function jitter(attempt: number, randomness: Randomness): number {
  const [random = 0] = randomness.bytes(1);
  return (random / 255) * Math.min(200, 4 * 2 ** Math.min(attempt, 6));
}
