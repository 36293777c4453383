import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AsyncOperations } from '../../src/server/resource-manager/async-operations.ts';
import { type Body, type TestManagement, testManagement } from '../support/management.ts';

const groups = 'api-version=2022-09-01';
const version = 'api-version=2024-07-01';

function placeIn(m: TestManagement, name = 'rg1') {
  const group = `/subscriptions/${m.home.subscriptionId}/resourceGroups/${name}`;
  return { group, vm: (vm: string) => `${group}/providers/Microsoft.Compute/virtualMachines/${vm}` };
}

async function fill(m: TestManagement): Promise<readonly string[]> {
  const { group, vm } = placeIn(m);
  const as = m.home.owner;
  await m.ask('PUT', `${group}?${groups}`, { as, body: { location: 'westus' } });
  const principals: string[] = [];
  for (const name of ['vm1', 'vm2', 'vm3']) {
    const made = await m.ask('PUT', `${vm(name)}?${version}`, {
      as,
      body: { location: 'westus', identity: { type: 'SystemAssigned' } },
    });
    principals.push(made.body.identity.principalId);
  }
  return principals;
}

const pathOf = (address: unknown) => String(address).slice('https://management.azure.com'.length);

describe('a resource group', () => {
  test('is made, read, changed, found by tag, and gone', async () => {
    await using m = await testManagement();
    const as = m.home.owner;
    const { group } = placeIn(m, 'Rg_1.(x)');
    assert.equal((await m.ask('HEAD', `${group}?${groups}`, { as })).status, 404);
    const made = await m.ask('PUT', `${group}?${groups}`, {
      as,
      body: { location: 'West US', managedBy: 'someone', tags: { a: 'b', c: '' } },
    });
    assert.equal(made.status, 201);
    assert.deepEqual(made.body, {
      id: group,
      name: 'Rg_1.(x)',
      type: 'Microsoft.Resources/resourceGroups',
      location: 'westus',
      managedBy: 'someone',
      tags: { a: 'b', c: '' },
      properties: { provisioningState: 'Succeeded' },
    });
    const lower = group.toLowerCase();
    assert.equal((await m.ask('HEAD', `${lower}?${groups}`, { as })).status, 204);
    assert.deepEqual((await m.ask('GET', `${lower}?${groups}`, { as })).body, made.body);
    const same = await m.ask('PUT', `${lower}?${groups}`, { as, body: { location: 'westus', tags: {} } });
    assert.equal(same.status, 200);
    assert.equal(same.body.name, 'Rg_1.(x)', 'the first spelling stays');
    assert.deepEqual(same.body.tags, {});
    const patched = await m.ask('PATCH', `${group}?${groups}`, { as, body: { tags: { env: 'test' } } });
    assert.deepEqual(patched.body.tags, { env: 'test' });
    const list = (filter: string) =>
      m.ask(
        'GET',
        `/subscriptions/${m.home.subscriptionId}/resourcegroups?${groups}&$filter=${encodeURIComponent(filter)}`,
        { as },
      );
    assert.equal((await list("tagName eq 'ENV' and tagValue eq 'test'")).body.value.length, 1);
    assert.equal((await list("tagName eq 'env' and tagValue eq 'other'")).body.value.length, 0);
    assert.equal((await list("colour eq 'red'")).body.error.code, 'InvalidFilterInQueryString');
    const moved = await m.ask('PUT', `${group}?${groups}`, { as, body: { location: 'eastus' } });
    assert.equal(moved.status, 409);
    assert.equal(
      moved.body.error.message,
      "Invalid resource group location 'eastus'. The Resource group already exists in location 'westus'.",
    );
  });

  test('needs a location and a proper name', async () => {
    await using m = await testManagement();
    const as = m.home.owner;
    const put = (name: string, body: Body) =>
      m.ask('PUT', `${placeIn(m, name).group}?${groups}`, { as, body });
    assert.equal((await put('rg', {})).body.error.code, 'LocationRequired');
    assert.equal(
      (await put('rg', { location: '?!' })).body.error.code,
      'LocationNotAvailableForResourceType',
    );
    assert.equal((await put('a'.repeat(91), { location: 'westus' })).body.error.code, 'InvalidResourceName');
    assert.equal((await put('a%20b', { location: 'westus' })).body.error.code, 'InvalidResourceName');
    assert.equal(
      (await put('rg', { location: 'westus', tags: { a: 1 } })).body.error.code,
      'InvalidRequestContent',
    );
    const tags = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`t${index}`, 'x']));
    assert.equal((await put('rg', { location: 'westus', tags })).body.error.code, 'InvalidRequestContent');
    assert.equal((await put('rg', { location: 'westus', tags: { a: '1', A: '2' } })).status, 400);
    assert.equal((await put('rg', '{"location":')).status, 400);
  });

  test('is deleted with its machines, their identities and their roles', async () => {
    await using m = await testManagement();
    const as = m.home.owner;
    const principals = await fill(m);
    const { group, vm } = placeIn(m);
    const reader = await m.application(m.home, 'reader');
    await m.assign(m.home, reader, 'Reader', group);
    const sibling = placeIn(m, 'rg10').group;
    await m.ask('PUT', `${sibling}?${groups}`, { as, body: { location: 'westus' } });
    await m.assign(m.home, reader, 'Reader', sibling);
    for (const principalId of principals) await m.assign(m.home, { principalId }, 'Reader', sibling);

    const accepted = await m.ask('DELETE', `${group}?${groups}`, { as });
    assert.equal(accepted.status, 202);
    assert.equal(accepted.text, '');
    assert.match(
      String(accepted.headers.location),
      /^https:\/\/management\.azure\.com\/subscriptions\/[^/]+\/operationresults\/[^?]+\?api-version=2022-09-01$/,
    );
    await m.operations.settled();
    const ended = await m.ask('GET', pathOf(accepted.headers.location), { as });
    assert.equal(ended.status, 200);
    assert.equal(ended.text, '');
    assert.equal((await m.ask('GET', `${group}?${groups}`, { as })).body.error.code, 'ResourceGroupNotFound');
    assert.equal(
      (await m.ask('GET', `${vm('vm1')}?${version}`, { as })).body.error.code,
      'ResourceGroupNotFound',
    );
    assert.equal((await m.ask('DELETE', `${group}?${groups}`, { as })).status, 404);

    const { read } = m.database;
    const left = await read
      .selectFrom('principals')
      .select('principal_id')
      .where('principal_id', 'in', [...principals])
      .execute();
    assert.deepEqual(left, []);
    const assignments = await read.selectFrom('role_assignments').select(['scope', 'principal_id']).execute();
    assert.ok(
      !assignments.some(
        ({ scope }) => scope.toLowerCase().startsWith(`${group.toLowerCase()}/`) || scope === group,
      ),
    );
    assert.ok(!assignments.some(({ principal_id }) => principals.includes(principal_id)));
    assert.ok(
      assignments.some(({ scope }) => scope === sibling),
      'a group with a longer name is another group',
    );
  });

  test('that is going takes nothing new in, and shows that it goes', async () => {
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    await using m = await testManagement({
      participant: async () => {
        entered.resolve();
        await gate.promise;
      },
    });
    const as = m.home.owner;
    await fill(m);
    const { group, vm } = placeIn(m);
    const accepted = await m.ask('DELETE', `${group}?${groups}`, { as });
    assert.equal(accepted.status, 202);
    await entered.promise;

    const shown = await m.ask('GET', `${group}?${groups}`, { as });
    assert.equal(shown.body.properties.provisioningState, 'Deleting');
    for (const [method, path] of [
      ['PUT', `${vm('vm9')}?${version}`],
      ['PATCH', `${vm('vm1')}?${version}`],
      ['PATCH', `${group}?${groups}`],
      ['PUT', `${group}?${groups}`],
    ] as const) {
      const refused = await m.ask(method, path, { as, body: { location: 'westus' } });
      assert.equal(refused.status, 409, `${method} ${path}`);
      assert.equal(
        refused.body.error.message,
        "The resource group 'rg1' is in deprovisioning state and cannot perform this operation.",
      );
    }
    const running = await m.ask('GET', pathOf(accepted.headers.location), { as });
    assert.equal(running.status, 202);
    assert.equal(running.headers['retry-after'], '1');
    assert.equal(running.headers.location, accepted.headers.location);

    gate.resolve();
    await m.operations.settled();
    assert.equal((await m.ask('GET', pathOf(accepted.headers.location), { as })).status, 200);
    assert.equal((await m.ask('GET', `${group}?${groups}`, { as })).status, 404);
  });

  test('whose resources will not go is as it was, and the operation says which', async () => {
    let stubborn = true;
    await using m = await testManagement({
      participant: async (_transaction, { resourceCanonicals }) => {
        const held = resourceCanonicals.some((canonical) => canonical.endsWith('/vm2'));
        if (stubborn && held) throw new Error('vm2 is busy');
      },
    });
    const as = m.home.owner;
    await fill(m);
    const { group, vm } = placeIn(m);
    const accepted = await m.ask('DELETE', `${group}?${groups}`, { as });
    await m.operations.settled();
    const failed = await m.ask('GET', pathOf(accepted.headers.location), { as });
    assert.equal(failed.status, 409);
    assert.equal(failed.body.error.code, 'ResourceGroupDeletionBlocked');
    assert.ok(failed.body.error.message.includes('/virtualMachines/vm2'));
    assert.ok(!failed.text.includes('busy'), 'the reason is for the log');
    assert.equal((await m.ask('GET', `${vm('vm1')}?${version}`, { as })).status, 404);
    assert.equal((await m.ask('GET', `${vm('vm2')}?${version}`, { as })).status, 200);
    const after = await m.ask('GET', `${group}?${groups}`, { as });
    assert.equal(after.body.properties.provisioningState, 'Succeeded');
    stubborn = false;
    await m.ask('DELETE', `${group}?${groups}`, { as });
    await m.operations.settled();
    assert.equal((await m.ask('GET', `${group}?${groups}`, { as })).status, 404);
  });

  test('whose deletion a restart interrupted is deleted after it', async () => {
    await using m = await testManagement();
    const as = m.home.owner;
    await fill(m);
    const { group } = placeIn(m);
    // the server marks the group and ends before it gets further
    await m.operations[Symbol.asyncDispose]();
    const accepted = await m.ask('DELETE', `${group}?${groups}`, { as });
    assert.equal((await m.ask('GET', pathOf(accepted.headers.location), { as })).status, 202);
    // several servers may share a PostgreSQL database: there the ended one's lease must run out first
    m.clock.advance(60_000);
    await using next = new AsyncOperations({ ...m.sources, database: m.database });
    m.defineDeletion(next);
    await next.start();
    await next.settled();
    assert.equal((await m.ask('GET', pathOf(accepted.headers.location), { as })).status, 200);
    assert.equal((await m.ask('GET', `${group}?${groups}`, { as })).status, 404);
  });

  test('lists what it holds, by type, name and location', async () => {
    await using m = await testManagement();
    const as = m.home.owner;
    await fill(m);
    const { group } = placeIn(m);
    await m.ask('PUT', `${group}/providers/Microsoft.KeyVault/vaults/list-kv?api-version=2023-02-01`, {
      as,
      body: {
        location: 'eastus',
        properties: { tenantId: m.home.tenantId, sku: { family: 'A', name: 'standard' } },
      },
    });
    const names = async (place: string, filter?: string) => {
      const query = filter === undefined ? '' : `&$filter=${encodeURIComponent(filter)}`;
      const { body } = await m.ask('GET', `${place}/resources?api-version=2015-11-01${query}`, { as });
      return body.value.map((each: Body) => each.name);
    };
    const subscription = `/subscriptions/${m.home.subscriptionId}`;
    assert.deepEqual(await names(group), ['vm1', 'vm2', 'vm3', 'list-kv']);
    assert.deepEqual(await names(subscription, "resourceType eq 'microsoft.keyvault/VAULTS'"), ['list-kv']);
    assert.deepEqual(
      await names(subscription, "resourceType eq 'Microsoft.KeyVault/vaults' and name eq 'LIST-KV'"),
      ['list-kv'],
    );
    assert.deepEqual(await names(subscription, "resourceGroup eq 'RG1' and name eq 'vm2'"), ['vm2']);
    assert.deepEqual(await names(subscription, "resourceGroup eq 'other'"), []);
    assert.deepEqual(await names(subscription, "location eq 'East US'"), ['list-kv']);
    const { body } = await m.ask('GET', `${group}/resources?${groups}&$expand=provisioningState&$top=1`, {
      as,
    });
    assert.equal(body.value.length, 1);
    assert.equal(body.value[0].provisioningState, 'Succeeded');
    assert.ok(body.value[0].identity.principalId);
  });
});
