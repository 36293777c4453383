import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ContainerAppsAPIClient } from '@azure/arm-appcontainers';
import { ComputeManagementClient } from '@azure/arm-compute';
import { ResourceManagementClient } from '@azure/arm-resources';
import { azureClientOptions, azureCredential, collect } from '../support/azure-clients.ts';
import { testManagement } from '../support/management.ts';

async function place() {
  const m = await testManagement();
  const { owner, subscriptionId } = m.home;
  const parts = [azureCredential(owner), subscriptionId, azureClientOptions(m)] as const;
  const resources = new ResourceManagementClient(...parts);
  await resources.resourceGroups.createOrUpdate('rg1', { location: 'westus' });
  return {
    resources,
    compute: new ComputeManagementClient(...parts),
    containerApps: new ContainerAppsAPIClient(...parts),
    group: `/subscriptions/${subscriptionId}/resourceGroups/rg1`,
    [Symbol.asyncDispose]: () => m[Symbol.asyncDispose](),
  };
}

describe('a record of a type that nothing here serves', () => {
  test('is made, read, changed and deleted by its id', async () => {
    await using at = await place();
    const { resources } = at.resources;
    const id = `${at.group}/providers/Microsoft.Cache/redis/one`;
    const api = '2024-11-01';
    assert.equal((await resources.checkExistenceById(id, api)).body, false);
    const made = await resources.createOrUpdateById(id, api, {
      location: 'West US',
      tags: { a: 'b' },
      identity: { type: 'SystemAssigned' },
      properties: { sku: { name: 'Basic', family: 'C', capacity: 0 } },
    });
    assert.equal(made.id, id);
    assert.equal(made.properties?.['provisioningState'], 'Succeeded');
    assert.ok(made.identity?.principalId);
    assert.equal((await resources.checkExistenceById(id, api)).body, true);
    const changed = await resources.updateById(id, api, { tags: { c: 'd' } });
    assert.deepEqual(changed.tags, { c: 'd' });
    assert.deepEqual(changed.properties?.['sku'], made.properties?.['sku']);
    const read = await resources.getById(id, api);
    assert.deepEqual(read, changed);
    // az's way to change: what was read is sent back
    const again = await resources.createOrUpdateById(id, api, { ...read, tags: {} });
    assert.equal(again.identity?.principalId, made.identity?.principalId);
    await resources.deleteById(id, api);
    assert.equal((await resources.checkExistenceById(id, api)).body, false);
    await assert.rejects(resources.getById(id, api), { statusCode: 404, code: 'ResourceNotFound' });
  });

  test('is made, read, changed and deleted by the parts of its id, also within another', async () => {
    await using at = await place();
    const { resources } = at.resources;
    const account = ['rg1', 'Microsoft.Storage', '', 'storageAccounts', 'one', '2023-01-01'] as const;
    const service = [
      ...['rg1', 'Microsoft.Storage', 'storageAccounts/one', 'blobServices', 'default', '2023-01-01'],
    ] as unknown as typeof account;
    await resources.createOrUpdate(...account, { location: 'westus', kind: 'StorageV2', sku: { name: 'S' } });
    const made = await resources.createOrUpdate(...service, { properties: { isVersioningEnabled: true } });
    assert.equal(made.type, 'Microsoft.Storage/storageAccounts/blobServices');
    assert.equal((await resources.checkExistence(...service)).body, true);
    const updated = await resources.update(...account, { kind: 'BlobStorage' });
    assert.equal(updated.kind, 'BlobStorage');
    assert.equal((await resources.get(...account)).kind, 'BlobStorage');
    const listed = await collect(resources.listByResourceGroup('rg1'));
    assert.deepEqual(
      listed.map(({ name }) => name),
      ['one'],
    );
    await resources.delete(...account);
    assert.equal((await resources.checkExistence(...service)).body, false);
  });

  test('is handled by the clients of its own provider', async () => {
    await using at = await place();
    const { compute, containerApps } = at;
    const disk = await compute.disks.createOrUpdate('rg1', 'disk1', {
      location: 'westus',
      sku: { name: 'Premium_LRS' },
      creationData: { createOption: 'Empty' },
      diskSizeGB: 32,
    });
    assert.deepEqual(
      [disk.provisioningState, disk.diskSizeGB, disk.sku?.name],
      ['Succeeded', 32, 'Premium_LRS'],
    );
    const grown = await compute.disks.update('rg1', 'disk1', { diskSizeGB: 64 });
    assert.deepEqual([grown.diskSizeGB, grown.creationData?.createOption], [64, 'Empty']);
    assert.equal((await collect(compute.disks.list())).length, 1);
    await compute.disks.delete('rg1', 'disk1');
    assert.equal((await collect(compute.disks.listByResourceGroup('rg1'))).length, 0);

    const set = await compute.availabilitySets.createOrUpdate('rg1', 'set1', {
      location: 'westus',
      platformFaultDomainCount: 2,
    });
    assert.equal(set.platformFaultDomainCount, 2);
    const gallery = await compute.galleries.createOrUpdate('rg1', 'gallery1', {
      location: 'westus',
      identity: { type: 'SystemAssigned' },
    });
    assert.ok(gallery.identity?.principalId);
    await compute.galleryImages.createOrUpdate('rg1', 'gallery1', 'image1', {
      location: 'westus',
      osType: 'Linux',
      osState: 'Generalized',
      identifier: { publisher: 'p', offer: 'o', sku: 's' },
    });
    assert.equal((await collect(compute.galleryImages.listByGallery('rg1', 'gallery1'))).length, 1);
    await compute.galleries.delete('rg1', 'gallery1');
    await assert.rejects(compute.galleryImages.get('rg1', 'gallery1', 'image1'), { statusCode: 404 });

    const job = await containerApps.jobs.createOrUpdate('rg1', 'job1', {
      location: 'westus',
      identity: { type: 'SystemAssigned' },
      configuration: {
        triggerType: 'Manual',
        replicaTimeout: 60,
        secrets: [{ name: 'one', value: 'canary' }],
      },
    });
    assert.equal(JSON.stringify(job.configuration?.secrets), '[{"name":"one"}]');
    assert.ok(job.identity?.principalId);
    await containerApps.jobs.delete('rg1', 'job1');
  });
});
