import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ResourceManagementClient } from '@azure/arm-resources';
import { guid, type SubscriptionId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { insertSubscription } from '../../src/server/resource-manager/subscription-store.ts';
import type { Database } from '../../src/server/storage/database.ts';
import { azureClientOptions, azureCredential, type SeenRequest } from '../support/azure-clients.ts';
import { testDeployment } from '../support/deployment.ts';
import { eventually } from '../support/eventually.ts';
import { type Body, type TestManagement, testManagement } from '../support/management.ts';
import { ask, askToken, claimsOf } from '../support/metadata-request.ts';
import { storageOf } from '../support/second-tenant.ts';

const [groups, machines, roles] = [
  'api-version=2022-09-01',
  'api-version=2024-07-01',
  'api-version=2022-04-01',
] as const;
const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';

async function furnish(m: TestManagement) {
  const { subscriptionId, owner: as } = m.home;
  const place = (name: string, subscription: string = subscriptionId) =>
    `/subscriptions/${subscription}/resourceGroups/${name}`;
  const vm = (group: string, name = 'vm1') => `${group}/providers/Microsoft.Compute/virtualMachines/${name}`;
  const put = async (path: string, body: object): Promise<Body> => {
    const reply = await m.ask('PUT', path, { as, body });
    assert.ok(reply.status < 300, reply.text);
    return reply.body;
  };
  const [from, to] = [place('From'), place('To')];
  await put(`${from}?${groups}`, { location: 'westus' });
  await put(`${to}?${groups}`, { location: 'eastus' });
  const made = await put(`${vm(from)}?${machines}`, {
    location: 'westus',
    identity: { type: 'SystemAssigned' },
    tags: { env: 'test' },
  });
  const seen: SeenRequest[] = [];
  const client = new ResourceManagementClient(
    azureCredential(as),
    subscriptionId,
    azureClientOptions(m, seen),
  );
  const move = (resources: readonly string[], targetResourceGroup: string, more = {}) =>
    m.ask('POST', `${from}/moveResources?${groups}`, {
      as,
      body: { resources, targetResourceGroup },
      ...more,
    });
  const assign = async (scope: string, principalId: string) => {
    const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/${systemRandomness.uuid()}`;
    const roleDefinitionId = `/providers/Microsoft.Authorization/roleDefinitions/${reader}`;
    await put(`${id}?${roles}`, { properties: { roleDefinitionId, principalId } });
    return id;
  };
  const principalId = String(made.identity.principalId);
  return { as, from, to, place, vm, put, client, seen, move, assign, principalId };
}

/** Everything in the database as text, but what says what happened when. */
async function rowsOf({ database }: { readonly database: Database }): Promise<readonly string[]> {
  const history = ['change_log', 'async_operations', 'directory_audits', 'sign_ins', 'meta'];
  const tables = await database.read.introspection.getTables();
  const found: string[] = [];
  for (const { name } of tables) {
    if (history.includes(name)) continue;
    const rows = await database.read
      .selectFrom(name as 'resources')
      .selectAll()
      .execute();
    found.push(...rows.map((row) => `${name}: ${JSON.stringify(row)}`.toLowerCase()));
  }
  return found;
}

describe('a resource that is moved', () => {
  test('keeps its principal, and has its new id in everything that named it', async () => {
    await using m = await testManagement();
    const { as, from, to, vm, put, client, seen, principalId, assign } = await furnish(m);
    const other = await m.application(m.home, 'other');
    await assign(vm(from), other.principalId);
    const identity = `${to}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/identity1`;
    await put(`${identity}?api-version=2024-11-30`, { location: 'westus' });
    await put(`${vm(from)}?${machines}`, {
      location: 'westus',
      tags: { env: 'test' },
      identity: { type: 'SystemAssigned, UserAssigned', userAssignedIdentities: { [identity]: {} } },
    });
    const kept = await assign(to, principalId);
    await client.resources.validateMoveResources('From', { resources: [vm(from)], targetResourceGroup: to });
    assert.equal((await m.ask('GET', `${vm(from)}?${machines}`, { as })).status, 200, 'only asked');
    seen.length = 0;
    await client.resources.moveResources('From', { resources: [vm(from)], targetResourceGroup: to });
    assert.deepEqual(
      seen.map(({ method, status }) => `${method} ${status}`),
      ['POST 202', 'GET 204'],
    );

    const gone = await m.ask('GET', `${vm(from)}?${machines}`, { as });
    assert.equal(gone.body.error.code, 'ResourceNotFound');
    const moved = await m.ask('GET', `${vm(to)}?${machines}`, { as });
    assert.equal(moved.body.id, vm(to));
    assert.equal(moved.body.location, 'westus');
    assert.equal(moved.body.identity.principalId, principalId);
    assert.equal(Object.keys(moved.body.identity.userAssignedIdentities).length, 1);
    const filter = encodeURIComponent("tagName eq 'env'");
    const listed = await m.ask('GET', `${to}/resources?${groups}&$filter=${filter}`, { as });
    assert.deepEqual(
      listed.body.value.map((each: Body) => each.id),
      [vm(to)],
    );
    assert.deepEqual(
      (await rowsOf(m)).filter((row) => row.includes(vm(from).toLowerCase())),
      [],
      'the old id is named nowhere',
    );
    assert.equal((await m.ask('GET', `${kept}?${roles}`, { as })).status, 200, "the identity's own right");
    const principal = await m.database.read
      .selectFrom('principals')
      .select('resource_id')
      .where('tenant_id', '=', m.home.tenantId)
      .where('principal_id', '=', principalId)
      .executeTakeFirstOrThrow();
    assert.equal(principal.resource_id, vm(to));
  });

  test('leaves the rights behind that were given at it, and is under those of its new place at once', async () => {
    await using m = await testManagement();
    const { as, from, to, vm, put, assign, move } = await furnish(m);
    const [atIt, atFrom, atTo] = [
      await m.application(m.home, 'at it'),
      await m.application(m.home, 'at the old group'),
      await m.application(m.home, 'at the new group'),
    ];
    await assign(vm(from), atIt.principalId);
    await m.assign(m.home, atFrom, 'Reader', from);
    await m.assign(m.home, atTo, 'Reader', to);
    const sees = async (who: typeof atIt) =>
      (await m.ask('GET', `${vm(to)}?${machines}`, { as: who })).status;
    for (const who of [atIt, atFrom]) {
      assert.equal((await m.ask('GET', `${vm(from)}?${machines}`, { as: who })).status, 200);
    }
    assert.equal((await move([vm(from)], to)).status, 202);
    assert.deepEqual([await sees(atIt), await sees(atFrom), await sees(atTo)], [403, 403, 200]);
    // a new one of the old name inherits nothing (T16)
    const again = await put(`${vm(from)}?${machines}`, {
      location: 'westus',
      identity: { type: 'SystemAssigned' },
    });
    const now = await m.ask('GET', `${vm(to)}?${machines}`, { as });
    assert.notEqual(again.identity.principalId, now.body.identity.principalId);
    assert.equal((await m.ask('GET', `${vm(from)}?${machines}`, { as: atIt })).status, 403);
  });

  test('goes to another subscription of the tenant, and to none of another', async () => {
    await using m = await testManagement();
    const { as, from, place, vm, put, move } = await furnish(m);
    const subscriptionId = guid<SubscriptionId>(systemRandomness.uuid());
    await m.database.transaction((transaction) =>
      insertSubscription(transaction, {
        ...{ subscriptionId, tenantId: m.home.tenantId },
        ...{ displayName: 'second', at: m.clock.now() },
      }),
    );
    const target = place('To', subscriptionId);
    await put(`${target}?${groups}`, { location: 'westus' });
    await m.ask('PUT', `${place('To', m.foreign.subscriptionId)}?${groups}`, {
      as: m.foreign.owner,
      body: { location: 'westus' },
    });
    const invented = systemRandomness.uuid();
    const foreign = await move([vm(from)], place('To', m.foreign.subscriptionId));
    const unknown = await move([vm(from)], place('To', invented));
    assert.equal(foreign.status, 404);
    assert.equal(foreign.text.replace(m.foreign.subscriptionId, invented), unknown.text);
    assert.equal((await move([vm(from)], target)).status, 202);
    assert.equal((await m.ask('GET', `${vm(target)}?${machines}`, { as })).status, 200);
    const inSecond = await m.ask('GET', `/subscriptions/${subscriptionId}/resources?${groups}`, { as });
    assert.equal(inSecond.body.value.length, 1);
  });

  test('takes with it what is nested in it, and all others of the move or none', async () => {
    await using m = await testManagement();
    const { as, from, to, vm, put, move } = await furnish(m);
    const extension = (group: string) => `${vm(group)}/extensions/agent`;
    const nested = await m.ask('PUT', `${extension(from)}?${machines}`, {
      as,
      body: { location: 'westus', properties: { publisher: 'p', type: 't', typeHandlerVersion: '1.0' } },
    });
    await put(`${vm(from, 'vm2')}?${machines}`, { location: 'westus' });
    await put(`${vm(to, 'VM2')}?${machines}`, { location: 'westus' });
    const conflict = await move([vm(from), vm(from, 'vm2')], to);
    assert.equal(conflict.status, 409);
    assert.equal(conflict.body.error.code, 'ResourceMoveConflict');
    const absent = await move([vm(from), vm(from, 'none')], to);
    assert.equal(absent.status, 404);
    assert.equal((await m.ask('GET', `${vm(from)}?${machines}`, { as })).status, 200, 'nothing was moved');
    assert.equal((await move([vm(from).toUpperCase(), vm(from)], to)).status, 202);
    assert.equal((await m.ask('GET', `${vm(to)}?${machines}`, { as })).status, 200);
    if (nested.status < 300) {
      assert.equal((await m.ask('GET', `${extension(to)}?${machines}`, { as })).status, 200);
    }
  });
});

describe('a move', () => {
  test('takes rights at both places (T3)', async () => {
    await using m = await testManagement();
    const { from, to, vm, move } = await furnish(m);
    const mover = await m.application(m.home, 'mover');
    const refused = async () => {
      const reply = await move([vm(from)], to, { as: mover });
      assert.equal(reply.status, 403, reply.text);
      return reply.body.error.message as string;
    };
    assert.match(await refused(), /moveResources\/action/);
    await m.assign(m.home, mover, 'Contributor', from);
    assert.match(await refused(), /resourceGroups\/write.*resourceGroups\/To/);
    await m.assign(m.home, mover, 'Contributor', to);
    assert.equal((await move([vm(from)], to, { as: mover })).status, 202);
  });

  test('is refused for user-assigned identities, for what is locked and for what is no resource of the group', async () => {
    await using m = await testManagement();
    const { as, from, to, vm, put, move, client } = await furnish(m);
    const identity = `${from}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/identity1`;
    await put(`${identity}?api-version=2024-11-30`, { location: 'westus' });
    for (const [resources, target, status, code] of [
      [[identity], to, 409, 'ResourceMoveNotSupported'],
      [[vm(from), identity], to, 409, 'ResourceMoveNotSupported'],
      [[vm(from)], from.toLowerCase(), 400, 'InvalidMoveResourcesRequest'],
      [[vm(to)], to, 400, 'InvalidMoveResourcesRequest'],
      [[`${vm(from)}/extensions/x`], to, 400, 'InvalidMoveResourcesRequest'],
      [['../../x'], to, 400, 'InvalidMoveResourcesRequest'],
      [[vm(from)], vm(to), 400, 'InvalidMoveResourcesRequest'],
      [[vm(from)], `${to}none`, 404, 'ResourceGroupNotFound'],
      [[], to, 400, 'InvalidRequestContent'],
      [Array.from({ length: 801 }, () => vm(from)), to, 400, 'InvalidRequestContent'],
    ] as const) {
      const reply = await move(resources, target);
      assert.equal(reply.status, status, reply.text);
      assert.equal(reply.body.error.code, code);
    }
    await assert.rejects(
      client.resources.validateMoveResources('From', { resources: [identity], targetResourceGroup: to }),
      { statusCode: 409, code: 'ResourceMoveNotSupported' },
    );
    const lock = (scope: string) =>
      `${scope}/providers/Microsoft.Authorization/locks/l?api-version=2016-09-01`;
    for (const [scope, level] of [
      [vm(from), 'CanNotDelete'],
      [from, 'CanNotDelete'],
      [to, 'ReadOnly'],
    ] as const) {
      await put(lock(scope), { properties: { level } });
      const reply = await move([vm(from)], to);
      assert.equal(reply.status, 409, reply.text);
      assert.equal(reply.body.error.code, 'ScopeLocked');
      await m.ask('DELETE', lock(scope), { as });
    }
    await m.ask('DELETE', `${to}?${groups}`, { as });
    const deleting = await move([vm(from)], to);
    assert.ok([404, 409].includes(deleting.status), deleting.text);
  });
});

describe('a host of a resource that is moved', () => {
  test('goes on getting tokens, which name the new id, and its vault keeps its secrets', async () => {
    await using deployment = await testDeployment();
    const vm = await deployment.virtualMachine('vm1');
    const { groupId, arm } = deployment;
    const vault = `${groupId}/providers/Microsoft.KeyVault/vaults/moved-kv`;
    await arm('PUT', `${vault}?api-version=2023-02-01`, {
      location: 'westus',
      properties: { tenantId: deployment.server.operator.tenantId, sku: { family: 'A', name: 'standard' } },
    });
    const target = groupId.replace('/demo', '/target');
    await arm('PUT', `${target}?${groups}`, { location: 'westus' });
    const [subscription] = groupId.split('/resourceGroups');
    const officer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7';
    await arm(
      'PUT',
      `${subscription}/providers/Microsoft.Authorization/roleAssignments/${systemRandomness.uuid()}?${roles}`,
      {
        properties: {
          roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${officer}`,
          principalId: vm.principalId,
        },
      },
    );
    await using agent = await deployment.agent();
    await agent.enrol(await deployment.joinToken(vm.resourceId));
    const stale = await deployment.joinToken(vm.resourceId);
    await using endpoint = await agent.openEndpoint(vm.resourceId, { kind: 'tcp' });
    const first = await askToken(endpoint);
    assert.equal(first.status, 200, first.text);
    const secret = (method: string, token: unknown, body?: string) =>
      deployment.call({
        name: `moved-kv.${deployment.server.profile.vaultSuffix}`,
        method,
        path: '/secrets/greeting?api-version=7.4',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body }),
      });
    const set = await secret('PUT', first.body['access_token'], JSON.stringify({ value: 'hello' }));
    assert.equal(set.status, 200, set.body);
    await arm('POST', `${groupId}/moveResources?${groups}`, {
      resources: [vm.resourceId, vault],
      targetResourceGroup: target,
    });
    const moved = vm.resourceId.replace('/demo/', '/target/');
    const answer = await askToken(endpoint, { resource: 'https://graph.microsoft.com' });
    assert.equal(answer.status, 200, answer.text);
    const claims = claimsOf(answer.body['access_token']);
    assert.equal(claims['oid'], vm.principalId);
    assert.equal(String(claims['xms_mirid']).toLowerCase(), moved.toLowerCase());
    const read = await secret('GET', first.body['access_token']);
    assert.equal((JSON.parse(read.body) as Body).value, 'hello', read.body);
    await eventually(async () => {
      const { body } = await ask(endpoint, '/metadata/instance?api-version=2021-02-01');
      return (body as Body).compute.resourceId.toLowerCase() === moved.toLowerCase() ? true : undefined;
    });
    await assert.rejects(agent.enrol(stale), 'a join token of before the move');
    const { database } = await storageOf({ data: deployment.folder.file('data') });
    await using _database = database;
    const named = async (id: string) =>
      (await rowsOf({ database })).filter((row) => row.includes(id.toLowerCase()));
    assert.deepEqual(await named(`${groupId}/providers/`), [], 'the old ids are named nowhere');
    const tables = new Set((await named(`${target}/providers/`)).map((row) => row.split(':')[0]));
    for (const table of ['resources', 'principals', 'machines', 'identity_credentials', 'vault_secrets']) {
      assert.ok(tables.has(table), `${table} has the new ids`);
    }
  });
});
