import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ManagementLockClient } from '@azure/arm-locks';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { azureClientOptions, azureCredential, collect } from '../support/azure-clients.ts';
import { type Body, type TestManagement, testManagement } from '../support/management.ts';

const groups = 'api-version=2022-09-01';
const machines = 'api-version=2024-07-01';
const identities = 'api-version=2023-01-31';
const locks = 'api-version=2016-09-01';
const assignments = 'api-version=2022-04-01';
const reader = '/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7';

/** A group with a machine and an identity in it, and what is done to them by the owner. */
async function place() {
  const m = await testManagement();
  const as = m.home.owner;
  const subscription = `/subscriptions/${m.home.subscriptionId}`;
  const group = `${subscription}/resourceGroups/Rg1`;
  const vm = `${group}/providers/Microsoft.Compute/virtualMachines/Vm1`;
  const identity = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1`;
  await m.ask('PUT', `${group}?${groups}`, { as, body: { location: 'westus' } });
  await m.ask('PUT', `${vm}?${machines}`, { as, body: { location: 'westus' } });
  await m.ask('PUT', `${identity}?${identities}`, { as, body: { location: 'westus' } });
  const lockAt = (scope: string, name: string) => `${scope}/providers/Microsoft.Authorization/locks/${name}`;
  return {
    m,
    ...{ subscription, group, vm, identity },
    ask: (method: string, path: string, body?: Body) =>
      m.ask(method, path, { as, ...(body === undefined ? {} : { body }) }),
    lock: async (scope: string, level: string, name = 'keep') => {
      const made = await m.ask('PUT', `${lockAt(scope, name)}?${locks}`, {
        as,
        body: { properties: { level } },
      });
      assert.equal(made.status, 201, made.text);
    },
    unlock: async (scope: string, name = 'keep') => {
      assert.equal((await m.ask('DELETE', `${lockAt(scope, name)}?${locks}`, { as })).status, 200);
    },
    lockAt,
    [Symbol.asyncDispose]: () => m[Symbol.asyncDispose](),
  };
}

function assertLocked(reply: Awaited<ReturnType<TestManagement['ask']>>, verb: string, locked: string): void {
  assert.equal(reply.status, 409, reply.text);
  assert.equal(reply.body.error.code, 'ScopeLocked');
  assert.ok(reply.body.error.message.includes(`cannot perform ${verb} operation`), reply.text);
  assert.ok(reply.body.error.message.includes(`are locked: '${locked}'.`), reply.text);
}

describe('a lock', () => {
  test('is made, changed, found, listed and taken off by the official client, unmodified', async () => {
    await using at = await place();
    const { subscriptionId, owner } = at.m.home;
    const client = new ManagementLockClient(azureCredential(owner), subscriptionId, azureClientOptions(at.m));
    const { managementLocks } = client;
    const made = await managementLocks.createOrUpdateAtResourceGroupLevel('Rg1', 'Keep', {
      level: 'CanNotDelete',
      notes: 'in production',
      owners: [{ applicationId: owner.clientId }],
    });
    assert.equal(made.id, at.lockAt(at.group, 'Keep'));
    assert.equal(made.type, 'Microsoft.Authorization/locks');
    assert.deepEqual(made.owners, [{ applicationId: owner.clientId }]);
    const changed = await managementLocks.createOrUpdateAtResourceGroupLevel('RG1', 'keep', {
      level: 'ReadOnly',
    });
    assert.deepEqual([changed.id, changed.level, changed.notes], [made.id, 'ReadOnly', undefined]);
    const machine = ['Rg1', 'Microsoft.Compute', '', 'virtualMachines', 'Vm1'] as const;
    await managementLocks.createOrUpdateAtResourceLevel(...machine, 'vm', { level: 'CanNotDelete' });
    await managementLocks.createOrUpdateAtSubscriptionLevel('all', { level: 'CanNotDelete' });
    const identity = ['Rg1', 'Microsoft.ManagedIdentity', '', 'userAssignedIdentities', 'id1'] as const;
    await managementLocks.createOrUpdateByScope(at.identity, 'one', { level: 'CanNotDelete' });

    assert.equal((await managementLocks.getAtResourceLevel(...machine, 'VM')).name, 'vm');
    assert.equal((await managementLocks.getAtSubscriptionLevel('all')).level, 'CanNotDelete');
    assert.equal((await managementLocks.getByScope(at.identity, 'one')).id, at.lockAt(at.identity, 'one'));
    assert.equal((await managementLocks.getByScope(at.identity.slice(1), 'one')).name, 'one');
    const { systemData } = await managementLocks.getAtResourceGroupLevel('rg1', 'keep');
    assert.equal(systemData?.lastModifiedBy, owner.principalId);

    const names = async (list: AsyncIterable<{ name?: string }>) =>
      (await collect(list)).map(({ name }) => name).sort();
    assert.deepEqual(await names(managementLocks.listAtSubscriptionLevel()), ['Keep', 'all', 'one', 'vm']);
    assert.deepEqual(await names(managementLocks.listAtResourceGroupLevel('rg1')), [
      'Keep',
      'all',
      'one',
      'vm',
    ]);
    assert.deepEqual(await names(managementLocks.listAtResourceLevel(...machine)), ['Keep', 'all', 'vm']);
    for (const list of [
      managementLocks.listAtResourceLevel(...identity),
      managementLocks.listByScope(at.identity),
    ]) {
      assert.deepEqual(await names(list), ['Keep', 'all', 'one']);
    }
    assert.deepEqual(await names(managementLocks.listAtResourceGroupLevel('rg1', { filter: 'atScope()' })), [
      'Keep',
      'all',
    ]);

    await managementLocks.deleteAtResourceLevel(...machine, 'vm');
    await managementLocks.deleteByScope(at.identity, 'one');
    await managementLocks.deleteAtResourceGroupLevel('Rg1', 'keep');
    await managementLocks.deleteAtSubscriptionLevel('all');
    await managementLocks.deleteAtSubscriptionLevel('all');
    assert.deepEqual(await names(managementLocks.listAtSubscriptionLevel()), []);
    await assert.rejects(managementLocks.getAtResourceGroupLevel('Rg1', 'keep'), {
      statusCode: 404,
      code: 'LockNotFound',
    });
  });

  test('answers as Azure did: members, statuses, no systemData in the older version', async () => {
    await using at = await place();
    const path = `${at.lockAt(at.group, 'l1')}?${locks}`;
    const made = await at.ask('PUT', path.replace('Rg1', 'rg1'), { properties: { level: 'cannotdelete' } });
    assert.equal(made.status, 201);
    assert.deepEqual(made.body, {
      properties: { level: 'CanNotDelete' },
      id: at.lockAt(at.group, 'l1'),
      type: 'Microsoft.Authorization/locks',
      name: 'l1',
    });
    const changed = await at.ask('PUT', path, { properties: { level: 'ReadOnly', notes: 'n' } });
    assert.equal(changed.status, 200);
    assert.deepEqual(changed.body.properties, { level: 'ReadOnly', notes: 'n' });
    const gone = await at.ask('DELETE', path);
    assert.deepEqual([gone.status, gone.text], [200, '']);
    assert.equal((await at.ask('DELETE', path)).status, 204);
  });

  test('of the level CanNotDelete lets everything below be read and changed, and nothing deleted', async () => {
    await using at = await place();
    const credential = `${at.identity}/federatedIdentityCredentials/one?${identities}`;
    const properties = { issuer: 'https://i.example', subject: 's', audiences: ['a'] };
    const right = `${at.vm}/providers/Microsoft.Authorization/roleAssignments/${systemRandomness.uuid()}?${assignments}`;
    for (const scope of [at.subscription, at.group, at.identity]) {
      await at.lock(scope, 'CanNotDelete');
      assert.equal((await at.ask('PUT', credential, { properties })).status < 300, true);
      assertLocked(await at.ask('DELETE', credential), 'delete', scope);
      assertLocked(await at.ask('DELETE', `${at.identity}?${identities}`), 'delete', scope);
      await at.unlock(scope);
    }
    await at.lock(at.group, 'CanNotDelete');
    assert.equal((await at.ask('PATCH', `${at.vm}?${machines}`, { tags: { a: 'b' } })).status, 200);
    const request = { roleDefinitionId: reader, principalId: at.m.home.owner.principalId };
    assert.equal((await at.ask('PUT', right, { properties: request })).status, 201);
    assertLocked(await at.ask('DELETE', right), 'delete', at.group);
    await at.unlock(at.group);
    assert.equal((await at.ask('DELETE', right)).status, 200);
    assert.equal((await at.ask('DELETE', credential)).status, 200);
  });

  test('of the level ReadOnly stops every write below, identities and rights among them, and no read', async () => {
    await using at = await place();
    const { group, vm, identity } = at;
    await at.lock(group, 'ReadOnly');
    const right = `providers/Microsoft.Authorization/roleAssignments/${systemRandomness.uuid()}?${assignments}`;
    const properties = { roleDefinitionId: reader, principalId: at.m.home.owner.principalId };
    const refused: readonly [string, string, Body?][] = [
      ['PUT', `${group}?${groups}`, { location: 'westus' }],
      ['PATCH', `${group}?${groups}`, { tags: {} }],
      ['PUT', `${group}/providers/Microsoft.Compute/virtualMachines/new?${machines}`, { location: 'westus' }],
      ['PUT', `${vm}?${machines}`, { location: 'westus', identity: { type: 'SystemAssigned' } }],
      ['PATCH', `${vm}?${machines}`, { identity: { type: 'SystemAssigned' } }],
      ['PUT', `${group}/${right}`, { properties }],
      ['PUT', `${vm}/${right}`, { properties }],
      ['POST', `${identity}/revokeTokens?api-version=2023-07-31-preview`],
      ['POST', `${vm}/providers/Innate.Machines/issueJoinToken?api-version=2026-11-01`],
    ];
    for (const [method, path, body] of refused) {
      assertLocked(await at.ask(method, path, body), 'write', group);
    }
    assertLocked(await at.ask('DELETE', `${vm}?${machines}`), 'delete', group);
    assert.equal((await at.ask('GET', `${vm}?${machines}`)).body.identity, undefined);
    const listed = `${vm}/providers/Microsoft.Authorization/roleAssignments?${assignments}`;
    assert.equal((await at.ask('GET', listed)).status, 200);
    assert.equal((await at.ask('HEAD', `${group}?${groups}`)).status, 204);
    // beside it, all goes on
    const beside = `${at.subscription}/resourceGroups/Rg10?${groups}`;
    assert.equal((await at.ask('PUT', beside, { location: 'westus' })).status, 201);
    await at.unlock(group);
    const answer = await at.ask('PATCH', `${vm}?${machines}`, { identity: { type: 'SystemAssigned' } });
    assert.equal(answer.body.identity.type, 'SystemAssigned');
  });

  test('on one resource keeps its whole group from deletion, before anything of it is deleted', async () => {
    await using at = await place();
    await at.lock(at.vm, 'CanNotDelete');
    await at.lock(at.identity, 'ReadOnly');
    const refused = await at.ask('DELETE', `${at.group}?${groups}`);
    assertLocked(refused, 'delete', `${at.vm},${at.identity}`.split(',').sort().join(','));
    await at.m.operations.settled();
    assert.equal(
      (await at.ask('GET', `${at.group}?${groups}`)).body.properties.provisioningState,
      'Succeeded',
    );
    assert.equal((await at.ask('GET', `${at.vm}?${machines}`)).status, 200);
    assert.equal((await at.ask('GET', `${at.identity}?${identities}`)).status, 200);
    await at.unlock(at.vm);
    await at.unlock(at.identity);
    assert.equal((await at.ask('DELETE', `${at.group}?${groups}`)).status, 202);
    await at.m.operations.settled();
    assert.equal((await at.ask('GET', `${at.group}?${groups}`)).status, 404);
  });

  test('is not made in a group that is going, and what is made again under a name has none of before', async () => {
    await using at = await place();
    await at.m.operations.settled();
    assert.equal((await at.ask('DELETE', `${at.group}?${groups}`)).status, 202);
    const late = await at.ask('PUT', `${at.lockAt(at.vm, 'late')}?${locks}`, {
      properties: { level: 'ReadOnly' },
    });
    assert.ok(late.status === 409 || late.status === 404, late.text);
    await at.m.operations.settled();
    await at.ask('PUT', `${at.group}?${groups}`, { location: 'westus' });
    await at.ask('PUT', `${at.vm}?${machines}`, { location: 'westus' });
    const list = `${at.subscription}/providers/Microsoft.Authorization/locks?${locks}`;
    assert.deepEqual((await at.ask('GET', list)).body.value, []);
  });

  test('is for those who administer access to make and take off, not for who may change what is locked', async () => {
    await using at = await place();
    const contributor = await at.m.application(at.m.home, 'contributor');
    await at.m.assign(at.m.home, contributor, 'Contributor', at.subscription);
    const administrator = await at.m.application(at.m.home, 'administrator');
    await at.m.assign(at.m.home, administrator, 'User Access Administrator', at.group);
    await at.lock(at.group, 'ReadOnly');
    const path = `${at.lockAt(at.group, 'keep')}?${locks}`;
    const ask = (method: string, as: typeof contributor, body?: Body) =>
      at.m.ask(method, path, { as, ...(body === undefined ? {} : { body }) });
    assert.equal((await ask('GET', contributor)).status, 200);
    assert.equal((await ask('DELETE', contributor)).status, 403);
    assert.equal((await ask('PUT', contributor, { properties: { level: 'CanNotDelete' } })).status, 403);
    assert.equal((await ask('PUT', administrator, { properties: { level: 'CanNotDelete' } })).status, 200);
    assert.equal((await ask('DELETE', administrator)).status, 200);
  });

  test('of another tenant is as if it were not', async () => {
    await using at = await place();
    await at.lock(at.group, 'CanNotDelete');
    for (const method of ['GET', 'DELETE']) {
      const reply = await at.m.ask(method, `${at.lockAt(at.group, 'keep')}?${locks}`, {
        as: at.m.foreign.owner,
      });
      assert.equal(reply.body.error.code, 'InvalidAuthenticationTokenTenant');
    }
    const list = `/subscriptions/${at.m.foreign.subscriptionId}/providers/Microsoft.Authorization/locks?${locks}`;
    assert.deepEqual((await at.m.ask('GET', list, { as: at.m.foreign.owner })).body.value, []);
  });

  test('with a bad name, level, scope or filter, and one too many, is refused', async () => {
    await using at = await place();
    const put = (scope: string, name: string, properties: Body) =>
      at.ask('PUT', `${at.lockAt(scope, name)}?${locks}`, { properties });
    const good = { level: 'ReadOnly' };
    const wrong: readonly [Awaited<ReturnType<typeof put>>, number, string][] = [
      [await put(at.group, 'a%20b', good), 400, 'InvalidResourceName'],
      [await put(at.group, 'x'.repeat(91), good), 400, 'InvalidResourceName'],
      [await put(at.group, 'x', { level: 'NotSpecified' }), 400, 'InvalidRequestContent'],
      [await put(at.group, 'x', { level: 7 }), 400, 'InvalidRequestContent'],
      [await put(at.group, 'x', { ...good, notes: 'n'.repeat(513) }), 400, 'InvalidRequestContent'],
      [await put(at.group, 'x', { ...good, notes: '\0' }), 400, 'InvalidRequestContent'],
      [await put(at.group, 'x', { ...good, owners: [{ applicationId: 1 }] }), 400, 'InvalidRequestContent'],
      [await put('', 'x', good), 400, 'LockScopeNotSupported'],
      [await put(`${at.subscription}/resourceGroups/nothing`, 'x', good), 404, 'ResourceGroupNotFound'],
      [await put(`${at.vm}x`, 'x', good), 404, 'ResourceNotFound'],
      [await put(at.lockAt(at.vm, 'x'), 'y', good), 404, 'ResourceNotFound'],
    ];
    for (const [reply, status, code] of wrong) {
      assert.deepEqual([reply.status, reply.body.error.code], [status, code], reply.text);
    }
    const list = `${at.group}/providers/Microsoft.Authorization/locks?${locks}`;
    // the last two are a NUL, and a key of no lock
    for (const [query, status] of [
      ["$filter=name eq 'x'", 400],
      ['$top=0', 400],
      ['$skiptoken=AA', 400],
      ['$skiptoken=fA', 200],
    ] as const) {
      assert.equal((await at.ask('GET', encodeURI(`${list}&${query}`))).status, status, query);
    }
    for (let count = 0; count < 20; count += 1) await at.lock(at.vm, 'ReadOnly', `lock${count}`);
    assert.equal((await put(at.vm, 'more', good)).body.error.code, 'LockLimitExceeded');
    assert.equal((await put(at.vm, 'lock7', { level: 'CanNotDelete' })).status, 200);
    const names: string[] = [];
    for (let next: string | undefined = `${list}&$top=7`; next !== undefined; ) {
      const page: Body = (await at.ask('GET', next)).body;
      names.push(...page.value.map((each: Body) => each.name));
      next = page.nextLink?.slice('https://management.azure.com'.length);
    }
    assert.equal(new Set(names).size, 20);
    assert.equal(names.length, 20);
  });
});
