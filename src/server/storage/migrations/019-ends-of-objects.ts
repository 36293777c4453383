import type { Migration } from '../migration.ts';

/** Columns by which rows are looked for when what they name ends. */
const columns = [
  ['permission_grants', 'resource_id'],
  ['permission_grants', 'user_id'],
  ['identity_attachments', 'principal_id'],
  ['identity_credentials', 'machine_id'],
] as const;

/** Indexes of what ends with a directory object or a host, however much of it the tenant has. */
export const endsOfObjects: Migration = {
  name: '019-ends-of-objects',
  async up({ schema }) {
    for (const [table, column] of columns) {
      await schema.createIndex(`${table}_${column}`).on(table).columns(['tenant_id', column]).execute();
    }
  },
};
