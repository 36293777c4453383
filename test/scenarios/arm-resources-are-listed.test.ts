import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ResourceManagementClient } from '@azure/arm-resources';
import { azureClientOptions, azureCredential, collect, type SeenRequest } from '../support/azure-clients.ts';
import { type TestManagement, testManagement } from '../support/management.ts';

const groups = 'api-version=2022-09-01';

/** Two groups with machines and vaults in them. */
async function furnish(m: TestManagement) {
  const { subscriptionId, tenantId, owner: as } = m.home;
  const subscription = `/subscriptions/${subscriptionId}`;
  const put = async (path: string, body: object) => {
    const reply = await m.ask('PUT', `${subscription}${path}`, { as, body });
    assert.ok(reply.status < 300, reply.text);
    return reply.body;
  };
  await put(`/resourceGroups/rg-one?${groups}`, { location: 'westus', tags: { env: 'test', Team: 'red' } });
  await put(`/resourceGroups/rg-two?${groups}`, { location: 'westus', tags: { env: 'prod' } });
  const vm = (group: string, name: string, body: object) =>
    put(
      `/resourceGroups/${group}/providers/Microsoft.Compute/virtualMachines/${name}?api-version=2024-07-01`,
      {
        location: 'westus',
        ...body,
      },
    );
  const web = await vm('rg-one', 'Web_1', {
    identity: { type: 'SystemAssigned' },
    tags: { env: 'test', tier: 'web' },
  });
  await vm('rg-one', 'webx1', { tags: { env: 'prod', tier: 'test' } });
  await vm('rg-two', 'db', { location: 'eastus', identity: { type: 'SystemAssigned' } });
  const vault = '/resourceGroups/rg-two/providers/Microsoft.KeyVault/vaults/listed-kv?api-version=2023-02-01';
  await put(vault, {
    location: 'westus',
    tags: { env: 'test' },
    properties: { tenantId, sku: { family: 'A', name: 'standard' } },
  });
  return { principalId: String(web.identity.principalId) };
}

