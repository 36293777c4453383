import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ComputeManagementClient } from '@azure/arm-compute';
import { azureCredential, collect } from '../support/azure-clients.ts';
import { type TestManagement, testManagement } from '../support/management.ts';
import { specifiedClient } from '../support/specified-answers.ts';

const image = { publisher: 'Debian', offer: 'debian-12', sku: '12-gen2', version: 'latest' };

/** What `az vm create` sends, less its network. */
function machine() {
  return {
    location: 'westus',
    identity: { type: 'SystemAssigned' as const },
    zones: ['1'],
    hardwareProfile: { vmSize: 'Standard_DS1_v2' },
    storageProfile: {
      osDisk: { createOption: 'fromImage' as const, caching: 'ReadWrite' as const },
      imageReference: image,
    },
    osProfile: { computerName: 'vm1', adminUsername: 'someone', adminPassword: 'canary-Password1' },
  };
}

async function compute(m: TestManagement) {
  const { owner, subscriptionId } = m.home;
  await m.ask('PUT', `/subscriptions/${subscriptionId}/resourceGroups/rg1?api-version=2022-09-01`, {
    as: owner,
    body: { location: 'westus' },
  });
  const { options, violations } = specifiedClient(m);
  return { client: new ComputeManagementClient(azureCredential(owner), subscriptionId, options), violations };
}

