import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Kysely, sql } from 'kysely';
import { CommitListeners, type Database, type Transaction } from './database.ts';
import { asUnavailable, DatabaseError } from './database-errors.ts';
import { migrate } from './migrate.ts';
import type { ColumnTypes, Migration } from './migration.ts';
import { sqliteDialect } from './sqlite-driver.ts';
import { SqliteJournal } from './sqlite-journal.ts';
import { SqliteLog, type SyncFile, syncFile } from './sqlite-log.ts';
import type { Tables } from './tables.ts';
import { TransactionScope } from './transaction-scope.ts';

const columnTypes: ColumnTypes = {
  bytes: 'blob',
  sequence: 'integer',
  asSequence: (column) => column.primaryKey().autoIncrement(),
  keyIsTable: sql`without rowid`,
  octetOrder: undefined,
  transactionId: undefined,
};

/** Pages in the log after which a commit writes them back itself; the log's own thread is there long before. */
const longestLog = 32_768;
/** Milliseconds after which a transaction is rolled back: the next one waits for it. */
const longestTransaction = 30_000;

/**
 * Opens the embedded database: one connection that writes, one transaction at a time, each on the disk before it is
 * acknowledged (`sqlite-log`), and one that reads committed snapshots beside it. The file and what SQLite puts beside it
 * are the owner's alone (0600).
 *
 * @throws DatabaseError where the file is not a database of ours or cannot be opened
 */
export async function openSqlite(
  file: string,
  migrations?: readonly Migration[],
  sync: SyncFile = syncFile,
): Promise<Database> {
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

  /** One after another: the engine has one writer. */
  function inTurn<T>(write: () => Promise<T> | T): Promise<T> {
    scope.assertOutside();
    if (closed) throw new Error('the database is closed');
    const turn = queue.then(write);
    queue = turn.catch(() => undefined);
    return turn;
  }

  const log = new SqliteLog(file, inTurn, sync);
  const journal = new SqliteJournal(writing);

  /** Writes in turn; the next may have its turn while the disk is at work for this one. */
  async function durably<T>(write: () => Promise<T> | T): Promise<T> {
    try {
      log.requireSound();
      const result = await inTurn(write);
      await log.durable();
      return result;
    } catch (error) {
      throw asUnavailable(error) ?? error;
    }
  }

  return {
    engine: 'sqlite',
    read,
    async transaction(work) {
      const result = await durably(() =>
        writer
          .transaction()
          .execute((transaction) =>
            scope.run(() => within(longestTransaction, work(transaction as unknown as Transaction))),
          ),
      );
      await listeners.call();
      return result;
    },
    journal: { write: (entries) => durably(() => journal.write(entries)) },
    onCommit(listener) {
      return listeners.add(listener);
    },
    /** Lets the transactions that were asked for finish. */
    async [Symbol.asyncDispose]() {
      if (closed) return;
      closed = true;
      await queue;
      await log[Symbol.asyncDispose]();
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
    database.exec('PRAGMA synchronous = NORMAL');
    database.exec(`PRAGMA wal_autocheckpoint = ${longestLog}`);
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
