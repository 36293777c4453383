import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Body, type TestManagement, testManagement } from '../support/management.ts';

const version = 'api-version=2023-02-01';

async function place(m: TestManagement, tenant = m.home, name = 'rg1') {
  const group = `/subscriptions/${tenant.subscriptionId}/resourceGroups/${name}`;
  await m.ask('PUT', `${group}?api-version=2022-09-01`, { as: tenant.owner, body: { location: 'westus' } });
  const vault = (vaultName: string) => `${group}/providers/Microsoft.KeyVault/vaults/${vaultName}?${version}`;
  const properties = {
    tenantId: tenant.tenantId,
    sku: { family: 'A', name: 'standard' },
    enableRbacAuthorization: true,
  };
  const put = (vaultName: string, more: Body = {}) =>
    m.ask('PUT', vault(vaultName), {
      as: tenant.owner,
      body: { location: 'westus', properties: { ...properties, ...more } },
    });
  return { group, vault, put };
}

describe('a key vault', () => {
  test('is made with 200 and the address of its data plane, as Azure does', async () => {
    await using m = await testManagement();
    const { put, vault, group } = await place(m);
    const as = m.home.owner;
    assert.equal((await m.ask('GET', vault('Demo-kv'), { as })).body.error.code, 'ResourceNotFound');
    const made = await put('Demo-kv');
    assert.equal(made.status, 200);
    assert.equal(made.body.id, `${group}/providers/Microsoft.KeyVault/vaults/Demo-kv`);
    assert.deepEqual(made.body.properties, {
      accessPolicies: [],
      enabledForDeployment: false,
      enableSoftDelete: true,
      softDeleteRetentionInDays: 90,
      enableRbacAuthorization: true,
      publicNetworkAccess: 'Enabled',
      sku: { family: 'A', name: 'standard' },
      tenantId: m.home.tenantId,
      vaultUri: 'https://demo-kv.vault.azure.net/',
      provisioningState: 'Succeeded',
    });
    assert.equal(made.body.systemData.createdBy, as.principalId);
    assert.equal(made.body.systemData.createdByType, 'Application');
    const again = await m.ask('PUT', vault('demo-kv'), { as, body: made.body });
    assert.equal(again.status, 200, 'what was read can be written back');
    assert.deepEqual(again.body.properties, made.body.properties);
    const patched = await m.ask('PATCH', vault('demo-kv'), {
      as,
      body: { tags: { a: 'b' }, properties: { enabledForDeployment: true } },
    });
    assert.equal(patched.body.properties.enabledForDeployment, true);
    assert.deepEqual(patched.body.tags, { a: 'b' });
    assert.equal((await m.ask('DELETE', vault('demo-kv'), { as })).status, 200);
    assert.equal((await m.ask('DELETE', vault('demo-kv'), { as })).status, 204);
  });

  test('has a name that is nobody else’s, in any case and in any tenant', async () => {
    await using m = await testManagement();
    const home = await place(m);
    const foreign = await place(m, m.foreign);
    const other = await place(m, m.home, 'rg2');
    await home.put('demo-kv');
    for (const [elsewhere, name] of [
      [other, 'DEMO-KV'],
      [foreign, 'demo-kv'],
    ] as const) {
      const taken = await elsewhere.put(name);
      assert.deepEqual([taken.status, taken.body.error.code], [409, 'VaultAlreadyExists']);
      assert.ok(!taken.text.includes(m.home.tenantId) && !taken.text.includes('rg1'));
    }
    const check = async (name: string) =>
      (
        await m.ask(
          'POST',
          `/subscriptions/${m.foreign.subscriptionId}/providers/Microsoft.KeyVault/checkNameAvailability?${version}`,
          {
            as: m.foreign.owner,
            body: { name, type: 'Microsoft.KeyVault/vaults' },
          },
        )
      ).body;
    assert.equal((await check('Demo-KV')).reason, 'AlreadyExists');
    assert.equal((await check('2short')).reason, 'AccountNameInvalid');
    assert.deepEqual(await check('free-kv'), { nameAvailable: true });
    await m.ask('DELETE', home.vault('demo-kv'), { as: m.home.owner });
    assert.equal((await foreign.put('demo-kv')).status, 200, 'a name is free again with its vault');
  });

  test('made twice at once is one vault', async () => {
    await using m = await testManagement();
    const home = await place(m);
    const other = await place(m, m.home, 'rg2');
    const replies = await Promise.all([home.put('race-kv'), other.put('race-kv'), home.put('race-kv')]);
    assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 200, 409]);
  });

  for (const name of ['ab', '1abc', 'a--b', 'abc-', 'a'.repeat(25), 'a_b', 'a.b']) {
    test(`cannot be called ${name}`, async () => {
      await using m = await testManagement();
      const { put } = await place(m);
      assert.equal((await put(name)).body.error.code, 'VaultNameNotValid');
    });
  }

  test('is refused where it asks for what there is not', async () => {
    await using m = await testManagement();
    const { put, vault } = await place(m);
    const as = m.home.owner;
    const code = async (more: Body) => (await put('demo-kv', more)).body.error?.code;
    assert.equal(await code({ enableRbacAuthorization: false }), 'FeatureNotSupported');
    assert.equal(
      await code({ accessPolicies: [{ tenantId: m.home.tenantId, objectId: 'x' }] }),
      'FeatureNotSupported',
    );
    assert.equal(await code({ tenantId: m.foreign.tenantId }), 'BadRequest');
    assert.equal(await code({ enableSoftDelete: false }), 'BadRequest');
    assert.equal(await code({ softDeleteRetentionInDays: 5 }), 'InvalidRequestContent');
    assert.equal(await code({ sku: { family: 'B', name: 'gold' } }), 'InvalidRequestContent');
    const bare = await m.ask('PUT', vault('demo-kv'), { as, body: { location: 'westus', properties: {} } });
    assert.match(
      bare.body.error.message,
      /Required property 'tenantId' not found in JSON\. Path 'properties'\./,
    );
    assert.equal(await code({ enablePurgeProtection: true }), undefined);
    assert.equal(await code({ enablePurgeProtection: false }), 'BadRequest');
    const identity = await m.ask('PATCH', vault('demo-kv'), {
      as,
      body: { identity: { type: 'SystemAssigned' } },
    });
    assert.equal(identity.body.error.code, 'InvalidIdentityType');
  });
});

