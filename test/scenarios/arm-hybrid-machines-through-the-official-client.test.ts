import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ComputeManagementClient } from '@azure/arm-compute';
import { HybridComputeManagementClient } from '@azure/arm-hybridcompute';
import { azureCredential, collect } from '../support/azure-clients.ts';
import { type TestManagement, testManagement } from '../support/management.ts';
import { specifiedClient } from '../support/specified-answers.ts';

async function place(m: TestManagement) {
  const { owner, subscriptionId } = m.home;
  const group = `/subscriptions/${subscriptionId}/resourceGroups/rg1`;
  await m.ask('PUT', `${group}?api-version=2022-09-01`, { as: owner, body: { location: 'westus' } });
  const { options, violations } = specifiedClient(m);
  const credential = azureCredential(owner);
  // its client only reads machines: agents make them
  const put = (name: string, body: object) =>
    m.ask('PUT', `${group}/providers/Microsoft.HybridCompute/machines/${name}?api-version=2021-05-20`, {
      as: owner,
      body: { location: 'westus', ...body },
    });
  return {
    ...{ put, violations },
    hybrid: new HybridComputeManagementClient(credential, subscriptionId, options),
    compute: new ComputeManagementClient(credential, subscriptionId, options),
  };
}

const settings = { fileUris: ['https://example.org/a.sh'] };
const protectedSettings = { commandToExecute: 'canary-command' };

describe('a hybrid machine, through the official client', () => {
  test('carries an identity of its own and no other, and tells its id and status', async () => {
    await using m = await testManagement();
    const { hybrid, put } = await place(m);
    const made = await put('server1', {
      identity: { type: 'SystemAssigned' },
      properties: { clientPublicKey: 'k' },
    });
    assert.equal(made.status, 200, made.text);
    const machine = await hybrid.machines.get('rg1', 'server1');
    assert.match(machine.properties?.vmId ?? '', /^[0-9a-f-]{36}$/);
    assert.deepEqual(
      [machine.properties?.status, machine.properties?.provisioningState],
      ['Connected', 'Succeeded'],
    );
    assert.ok(machine.identity?.principalId);
    assert.equal((await put('server1', {})).body.properties.vmId, machine.properties?.vmId);
    const refused = await put('server1', { identity: { type: 'UserAssigned', userAssignedIdentities: {} } });
    assert.equal(refused.status, 400);
    assert.equal((await collect(hybrid.machines.listByResourceGroup('rg1'))).length, 1);
    await hybrid.machines.delete('rg1', 'server1');
    assert.deepEqual(await collect(hybrid.machines.listBySubscription()), []);
  });
});

describe('an extension', () => {
  test('of a virtual machine keeps its settings, and none that are protected', async () => {
    await using m = await testManagement();
    const { compute, violations } = await place(m);
    const { virtualMachineExtensions: extensions } = compute;
    const body = {
      location: 'westus',
      publisher: 'Microsoft.Azure.Extensions',
      typePropertiesType: 'CustomScript',
      typeHandlerVersion: '2.1',
      settings,
      protectedSettings,
    };
    await assert.rejects(extensions.createOrUpdate('rg1', 'vm1', 'script', body), {
      code: 'ParentResourceNotFound',
    });
    await compute.virtualMachines.createOrUpdate('rg1', 'vm1', { location: 'westus' });
    const made = await extensions.createOrUpdate('rg1', 'vm1', 'script', body);
    assert.deepEqual([made.settings, made.provisioningState], [settings, 'Succeeded']);
    const read = await extensions.get('rg1', 'vm1', 'script', { expand: 'instanceView' });
    assert.equal(read.instanceView?.statuses?.[0]?.code, 'ProvisioningState/succeeded');
    const stored = await m.database.read.selectFrom('resources').selectAll().execute();
    assert.ok(!JSON.stringify([made, read, stored]).includes('canary'));
    assert.deepEqual(
      (await extensions.list('rg1', 'vm1')).value?.map(({ name }) => name),
      ['script'],
    );
    await extensions.delete('rg1', 'vm1', 'script');
    assert.deepEqual((await extensions.list('rg1', 'vm1')).value, []);
    assert.deepEqual(violations, []);
  });

  test('of a hybrid machine does so too', async () => {
    await using m = await testManagement();
    const { hybrid, put } = await place(m);
    await put('server1', {});
    const made = await hybrid.machineExtensions.beginCreateOrUpdateAndWait('rg1', 'server1', 'script', {
      location: 'westus',
      properties: {
        publisher: 'Microsoft.Azure.Extensions',
        type: 'CustomScript',
        settings,
        protectedSettings,
      },
    });
    assert.deepEqual(
      [made.properties?.settings, made.properties?.provisioningState],
      [settings, 'Succeeded'],
    );
    const stored = await m.database.read.selectFrom('resources').selectAll().execute();
    assert.ok(!JSON.stringify([made, stored]).includes('canary'));
    assert.equal((await collect(hybrid.machineExtensions.list('rg1', 'server1'))).length, 1);
    await hybrid.machineExtensions.beginDeleteAndWait('rg1', 'server1', 'script', { updateIntervalInMs: 1 });
    assert.deepEqual(await collect(hybrid.machineExtensions.list('rg1', 'server1')), []);
  });
});
