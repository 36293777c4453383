import type { Migration } from '../migration.ts';

/** People, groups, what applications declare and hold, and who has which role in the directory. */
export const directory: Migration = {
  name: '002-directory',
  async up(db, types) {
    const { schema } = db;

    // an application's own object id in Graph, apart from its principal's; the client id stands in for older rows
    await schema.alterTable('applications').addColumn('object_id', 'text').execute();
    await schema
      .alterTable('applications')
      .addColumn('manifest', 'text', (c) => c.notNull().defaultTo('{}'))
      .execute();
    await schema
      .createIndex('applications_object')
      .on('applications')
      .columns(['tenant_id', 'object_id'])
      .unique()
      .execute();
    await schema
      .alterTable('principals')
      .addColumn('manifest', 'text', (c) => c.notNull().defaultTo('{}'))
      .execute();

    await schema
      .createTable('application_identifiers')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('identifier_canonical', 'text', (c) => c.notNull())
      .addColumn('identifier', 'text', (c) => c.notNull())
      .addColumn('client_id', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('application_identifiers_pk', ['tenant_id', 'identifier_canonical'])
      .execute();
    await schema
      .createIndex('application_identifiers_client')
      .on('application_identifiers')
      .columns(['tenant_id', 'client_id'])
      .execute();

    await schema.alterTable('client_secrets').addColumn('display_name', 'text').execute();

    await schema
      .createTable('client_certificates')
      .addColumn('key_id', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('client_id', 'text', (c) => c.notNull())
      .addColumn('sha1', 'text', (c) => c.notNull())
      .addColumn('sha256', 'text', (c) => c.notNull())
      .addColumn('certificate', 'text', (c) => c.notNull())
      .addColumn('display_name', 'text')
      .addColumn('not_before', 'bigint', (c) => c.notNull())
      .addColumn('not_after', 'bigint', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addUniqueConstraint('client_certificates_thumbprint', ['tenant_id', 'client_id', 'sha256'])
      .execute();

    await schema
      .createTable('users')
      .addColumn('user_id', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull().references('tenants.tenant_id'))
      .addColumn('user_principal_name', 'text', (c) => c.notNull())
      .addColumn('name_canonical', 'text', (c) => c.notNull())
      .addColumn('display_name', 'text', (c) => c.notNull())
      .addColumn('enabled', 'integer', (c) => c.notNull())
      .addColumn('tokens_valid_from', 'bigint', (c) => c.notNull())
      .addColumn('profile', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addUniqueConstraint('users_name', ['tenant_id', 'name_canonical'])
      .execute();

    await schema
      .createTable('groups')
      .addColumn('group_id', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull().references('tenants.tenant_id'))
      .addColumn('display_name', 'text', (c) => c.notNull())
      .addColumn('profile', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .execute();
    await schema.createIndex('groups_tenant').on('groups').columns(['tenant_id', 'group_id']).execute();

    await schema
      .createTable('group_members')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('group_id', 'text', (c) => c.notNull())
      .addColumn('member_id', 'text', (c) => c.notNull())
      .addColumn('member_type', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('group_members_pk', ['tenant_id', 'group_id', 'member_id'])
      .execute();
    await schema
      .createIndex('group_members_member')
      .on('group_members')
      .columns(['tenant_id', 'member_id'])
      .execute();

    await schema
      .createTable('object_owners')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('object_id', 'text', (c) => c.notNull())
      .addColumn('owner_id', 'text', (c) => c.notNull())
      .addColumn('owner_type', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('object_owners_pk', ['tenant_id', 'object_id', 'owner_id'])
      .execute();
    await schema
      .createIndex('object_owners_owner')
      .on('object_owners')
      .columns(['tenant_id', 'owner_id'])
      .execute();

    await schema
      .createTable('app_role_assignments')
      .addColumn('assignment_id', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('principal_id', 'text', (c) => c.notNull())
      .addColumn('principal_type', 'text', (c) => c.notNull())
      .addColumn('resource_id', 'text', (c) => c.notNull())
      .addColumn('app_role_id', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addUniqueConstraint('app_role_assignments_once', [
        'tenant_id',
        'principal_id',
        'resource_id',
        'app_role_id',
      ])
      .execute();
    await schema
      .createIndex('app_role_assignments_resource')
      .on('app_role_assignments')
      .columns(['tenant_id', 'resource_id'])
      .execute();

    await schema
      .createTable('permission_grants')
      .addColumn('grant_id', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('client_principal_id', 'text', (c) => c.notNull())
      .addColumn('consent_type', 'text', (c) => c.notNull())
      .addColumn('user_id', 'text')
      .addColumn('resource_id', 'text', (c) => c.notNull())
      .addColumn('scope', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .execute();
    await schema
      .createIndex('permission_grants_client')
      .on('permission_grants')
      .columns(['tenant_id', 'client_principal_id', 'resource_id'])
      .execute();

    await schema
      .createTable('directory_role_assignments')
      .addColumn('assignment_id', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('principal_id', 'text', (c) => c.notNull())
      .addColumn('role_template_id', 'text', (c) => c.notNull())
      .addColumn('directory_scope', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addUniqueConstraint('directory_role_assignments_once', [
        'tenant_id',
        'principal_id',
        'role_template_id',
        'directory_scope',
      ])
      .execute();

    await schema
      .createTable('deleted_objects')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('object_id', 'text', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('display_name', 'text', (c) => c.notNull())
      .addColumn('snapshot', types.bytes, (c) => c.notNull())
      .addColumn('deleted_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('deleted_objects_pk', ['tenant_id', 'object_id'])
      .execute();
    await schema
      .createIndex('deleted_objects_at')
      .on('deleted_objects')
      .columns(['tenant_id', 'deleted_at'])
      .execute();
  },
};