describe('a join token', () => {
  test('is given for a resource, by those who may, and only once a right was given', async () => {
    await using m = await testManagement();
    const { group, put } = await place(m);
    await put('demo-kv');
    const vm = `${group}/providers/Microsoft.Compute/virtualMachines/vm1`;
    await m.ask('PUT', `${vm}?api-version=2024-07-01`, { as: m.home.owner, body: { location: 'westus' } });
    const ask = (scope: string, as = m.home.owner) =>
      m.ask('POST', `${scope}/providers/Innate.Machines/issueJoinToken?api-version=2026-11-01`, { as });
    const given = await ask(vm);
    assert.equal(given.status, 200);
    assert.match(given.body.joinToken, /^[A-Za-z0-9_-]{43}$/);
    assert.equal(given.body.expiresOn, new Date(m.clock.now() + 600_000).toISOString());
    assert.equal((await ask(`${vm}x`)).body.error.code, 'ResourceNotFound');
    assert.equal((await ask(group)).body.error.code, 'InvalidScope');
    const reader = await m.application(m.home, 'reader');
    await m.assign(m.home, reader, 'Reader', group);
    const refused = await ask(vm, reader);
    assert.equal(refused.status, 403);
    assert.ok(
      refused.body.error.message.includes(`action 'Innate.Machines/joinTokens/write' over scope '${vm}'`),
    );
    const versions = await m.ask(
      'POST',
      `${vm}/providers/Innate.Machines/issueJoinToken?api-version=2020-01-01`,
      { as: m.home.owner },
    );
    assert.equal(versions.body.error.code, 'NoRegisteredProviderFound');
  });
});
