import type { Migration } from '../migration.ts';

/** What a provider keeps about a resource beside what its users write: how it is, and what it must never show. */
export const resourceState: Migration = {
  name: '013-resource-state',
  async up(db, types) {
    const { schema } = db;

    await schema.alterTable('resources').addColumn('state', 'text').execute();

    await schema
      .createTable('resource_secrets')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('resource_canonical', 'text', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('values_sealed', types.bytes, (c) => c.notNull())
      .addPrimaryKeyConstraint('resource_secrets_key', ['tenant_id', 'resource_canonical', 'kind'])
      .execute();
  },
};
