import type { Migration } from '../migration.ts';

/** Names by which applications are found again, and whose a credential is. */
export const applications: Migration = {
  name: '010-applications',
  async up(db) {
    const { schema } = db;

    await schema.alterTable('applications').addColumn('unique_name', 'text').execute();
    await schema
      .createIndex('applications_unique_name')
      .on('applications')
      .columns(['tenant_id', 'unique_name'])
      .unique()
      .execute();

    // `application` or `servicePrincipal`: a credential ends with the object that holds it
    for (const table of ['client_secrets', 'client_certificates']) {
      await schema
        .alterTable(table)
        .addColumn('holder', 'text', (c) => c.notNull().defaultTo('application'))
        .execute();
    }
    // null: from its creation on
    await schema.alterTable('client_secrets').addColumn('starts_at', 'bigint').execute();
  },
};
