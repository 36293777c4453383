import type { Migration } from '../migration.ts';

/** Which principal an attachment is to, and where and to what an identity may be attached. */
export const identityAttachments: Migration = {
  name: '011-identity-attachments',
  async up(db) {
    const { schema } = db;

    // empty: attached to an identity that is gone
    await schema
      .alterTable('identity_attachments')
      .addColumn('principal_id', 'text', (c) => c.notNull().defaultTo(''))
      .execute();

    // a row for each identity that is restricted at all
    await schema
      .createTable('identity_restrictions')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('principal_id', 'text', (c) => c.notNull())
      .addColumn('isolated_to', 'text')
      .addColumn('assignable_to', 'text')
      .addPrimaryKeyConstraint('identity_restrictions_pk', ['tenant_id', 'principal_id'])
      .execute();
  },
};
