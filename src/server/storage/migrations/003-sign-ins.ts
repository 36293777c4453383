import type { Migration } from '../migration.ts';

/** The sign-in log, and the assertions that were good once and are spent. */
export const signIns: Migration = {
  name: '003-sign-ins',
  async up(db, types) {
    const { schema } = db;

    await schema
      .createTable('sign_ins')
      .addColumn('sequence', types.sequence, types.asSequence)
      .addColumn('sign_in_id', 'text', (c) => c.notNull())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('at', 'bigint', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('account_id', 'text')
      .addColumn('client_id', 'text')
      .addColumn('resource_app_id', 'text')
      .addColumn('correlation_id', 'text', (c) => c.notNull())
      .addColumn('error_code', 'integer', (c) => c.notNull())
      .addColumn('details', 'text', (c) => c.notNull())
      .execute();
    await schema.createIndex('sign_ins_at').on('sign_ins').columns(['tenant_id', 'at']).execute();

    // the time comes first: new rows lie together, and so do those that have expired
    const spent = schema
      .createTable('spent_assertions')
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('client_id', 'text', (c) => c.notNull())
      .addColumn('jti', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('spent_assertions_pk', ['expires_at', 'tenant_id', 'client_id', 'jti']);
    const { keyIsTable } = types;
    await (keyIsTable === undefined ? spent : spent.modifyEnd(keyIsTable)).execute();
  },
};
