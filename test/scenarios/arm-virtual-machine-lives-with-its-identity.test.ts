import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type PrincipalId, parseGuid } from '../../src/foundation/ids.ts';
import { selectPrincipal } from '../../src/server/directory/directory-store.ts';
import { type Body, type TestManagement, testManagement } from '../support/management.ts';

const version = 'api-version=2024-07-01';

interface Place {
  readonly m: TestManagement;
  readonly group: string;
  readonly vm: string;
}

async function place(): Promise<Place & AsyncDisposable> {
  const m = await testManagement();
  const group = `/subscriptions/${m.home.subscriptionId}/resourceGroups/rg1`;
  await m.ask('PUT', `${group}?api-version=2022-09-01`, { as: m.home.owner, body: { location: 'westus' } });
  return {
    m,
    group,
    vm: `${group}/providers/Microsoft.Compute/virtualMachines/vm1`,
    [Symbol.asyncDispose]: () => m[Symbol.asyncDispose](),
  };
}

const machine = (identity?: Body): Body => ({
  location: 'westus',
  ...(identity === undefined ? {} : { identity }),
  properties: {
    hardwareProfile: { vmSize: 'Standard_DS1_v2' },
    osProfile: {
      computerName: 'vm1',
      adminUsername: 'me',
      adminPassword: 'canary-secret',
      customData: 'canary-secret',
    },
    userData: 'canary-secret',
  },
});

async function principalOf({ m }: Place, principalId: string) {
  const id = parseGuid<PrincipalId>(principalId);
  assert.ok(id);
  return await selectPrincipal(m.database.read, m.home.tenantId, id);
}

