import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { ResourceManagementClient } from '@azure/arm-resources';
import { azureClientOptions, azureCredential, collect } from '../support/azure-clients.ts';
import { type Body, testManagement } from '../support/management.ts';
import { sharedFile } from '../support/shared.ts';

async function place() {
  const m = await testManagement();
  const subscription = `/subscriptions/${m.home.subscriptionId}`;
  const as = m.home.owner;
  await m.ask('PUT', `${subscription}/resourceGroups/rg1?api-version=2022-09-01`, {
    as,
    body: { location: 'westus' },
  });
  const ask = (method: string, path: string, version: string, body?: Body) =>
    m.ask(method, `${path}?api-version=${version}`, { as, ...(body === undefined ? {} : { body }) });
  const client = new ResourceManagementClient(
    azureCredential(as),
    m.home.subscriptionId,
    azureClientOptions(m),
  );
  return { m, subscription, ask, client, [Symbol.asyncDispose]: () => m[Symbol.asyncDispose]() };
}

const version = '2022-09-01';
const plain = { location: 'westus', properties: {} };

describe('a subscription’s providers', () => {
  test('are all registered, and told with types, versions and abilities by the official client', async () => {
    await using at = await place();
    const all = await collect(at.client.providers.list());
    assert.ok(all.length > 250);
    for (const provider of all) {
      assert.equal(provider.registrationState, 'Registered');
      assert.equal(provider.id, `${at.subscription}/providers/${provider.namespace}`);
    }
    const names = all.map(({ namespace }) => namespace?.toLowerCase());
    assert.equal(new Set(names).size, names.length);
    const storage = await at.client.providers.get('MICROSOFT.STORAGE');
    assert.equal(storage.namespace, 'Microsoft.Storage');
    const accounts = storage.resourceTypes?.find(({ resourceType }) => resourceType === 'storageAccounts');
    assert.equal(accounts?.capabilities, 'SystemAssignedResourceIdentity, SupportsTags, SupportsLocation');
    assert.ok(accounts?.locations?.includes('West US'));
    const versions = accounts?.apiVersions ?? [];
    assert.deepEqual(versions.toSorted().toReversed(), versions);
    assert.ok(versions.length > 20 && versions.includes('2023-01-01'));
    assert.equal(
      accounts?.defaultApiVersion,
      versions.find((each) => !each.includes('-preview')),
    );
    assert.equal((await at.client.providers.get('microsoft.Insights')).namespace, 'microsoft.insights');

    const types = await at.client.providerResourceTypes.list('Microsoft.Storage');
    assert.deepEqual(types.value, storage.resourceTypes);
    assert.deepEqual((await at.client.providers.providerPermissions('Microsoft.Storage')).value, []);

    const tenantWide = await at.client.providers.getAtTenantScope('Microsoft.Storage');
    assert.equal(tenantWide.id, '/providers/Microsoft.Storage');
    assert.equal(tenantWide.registrationState, undefined);
    assert.deepEqual(tenantWide.resourceTypes, storage.resourceTypes);
    assert.equal((await collect(at.client.providers.listAtTenantScope())).length, all.length);
  });

  test('offer only what can be had: what is told of a namespace can be asked for', async () => {
    await using at = await place();
    const { body } = await at.ask('GET', `${at.subscription}/providers`, version);
    const group = `${at.subscription}/resourceGroups/rg1`;
    const own = new Set(at.m.types.map(({ namespace, type }) => `${namespace}/${type}`));
    for (const { namespace, resourceTypes } of body.value as Body[]) {
      for (const { resourceType, apiVersions } of [resourceTypes[0], resourceTypes.at(-1)]) {
        if (own.has(`${namespace}/${resourceType}`)) continue;
        const path = resourceType.split('/').map((type: string) => `${type}/x`);
        const item = `${group}/providers/${namespace}/${path.join('/')}`;
        const reply = await at.ask('GET', item, apiVersions[0]);
        assert.match(reply.body.error.code, /^(Parent)?ResourceNotFound$/, item);
      }
    }
  });

  test('do without one that is unregistered: nothing is made in it until it is registered again', async () => {
    await using at = await place();
    const path = `${at.subscription}/resourceGroups/rg1/providers/Microsoft.Storage/storageAccounts/a`;
    const away = await at.client.providers.unregister('Microsoft.Storage');
    assert.equal(away.registrationState, 'Unregistering');
    assert.equal((await at.client.providers.get('Microsoft.Storage')).registrationState, 'Unregistered');
    for (const [method, body] of [
      ['PUT', plain],
      ['PATCH', plain],
    ] as const) {
      const reply = await at.ask(method, path, '2023-01-01', body);
      assert.equal(reply.status, 409);
      const message =
        "The subscription is not registered to use namespace 'Microsoft.Storage'. See https://aka.ms/rps-not-found for how to register subscriptions.";
      assert.deepEqual(reply.body.error, {
        code: 'MissingSubscriptionRegistration',
        message,
        details: [{ code: 'MissingSubscriptionRegistration', target: 'Microsoft.Storage', message }],
      });
    }
    assert.equal((await at.ask('GET', path, '2023-01-01')).body.error.code, 'ResourceNotFound');
    assert.equal((await at.ask('DELETE', path, '2023-01-01')).status, 204);
    const back = await at.client.providers.register('microsoft.storage');
    assert.equal(back.registrationState, 'Registering');
    assert.equal((await at.client.providers.get('Microsoft.Storage')).registrationState, 'Registered');
    assert.equal((await at.client.providers.register('Microsoft.Storage')).registrationState, 'Registered');
    assert.equal((await at.ask('PUT', path, '2023-01-01', plain)).status, 200);
  });

  test('stay while the subscription has resources of theirs, and some stay always', async () => {
    await using at = await place();
    const path = `${at.subscription}/resourceGroups/rg1/providers/Microsoft.Storage/storageAccounts/a`;
    await at.ask('PUT', path, '2023-01-01', plain);
    const refused = await at.ask(
      'POST',
      `${at.subscription}/providers/Microsoft.Storage/unregister`,
      version,
    );
    assert.equal(refused.status, 409);
    assert.match(refused.body.error.message, /storageAccounts\/a'/);
    for (const namespace of ['Microsoft.Authorization', 'Microsoft.Resources', 'Innate.Tokens']) {
      const { body } = await at.ask('POST', `${at.subscription}/providers/${namespace}/unregister`, version);
      assert.deepEqual([body.registrationState, body.registrationPolicy], ['Registered', 'RegistrationFree']);
    }
    const elsewhere = await at.m.ask(
      'GET',
      `/subscriptions/${at.m.foreign.subscriptionId}/providers/Microsoft.Storage?api-version=${version}`,
      { as: at.m.foreign.owner },
    );
    assert.equal(elsewhere.body.registrationState, 'Registered');
  });

  test('are registered and unregistered by who may', async () => {
    await using at = await place();
    const reader = await at.m.application(at.m.home, 'reader');
    await at.m.assign(at.m.home, reader, 'Reader', at.subscription);
    for (const verb of ['register', 'unregister']) {
      const path = `${at.subscription}/providers/Microsoft.Storage/${verb}?api-version=${version}`;
      const { status, body } = await at.m.ask('POST', path, { as: reader });
      assert.equal(status, 403);
      assert.match(body.error.message, new RegExp(`'Microsoft.Storage/${verb}/action'`));
    }
    const state = await at.client.providers.get('Microsoft.Storage');
    assert.equal(state.registrationState, 'Registered');
  });

  test('tell every caller the rights that roles can name', async () => {
    await using at = await place();
    const nobody = await at.m.application(at.m.home, 'nobody');
    const rights = async (namespace: string, api: string) => {
      const path = `/providers/${namespace}/operations?api-version=${api}`;
      const { status, body, text } = await at.m.ask('GET', path, { as: nobody });
      assert.equal(status, 200, text);
      return body.value.map(({ name }: Body) => name) as string[];
    };
    const storage = await rights('microsoft.storage', '2023-01-01');
    for (const right of ['storageAccounts/read', 'storageAccounts/blobServices/write', 'register/action']) {
      assert.ok(storage.includes(`Microsoft.Storage/${right}`), right);
    }
    assert.ok((await rights('Microsoft.Compute', '2024-07-01')).includes('Microsoft.Compute/disks/delete'));
    const compute = await rights('Microsoft.Compute', '2024-07-01');
    assert.ok(compute.includes('Microsoft.Compute/virtualMachines/write'));
    assert.equal(new Set(compute).size, compute.length);
    const unknown = await at.ask('GET', '/providers/Nobody.Here/operations', '2023-01-01');
    assert.equal(unknown.status, 404);
  });

  const observed = sharedFile('data/observed/provider-Microsoft.Storage.json');
  const skip = observed === undefined ? 'real documents are not on this machine' : false;
  test('have the members that Azure’s own document has', { skip }, async () => {
    if (observed === undefined) return;
    await using at = await place();
    const real = JSON.parse(readFileSync(observed, 'utf8')) as Body;
    const { body } = await at.ask('GET', `${at.subscription}/providers/Microsoft.Storage`, version);
    const optional = new Set(['authorizations', 'authorization']);
    assert.deepEqual(
      Object.keys(body).sort(),
      Object.keys(real)
        .filter((name) => !optional.has(name))
        .sort(),
    );
    const type = (document: Body) =>
      document.resourceTypes.find(({ resourceType }: Body) => resourceType === 'storageAccounts');
    for (const [name, value] of Object.entries(type(body))) {
      assert.equal(Array.isArray(value), Array.isArray(type(real)[name]), name);
      assert.equal(typeof value, typeof type(real)[name], name);
    }
  });
});
