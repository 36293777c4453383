import { type Kysely, sql } from 'kysely';
import type { Migration } from '../migration.ts';
import type { TagsTable } from '../tag-tables.ts';

/** What lists of resources and groups are filtered and ordered by: tags, and indexes in the order of pages. */
export const tags: Migration = {
  name: '015-tags',
  async up(db) {
    const { schema } = db;

    await schema
      .createTable('tags')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('subscription_id', 'text', (c) => c.notNull())
      .addColumn('canonical', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('name_canonical', 'text', (c) => c.notNull())
      .addColumn('value', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('tags_pk', ['tenant_id', 'canonical', 'name_canonical'])
      .execute();
    await schema
      .createIndex('tags_name')
      .on('tags')
      .columns(['tenant_id', 'subscription_id', 'name_canonical', 'value', 'canonical'])
      .execute();

    await schema
      .createTable('tag_names')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('subscription_id', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('name_canonical', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('tag_names_pk', ['tenant_id', 'subscription_id', 'name_canonical'])
      .execute();
    await schema
      .createTable('tag_values')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('subscription_id', 'text', (c) => c.notNull())
      .addColumn('name_canonical', 'text', (c) => c.notNull())
      .addColumn('value', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('tag_values_pk', ['tenant_id', 'subscription_id', 'name_canonical', 'value'])
      .execute();

    await schema
      .createIndex('resources_group_order')
      .on('resources')
      .columns(['group_canonical', 'canonical'])
      .execute();
    await schema
      .createIndex('resources_subscription_order')
      .on('resources')
      .columns(['subscription_id', 'canonical'])
      .execute();
    await schema
      .createIndex('resources_name')
      .on('resources')
      .column('subscription_id')
      .expression(sql`lower(name)`)
      .execute();

    await copyTags(db, 'resources');
    await copyTags(db, 'resource_groups');
  },
};

interface Tagged {
  readonly tenant_id: string;
  readonly subscription_id: string;
  readonly canonical: string;
  readonly tags: string | null;
}

async function copyTags(db: Kysely<unknown>, table: 'resources' | 'resource_groups'): Promise<void> {
  const tables = db as Kysely<{ resources: Tagged; resource_groups: Tagged; tags: TagsTable }>;
  const rows = await tables
    .selectFrom(table)
    .select(['tenant_id', 'subscription_id', 'canonical', 'tags'])
    .where('tags', 'is not', null)
    .where('tags', '!=', '{}')
    .execute();
  for (const { tags: text, ...place } of rows) {
    const values = Object.entries(JSON.parse(text ?? '{}') as Record<string, string>).map(
      ([name, value]) => ({ ...place, name, name_canonical: name.toLowerCase(), value }),
    );
    if (values.length > 0) await tables.insertInto('tags').values(values).execute();
  }
}
