import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Kysely, sql } from 'kysely';
import { CommitListeners, type Database, type Transaction } from './database.ts';
import { asUnavailable, DatabaseError } from './database-errors.ts';
import { migrate } from './migrate.ts';
import type { ColumnTypes, Migration } from './migration.ts';
import { sqliteDialect } from './sqlite-driver.ts';
import { SqliteJournal } from './sqlite-journal.ts';
import type { Tables } from './tables.ts';
import { TransactionScope } from './transaction-scope.ts';

const columnTypes: ColumnTypes = {
  bytes: 'blob',
  sequence: 'integer',
  asSequence: (column) => column.primaryKey().autoIncrement(),
  keyIsTable: sql`without rowid`,
  transactionId: undefined,
};

/** Milliseconds after which a transaction is rolled back: the next one waits for it. */
const longestTransaction = 30_000;

/**
 * Opens the embedded database: WAL, `synchronous=FULL` (a commit is on the disk before it is acknowledged), one
 * connection that writes, one transaction at a time, and one that reads committed snapshots beside it. The file and
 * what SQLite puts beside it are the owner's alone (0600).
 *
 * @throws DatabaseError where the file is not a database of ours or cannot be opened
 */
export async function openSqlite(file: string, migrations?: readonly Migration[]): Promise<Database> {
  const writing = openForWriting(file);
  const writer = new Kysely<Tables>({ dialect: sqliteDialect(writing) });
  try {
    await writer
      .transaction()
      .execute((transaction) => migrate(transaction as unknown as Kysely<unknown>, columnTypes, migrations));
  } catch (error) {
    writing.close();
    throw error;
  }
  const reading = open(file);
  reading.exec('PRAGMA query_only = 1');
  const read = new Kysely<Tables>({ dialect: sqliteDialect(reading) });

  const listeners = new CommitListeners();
  const scope = new TransactionScope();
  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;

  const journal = new SqliteJournal(file);

  /** One after another: the engine has one writer. */
  async function inTurn<T>(write: () => Promise<T>): Promise<T> {
    scope.assertOutside();
    if (closed) throw new Error('the database is closed');
    const turn = queue.then(write);
    queue = turn.catch(() => undefined);
    try {
      return await turn;
    } catch (error) {
      throw asUnavailable(error) ?? error;
    }
  }

  return {
    engine: 'sqlite',
    read,
    async transaction(work) {
      const result = await inTurn(() =>
        writer
          .transaction()
          .execute((transaction) =>
            scope.run(() => within(longestTransaction, work(transaction as unknown as Transaction))),
          ),
      );
      await listeners.call();
      return result;
    },
    journal: { write: (entries) => inTurn(() => journal.write(entries)) },
    onCommit(listener) {
      return listeners.add(listener);
    },
    /** Lets the transactions that were asked for finish. */
    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      await queue;
      await journal[Symbol.asyncDispose]();
      reading.close();
      writing.close();
    },
  };
}

async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => limit.reject(new Error(`a transaction did not end within ${milliseconds} ms`)),
    milliseconds,
  );
  try {
    return await Promise.race([work, limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function openForWriting(file: string): DatabaseSync {
  try {
    // SQLite gives its own mode to new files, and the database's mode to the files beside it
    closeSync(openSync(file, 'a', 0o600));
    const database = open(file);
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = FULL');
    // where the system's fsync leaves data in the drive's cache (macOS)
    database.exec('PRAGMA fullfsync = 1');
    return database;
  } catch (cause) {
    throw new DatabaseError(`${file} cannot be opened as a database: ${sentence(cause)}`, { cause });
  }
}

function open(file: string): DatabaseSync {
  return new DatabaseSync(file, { timeout: 5000, enableForeignKeyConstraints: true });
}

function sentence(cause: unknown): string {
  return cause instanceof Error ? cause.message : 'unknown error';
}
