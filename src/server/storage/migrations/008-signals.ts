import type { Migration } from '../migration.ts';

/** Tokens that were revoked one by one, and who is told of revocations. */
export const signals: Migration = {
  name: '008-signals',
  async up(db, types) {
    await db.schema
      .createTable('revoked_tokens')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('token_id', 'text', (c) => c.notNull())
      .addColumn('bucket', 'text', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('revoked_tokens_key', ['tenant_id', 'token_id'])
      .execute();
    await db.schema
      .createIndex('revoked_tokens_bucket')
      .on('revoked_tokens')
      .columns(['tenant_id', 'bucket'])
      .execute();

    await db.schema
      .createTable('signal_streams')
      .addColumn('stream_id', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('client_id', 'text', (c) => c.notNull())
      .addColumn('method', 'text', (c) => c.notNull())
      .addColumn('endpoint', 'text')
      .addColumn('authorization_sealed', types.bytes)
      .addColumn('events', 'text', (c) => c.notNull())
      .addColumn('description', 'text')
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('status_reason', 'text')
      .addColumn('verified_at', 'bigint', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .execute();
    await db.schema
      .createIndex('signal_streams_client')
      .on('signal_streams')
      .columns(['tenant_id', 'client_id'])
      .execute();

    await db.schema
      .createTable('signal_exclusions')
      .addColumn('stream_id', 'text', (c) => c.notNull())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('subject_id', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('signal_exclusions_key', ['stream_id', 'subject_id'])
      .execute();

    await db.schema
      .createTable('signal_subjects')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('subject_id', 'text', (c) => c.notNull())
      .addColumn('facts', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('signal_subjects_key', ['tenant_id', 'subject_id'])
      .execute();

    await db.schema
      .createTable('signal_deliveries')
      .addColumn('jti', 'text', (c) => c.notNull())
      .addColumn('stream_id', 'text', (c) => c.notNull())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('claims', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('due_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('signal_deliveries_key', ['stream_id', 'jti'])
      .execute();
    await db.schema
      .createIndex('signal_deliveries_due')
      .on('signal_deliveries')
      .columns(['due_at'])
      .execute();
  },
};
