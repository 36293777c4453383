import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Kysely, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely';
import { CommitListeners, type Database, type Transaction } from './database.ts';
import { type ColumnTypes, migrate } from './migrate.ts';
import type { Tables } from './tables.ts';

const columnTypes: ColumnTypes = {
  bytes: 'blob',
  sequence: 'integer',
  asSequence: (column) => column.primaryKey().autoIncrement(),
  transactionId: undefined,
};

/**
 * Opens the embedded database: WAL, `synchronous=FULL` (a commit is on the disk before it is acknowledged), one
 * connection that writes, one transaction at a time, and one that reads committed snapshots beside it.
 */
export async function openSqlite(file: string): Promise<Database> {
  const writing = open(file);
  writing.exec('PRAGMA journal_mode = WAL');
  writing.exec('PRAGMA synchronous = FULL');
  const writer = kyselyOver(writing);
  writing.exec('BEGIN EXCLUSIVE');
  try {
    await migrate(writer as unknown as Kysely<unknown>, columnTypes);
    writing.exec('COMMIT');
  } catch (error) {
    writing.exec('ROLLBACK');
    writing.close();
    throw error;
  }
  const reading = open(file);
  reading.exec('PRAGMA query_only = 1');
  const read = kyselyOver(reading);

  const listeners = new CommitListeners();
  let queue: Promise<unknown> = Promise.resolve();

  async function transact<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    writing.exec('BEGIN IMMEDIATE');
    let result: T;
    try {
      result = await work(writer as Transaction);
      writing.exec('COMMIT');
    } catch (error) {
      if (writing.isTransaction) writing.exec('ROLLBACK');
      throw error;
    }
    return result;
  }

  return {
    engine: 'sqlite',
    read,
    async transaction(work) {
      const turn = queue.then(() => transact(work));
      queue = turn.catch(() => undefined);
      const result = await turn;
      await listeners.call();
      return result;
    },
    onCommit(listener) {
      return listeners.add(listener);
    },
    async [Symbol.asyncDispose]() {
      await queue;
      await read.destroy();
      await writer.destroy();
    },
  };
}

function open(file: string): DatabaseSync {
  return new DatabaseSync(file, { timeout: 5000, enableForeignKeyConstraints: true });
}

function kyselyOver(database: DatabaseSync): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new SqliteDialect({ database: new KyselyAdapter(database) }) });
}

/** `node:sqlite` in the shape Kysely's SQLite dialect expects, with prepared statements kept by their text. */
class KyselyAdapter implements SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, SqliteStatement>();
  static readonly #kept = 256;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  prepare(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = asKyselyStatement(this.#database.prepare(sql));
    if (this.#statements.size >= KyselyAdapter.#kept) this.#statements.clear();
    this.#statements.set(sql, statement);
    return statement;
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }
}

type Bindings = Parameters<StatementSync['all']>;

function asKyselyStatement(statement: StatementSync): SqliteStatement {
  const bind = (parameters: readonly unknown[]) => parameters as unknown as Bindings;
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...bind(parameters)),
    run: (parameters) => statement.run(...bind(parameters)),
    iterate: (parameters) => statement.iterate(...bind(parameters)),
  };
}
