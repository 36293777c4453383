import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ResourceManagementClient } from '@azure/arm-resources';
import { SubscriptionClient } from '@azure/arm-resources-subscriptions';
import { azureClientOptions, azureCredential, collect } from '../support/azure-clients.ts';
import { type TestManagement, testManagement } from '../support/management.ts';

async function furnish(m: TestManagement) {
  const { subscriptionId, owner: as } = m.home;
  const subscription = `/subscriptions/${subscriptionId}`;
  const group = `${subscription}/resourceGroups/Tagged`;
  const vm = `${group}/providers/Microsoft.Compute/virtualMachines/vm1`;
  await m.ask('PUT', `${group}?api-version=2022-09-01`, { as, body: { location: 'westus' } });
  await m.ask('PUT', `${vm}?api-version=2024-07-01`, { as, body: { location: 'westus' } });
  const options = azureClientOptions(m);
  const client = new ResourceManagementClient(azureCredential(as), subscriptionId, options);
  return { subscription, group, vm, client };
}

describe('tags', () => {
  test('are replaced, merged, taken off and removed at a subscription, a group and a resource', async () => {
    await using m = await testManagement();
    const { subscription, group, vm, client } = await furnish(m);
    for (const scope of [subscription, group, vm]) {
      const tags = client.tagsOperations;
      assert.deepEqual((await tags.getAtScope(scope)).properties.tags ?? {}, {}, scope);
      const put = await tags.createOrUpdateAtScope(scope, {
        properties: { tags: { Env: 'a', team: 'red' } },
      });
      assert.equal(put.id, `${scope}/providers/Microsoft.Resources/tags/default`);
      assert.equal(put.name, 'default');
      assert.equal(put.type, 'Microsoft.Resources/tags');
      const merged = await tags.updateAtScope(scope, {
        operation: 'Merge',
        properties: { tags: { ENV: 'b', more: 'x' } },
      });
      assert.deepEqual(merged.properties.tags, { Env: 'b', team: 'red', more: 'x' });
      const less = await tags.updateAtScope(scope, {
        operation: 'Delete',
        properties: { tags: { env: 'other', TEAM: 'red', more: '' } },
      });
      assert.deepEqual(less.properties.tags, { Env: 'b' });
      const replaced = await tags.updateAtScope(scope, {
        operation: 'Replace',
        properties: { tags: { only: 'one' } },
      });
      assert.deepEqual(replaced.properties.tags, { only: 'one' });
      assert.deepEqual((await tags.getAtScope(scope)).properties.tags, { only: 'one' });
    }
    const shown = await client.resources.getById(vm, '2024-07-01');
    assert.deepEqual(shown.tags, { only: 'one' });
    assert.deepEqual((await client.resourceGroups.get('tagged')).tags, { only: 'one' });
    const subscriptions = new SubscriptionClient(azureCredential(m.home.owner), azureClientOptions(m));
    const { subscriptionId } = m.home;
    assert.deepEqual((await subscriptions.subscriptions.get(subscriptionId)).tags, { only: 'one' });
    for (const scope of [subscription, group, vm]) {
      await client.tagsOperations.deleteAtScope(scope);
      assert.deepEqual((await client.tagsOperations.getAtScope(scope)).properties.tags ?? {}, {});
    }
  });

  test('that no resource can have are refused, and so are places that have none', async () => {
    await using m = await testManagement();
    const { subscription, group, vm } = await furnish(m);
    const as = m.home.owner;
    const path = (scope: string) =>
      `${scope}/providers/Microsoft.Resources/tags/default?api-version=2021-04-01`;
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, 'x']));
    for (const tags of [
      { 'a<b': 'x' },
      { 'a/b': 'x' },
      { 'a?': 'x' },
      { '': 'x' },
      { a: 'x'.repeat(257) },
      { ['a'.repeat(513)]: 'x' },
      { a: 'x', A: 'y' },
      { a: 1 },
      many(51),
    ]) {
      const reply = await m.ask('PUT', path(vm), { as, body: { properties: { tags } } });
      assert.equal(reply.status, 400, JSON.stringify(tags));
      assert.equal(reply.body.error.code, 'InvalidRequestContent');
    }
    const hidden = { 'hidden-link:/subscriptions/x': 'Resource' };
    const put = (tags: object) => m.ask('PUT', path(vm), { as, body: { properties: { tags } } });
    assert.equal((await put(hidden)).status, 200);
    assert.equal((await put(many(50))).status, 200);
    const over = await m.ask('PATCH', path(vm), {
      as,
      body: { operation: 'Merge', properties: { tags: { more: 'x' } } },
    });
    assert.equal(over.status, 400, 'a merge beyond the limit');
    const unknown = await m.ask('PATCH', path(vm), { as, body: { operation: 'Forget' } });
    assert.equal(unknown.status, 400);
    for (const [scope, status] of [
      [`${subscription}/resourceGroups/none`, 404],
      [`${group}/providers/Microsoft.Compute/virtualMachines/none`, 404],
      ['', 400],
    ] as const) {
      const reply = await m.ask('PUT', path(scope), { as, body: { properties: { tags: {} } } });
      assert.equal(reply.status, status, scope);
    }
  });

  test('are changed by whoever may change tags, without a right to the resource', async () => {
    await using m = await testManagement();
    const { group, vm } = await furnish(m);
    const tagger = await m.application(m.home, 'tagger');
    await m.assign(m.home, tagger, 'Tag Contributor', group);
    const path = `${vm}/providers/Microsoft.Resources/tags/default?api-version=2021-04-01`;
    const body = { properties: { tags: { a: 'b' } } };
    assert.equal((await m.ask('PUT', path, { as: tagger, body })).status, 200);
    const whole = await m.ask('PUT', `${vm}?api-version=2024-07-01`, {
      as: tagger,
      body: { location: 'westus' },
    });
    assert.equal(whole.status, 403);
    const nobody = await m.application(m.home, 'nobody');
    assert.equal((await m.ask('PUT', path, { as: nobody, body })).status, 403);
    assert.equal((await m.ask('GET', path, { as: nobody })).status, 403);
  });

  test('have their names listed, with those offered beforehand', async () => {
    await using m = await testManagement();
    const { vm, client } = await furnish(m);
    const tags = client.tagsOperations;
    const listed = async () =>
      (await collect(tags.list())).map(({ tagName, count, values }) => [
        tagName,
        count?.value,
        values?.map((each) => `${each.tagValue}:${each.count?.value}`),
      ]);
    await tags.createOrUpdateAtScope(vm, { properties: { tags: { env: 'test' } } });
    assert.equal((await tags.createOrUpdate('Team')).tagName, 'Team');
    assert.equal((await tags.createOrUpdateValue('team', 'red')).tagValue, 'red');
    assert.deepEqual(await listed(), [
      ['env', 1, ['test:1']],
      ['Team', 0, ['red:0']],
    ]);
    await assert.rejects(tags.createOrUpdateValue('none', 'x'), { statusCode: 404 });
    await assert.rejects(tags.delete('team'), { statusCode: 409 });
    await assert.rejects(tags.deleteValue('env', 'test'), { statusCode: 409 });
    await tags.deleteValue('team', 'red');
    await tags.deleteValue('team', 'red');
    await tags.delete('team');
    await tags.delete('team');
    assert.deepEqual(await listed(), [['env', 1, ['test:1']]]);
  });
});
