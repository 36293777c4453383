import type { KyselyPlugin, RootOperationNode } from 'kysely';
import type { Database, Transaction } from '../../src/server/storage/database.ts';

/** A database, and the statements of its transactions in their order. */
export interface WatchedDatabase {
  readonly database: Database;
  /** Since it was last asked. */
  take(): readonly RootOperationNode[];
}

/** The same database, whose statements within transactions are noted. */
export function watchStatements(database: Database): WatchedDatabase {
  let statements: RootOperationNode[] = [];
  const plugin: KyselyPlugin = {
    transformQuery({ node }) {
      statements.push(node);
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  return {
    database: {
      ...database,
      transaction: (work) =>
        database.transaction((transaction) => work(transaction.withPlugin(plugin) as Transaction)),
    },
    take() {
      const taken = statements;
      statements = [];
      return taken;
    },
  };
}
