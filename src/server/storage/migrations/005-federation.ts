import type { Migration } from '../migration.ts';

/** Trust in the tokens of other issuers. */
export const federation: Migration = {
  name: '005-federation',
  async up(db) {
    await db.schema
      .createTable('federated_credentials')
      .addColumn('credential_id', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('client_id', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('name_canonical', 'text', (c) => c.notNull())
      .addColumn('issuer', 'text', (c) => c.notNull())
      .addColumn('subject', 'text')
      .addColumn('expression', 'text')
      .addColumn('audience', 'text', (c) => c.notNull())
      .addColumn('description', 'text')
      .addColumn('trust', 'text')
      .addColumn('match_hash', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addUniqueConstraint('federated_credentials_name', ['tenant_id', 'client_id', 'name_canonical'])
      .addUniqueConstraint('federated_credentials_match', ['tenant_id', 'client_id', 'match_hash'])
      .execute();
  },
};