describe('resources', () => {
  test('are found by every filter that Azure documents, through its own client', async () => {
    await using m = await testManagement();
    const { principalId } = await furnish(m);
    const client = new ResourceManagementClient(
      azureCredential(m.home.owner),
      m.home.subscriptionId,
      azureClientOptions(m),
    );
    const found = async (filter: string, group?: string) => {
      const pages =
        group === undefined
          ? client.resources.list({ filter })
          : client.resources.listByResourceGroup(group, { filter });
      return (await collect(pages)).map(({ name }) => name);
    };
    for (const [filter, names] of [
      ["resourceType eq 'microsoft.compute/VIRTUALMACHINES'", ['Web_1', 'webx1', 'db']],
      ["resourceType ne 'Microsoft.Compute/virtualMachines'", ['listed-kv']],
      ["name eq 'WEB_1'", ['Web_1']],
      ["location eq 'East US'", ['db']],
      ["resourceGroup eq 'RG-TWO'", ['db', 'listed-kv']],
      ["substringof('TWO', resourceGroup)", ['db', 'listed-kv']],
      ["substringof('sub', resourceGroup)", []],
      ["substringof('eb_', name)", ['Web_1']],
      ["substringof('%', name)", []],
      ["startswith(name, 'web')", ['Web_1', 'webx1']],
      ["tagName eq 'ENV'", ['Web_1', 'webx1', 'listed-kv']],
      ["tagName eq 'env' and tagValue eq 'test'", ['Web_1', 'listed-kv']],
      ["tagName eq 'tier' and tagValue eq 'prod'", []],
      ["startswith(tagName, 'ti')", ['Web_1', 'webx1']],
      ["identity/principalId eq '$'".replace('$', principalId.toUpperCase()), ['Web_1']],
      ['identity ne null', ['Web_1', 'db']],
      ["resourceType eq 'Microsoft.KeyVault/vaults' or name eq 'db'", ['db', 'listed-kv']],
      ["(name eq 'db' or name eq 'webx1') and location eq 'westus'", ['webx1']],
      ["name eq 'nothing'", []],
    ] as const) {
      assert.deepEqual(await found(filter), names, filter);
    }
    assert.deepEqual(await found("tagName eq 'env'", 'rg-two'), ['listed-kv']);
    assert.deepEqual(await found("resourceGroup eq 'rg-one'", 'rg-two'), []);

    for (const filter of ["size eq 'x'", 'name eq null', "identity eq 'SystemAssigned'", "tagValue ne 'x'"]) {
      await assert.rejects(found(filter), { statusCode: 400, code: 'InvalidFilterInQueryString' }, filter);
    }
  });

  test('are shown with their identities, and with their times where asked', async () => {
    await using m = await testManagement();
    const { principalId } = await furnish(m);
    const client = new ResourceManagementClient(
      azureCredential(m.home.owner),
      m.home.subscriptionId,
      azureClientOptions(m),
    );
    const [plain] = await collect(client.resources.list({ filter: "name eq 'Web_1'" }));
    assert.equal(plain?.identity?.type, 'SystemAssigned');
    assert.equal(plain?.identity?.principalId, principalId);
    assert.equal(plain?.identity?.tenantId, m.home.tenantId);
    assert.deepEqual(plain?.tags, { env: 'test', tier: 'web' });
    assert.equal(plain?.createdTime, undefined);
    const [expanded] = await collect(
      client.resources.list({
        filter: "name eq 'Web_1'",
        expand: 'createdTime,changedTime, provisioningState',
      }),
    );
    assert.ok(expanded?.createdTime instanceof Date);
    assert.ok(expanded?.changedTime instanceof Date);
    assert.equal(expanded?.provisioningState, 'Succeeded');
    const old = `/subscriptions/${m.home.subscriptionId}/resources?api-version=2015-11-01&$filter=${encodeURIComponent("resourceType eq 'Microsoft.KeyVault/vaults'")}`;
    const vaults = await m.ask('GET', old, { as: m.home.owner });
    assert.deepEqual(
      vaults.body.value.map((each: { name: string }) => each.name),
      ['listed-kv'],
    );
  });

  test('come in pages whose links are absolute and keep the filter', async () => {
    await using m = await testManagement();
    await furnish(m);
    const seen: SeenRequest[] = [];
    const client = new ResourceManagementClient(
      azureCredential(m.home.owner),
      m.home.subscriptionId,
      azureClientOptions(m, seen),
    );
    const names = (await collect(client.resources.list({ top: 1, filter: "tagName eq 'env'" }))).map(
      ({ name }) => name,
    );
    assert.deepEqual(names, ['Web_1', 'webx1', 'listed-kv']);
    assert.equal(seen.length, 3);
    for (const { path } of seen.slice(1)) assert.match(path, /(?:\$|%24)skiptoken=/i);
  });

  test('are no longer found by a tag that was taken off them', async () => {
    await using m = await testManagement();
    await furnish(m);
    const place = `/subscriptions/${m.home.subscriptionId}`;
    const vm = `${place}/resourceGroups/rg-one/providers/Microsoft.Compute/virtualMachines/Web_1?api-version=2024-07-01`;
    const as = m.home.owner;
    const tagged = async () => {
      const filter = encodeURIComponent("tagName eq 'tier'");
      const reply = await m.ask('GET', `${place}/resources?${groups}&$filter=${filter}`, { as });
      return reply.body.value.map((each: { name: string }) => each.name);
    };
    assert.deepEqual(await tagged(), ['Web_1', 'webx1']);
    await m.ask('PATCH', vm, { as, body: { tags: { other: 'x' } } });
    assert.deepEqual(await tagged(), ['webx1']);
    await m.ask('DELETE', vm.replace('Web_1', 'webx1'), { as });
    assert.deepEqual(await tagged(), []);
    await m.ask('PUT', vm.replace('Web_1', 'webx1'), { as, body: { location: 'westus' } });
    assert.deepEqual(await tagged(), []);
  });

  test('are shown to each caller as far as it may read them, as groups are (T3)', async () => {
    await using m = await testManagement();
    await furnish(m);
    const place = `/subscriptions/${m.home.subscriptionId}`;
    const vm = `${place}/resourceGroups/rg-one/providers/Microsoft.Compute/virtualMachines/webx1`;
    const worker = await m.application(m.home, 'worker');
    const names = async (path: string) => {
      const reply = await m.ask('GET', `${place}${path}?${groups}`, { as: worker });
      if (reply.status !== 200) return reply.status;
      return reply.body.value.map((each: { name: string }) => each.name);
    };
    const inOne = '/resourceGroups/rg-one/resources';
    for (const path of ['/resources', '/resourceGroups', inOne]) assert.equal(await names(path), 403, path);
    await m.assign(m.home, worker, 'Virtual Machine Contributor', vm);
    assert.deepEqual(await names('/resources'), ['webx1']);
    assert.deepEqual(await names(inOne), ['webx1']);
    assert.deepEqual(await names('/resourceGroups'), []);
    assert.equal(await names('/resourceGroups/rg-two/resources'), 403);
    await m.assign(m.home, worker, 'Reader', `${place}/resourceGroups/rg-two`);
    assert.deepEqual(await names('/resources'), ['webx1', 'db', 'listed-kv']);
    assert.deepEqual(await names('/resourceGroups'), ['rg-two']);
    const filter = encodeURIComponent("tagName eq 'env'");
    const filtered = await m.ask('GET', `${place}/resources?${groups}&$filter=${filter}`, { as: worker });
    assert.deepEqual(
      filtered.body.value.map((each: { name: string }) => each.name),
      ['webx1', 'listed-kv'],
    );
    // a right that is none to read shows nothing
    const user = await m.application(m.home, 'user');
    await m.assign(m.home, user, 'Key Vault Secrets User', `${place}/resourceGroups/rg-one`);
    const none = await m.ask('GET', `${place}/resources?${groups}`, { as: user });
    assert.deepEqual([none.status, none.body.value], [200, []]);
  });
});

describe('resource groups', () => {
  test('are found by their tags', async () => {
    await using m = await testManagement();
    await furnish(m);
    const client = new ResourceManagementClient(
      azureCredential(m.home.owner),
      m.home.subscriptionId,
      azureClientOptions(m),
    );
    const found = async (filter: string) =>
      (await collect(client.resourceGroups.list({ filter, top: 1 }))).map(({ name }) => name);
    assert.deepEqual(await found("tagName eq 'ENV'"), ['rg-one', 'rg-two']);
    assert.deepEqual(await found("tagName eq 'env' and tagValue eq 'test'"), ['rg-one']);
    assert.deepEqual(await found("tagName eq 'team' and tagValue eq 'test'"), []);
    await assert.rejects(found("resourceType eq 'x'"), { code: 'InvalidFilterInQueryString' });
  });
});
