import type { Kysely } from 'kysely';
import type { Journal } from './journal.ts';
import type { Tables } from './tables.ts';

/** Runs queries: the database at large, or a transaction. Stores take one of these and never open their own. */
export type Queries = Kysely<Tables>;

declare const inTransaction: unique symbol;
/** Queries that commit or roll back together. What must hold together takes this type, so it cannot be called outside. */
export type Transaction = Queries & { readonly [inTransaction]: true };

/**
 * An open database. Reads see every transaction committed before they start; transactions are serialisable in effect
 * (SQLite has one writer; PostgreSQL runs them SERIALIZABLE and repeats the work on a serialisation failure, so the
 * work must have no effect outside the transaction).
 */
export interface Database extends AsyncDisposable {
  readonly engine: 'sqlite' | 'postgres';
  readonly read: Queries;
  /**
   * Runs the work and commits it; what the work throws rolls back and is thrown on. Returns when the commit is durable
   * and every commit listener has settled. Not to be called inside another transaction's work. A statement that fails
   * ends the transaction, on either engine: its error may be translated, not caught to go on.
   */
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** Beside transactions: rows of the sign-in log, which nobody follows. */
  readonly journal: Journal;
  /**
   * The listener is called after each commit of this process, and awaited before `transaction()` returns. What it
   * throws is ignored: the commit has happened. Returns the function that removes it.
   */
  onCommit(listener: CommitListener): () => void;
}

export type CommitListener = () => void | Promise<void>;

/** Commit listeners of one database. */
export class CommitListeners {
  readonly #listeners = new Set<CommitListener>();

  add(listener: CommitListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async call(): Promise<void> {
    await Promise.allSettled(Array.from(this.#listeners, async (listener) => listener()));
  }
}
