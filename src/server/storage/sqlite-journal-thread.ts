import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { type JournalEntry, replayOf, signInColumns, spentColumns } from './journal.ts';
import type { JournalReply } from './sqlite-journal.ts';

/** The thread behind `sqlite-journal`: for each batch that comes, one transaction and one reply. */
const database = new DatabaseSync(workerData as string, { timeout: 5000, enableForeignKeyConstraints: true });
database.exec('PRAGMA synchronous = FULL');
database.exec('PRAGMA fullfsync = 1');

interface Statements {
  readonly spend: StatementSync;
  readonly append: StatementSync;
}

let prepared: Statements | undefined;

function statements(): Statements {
  prepared ??= {
    spend: database.prepare(`${insertInto('spent_assertions', spentColumns)} on conflict do nothing`),
    append: database.prepare(insertInto('sign_ins', signInColumns)),
  };
  return prepared;
}

function insertInto(table: string, columns: readonly string[]): string {
  const places = columns.map(() => '?').join(', ');
  return `insert into ${table} (${columns.join(', ')}) values (${places})`;
}

function write(entries: readonly JournalEntry[]): readonly boolean[] {
  const { append, spend } = statements();
  return entries.map(({ row, spends }) => {
    const isGood =
      spends === undefined ||
      spend.run(spends.tenantId, spends.clientId, spends.jti, spends.expiresAt).changes === 1;
    append.run(...(isGood ? row : replayOf(row, spends)));
    return isGood;
  });
}

function answer(entries: readonly JournalEntry[]): JournalReply {
  try {
    database.exec('begin immediate');
    const written = write(entries);
    database.exec('commit');
    return { written };
  } catch (error) {
    // the engine may have rolled back by itself, after a full disk for one
    if (database.isTransaction) database.exec('rollback');
    const { message, code, errcode } = error as Error & {
      readonly code?: unknown;
      readonly errcode?: unknown;
    };
    return { failure: { message, code, errcode } };
  }
}

parentPort?.on('message', (batch: string) =>
  parentPort?.postMessage(answer(JSON.parse(batch) as readonly JournalEntry[])),
);
