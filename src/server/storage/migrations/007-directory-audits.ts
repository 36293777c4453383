import type { Migration } from '../migration.ts';

/** The directory audits: who changed what. */
export const directoryAudits: Migration = {
  name: '007-directory-audits',
  async up(db, types) {
    const { schema } = db;
    await schema
      .createTable('directory_audits')
      .addColumn('sequence', types.sequence, types.asSequence)
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('at', 'bigint', (c) => c.notNull())
      .addColumn('activity', 'text', (c) => c.notNull())
      .addColumn('category', 'text', (c) => c.notNull())
      .addColumn('correlation_id', 'text')
      .addColumn('user_id', 'text')
      .addColumn('app_id', 'text')
      .addColumn('principal_id', 'text')
      .addColumn('target_ids', 'text', (c) => c.notNull())
      .addColumn('details', 'text', (c) => c.notNull())
      .execute();
    await schema
      .createIndex('directory_audits_at')
      .on('directory_audits')
      .columns(['tenant_id', 'at'])
      .execute();
  },
};
