import type { Migration } from '../migration.ts';

/** The first schema. Keys carry the tenant; what names a tenant's own thing is unique within it. */
export const initial: Migration = {
  name: '001-initial',
  async up(db, types) {
    const { schema } = db;

    await schema
      .createTable('tenants')
      .addColumn('tenant_id', 'text', (c) => c.primaryKey())
      .addColumn('display_name', 'text', (c) => c.notNull())
      .addColumn('default_domain', 'text', (c) => c.notNull().unique())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .execute();

    await schema
      .createTable('tenant_keys')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('version', 'integer', (c) => c.notNull())
      .addColumn('wrapped_key', types.bytes, (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('tenant_keys_pk', ['tenant_id', 'version'])
      .execute();

    await schema
      .createTable('subscriptions')
      .addColumn('subscription_id', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull().references('tenants.tenant_id'))
      .addColumn('display_name', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('alias', 'text')
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addUniqueConstraint('subscriptions_alias', ['tenant_id', 'alias'])
      .execute();

    await schema
      .createTable('principals')
      .addColumn('principal_id', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull().references('tenants.tenant_id'))
      .addColumn('client_id', 'text', (c) => c.notNull())
      .addColumn('principal_type', 'text', (c) => c.notNull())
      .addColumn('display_name', 'text', (c) => c.notNull())
      .addColumn('enabled', 'integer', (c) => c.notNull())
      .addColumn('tokens_valid_from', 'bigint', (c) => c.notNull())
      .addColumn('identity_kind', 'text')
      .addColumn('resource_id', 'text')
      .addColumn('resource_canonical', 'text')
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addUniqueConstraint('principals_client', ['tenant_id', 'client_id'])
      .addUniqueConstraint('principals_resource', ['tenant_id', 'resource_canonical'])
      .execute();

    await schema
      .createTable('applications')
      .addColumn('client_id', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull().references('tenants.tenant_id'))
      .addColumn('display_name', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .execute();

    await schema
      .createTable('client_secrets')
      .addColumn('secret_id', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('client_id', 'text', (c) => c.notNull())
      .addColumn('salt', types.bytes, (c) => c.notNull())
      .addColumn('hash', types.bytes, (c) => c.notNull())
      .addColumn('hint', 'text', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .execute();
    await schema
      .createIndex('client_secrets_client')
      .on('client_secrets')
      .columns(['tenant_id', 'client_id'])
      .execute();

    await schema
      .createTable('signing_keys')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('kid', 'text', (c) => c.notNull())
      .addColumn('purpose', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('alg', 'text', (c) => c.notNull())
      .addColumn('certificate', 'text', (c) => c.notNull())
      .addColumn('private_key_sealed', types.bytes, (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('activated_at', 'bigint')
      .addPrimaryKeyConstraint('signing_keys_pk', ['tenant_id', 'kid'])
      .execute();

    await schema
      .createTable('identity_attachments')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('resource_canonical', 'text', (c) => c.notNull())
      .addColumn('identity_canonical', 'text', (c) => c.notNull())
      .addColumn('identity_id', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('identity_attachments_pk', [
        'tenant_id',
        'resource_canonical',
        'identity_canonical',
      ])
      .execute();
    await schema
      .createIndex('identity_attachments_identity')
      .on('identity_attachments')
      .columns(['tenant_id', 'identity_canonical'])
      .execute();

    await schema
      .createTable('machines')
      .addColumn('machine_id', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('resource_id', 'text', (c) => c.notNull())
      .addColumn('resource_canonical', 'text', (c) => c.notNull())
      .addColumn('key_thumbprint', 'text', (c) => c.notNull().unique())
      .addColumn('public_key', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .execute();
    await schema
      .createIndex('machines_resource')
      .on('machines')
      .columns(['tenant_id', 'resource_canonical'])
      .execute();

    await schema
      .createTable('join_tokens')
      .addColumn('token_hash', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('resource_id', 'text', (c) => c.notNull())
      .addColumn('resource_canonical', 'text', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .addColumn('used_at', 'bigint')
      .execute();

    await schema
      .createTable('proof_replays')
      .addColumn('machine_id', 'text', (c) => c.notNull())
      .addColumn('jti', 'text', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('proof_replays_pk', ['machine_id', 'jti'])
      .execute();
    await schema.createIndex('proof_replays_expiry').on('proof_replays').column('expires_at').execute();

    await schema
      .createTable('identity_credentials')
      .addColumn('thumbprint', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('client_id', 'text', (c) => c.notNull())
      .addColumn('principal_id', 'text', (c) => c.notNull())
      .addColumn('machine_id', 'text', (c) => c.notNull())
      .addColumn('resource_id', 'text', (c) => c.notNull())
      .addColumn('resource_canonical', 'text', (c) => c.notNull())
      .addColumn('certificate', 'text', (c) => c.notNull())
      .addColumn('not_before', 'bigint', (c) => c.notNull())
      .addColumn('not_after', 'bigint', (c) => c.notNull())
      .execute();
    await schema
      .createIndex('identity_credentials_principal')
      .on('identity_credentials')
      .columns(['tenant_id', 'principal_id'])
      .execute();
    await schema
      .createIndex('identity_credentials_resource')
      .on('identity_credentials')
      .columns(['tenant_id', 'resource_canonical'])
      .execute();

    await schema
      .createTable('resource_groups')
      .addColumn('canonical', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('subscription_id', 'text', (c) => c.notNull().references('subscriptions.subscription_id'))
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('location', 'text', (c) => c.notNull())
      .addColumn('tags', 'text')
      .addColumn('managed_by', 'text')
      .addColumn('provisioning_state', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .execute();

    await schema
      .createTable('resources')
      .addColumn('canonical', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('subscription_id', 'text', (c) => c.notNull())
      .addColumn('group_canonical', 'text', (c) => c.notNull().references('resource_groups.canonical'))
      .addColumn('resource_id', 'text', (c) => c.notNull())
      .addColumn('type', 'text', (c) => c.notNull())
      .addColumn('type_canonical', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('location', 'text', (c) => c.notNull())
      .addColumn('tags', 'text')
      .addColumn('properties', 'text', (c) => c.notNull())
      .addColumn('extra', 'text')
      .addColumn('identity_type', 'text')
      .addColumn('provisioning_state', 'text', (c) => c.notNull())
      .addColumn('version', 'integer', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addColumn('changed_at', 'bigint', (c) => c.notNull())
      .addColumn('changed_by', 'text', (c) => c.notNull())
      .addColumn('global_name', 'text')
      .addUniqueConstraint('resources_global_name', ['type_canonical', 'global_name'])
      .execute();
    await schema
      .createIndex('resources_group')
      .on('resources')
      .columns(['group_canonical', 'type_canonical'])
      .execute();
    await schema
      .createIndex('resources_subscription')
      .on('resources')
      .columns(['subscription_id', 'type_canonical'])
      .execute();

    await schema
      .createTable('async_operations')
      .addColumn('operation_id', 'text', (c) => c.primaryKey())
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('subscription_id', 'text', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('target_canonical', 'text', (c) => c.notNull())
      .addColumn('started_by', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('error', 'text')
      .addColumn('started_at', 'bigint', (c) => c.notNull())
      .addColumn('ended_at', 'bigint')
      .addColumn('lease_until', 'bigint')
      .execute();

    await schema
      .createTable('role_assignments')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('assignment_id', 'text', (c) => c.notNull())
      .addColumn('scope', 'text', (c) => c.notNull())
      .addColumn('scope_canonical', 'text', (c) => c.notNull())
      .addColumn('role_definition_id', 'text', (c) => c.notNull())
      .addColumn('principal_id', 'text', (c) => c.notNull())
      .addColumn('principal_type', 'text', (c) => c.notNull())
      .addColumn('description', 'text')
      .addColumn('condition', 'text')
      .addColumn('condition_version', 'text')
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('updated_at', 'bigint', (c) => c.notNull())
      .addColumn('created_by', 'text', (c) => c.notNull())
      .addColumn('updated_by', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('role_assignments_pk', ['tenant_id', 'assignment_id'])
      .addUniqueConstraint('role_assignments_triple', [
        'tenant_id',
        'principal_id',
        'role_definition_id',
        'scope_canonical',
      ])
      .execute();
    await schema
      .createIndex('role_assignments_scope')
      .on('role_assignments')
      .columns(['tenant_id', 'scope_canonical'])
      .execute();

    await schema
      .createTable('vault_secrets')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('vault_canonical', 'text', (c) => c.notNull())
      .addColumn('name_canonical', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('current_version', 'text', (c) => c.notNull())
      .addColumn('deleted_at', 'bigint')
      .addColumn('scheduled_purge_at', 'bigint')
      .addPrimaryKeyConstraint('vault_secrets_pk', ['tenant_id', 'vault_canonical', 'name_canonical'])
      .execute();

    await schema
      .createTable('vault_secret_versions')
      .addColumn('sequence', types.sequence, types.asSequence)
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('vault_canonical', 'text', (c) => c.notNull())
      .addColumn('name_canonical', 'text', (c) => c.notNull())
      .addColumn('version', 'text', (c) => c.notNull())
      .addColumn('value_sealed', types.bytes, (c) => c.notNull())
      .addColumn('content_type', 'text')
      .addColumn('tags', 'text')
      .addColumn('enabled', 'integer', (c) => c.notNull())
      .addColumn('not_before', 'bigint')
      .addColumn('expires', 'bigint')
      .addColumn('created', 'bigint', (c) => c.notNull())
      .addColumn('updated', 'bigint', (c) => c.notNull())
      .addUniqueConstraint('vault_secret_versions_version', [
        'tenant_id',
        'vault_canonical',
        'name_canonical',
        'version',
      ])
      .execute();

    await schema
      .createTable('change_log')
      .addColumn('seq', types.sequence, types.asSequence)
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('key', 'text', (c) => c.notNull())
      .addColumn('at', 'bigint', (c) => c.notNull())
      .execute();
    await schema.createIndex('change_log_at').on('change_log').column('at').execute();
    const { transactionId } = types;
    if (transactionId === undefined) return;
    await schema
      .alterTable('change_log')
      .addColumn('xid', transactionId.type, (c) => c.notNull().defaultTo(transactionId.current))
      .execute();
    await schema.createIndex('change_log_xid').on('change_log').column('xid').execute();
  },
};
