import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type AzureCli, azureCli } from '../support/azure-cli.ts';
import { notAsked } from '../support/client-packages.ts';

const group = ['--resource-group', 'from-az'];
const password = [
  ...['--admin-username', 'someone', '--admin-password', 'PasswordPassword1!'],
  ...['--authentication-type', 'password', '--image', 'Debian:debian-12:12-gen2:latest'],
];

describe('the Azure CLI', { skip: notAsked('azure-cli') }, () => {
  let cli: AzureCli;
  let az: ReturnType<AzureCli['as']>;
  let identity: string;
  before(async () => {
    cli = await azureCli();
    az = await cli.asOperator();
    await az('group', 'create', '--name', 'from-az', '--location', 'westus');
    ({ id: identity } = await az('identity', 'create', ...group, '--name', 'id1'));
  });
  after(() => cli?.[Symbol.asyncDispose]());

  test('az makes a virtual machine with its network and an identity, and shows, stops and starts it', async () => {
    const made = await az('vm', 'create', ...group, '--name', 'machine', ...password, '--assign-identity');
    assert.equal(made.privateIpAddress, '10.0.0.4');
    assert.match(made.publicIpAddress, /^(192\.0\.2|198\.51\.100|203\.0\.113)\./);
    assert.equal(made.powerState, 'VM running');
    const vm = ['--name', 'machine', ...group];
    const shown = await az('vm', 'show', '--show-details', ...vm);
    assert.equal(shown.identity.principalId, made.identity.systemAssignedIdentity);
    assert.equal(shown.privateIps, '10.0.0.4');
    const [addresses] = await az('vm', 'list-ip-addresses', ...vm);
    assert.equal(addresses.virtualMachine.network.publicIpAddresses[0].ipAddress, made.publicIpAddress);
    const assigned = await az('vm', 'identity', 'assign', ...vm, '--identities', identity);
    assert.equal(Object.keys(assigned.userAssignedIdentities).length, 1);
    await az('vm', 'identity', 'remove', ...vm, '--identities', identity);
    assert.equal((await az('vm', 'identity', 'show', ...vm)).type, 'SystemAssigned');
    const power = async () => (await az('vm', 'show', '--show-details', ...vm)).powerState;
    await az('vm', 'deallocate', ...vm);
    assert.equal(await power(), 'VM deallocated');
    await az('vm', 'start', ...vm);
    assert.equal(await power(), 'VM running');
    await az('vm', 'delete', ...vm, '--yes');
    assert.deepEqual(await az('vm', 'list', ...group), []);
  });

  test('az makes a scale set with an identity, scales it, and assigns and removes another', async () => {
    const set = ['--name', 'set1', ...group];
    const { vmss } = await az(
      ...['vmss', 'create', ...set, ...password, '--assign-identity', '--orchestration-mode', 'Uniform'],
      ...['--instance-count', '2', '--upgrade-policy-mode', 'manual'],
    );
    const instances = async () => await az('vmss', 'list-instances', ...set, '--query', '[].instanceId');
    assert.deepEqual(await instances(), ['0', '1']);
    await az('vmss', 'identity', 'assign', ...set, '--identities', identity);
    const both = await az('vmss', 'identity', 'show', ...set);
    assert.equal(both.type, 'SystemAssigned, UserAssigned');
    assert.equal(both.principalId, vmss.identity.systemAssignedIdentity);
    await az('vmss', 'scale', ...set, '--new-capacity', '3');
    await az('vmss', 'update-instances', ...set, '--instance-ids', '*');
    await az('vmss', 'delete-instances', ...set, '--instance-ids', '0');
    assert.deepEqual(await instances(), ['1', '2']);
    await az('vmss', 'delete', ...set);
  });

  test('az makes a web site with a plan, its settings, a slot and identities', async () => {
    const site = ['--name', 'site-from-az', ...group];
    await az('appservice', 'plan', 'create', ...group, '--name', 'plan1', '--is-linux', '--sku', 'B1');
    await az('webapp', 'create', ...site, '--plan', 'plan1', '--runtime', 'NODE:22-lts');
    const shown = await az('webapp', 'show', ...site);
    assert.deepEqual(
      [shown.defaultHostName, shown.siteConfig.linuxFxVersion],
      ['site-from-az.azurewebsites.net', 'NODE|22-lts'],
    );
    const own = await az('webapp', 'identity', 'assign', ...site);
    const both = await az('webapp', 'identity', 'assign', ...site, '--identities', identity);
    assert.equal(both.type, 'SystemAssigned, UserAssigned');
    assert.equal(both.principalId, own.principalId);
    await az('webapp', 'config', 'appsettings', 'set', ...site, '--settings', 'A=1', 'B=2');
    await az('webapp', 'config', 'appsettings', 'delete', ...site, '--setting-names', 'A');
    const settings = await az('webapp', 'config', 'appsettings', 'list', ...site);
    assert.deepEqual(
      settings.map(({ name, value }: { name: string; value: string }) => [name, value]),
      [['B', '2']],
    );
    await az('webapp', 'deployment', 'slot', 'create', ...site, '--slot', 'staging');
    const ofSlot = await az('webapp', 'identity', 'assign', ...site, '--slot', 'staging');
    assert.notEqual(ofSlot.principalId, own.principalId);
    const slots = await az('webapp', 'deployment', 'slot', 'list', ...site, '--query', '[].name');
    assert.deepEqual(slots, ['staging']);
    await az('webapp', 'delete', ...site);
  });

  test('az makes containers with identities: a group of them, and an app in its environment', async () => {
    const instance = ['--name', 'containers', ...group];
    const made = await az(
      ...['container', 'create', ...instance, '--image', 'alpine', '--os-type', 'Linux', '--cpu', '1'],
      ...['--memory', '1', '--assign-identity', '--secure-environment-variables', 'A=canary'],
    );
    assert.ok(made.identity.principalId);
    assert.ok(!JSON.stringify(await az('container', 'show', ...instance)).includes('canary'));
    await az('container', 'stop', ...instance);
    await az('container', 'start', ...instance);
    await az('container', 'delete', ...instance, '--yes');

    const app = ['--name', 'app1', ...group];
    await az(
      ...['containerapp', 'env', 'create', '--name', 'env1', ...group, '--logs-destination', 'none'],
      ...['--location', 'westus'],
    );
    await az(
      ...['containerapp', 'create', ...app, '--environment', 'env1', '--image', 'nginx', '--system-assigned'],
      ...['--secrets', 'db=x'],
    );
    const both = await az('containerapp', 'identity', 'assign', ...app, '--user-assigned', identity);
    assert.equal(both.type, 'SystemAssigned, UserAssigned');
    const [secret] = await az('containerapp', 'secret', 'list', ...app, '--show-values');
    assert.deepEqual([secret.name, secret.value], ['db', 'x']);
    await az('containerapp', 'delete', ...app, '--yes');
  });
});