describe('a virtual machine', () => {
  test('is born with its identity, keeps it over updates, and takes it with it when it goes', async () => {
    await using at = await place();
    const { m, vm } = at;
    const as = m.home.owner;

    const made = await m.ask('PUT', `${vm}?${version}`, { as, body: machine({ type: 'SystemAssigned' }) });
    assert.equal(made.status, 201);
    assert.equal(made.body.properties.provisioningState, 'Succeeded');
    assert.equal(made.body.identity.type, 'SystemAssigned');
    assert.equal(made.body.identity.tenantId, m.home.tenantId);
    const { principalId } = made.body.identity;
    const principal = await principalOf(at, principalId);
    assert.equal(principal?.displayName, 'vm1');
    assert.equal(principal?.principalType, 'ManagedIdentity');

    const again = await m.ask('PUT', `${vm}?${version}`, { as, body: machine({ type: 'SystemAssigned' }) });
    assert.equal(again.status, 200);
    assert.equal(again.body.identity.principalId, principalId);
    assert.equal(again.body.properties.vmId, made.body.properties.vmId);
    const without = await m.ask('PUT', `${vm}?${version}`, { as, body: machine() });
    assert.equal(
      without.body.identity.principalId,
      principalId,
      'a PUT that says nothing leaves the identity',
    );

    await m.assign(m.home, { principalId }, 'Reader', at.group);
    const deleted = await m.ask('DELETE', `${vm}?${version}`, { as });
    assert.equal(deleted.status, 202);
    assert.equal(await principalOf(at, principalId), undefined, 'an acknowledged deletion has taken effect');
    const left = await m.ask(
      'GET',
      `${at.group}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=principalId%20eq%20'${principalId}'`,
      { as },
    );
    assert.deepEqual(left.body.value, []);
    assert.equal((await m.ask('GET', `${vm}?${version}`, { as })).status, 404);
    assert.equal((await m.ask('DELETE', `${vm}?${version}`, { as })).status, 204);
  });

  test('that drops its identity and takes one again has a new one', async () => {
    await using at = await place();
    const { m, vm } = at;
    const as = m.home.owner;
    const patch = (identity: Body) => m.ask('PATCH', `${vm}?${version}`, { as, body: { identity } });

    const made = await m.ask('PUT', `${vm}?${version}`, { as, body: machine() });
    assert.equal(made.body.identity, undefined);
    const first = (await patch({ type: 'systemassigned' })).body.identity.principalId;
    assert.equal((await patch({ type: 'SystemAssigned' })).body.identity.principalId, first);
    await m.assign(m.home, { principalId: first }, 'Reader', at.group);

    const none = await patch({ type: 'None', userAssignedIdentities: null });
    assert.equal(none.status, 200);
    assert.equal(none.body.identity, undefined);
    assert.equal(await principalOf(at, first), undefined);
    const listed = await m.ask(
      'GET',
      `${at.group}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01`,
      { as },
    );
    assert.ok(!listed.text.includes(first), 'its role assignments ended with it');

    const second = (await patch({ type: 'SystemAssigned' })).body.identity.principalId;
    assert.notEqual(second, first);
    const whole = await m.ask('GET', `${vm}?${version}`, { as });
    const resent = await m.ask('PUT', `${vm}?${version}`, { as, body: whole.body });
    assert.equal(resent.status, 200, 'what was read can be written back');
    assert.equal(resent.body.identity.principalId, second);
  });

  test('whose write fails gets no identity, and loses none', async () => {
    await using at = await place();
    const { m, vm } = at;
    const as = m.home.owner;
    const count = async () =>
      (await m.database.read.selectFrom('principals').select('principal_id').execute()).length;
    const before = await count();
    const bad = machine({ type: 'SystemAssigned', userAssignedIdentities: { '/x': {} } });
    assert.equal(
      (await m.ask('PUT', `${vm}?${version}`, { as, body: bad })).body.error.code,
      'FailedIdentityOperation',
    );
    assert.equal((await m.ask('GET', `${vm}?${version}`, { as })).status, 404);
    assert.equal(await count(), before);

    await m.ask('PUT', `${vm}?${version}`, { as, body: machine({ type: 'SystemAssigned' }) });
    const moved = { ...machine({ type: 'None' }), location: 'eastus' };
    assert.equal(
      (await m.ask('PUT', `${vm}?${version}`, { as, body: moved })).body.error.code,
      'InvalidResourceLocation',
    );
    assert.equal(await count(), before + 1);
  });

  test('whose deletion fails half way is whole again', async () => {
    let failing = false;
    const m = await testManagement({
      participant: async () => {
        if (failing) throw new Error('a participant failed');
      },
    });
    await using _m = m;
    const as = m.home.owner;
    const group = `/subscriptions/${m.home.subscriptionId}/resourceGroups/rg1`;
    const vm = `${group}/providers/Microsoft.Compute/virtualMachines/vm1`;
    await m.ask('PUT', `${group}?api-version=2022-09-01`, { as, body: { location: 'westus' } });
    const made = await m.ask('PUT', `${vm}?${version}`, { as, body: machine({ type: 'SystemAssigned' }) });
    failing = true;
    assert.equal((await m.ask('DELETE', `${vm}?${version}`, { as })).status, 500);
    const there = await m.ask('GET', `${vm}?${version}`, { as });
    assert.equal(there.body.identity.principalId, made.body.identity.principalId);
  });

  test('shows what was sent, but never a secret', async () => {
    await using at = await place();
    const { m, vm } = at;
    const as = m.home.owner;
    const replies = [
      await m.ask('PUT', `${vm}?${version}`, { as, body: { ...machine(), zones: ['1'], tags: { a: 'b' } } }),
      await m.ask('GET', `${vm}?${version}&$expand=instanceView`, { as }),
      await m.ask('PATCH', `${vm}?${version}`, { as, body: { properties: machine().properties } }),
      await m.ask('GET', `${at.group}/resources?api-version=2021-04-01&$expand=provisioningState`, { as }),
    ];
    for (const reply of replies) assert.ok(!reply.text.includes('canary-secret'), reply.text);
    const [, shown] = replies;
    assert.deepEqual(shown?.body.zones, ['1']);
    assert.deepEqual(shown?.body.tags, { a: 'b' });
    assert.equal(shown?.body.properties.hardwareProfile.vmSize, 'Standard_DS1_v2');
    const { computerName, adminUsername } = shown?.body.properties.osProfile ?? {};
    assert.deepEqual([computerName, adminUsername], ['vm1', 'me']);
    assert.equal(shown?.body.properties.instanceView.statuses[1].code, 'PowerState/running');
    const kept = await m.database.read.selectFrom('resources').select('properties').executeTakeFirstOrThrow();
    assert.ok(!kept.properties.includes('canary-secret'));
  });

  test('is patched by merging, and its tags by replacing', async () => {
    await using at = await place();
    const { m, vm } = at;
    const as = m.home.owner;
    await m.ask('PUT', `${vm}?${version}`, { as, body: { ...machine(), tags: { a: '1', b: '2' } } });
    const patched = await m.ask('PATCH', `${vm}?${version}`, {
      as,
      body: {
        tags: { c: '3' },
        properties: { hardwareProfile: { vmSize: 'Standard_B1s' }, osProfile: { adminUsername: null } },
      },
    });
    assert.deepEqual(patched.body.tags, { c: '3' });
    assert.equal(patched.body.properties.hardwareProfile.vmSize, 'Standard_B1s');
    assert.equal(patched.body.properties.osProfile.computerName, 'vm1');
    assert.equal(patched.body.properties.osProfile.adminUsername, undefined);
    const absent = await m.ask('PATCH', `${vm}x?${version}`, { as, body: {} });
    assert.equal(absent.body.error.code, 'ResourceNotFound');
  });

  test('is written only while the conditions of the request hold', async () => {
    await using at = await place();
    const { m, vm } = at;
    const as = m.home.owner;
    const write = (headers: Record<string, string>) =>
      m.ask('PUT', `${vm}?${version}`, { as, headers, body: machine() });
    assert.equal((await write({ 'if-match': '*' })).body.error.code, 'PreconditionFailed');
    assert.equal((await write({ 'if-none-match': '*' })).status, 201);
    assert.equal((await write({ 'if-none-match': '*' })).status, 412);
    const { headers, body } = await m.ask('GET', `${vm}?${version}`, { as });
    assert.equal(headers.etag, body.etag);
    assert.equal((await write({ 'if-match': String(headers.etag) })).status, 200);
    assert.equal((await write({ 'if-match': String(headers.etag) })).status, 412);
    assert.equal(
      (await m.ask('DELETE', `${vm}?${version}`, { as, headers: { 'if-match': '"99"' } })).status,
      412,
    );
    assert.equal((await m.ask('GET', `${vm}?${version}`, { as })).status, 200);
  });

  test('is listed in its group and in its subscription, page by page', async () => {
    await using at = await place();
    const { m, group } = at;
    const as = m.home.owner;
    const type = 'providers/Microsoft.Compute/virtualMachines';
    for (const name of ['a', 'b', 'c']) {
      await m.ask('PUT', `${group}/${type}/${name}?${version}`, {
        as,
        body: machine({ type: 'SystemAssigned' }),
      });
    }
    const seen: string[] = [];
    let next: string | undefined = `${group}/${type}?${version}&$top=2`;
    while (next !== undefined) {
      const page = await m.ask('GET', next, { as });
      assert.equal(page.status, 200);
      seen.push(...page.body.value.map((each: Body) => each.name));
      assert.ok(page.body.value.every((each: Body) => each.identity.principalId));
      const link: string | undefined = page.body.nextLink;
      if (link !== undefined)
        assert.match(link, /^https:\/\/management\.azure\.com\/.*api-version=2024-07-01/);
      next = link?.slice('https://management.azure.com'.length);
    }
    assert.deepEqual(seen, ['a', 'b', 'c']);
    const all = await m.ask('GET', `/subscriptions/${m.home.subscriptionId}/${type}?${version}`, { as });
    assert.equal(all.body.value.length, 3);
    const empty = await m.ask('PUT', `${group}2?api-version=2022-09-01`, {
      as,
      body: { location: 'westus' },
    });
    assert.equal(empty.status, 201);
    assert.deepEqual((await m.ask('GET', `${group}2/${type}?${version}`, { as })).body, { value: [] });
  });

  test('deletes with both ways to poll, absolute and with the version', async () => {
    await using at = await place();
    const { m, vm } = at;
    const as = m.home.owner;
    await m.ask('PUT', `${vm}?${version}`, { as, body: machine() });
    const { headers } = await m.ask('DELETE', `${vm}?${version}`, { as });
    assert.equal(headers['retry-after'], '1');
    const polled = (address: unknown) => {
      const url = new URL(String(address));
      assert.equal(url.origin, 'https://management.azure.com');
      assert.equal(url.searchParams.get('api-version'), '2024-07-01');
      return url.pathname + url.search;
    };
    const status = await m.ask('GET', polled(headers['azure-asyncoperation']), { as });
    assert.equal(status.status, 200);
    assert.equal(status.body.status, 'Succeeded');
    assert.ok(status.body.name && status.body.startTime && status.body.endTime);
    assert.equal((await m.ask('GET', polled(headers.location), { as })).status, 204);
    const stranger = await m.application(m.home, 'stranger');
    assert.equal((await m.ask('GET', polled(headers.location), { as: stranger })).status, 403);
    const port = await m.ask('DELETE', `${vm}?${version}`, { as });
    assert.equal(port.headers['azure-asyncoperation'], undefined, 'nothing to poll where nothing was there');
  });

  test('gives out addresses on the authority the caller used, and on no other', async () => {
    await using at = await place();
    const { m, vm } = at;
    const as = m.home.owner;
    for (const [host, origin] of [
      ['management.azure.com:8443', 'https://management.azure.com:8443'],
      ['evil.example', 'https://management.azure.com'],
    ] as const) {
      await m.ask('PUT', `${vm}?${version}`, { as, body: machine() });
      const { headers } = await m.ask('DELETE', `${vm}?${version}`, { as, headers: { host } });
      assert.equal(new URL(String(headers.location)).origin, origin);
    }
  });
});
