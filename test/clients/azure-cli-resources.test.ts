import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type AzureCli, azureCli } from '../support/azure-cli.ts';
import { notAsked } from '../support/client-packages.ts';

describe('resources and the Azure CLI', { skip: notAsked('azure-cli') }, () => {
  let cli: AzureCli;
  let asOperator: ReturnType<AzureCli['as']>;
  let group: string;
  let app: { readonly id: string; readonly clientId: string; readonly principalId: string };
  const inOrders = ['--resource-group', 'orders'] as const;
  before(async () => {
    cli = await azureCli();
    asOperator = await cli.asOperator();
    group = (await asOperator('group', 'create', '--name', 'orders', '--location', 'westeurope')).id;
    app = await asOperator('identity', 'create', ...inOrders, '--name', 'app', '--tags', 'tier=front');
  });
  after(() => cli?.[Symbol.asyncDispose]());

  test('az keeps a group that is locked, and deletes it once it is not', async () => {
    const made = await asOperator('group', 'create', '--name', 'kept', '--location', 'westeurope');
    const ofKept = ['--name', 'keep', '--resource-group', 'kept'] as const;
    const lock = await asOperator('lock', 'create', ...ofKept, '--lock-type', 'CanNotDelete');
    assert.equal(lock.id, `${made.id}/providers/Microsoft.Authorization/locks/keep`);
    const remove = ['group', 'delete', '--name', 'kept', '--yes'];
    const refused = await cli.run('operator', 'vm1', 'environment', ...remove);
    assert.match(refused.stderr, /\(ScopeLocked\) The scope .* cannot perform delete operation/);
    assert.equal(refused.code, 1);
    const locks = ['lock', 'list', '--resource-group', 'kept', '--query', '[].[name, level]'];
    assert.deepEqual(await asOperator(...locks), [['keep', 'CanNotDelete']]);
    await asOperator('lock', 'delete', ...ofKept);
    await asOperator(...remove);
    assert.equal(await asOperator('group', 'exists', '--name', 'kept'), false);
    const show = await cli.run('operator', 'vm1', 'environment', 'group', 'show', '--name', 'kept');
    assert.match(show.stderr, /\(ResourceGroupNotFound\)/);
    assert.equal(show.code, 3);
  });

  test('az assigns a role by its name to an identity by its client id, lists it, and takes it away', async () => {
    const assignment = ['role', 'assignment'] as const;
    const ofApp = ['--assignee', app.clientId, '--scope', group] as const;
    const made = await asOperator(...assignment, 'create', ...ofApp, '--role', 'Key Vault Reader');
    assert.equal(made.principalId, app.principalId);
    assert.equal(made.principalType, 'ServicePrincipal');
    const [listed] = await asOperator(...assignment, 'list', ...ofApp);
    assert.equal(listed.roleDefinitionName, 'Key Vault Reader');
    assert.equal(listed.principalName, app.clientId);
    // once more: the one that there is
    const again = await asOperator(...assignment, 'create', ...ofApp, '--role', 'Key Vault Reader');
    assert.equal(again.name, made.name);
    await asOperator(...assignment, 'delete', ...ofApp, '--role', 'Key Vault Reader');
    assert.deepEqual(await asOperator(...assignment, 'list', ...ofApp), []);
  });

  test('az makes a vault, sets a secret in it once it may, and reads it', async () => {
    const vault = ['--vault-name', 'orders-kv', '--name', 'greeting'] as const;
    const { id } = await asOperator('keyvault', 'create', ...inOrders, '--name', 'orders-kv');
    const set = ['keyvault', 'secret', 'set', ...vault, '--value', 'good evening'] as const;
    const refused = await cli.run('operator', 'vm1', 'environment', ...set);
    assert.match(refused.stderr, /\(Forbidden\) Caller is not authorized/);
    const { clientId } = cli.world.innate.ready.operator;
    await asOperator(
      ...['role', 'assignment', 'create', '--role', 'Key Vault Secrets Officer', '--scope', id],
      ...['--assignee', clientId],
    );
    assert.equal((await asOperator(...set)).value, 'good evening');
    assert.equal((await asOperator('keyvault', 'secret', 'show', ...vault)).value, 'good evening');
  });

  test('az tags resources, finds them by tag, and shows any resource by its id', async () => {
    const ofGroup = ['--resource-id', group] as const;
    await asOperator('tag', 'create', ...ofGroup, '--tags', 'team=blue');
    await asOperator('tag', 'update', ...ofGroup, '--operation', 'merge', '--tags', 'cost=low');
    const { properties } = await asOperator('tag', 'list', ...ofGroup);
    assert.deepEqual(properties.tags, { team: 'blue', cost: 'low' });
    assert.deepEqual((await asOperator('group', 'show', '--name', 'orders')).tags, properties.tags);
    const found = ['resource', 'list', '--tag', 'tier=front', '--query', '[].name'];
    assert.deepEqual(await asOperator(...found), ['app']);
    await asOperator('resource', 'tag', '--ids', app.id, '--tags', 'tier=back');
    const shown = await asOperator('resource', 'show', '--ids', app.id);
    assert.deepEqual(shown.tags, { tier: 'back' });
    assert.equal(shown.properties.clientId, app.clientId);
    assert.deepEqual(await asOperator(...found), []);
  });

  test('az moves a machine to another group, with its identity, but no user-assigned identity', async () => {
    await asOperator('group', 'create', '--name', 'elsewhere', '--location', 'westeurope');
    const { vm2 } = cli.world;
    const move = ['resource', 'move', '--destination-group', 'elsewhere', '--ids'] as const;
    await asOperator(...move, vm2.id);
    const moved = await asOperator('vm', 'show', '--resource-group', 'elsewhere', '--name', 'vm2');
    assert.equal(moved.identity.principalId, vm2.principalId);
    const names = ['resource', 'list', '--resource-group', 'elsewhere', '--query', '[].name'];
    assert.deepEqual(await asOperator(...names), ['vm2']);
    const refused = await cli.run('operator', 'vm1', 'environment', ...move, app.id);
    assert.match(refused.stderr, /\(ResourceMoveNotSupported\)/);
  });

  test('az lists providers, and registers one', async () => {
    const providers = await asOperator('provider', 'list', '--query', '[].namespace');
    for (const namespace of ['Microsoft.Compute', 'Microsoft.ManagedIdentity', 'Microsoft.KeyVault']) {
      assert.ok(providers.includes(namespace), namespace);
    }
    const batch = ['--namespace', 'Microsoft.Batch'] as const;
    const state = ['provider', 'show', ...batch, '--query', 'registrationState'] as const;
    await asOperator('provider', 'unregister', ...batch);
    assert.equal(await asOperator(...state), 'Unregistered');
    await asOperator('provider', 'register', ...batch);
    assert.equal(await asOperator(...state), 'Registered');
  });

  test('az makes a management group, and puts the subscription into it', async () => {
    const groups = ['account', 'management-group'] as const;
    const quietly = '--no-register';
    const made = await asOperator(...groups, 'create', '--name', 'production', quietly);
    assert.equal(made.displayName, 'production');
    const { subscriptionId, tenantId } = cli.world.innate.ready;
    const placed = ['--name', 'production', '--subscription', subscriptionId] as const;
    await asOperator(...groups, 'subscription', 'add', ...placed);
    const shown = await asOperator(...groups, 'show', '--name', 'production', '--expand', quietly);
    assert.equal(shown.details.parent.name, tenantId);
    assert.deepEqual(
      shown.children.map(({ name }: { readonly name: string }) => name),
      [subscriptionId],
    );
    await asOperator(...groups, 'subscription', 'remove', ...placed);
    await asOperator(...groups, 'delete', '--name', 'production', quietly);
    const left = await asOperator(...groups, 'list', quietly, '--query', '[].name');
    assert.deepEqual(left, [tenantId]);
  });
});
