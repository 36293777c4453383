import type { Migration } from '../migration.ts';

/** Certificates of identities that were issued to resource providers, who hold them for the resource. */
export const providerCredentials: Migration = {
  name: '017-provider-credentials',
  async up(db) {
    const { schema } = db;
    await schema
      .createTable('provider_credentials')
      .addColumn('sha256', 'text', (c) => c.primaryKey())
      .addColumn('sha1', 'text', (c) => c.notNull())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('client_id', 'text', (c) => c.notNull())
      .addColumn('principal_id', 'text', (c) => c.notNull())
      .addColumn('provider_id', 'text', (c) => c.notNull())
      .addColumn('resource_id', 'text', (c) => c.notNull())
      .addColumn('resource_canonical', 'text', (c) => c.notNull())
      .addColumn('certificate', 'text', (c) => c.notNull())
      .addColumn('not_before', 'bigint', (c) => c.notNull())
      .addColumn('not_after', 'bigint', (c) => c.notNull())
      .addColumn('issued_at', 'bigint', (c) => c.notNull())
      .execute();
    await schema
      .createIndex('provider_credentials_principal')
      .on('provider_credentials')
      .columns(['tenant_id', 'principal_id', 'provider_id'])
      .execute();
    await schema
      .createIndex('provider_credentials_client')
      .on('provider_credentials')
      .columns(['tenant_id', 'client_id'])
      .execute();
    await schema
      .createIndex('provider_credentials_resource')
      .on('provider_credentials')
      .columns(['tenant_id', 'resource_canonical'])
      .execute();
  },
};
