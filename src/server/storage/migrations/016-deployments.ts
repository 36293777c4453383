import type { Migration } from '../migration.ts';

/** Deployments of templates, and what each did to each resource. */
export const deployments: Migration = {
  name: '016-deployments',
  async up(db, types) {
    const { schema } = db;

    await schema
      .createTable('deployments')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('canonical', 'text', (c) => c.notNull())
      .addColumn('scope_canonical', 'text', (c) => c.notNull())
      .addColumn('deployment_id', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('operation_id', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('mode', 'text', (c) => c.notNull())
      .addColumn('started_at', 'bigint', (c) => c.notNull())
      .addColumn('changed_at', 'bigint', (c) => c.notNull())
      .addColumn('shown', 'text', (c) => c.notNull())
      .addColumn('template_sealed', types.bytes, (c) => c.notNull())
      .addColumn('inputs_sealed', types.bytes)
      .addPrimaryKeyConstraint('deployments_key', ['tenant_id', 'canonical'])
      .execute();
    await schema
      .createIndex('deployments_scope')
      .on('deployments')
      .columns(['tenant_id', 'scope_canonical', 'started_at'])
      .execute();

    await schema
      .createTable('deployment_steps')
      .addColumn('tenant_id', 'text', (c) => c.notNull())
      .addColumn('deployment_canonical', 'text', (c) => c.notNull())
      .addColumn('step_id', 'text', (c) => c.notNull())
      .addColumn('instance', 'text', (c) => c.notNull())
      .addColumn('operation', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('started_at', 'bigint', (c) => c.notNull())
      .addColumn('changed_at', 'bigint', (c) => c.notNull())
      .addColumn('tracking_id', 'text', (c) => c.notNull())
      .addColumn('status_code', 'text')
      .addColumn('status_message', 'text')
      .addColumn('target', 'text')
      .addColumn('output_resources', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('deployment_steps_key', ['tenant_id', 'deployment_canonical', 'step_id'])
      .execute();

    // what a polled operation answers once it has succeeded
    await schema.alterTable('async_operations').addColumn('result', 'text').execute();
  },
};
