import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';

/** Kysely over one `node:sqlite` connection, which the caller owns: Kysely's `destroy` leaves it open. */
export function sqliteDialect(database: DatabaseSync): Dialect {
  return {
    createDriver: () => new SqliteDriver(database),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

/** Runs one transaction at a time; whoever opens them takes turns. */
class SqliteDriver implements Driver {
  readonly #database: DatabaseSync;
  readonly #connection: SqliteConnection;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#connection = new SqliteConnection(database);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }

  async releaseConnection(): Promise<void> {}

  async beginTransaction(): Promise<void> {
    if (this.#database.isTransaction) throw new Error('a transaction is open on this connection');
    this.#database.exec('begin immediate');
    this.#connection.failed = undefined;
  }

  async commitTransaction(): Promise<void> {
    const failed = this.#connection.failed;
    if (failed !== undefined) throw failed;
    this.#database.exec('commit');
  }

  /** After a full disk or a failed write the engine may have rolled back by itself; the first error is the one to show. */
  async rollbackTransaction(): Promise<void> {
    this.#connection.failed = undefined;
    if (this.#database.isTransaction) this.#database.exec('rollback');
  }

  async destroy(): Promise<void> {}
}

interface Prepared {
  readonly statement: StatementSync;
  readonly returnsRows: boolean;
}

const keptStatements = 256;

class SqliteConnection implements DatabaseConnection {
  /**
   * The error of a statement of the open transaction. As on PostgreSQL, such a transaction takes no further statement
   * and does not commit, so that code cannot come to rely on going on.
   */
  failed: unknown;
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    if (this.failed !== undefined) {
      throw new Error('an earlier statement of this transaction failed', { cause: this.failed });
    }
    try {
      return this.#execute<Row>(query);
    } catch (error) {
      if (this.#database.isTransaction) this.failed = error;
      throw error;
    }
  }

  async *streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    yield await this.executeQuery<Row>(query);
  }

  #execute<Row>(query: CompiledQuery): QueryResult<Row> {
    const { statement, returnsRows } = this.#prepare(query.sql);
    const parameters = query.parameters as readonly SQLInputValue[];
    if (returnsRows) {
      // as plain objects, like PostgreSQL's: the engine's own have no prototype
      return { rows: statement.all(...parameters).map((row) => ({ ...row })) as Row[] };
    }
    const { changes, lastInsertRowid } = statement.run(...parameters);
    return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
  }

  /** Statements are kept by their text; SQLite prepares them anew by itself when the schema changes. */
  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    const prepared = { statement, returnsRows: statement.columns().length > 0 };
    if (this.#prepared.size >= keptStatements) this.#prepared.clear();
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}
