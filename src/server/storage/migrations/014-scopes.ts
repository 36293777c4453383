import type { Migration } from '../migration.ts';

/** Locks, and the management groups above subscriptions. */
export const scopes: Migration = {
  name: '014-scopes',
  async up(db) {
    const { schema } = db;

    await schema
      .createTable('locks')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('subscription_id', 'text', (c) => c.notNull())
      .addColumn('scope', 'text', (c) => c.notNull())
      .addColumn('scope_canonical', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('name_canonical', 'text', (c) => c.notNull())
      .addColumn('level', 'text', (c) => c.notNull())
      .addColumn('notes', 'text')
      .addColumn('owners', 'text')
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addColumn('updated_at', 'bigint', (c) => c.notNull())
      .addColumn('updated_by', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('locks_pk', ['tenant_id', 'scope_canonical', 'name_canonical'])
      .execute();
    await schema
      .createIndex('locks_subscription')
      .on('locks')
      .columns(['tenant_id', 'subscription_id'])
      .execute();

    await schema
      .createTable('management_groups')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('name_canonical', 'text', (c) => c.notNull())
      .addColumn('display_name', 'text', (c) => c.notNull())
      .addColumn('parent_canonical', 'text')
      .addColumn('version', 'integer', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('updated_at', 'bigint', (c) => c.notNull())
      .addColumn('updated_by', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('management_groups_pk', ['tenant_id', 'name_canonical'])
      .execute();

    await schema
      .createTable('management_group_subscriptions')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('subscription_id', 'text', (c) => c.notNull())
      .addColumn('group_canonical', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('management_group_subscriptions_pk', ['tenant_id', 'subscription_id'])
      .execute();
  },
};
