import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type JournalEntry, replayOf, signInColumns, spentColumns } from './journal.ts';

interface Statements {
  readonly begin: StatementSync;
  readonly spend: StatementSync;
  readonly append: StatementSync;
  readonly commit: StatementSync;
}

/** The journal of the embedded database: rows by statements that are prepared once, some ten microseconds each. */
export class SqliteJournal {
  readonly #database: DatabaseSync;
  #prepared: Statements | undefined;

  /** @param database the connection that writes; the caller keeps the turns, and makes durable what is written */
  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** One transaction, as `Journal.write` tells. */
  write(entries: readonly JournalEntry[]): readonly boolean[] {
    this.#prepared ??= prepare(this.#database);
    const { append, begin, commit, spend } = this.#prepared;
    begin.run();
    try {
      const written = entries.map(({ row, spends }) => {
        const isGood =
          spends === undefined ||
          spend.run(spends.tenantId, spends.clientId, spends.jti, spends.expiresAt).changes === 1;
        append.run(...(isGood ? row : replayOf(row, spends)));
        return isGood;
      });
      commit.run();
      return written;
    } catch (error) {
      // the engine may have rolled back by itself, after a full disk for one
      if (this.#database.isTransaction) this.#database.exec('rollback');
      throw error;
    }
  }
}

function prepare(database: DatabaseSync): Statements {
  return {
    begin: database.prepare('begin immediate'),
    spend: database.prepare(`${insertInto('spent_assertions', spentColumns)} on conflict do nothing`),
    append: database.prepare(insertInto('sign_ins', signInColumns)),
    commit: database.prepare('commit'),
  };
}

function insertInto(table: string, columns: readonly string[]): string {
  const places = columns.map(() => '?').join(', ');
  return `insert into ${table} (${columns.join(', ')}) values (${places})`;
}
