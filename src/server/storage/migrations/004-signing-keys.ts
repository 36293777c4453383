import type { Migration } from '../migration.ts';

/** When a signing key retired, and who can open its private half; the order in which keys fall due. */
export const signingKeys: Migration = {
  name: '004-signing-keys',
  async up({ schema }) {
    await schema.alterTable('signing_keys').addColumn('retired_at', 'bigint').execute();
    await schema
      .alterTable('signing_keys')
      .addColumn('holder', 'text', (c) => c.notNull().defaultTo('server'))
      .execute();
    await schema
      .createIndex('signing_keys_due')
      .on('signing_keys')
      .columns(['purpose', 'state', 'activated_at'])
      .execute();
  },
};
