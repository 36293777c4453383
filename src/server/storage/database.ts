import type { Kysely } from 'kysely';
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
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** Called after each commit of this process with the highest change sequence it wrote, if any. */
  onCommit(listener: () => void): void;
}
