import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type AzureCli, azureCli } from '../support/azure-cli.ts';
import { notAsked } from '../support/client-packages.ts';

describe('identities of machines and the Azure CLI', { skip: notAsked('azure-cli') }, () => {
  let cli: AzureCli;
  let asOperator: ReturnType<AzureCli['as']>;
  let group: string;
  const app = () => `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/app`;
  const inApps = ['--resource-group', 'apps'] as const;
  before(async () => {
    cli = await azureCli();
    asOperator = await cli.asOperator();
    group = (await asOperator('group', 'create', '--name', 'apps', '--location', 'westeurope')).id;
    await asOperator('identity', 'create', ...inApps, '--name', 'app');
  });
  after(() => cli?.[Symbol.asyncDispose]());

  test('az makes a machine with both kinds of identity and a role, and the machine signs in', async () => {
    const created = await asOperator(
      ...['vm', 'create', ...inApps, '--name', 'web', '--admin-username', 'someone', '--generate-ssh-keys'],
      ...['--image', 'Canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2:latest'],
      ...['--assign-identity', '[system]', app(), '--role', 'Reader', '--scope', group],
    );
    assert.equal(created.powerState, 'VM running');
    assert.match(created.privateIpAddress, /^10\.0\.0\.\d+$/);
    assert.match(created.publicIpAddress, /^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$/);
    const own = created.identity.systemAssignedIdentity;
    const [[attached, shared] = []] = Object.entries(created.identity.userAssignedIdentities) as [
      string,
      { readonly clientId: string },
    ][];
    assert.equal(attached?.toLowerCase(), app().toLowerCase());

    const ofOwn = ['--assignee', own, '--scope', group, '--query', '[].roleDefinitionName'];
    assert.deepEqual(await asOperator('role', 'assignment', 'list', ...ofOwn), ['Reader']);
    const carriers = await asOperator('identity', 'list-resources', ...inApps, '--name', 'app');
    assert.deepEqual(
      carriers.map(({ id }: { readonly id: string }) => id),
      [created.id],
    );
    const login = await cli.run('web', 'web', 'environment', 'login', '--identity');
    assert.equal(login.code, 0, login.stderr);
    const seen = await cli.as('web', 'web')('vm', 'list', ...inApps, '--query', '[].name');
    assert.deepEqual(seen, ['web']);
    const asApp = ['login', '--identity', '--client-id', shared?.clientId ?? '', '--allow-no-subscriptions'];
    const other = await cli.run('web-app', 'web', 'environment', ...asApp);
    assert.equal(other.code, 0, other.stderr);
  });

  test('az makes a machine by an alias of its image, and tells its password nowhere', async () => {
    const password = 'Correct-horse-1';
    const created = await asOperator(
      ...['vm', 'create', ...inApps, '--name', 'worker', '--image', 'Ubuntu2204', '--assign-identity'],
      ...['--admin-username', 'someone', '--admin-password', password],
    );
    assert.ok(created.identity.systemAssignedIdentity);
    const listed = await asOperator('vm', 'list', '--show-details', ...inApps);
    const worker = listed.find(({ name }: { readonly name: string }) => name === 'worker');
    assert.equal(worker.powerState, 'VM running');
    assert.equal(worker.publicIps, created.publicIpAddress);
    assert.equal(worker.storageProfile.imageReference.sku, '22_04-lts-gen2');
    assert.equal(worker.osProfile.adminUsername, 'someone');
    const deployments = await asOperator('deployment', 'group', 'list', ...inApps);
    assert.ok(deployments.length > 0);
    assert.ok(!JSON.stringify([created, listed, deployments]).includes(password));
  });

  test('az takes the identity of a machine away, and gives it another with a role, which ends with the machine', async () => {
    const identity = ['vm', 'identity'] as const;
    const ofWorker = [...inApps, '--name', 'worker'] as const;
    const { principalId } = await asOperator(...identity, 'show', ...ofWorker);
    await asOperator(...identity, 'remove', ...ofWorker);
    assert.equal((await asOperator('vm', 'show', ...ofWorker)).identity ?? null, null);
    const again = await asOperator(
      ...[...identity, 'assign', ...ofWorker, '--identities', '[system]', '--role', 'Reader'],
      ...['--scope', group],
    );
    assert.notEqual(again.systemAssignedIdentity, principalId);
    const roles = ['role', 'assignment', 'list', '--scope', group, '--query', '[].principalId'] as const;
    assert.ok((await asOperator(...roles)).includes(again.systemAssignedIdentity));
    await asOperator('vm', 'delete', ...ofWorker, '--yes');
    assert.ok(!(await asOperator(...roles)).includes(again.systemAssignedIdentity));
  });
});
