import type { Kysely } from 'kysely';
import type { Migration } from '../migration.ts';

/** Resources that lie in no group, and which namespaces a subscription does without. */
export const resourcesAnywhere: Migration = {
  name: '012-resources-anywhere',
  async up(db) {
    const { schema } = db;

    // one engine cannot take NOT NULL away from a column that is there
    await schema
      .createTable('resources_anywhere')
      .addColumn('canonical', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('subscription_id', 'text', (c) => c.notNull())
      .addColumn('group_canonical', 'text', (c) => c.references('resource_groups.canonical'))
      .addColumn('resource_id', 'text', (c) => c.notNull())
      .addColumn('type', 'text', (c) => c.notNull())
      .addColumn('type_canonical', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('location', 'text', (c) => c.notNull())
      .addColumn('tags', 'text')
      .addColumn('properties', 'text', (c) => c.notNull())
      .addColumn('extra', 'text')
      .addColumn('identity_type', 'text')
      .addColumn('provisioning_state', 'text', (c) => c.notNull())
      .addColumn('version', 'integer', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addColumn('changed_at', 'bigint', (c) => c.notNull())
      .addColumn('changed_by', 'text', (c) => c.notNull())
      .addColumn('global_name', 'text')
      .addUniqueConstraint('resources_anywhere_global_name', ['type_canonical', 'global_name'])
      .execute();
    const rows = db as Kysely<Record<string, Readonly<Record<(typeof columns)[number], unknown>>>>;
    await rows
      .insertInto('resources_anywhere')
      .columns([...columns])
      .expression(rows.selectFrom('resources').select([...columns]))
      .execute();
    await schema.dropTable('resources').execute();
    await schema.alterTable('resources_anywhere').renameTo('resources').execute();
    await schema
      .createIndex('resources_group')
      .on('resources')
      .columns(['group_canonical', 'type_canonical'])
      .execute();
    await schema
      .createIndex('resources_subscription')
      .on('resources')
      .columns(['subscription_id', 'type_canonical'])
      .execute();

    // a namespace without a row is registered
    await schema
      .createTable('unregistered_namespaces')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('subscription_id', 'text', (c) => c.notNull())
      .addColumn('namespace_canonical', 'text', (c) => c.notNull())
      .addColumn('since', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('unregistered_namespaces_pk', [
        'tenant_id',
        'subscription_id',
        'namespace_canonical',
      ])
      .execute();
  },
};

const columns = [
  'canonical',
  'tenant_id',
  'subscription_id',
  'group_canonical',
  'resource_id',
  'type',
  'type_canonical',
  'name',
  'location',
  'tags',
  'properties',
  'extra',
  'identity_type',
  'provisioning_state',
  'version',
  'created_at',
  'created_by',
  'changed_at',
  'changed_by',
  'global_name',
] as const;
