import type { Migration } from '../migration.ts';

/** How people sign in, and what is given out on their behalf: passwords, sessions, codes, refresh tokens. */
export const people: Migration = {
  name: '006-people',
  async up(db) {
    const { schema } = db;

    await schema
      .createTable('user_passwords')
      .addColumn('user_id', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('hash', 'text', (c) => c.notNull())
      .addColumn('must_change', 'integer', (c) => c.notNull())
      .addColumn('changed_at', 'bigint', (c) => c.notNull())
      .addUniqueConstraint('user_passwords_user', ['tenant_id', 'user_id'])
      .execute();

    await schema
      .createTable('sign_in_failures')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('subject', 'text', (c) => c.notNull())
      .addColumn('count', 'integer', (c) => c.notNull())
      .addColumn('last_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('sign_in_failures_pk', ['tenant_id', 'subject'])
      .execute();
    await schema.createIndex('sign_in_failures_at').on('sign_in_failures').column('last_at').execute();

    await schema
      .createTable('sign_in_sessions')
      .addColumn('session_hash', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addColumn('methods', 'text', (c) => c.notNull())
      .addColumn('signed_in_at', 'bigint', (c) => c.notNull())
      .addColumn('last_used_at', 'bigint', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .execute();
    await schema
      .createIndex('sign_in_sessions_user')
      .on('sign_in_sessions')
      .columns(['tenant_id', 'user_id'])
      .execute();
    await schema.createIndex('sign_in_sessions_expiry').on('sign_in_sessions').column('expires_at').execute();

    await schema
      .createTable('authorization_codes')
      .addColumn('code_hash', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('client_id', 'text', (c) => c.notNull())
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addColumn('request', 'text', (c) => c.notNull())
      .addColumn('family_id', 'text', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .addColumn('redeemed_at', 'bigint')
      .execute();
    await schema
      .createIndex('authorization_codes_expiry')
      .on('authorization_codes')
      .column('expires_at')
      .execute();

    await schema
      .createTable('device_codes')
      .addColumn('device_hash', 'text', (c) => c.primaryKey())
      .addColumn('user_code_hash', 'text', (c) => c.notNull().unique())
      .addColumn('tenant_id', 'text')
      .addColumn('client_id', 'text', (c) => c.notNull())
      .addColumn('request', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('user_id', 'text')
      .addColumn('methods', 'text')
      .addColumn('signed_in_at', 'bigint')
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .execute();
    await schema.createIndex('device_codes_expiry').on('device_codes').column('expires_at').execute();

    await schema
      .createTable('refresh_tokens')
      .addColumn('token_hash', 'text', (c) => c.primaryKey())
      .addColumn('family_id', 'text', (c) => c.notNull())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addColumn('client_id', 'text', (c) => c.notNull())
      .addColumn('facts', 'text', (c) => c.notNull())
      .addColumn('issued_at', 'bigint', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .addColumn('replaced_at', 'bigint')
      .execute();
    await schema
      .createIndex('refresh_tokens_family')
      .on('refresh_tokens')
      .columns(['tenant_id', 'family_id'])
      .execute();
    await schema.createIndex('refresh_tokens_expiry').on('refresh_tokens').column('expires_at').execute();

    await schema
      .createTable('upstream_accounts')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('issuer', 'text', (c) => c.notNull())
      .addColumn('subject', 'text', (c) => c.notNull())
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addColumn('linked_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('upstream_accounts_pk', ['tenant_id', 'issuer', 'subject'])
      .execute();
    await schema
      .createIndex('upstream_accounts_user')
      .on('upstream_accounts')
      .columns(['tenant_id', 'user_id'])
      .execute();
  },
};
