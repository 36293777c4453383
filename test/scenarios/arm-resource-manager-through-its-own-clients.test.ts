import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ResourceManagementClient } from '@azure/arm-resources';
import { SubscriptionClient } from '@azure/arm-resources-subscriptions';
import { azureCredential, collect } from '../support/azure-clients.ts';
import { testManagement } from '../support/management.ts';
import { specifiedClient } from '../support/specified-answers.ts';

describe('every operation of the clients of the resource manager itself', () => {
  test('is answered as the official description says', async () => {
    await using m = await testManagement();
    const { subscriptionId, owner } = m.home;
    const { options, violations } = specifiedClient(m);
    const client = new ResourceManagementClient(azureCredential(owner), subscriptionId, options);
    const subscriptions = new SubscriptionClient(azureCredential(owner), options);
    const group = `/subscriptions/${subscriptionId}/resourceGroups/demo`;
    const account = `${group}/providers/Microsoft.Storage/storageAccounts/demo1`;
    const version = '2023-01-01';
    const body = { location: 'westeurope', kind: 'StorageV2', sku: { name: 'Standard_LRS' } };

    const { resourceGroups, resources, tagsOperations: tags, providers } = client;
    assert.equal((await resourceGroups.checkExistence('demo')).body, false);
    const made = await resourceGroups.createOrUpdate('demo', { location: 'West Europe', managedBy: group });
    assert.deepEqual([made.location, made.managedBy], ['westeurope', group]);
    await resourceGroups.createOrUpdate('other', { location: 'westeurope', tags: { env: 'test' } });
    assert.equal((await resourceGroups.checkExistence('demo')).body, true);
    const patched = await resourceGroups.update('demo', { tags: { env: 'demo' } });
    assert.deepEqual([patched.tags, patched.managedBy], [{ env: 'demo' }, group]);
    assert.equal((await resourceGroups.get('DEMO')).name, 'demo');
    assert.equal((await collect(resourceGroups.list({ top: 1 }))).length, 2);

    assert.equal((await resources.checkExistenceById(account, version)).body, false);
    await resources.createOrUpdateById(account, version, body);
    assert.equal((await resources.checkExistenceById(account, version)).body, true);
    await resources.updateById(account, version, { tags: { env: 'demo' } });
    const parts = ['demo', 'Microsoft.Storage', '', 'storageAccounts', 'demo1', version] as const;
    assert.deepEqual((await resources.get(...parts)).tags, { env: 'demo' });
    assert.equal((await resources.getById(account, version)).kind, 'StorageV2');
    assert.equal((await resources.checkExistence(...parts)).body, true);
    await resources.createOrUpdate(...parts, body);
    await resources.update(...parts, { tags: { env: 'test' } });
    const all = await collect(resources.list({ expand: 'createdTime,changedTime,provisioningState' }));
    assert.deepEqual(
      all.map(({ name }) => name),
      ['demo1'],
    );
    assert.equal((await collect(resources.listByResourceGroup('demo'))).length, 1);

    const exported = await resourceGroups.exportTemplate('demo', { resources: ['*'] });
    assert.ok(exported.template);
    const move = { resources: [account], targetResourceGroup: group.replace('demo', 'other') };
    await resources.validateMoveResources('demo', move);
    await resources.moveResources('demo', move);
    const moved = account.replace('/demo/', '/other/');
    await resources.deleteById(moved, version);
    await resources.delete(...parts);

    for (const scope of [`/subscriptions/${subscriptionId}`, group]) {
      await tags.createOrUpdateAtScope(scope, { properties: { tags: { a: 'b' } } });
      await tags.updateAtScope(scope, { operation: 'Merge', properties: { tags: { c: 'd' } } });
      await tags.getAtScope(scope);
      await tags.deleteAtScope(scope);
    }
    await tags.createOrUpdate('team');
    await tags.createOrUpdateValue('team', 'red');
    assert.equal((await collect(tags.list())).length, 2);
    await tags.deleteValue('team', 'red');
    await tags.delete('team');

    assert.ok((await collect(providers.list())).length > 0);
    await providers.get('Microsoft.Compute');
    await providers.register('Microsoft.Compute');
    const rights = (await collect(client.operations.list())).map(({ name }) => name);
    assert.ok(rights.includes('Microsoft.Resources/tags/write'));

    assert.equal((await collect(subscriptions.subscriptions.list())).length, 1);
    await subscriptions.subscriptions.get(subscriptionId);
    assert.ok((await collect(subscriptions.subscriptions.listLocations(subscriptionId))).length > 80);
    assert.equal((await collect(subscriptions.tenants.list())).length, 1);
    await subscriptions.checkResourceName({ resourceNameDefinition: { name: 'a', type: 'b' } });

    await resourceGroups.delete('demo');
    await resourceGroups.delete('other');
    assert.equal((await resourceGroups.checkExistence('demo')).body, false);
    // the description of subscriptions asks for a link on the last page as well, where Azure has none
    assert.deepEqual(
      violations.filter((each) => !each.endsWith('nextLink is missing')),
      [],
    );
  });
});
