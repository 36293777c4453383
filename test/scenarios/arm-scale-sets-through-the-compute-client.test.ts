import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ComputeManagementClient } from '@azure/arm-compute';
import { azureCredential, collect } from '../support/azure-clients.ts';
import { type TestManagement, testManagement } from '../support/management.ts';
import { specifiedClient } from '../support/specified-answers.ts';

async function compute(m: TestManagement) {
  const { owner, subscriptionId } = m.home;
  const group = `/subscriptions/${subscriptionId}/resourceGroups/rg1`;
  await m.ask('PUT', `${group}?api-version=2022-09-01`, { as: owner, body: { location: 'westus' } });
  const identity = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1`;
  await m.ask('PUT', `${identity}?api-version=2023-01-31`, { as: owner, body: { location: 'westus' } });
  const { options, violations } = specifiedClient(m);
  const client = new ComputeManagementClient(azureCredential(owner), subscriptionId, options);
  const { virtualMachineScaleSets: sets, virtualMachineScaleSetVMs: instances } = client;
  const numbers = async () =>
    (await collect(instances.list('rg1', 'set1'))).map(({ instanceId }) => instanceId);
  return { sets, instances, numbers, violations, group, identity };
}

/** What `az vmss create` sends, less its network. */
const model = {
  location: 'westus',
  sku: { name: 'Standard_DS1_v2', capacity: 2 },
  identity: { type: 'SystemAssigned' as const },
  overprovision: true,
  upgradePolicy: { mode: 'Manual' as const },
  orchestrationMode: 'Uniform' as const,
  virtualMachineProfile: {
    storageProfile: {
      osDisk: { createOption: 'FromImage' as const, caching: 'ReadWrite' as const },
      imageReference: { publisher: 'Debian', offer: 'debian-12', sku: '12-gen2', version: 'latest' },
    },
    osProfile: { computerNamePrefix: 'set1x', adminUsername: 'someone', adminPassword: 'canary-Password1' },
  },
};
const fast = { updateIntervalInMs: 1 };

describe('a scale set, through the official client', () => {
  test('has as many instances as its capacity says, which share its identity', async () => {
    await using m = await testManagement();
    const { sets, instances, numbers, violations } = await compute(m);
    const set = await sets.createOrUpdate('rg1', 'set1', model);
    assert.deepEqual(
      [set.provisioningState, set.sku?.tier, set.sku?.capacity, set.upgradePolicy?.mode],
      ['Succeeded', 'Standard', 2, 'Manual'],
    );
    assert.match(set.uniqueId ?? '', /^[0-9a-f-]{36}$/);
    assert.equal(set.virtualMachineProfile?.storageProfile?.osDisk?.osType, 'Linux');
    assert.deepEqual(await numbers(), ['0', '1']);
    const one = await instances.get('rg1', 'set1', '1', { expand: 'instanceView' });
    assert.deepEqual(
      [one.name, one.osProfile?.computerName, one.sku?.name],
      ['set1_1', 'set1x000001', 'Standard_DS1_v2'],
    );
    assert.match(one.vmId ?? '', /^[0-9a-f-]{36}$/);
    assert.equal(one.identity?.principalId, set.identity?.principalId);
    assert.equal(one.instanceView?.statuses?.[1]?.code, 'PowerState/running');
    assert.ok(!JSON.stringify([set, one]).includes('canary'));
    const stored = await m.database.read.selectFrom('resources').selectAll().execute();
    assert.ok(!JSON.stringify(stored).includes('canary'));

    const more = await sets.update('rg1', 'set1', { sku: { capacity: 4 } });
    assert.deepEqual([more.sku?.name, more.sku?.capacity], ['Standard_DS1_v2', 4]);
    assert.deepEqual(await numbers(), ['0', '1', '2', '3']);
    await sets.update('rg1', 'set1', { sku: { capacity: 1 } });
    await sets.update('rg1', 'set1', { sku: { capacity: 2 } });
    assert.deepEqual(await numbers(), ['0', '4'], 'numbers do not come again');
    const listed = await m.ask(
      'GET',
      `/subscriptions/${m.home.subscriptionId}/resources?api-version=2021-04-01`,
      { as: m.home.owner },
    );
    assert.ok(!listed.text.includes('virtualMachines/'), 'instances are in no list of resources');
    await sets.delete('rg1', 'set1', fast);
    const left = await m.database.read
      .selectFrom('resources')
      .select('type')
      .where('type', 'like', 'Microsoft.Compute/%')
      .execute();
    assert.deepEqual(left, []);
    assert.deepEqual(violations, []);
  });

  test('is stopped and started as a whole and one by one, and counts how its instances are', async () => {
    await using m = await testManagement();
    const { sets, instances, violations } = await compute(m);
    await sets.createOrUpdate('rg1', 'set1', model);
    const summary = async () =>
      Object.fromEntries(
        ((await sets.getInstanceView('rg1', 'set1')).virtualMachine?.statusesSummary ?? []).map(
          ({ code, count }) => [code, count],
        ),
      );
    await sets.powerOff('rg1', 'set1', { ...fast, vmInstanceIDs: { instanceIds: ['0'] } });
    assert.deepEqual(await summary(), {
      'ProvisioningState/succeeded': 2,
      'PowerState/stopped': 1,
      'PowerState/running': 1,
    });
    await sets.deallocate('rg1', 'set1', fast);
    assert.equal((await summary())['PowerState/deallocated'], 2);
    await instances.start('rg1', 'set1', '1', fast);
    const view = await instances.getInstanceView('rg1', 'set1', '1');
    assert.equal(view.statuses?.at(-1)?.code, 'PowerState/running');
    await assert.rejects(sets.start('rg1', 'set1', { vmInstanceIDs: { instanceIds: ['7'] } }), {
      statusCode: 400,
      code: 'InvalidParameter',
    });
    assert.ok((await collect(sets.listSkus('rg1', 'set1'))).length > 5);
    assert.deepEqual(violations, []);
  });

  test('loses instances that are deleted from its capacity', async () => {
    await using m = await testManagement();
    const { sets, instances, numbers, violations } = await compute(m);
    await sets.createOrUpdate('rg1', 'set1', { ...model, sku: { ...model.sku, capacity: 4 } });
    await instances.delete('rg1', 'set1', '0', fast);
    await sets.deleteInstances('rg1', 'set1', { instanceIds: ['2'] }, fast);
    assert.deepEqual(await numbers(), ['1', '3']);
    assert.equal((await sets.get('rg1', 'set1')).sku?.capacity, 2);
    await assert.rejects(instances.get('rg1', 'set1', '0'), { statusCode: 404 });
    // a write that says nothing of the capacity leaves it
    await sets.createOrUpdate('rg1', 'set1', { ...model, sku: { name: 'Standard_DS1_v2' } });
    assert.deepEqual(await numbers(), ['1', '3']);
    assert.deepEqual(violations, []);
  });

  test('of the manual policy applies a changed model when it is told to', async () => {
    await using m = await testManagement();
    const { sets, instances, violations } = await compute(m);
    await sets.createOrUpdate('rg1', 'set1', model);
    const latest = async () =>
      (await collect(instances.list('rg1', 'set1'))).map(({ latestModelApplied }) => latestModelApplied);
    assert.deepEqual(await latest(), [true, true]);
    await sets.update('rg1', 'set1', { tags: { a: 'b' } });
    assert.deepEqual(await latest(), [true, true]);
    await sets.update('rg1', 'set1', { sku: { name: 'Standard_DS2_v2' } });
    assert.deepEqual(await latest(), [false, false]);
    await sets.updateInstances('rg1', 'set1', { instanceIds: ['1'] }, fast);
    assert.deepEqual(await latest(), [false, true]);
    await sets.updateInstances('rg1', 'set1', { instanceIds: ['*'] }, fast);
    assert.deepEqual(await latest(), [true, true]);
    assert.deepEqual(violations, []);
  });

  test('takes and loses identities as az vmss identity assigns and removes them', async () => {
    await using m = await testManagement();
    const { sets, instances, identity } = await compute(m);
    await sets.createOrUpdate('rg1', 'set1', model);
    const both = await sets.update('rg1', 'set1', {
      identity: { type: 'SystemAssigned, UserAssigned', userAssignedIdentities: { [identity]: {} } },
    });
    assert.equal(both.identity?.type, 'SystemAssigned, UserAssigned');
    const [instance] = await collect(instances.list('rg1', 'set1'));
    assert.deepEqual(instance?.identity, both.identity);
    const none = await sets.update('rg1', 'set1', { identity: { type: 'None' } });
    assert.equal(none.identity, undefined);
  });

  test('is refused with a capacity that none can have', async () => {
    await using m = await testManagement();
    const { group } = await compute(m);
    for (const capacity of [-1, 1.5, 1001, '2', {}]) {
      const reply = await m.ask(
        'PUT',
        `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/set1?api-version=2024-07-01`,
        { as: m.home.owner, body: { location: 'westus', sku: { name: 'Standard_DS1_v2', capacity } } },
      );
      assert.equal(reply.status, 400, JSON.stringify(capacity));
    }
    const nowhere = await m.ask(
      'GET',
      `${group}/providers/Microsoft.Compute/virtualMachineScaleSets/none/virtualMachines?api-version=2024-07-01`,
      { as: m.home.owner },
    );
    assert.equal(nowhere.body.error.code, 'ParentResourceNotFound');
  });
});