describe('a virtual machine, through the official client', () => {
  test('is completed as Azure completes it, and never shows its password', async () => {
    await using m = await testManagement();
    const { client, violations } = await compute(m);
    const vm = await client.virtualMachines.createOrUpdate('rg1', 'vm1', machine());
    assert.match(vm.vmId ?? '', /^[0-9a-f-]{36}$/);
    assert.equal(vm.provisioningState, 'Succeeded');
    assert.deepEqual(vm.zones, ['1']);
    const { osDisk, imageReference, dataDisks } = vm.storageProfile ?? {};
    assert.equal(osDisk?.osType, 'Linux');
    assert.equal(osDisk?.createOption, 'FromImage');
    assert.match(osDisk?.name ?? '', /^vm1_OsDisk_1_[0-9a-f]{32}$/);
    assert.ok(
      osDisk?.managedDisk?.id?.endsWith(
        `/resourceGroups/rg1/providers/Microsoft.Compute/disks/${osDisk.name}`,
      ),
    );
    assert.ok(imageReference?.exactVersion);
    assert.deepEqual(dataDisks, []);
    assert.equal(vm.osProfile?.adminPassword, undefined);
    assert.equal(vm.osProfile?.linuxConfiguration?.provisionVMAgent, true);
    const stored = await m.database.read.selectFrom('resources').selectAll().execute();
    assert.ok(!JSON.stringify(stored).includes('canary-Password1'));

    const again = await client.virtualMachines.createOrUpdate('rg1', 'vm1', machine());
    assert.equal(again.vmId, vm.vmId);
    assert.equal(again.storageProfile?.osDisk?.name, osDisk?.name);
    assert.equal(again.identity?.principalId, vm.identity?.principalId);
    assert.notEqual(again.etag, vm.etag);

    const patched = await client.virtualMachines.update('rg1', 'vm1', {
      hardwareProfile: { vmSize: 'Standard_B2s' },
      tags: { a: 'b' },
    });
    assert.equal(patched.hardwareProfile?.vmSize, 'Standard_B2s');
    assert.equal(patched.storageProfile?.osDisk?.name, osDisk?.name);
    await client.virtualMachines.delete('rg1', 'vm1');
    assert.deepEqual(await collect(client.virtualMachines.list('rg1')), []);
    assert.deepEqual(violations, []);
  });

  test('is stopped, deallocated, generalized and started, and tells so in its instance view', async () => {
    await using m = await testManagement();
    const { client, violations } = await compute(m);
    const { virtualMachines } = client;
    await virtualMachines.createOrUpdate('rg1', 'vm1', machine());
    const power = async () =>
      (await virtualMachines.instanceView('rg1', 'vm1')).statuses?.map(({ code }) => code).slice(1);
    assert.deepEqual(await power(), ['PowerState/running']);
    await assert.rejects(virtualMachines.generalize('rg1', 'vm1'), { code: 'OperationNotAllowed' });
    await virtualMachines.powerOff('rg1', 'vm1');
    assert.deepEqual(await power(), ['PowerState/stopped']);
    await virtualMachines.start('rg1', 'vm1');
    await virtualMachines.restart('rg1', 'vm1');
    await virtualMachines.redeploy('rg1', 'vm1');
    await virtualMachines.reapply('rg1', 'vm1');
    assert.deepEqual(await power(), ['PowerState/running']);
    await virtualMachines.deallocate('rg1', 'vm1');
    // a write leaves a machine as it is
    await virtualMachines.update('rg1', 'vm1', { tags: { a: 'b' } });
    await virtualMachines.createOrUpdate('rg1', 'vm1', machine());
    assert.deepEqual(await power(), ['PowerState/deallocated']);
    await virtualMachines.generalize('rg1', 'vm1');
    assert.deepEqual(await power(), ['OSState/generalized', 'PowerState/deallocated']);
    await assert.rejects(virtualMachines.start('rg1', 'vm1'), {
      statusCode: 409,
      code: 'OperationNotAllowed',
    });
    const { instanceView } = await virtualMachines.get('rg1', 'vm1', { expand: 'instanceView' });
    assert.equal(instanceView?.hyperVGeneration, 'V2');
    assert.equal(instanceView?.disks?.length, 1);
    assert.deepEqual(violations, []);
  });

  test('is acted upon by those alone who may, and not where it is not there', async () => {
    await using m = await testManagement();
    const { client } = await compute(m);
    await client.virtualMachines.createOrUpdate('rg1', 'vm1', machine());
    const reader = await m.application(m.home, 'reader');
    await m.assign(m.home, reader, 'Reader', `/subscriptions/${m.home.subscriptionId}`);
    const readers = new ComputeManagementClient(
      azureCredential(reader),
      m.home.subscriptionId,
      specifiedClient(m).options,
    );
    await assert.rejects(readers.virtualMachines.deallocate('rg1', 'vm1'), {
      statusCode: 403,
      code: 'AuthorizationFailed',
    });
    await assert.rejects(client.virtualMachines.start('rg1', 'vm2'), {
      statusCode: 404,
      code: 'ResourceNotFound',
    });
    const view = await client.virtualMachines.instanceView('rg1', 'vm1');
    assert.equal(view.statuses?.[1]?.code, 'PowerState/running');
  });

  test('finds sizes, SKUs and images to choose from', async () => {
    await using m = await testManagement();
    const { client, violations } = await compute(m);
    const sizes = await collect(client.virtualMachineSizes.list('westus'));
    assert.ok(sizes.some(({ name, numberOfCores }) => name === 'Standard_DS1_v2' && numberOfCores === 1));
    const skus = await collect(client.resourceSkus.list({ filter: "location eq 'West US'" }));
    assert.ok(skus.length >= sizes.length);
    assert.ok(
      skus.every(({ locations, restrictions }) => locations?.[0] === 'westus' && restrictions?.length === 0),
    );
    const everywhere = await collect(client.resourceSkus.list());
    assert.ok(everywhere.length > skus.length * 20);
    const { publisher, offer, sku } = image;
    const images = client.virtualMachineImages;
    assert.ok((await images.listPublishers('westus')).some(({ name }) => name === publisher));
    assert.ok((await images.listOffers('westus', publisher)).some(({ name }) => name === offer));
    assert.deepEqual(
      (await images.listSkus('westus', publisher, offer)).map(({ name }) => name),
      [sku],
    );
    const [version] = await images.list('westus', publisher, offer, sku, { top: 1, orderby: 'name desc' });
    assert.ok(version?.name);
    const { osDiskImage, hyperVGeneration } = await images.get('westus', publisher, offer, sku, version.name);
    assert.deepEqual([osDiskImage?.operatingSystem, hyperVGeneration], ['Linux', 'V2']);
    await assert.rejects(images.listOffers('westus', 'nobody'), { statusCode: 404 });
    await client.virtualMachines.createOrUpdate('rg1', 'vm1', machine());
    const available = await collect(client.virtualMachines.listAvailableSizes('rg1', 'vm1'));
    assert.equal(available.length, sizes.length);
    assert.deepEqual(violations, []);
  });
});
