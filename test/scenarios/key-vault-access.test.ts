import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ownProfile } from '../../src/contract/cloud-profile.ts';
import { type VaultRequest, type VaultWorld, vaultWorld } from '../support/vault-world.ts';

const host = 'demo-kv.vault.azure.net';

/** The data action that each route needs. */
const actions: Readonly<Record<string, string>> = {
  'PUT /secrets/:name': 'secrets/setSecret/action',
  'GET /secrets/:name': 'secrets/getSecret/action',
  'GET /secrets/:name/:version': 'secrets/getSecret/action',
  'PATCH /secrets/:name': 'secrets/update/action',
  'PATCH /secrets/:name/:version': 'secrets/update/action',
  'GET /secrets': 'secrets/readMetadata/action',
  'GET /secrets/:name/versions': 'secrets/readMetadata/action',
  'DELETE /secrets/:name': 'secrets/delete',
  'GET /deletedsecrets': 'secrets/readMetadata/action',
  'GET /deletedsecrets/:name': 'secrets/readMetadata/action',
  'POST /deletedsecrets/:name/recover': 'secrets/recover/action',
  'DELETE /deletedsecrets/:name': 'secrets/purge/action',
};

/** Every route that the world registered, as a request, with its action: one that the table lacks fails the test. */
function routesOf(world: VaultWorld): readonly (readonly [VaultRequest['method'], string, string])[] {
  assert.ok(world.routes.length > Object.keys(actions).length);
  return world.routes.map(({ method, url }) => {
    const action = actions[`${method} ${url.replace(/\/$/, '')}`];
    assert.ok(action, `${method} ${url} is in the table`);
    const path = url.replace(':name', 's').replace(':version', '0'.repeat(32));
    return [method as VaultRequest['method'], path, action];
  });
}

function challengeOf(world: VaultWorld, resource = 'https://vault.azure.net'): string {
  return `Bearer authorization="https://login.microsoftonline.com/${world.tenantId}", resource="${resource}"`;
}

describe('a vault asked without a token', () => {
  test('answers every request with the challenge, whatever its body', async () => {
    await using world = await vaultWorld();
    await world.vault('demo-kv');
    for (const [method, path] of routesOf(world)) {
      // As clients ask first: the real method and path, a JSON content type, and nothing behind it.
      const headers = { 'content-type': 'application/json', 'content-length': '0' };
      for (const request of [
        { method, path, headers },
        { method, path, body: '{"value":' },
      ]) {
        const answer = await world.ask(request);
        assert.equal(answer.statusCode, 401, `${method} ${path}`);
        assert.equal(answer.headers['www-authenticate'], challengeOf(world));
        assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
        assert.deepEqual(answer.json(), {
          error: { code: 'Unauthorized', message: 'AKV10000: Request is missing a Bearer or PoP token.' },
        });
      }
    }
  });

  test('names the port that the client used, since some clients compare it', async () => {
    await using world = await vaultWorld();
    await world.vault('demo-kv');
    const answer = await world.ask({ method: 'GET', path: '/secrets', host: `${host}:8443` });
    assert.equal(answer.headers['www-authenticate'], challengeOf(world, 'https://vault.azure.net:8443'));
    const as = await world.identity();
    for (const audience of ['https://vault.azure.net:8443', 'https://vault.azure.net']) {
      const asked = await world.ask({ method: 'GET', path: '/secrets', host: `${host}:8443`, as, audience });
      assert.equal(asked.statusCode, 403, 'the audience is accepted; the right is missing');
    }
  });

  test('names its own suffix and token service under the profile `own`', async () => {
    await using world = await vaultWorld(ownProfile('mi.example'));
    await world.vault('demo-kv');
    const answer = await world.ask({ method: 'GET', path: '/secrets', host: 'demo-kv.vault.mi.example' });
    assert.equal(
      answer.headers['www-authenticate'],
      `Bearer authorization="https://login.mi.example/${world.tenantId}", resource="https://vault.mi.example"`,
    );
  });

  test('carries the headers of Key Vault on every answer', async () => {
    await using world = await vaultWorld();
    await world.vault('demo-kv');
    const headers = { 'x-ms-client-request-id': 'my-id' };
    const answer = await world.ask({ method: 'GET', path: '/secrets', headers });
    assert.equal(answer.headers['x-ms-client-request-id'], 'my-id');
    assert.equal(answer.headers['cache-control'], 'no-cache');
    assert.equal(answer.headers['x-ms-keyvault-region'], 'westeurope');
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    assert.match(String(answer.headers['x-ms-request-id']), /^[0-9a-f-]{36}$/);
    assert.ok(!('x-ms-keyvault-rbac-assignment-id' in answer.headers));
    const forged = await world.ask({
      method: 'GET',
      path: '/secrets',
      headers: { 'x-ms-client-request-id': 'a b' },
    });
    assert.ok(!('x-ms-client-request-id' in forged.headers));
  });
});

describe('a token that is not for this vault', () => {
  test('of another audience is refused with AKV10022', async () => {
    await using world = await vaultWorld();
    const vault = await world.vault('demo-kv');
    const as = await world.identity();
    await world.grant(as, 'Key Vault Administrator', vault);
    const answer = await world.ask({
      method: 'GET',
      path: '/secrets',
      as,
      audience: 'https://management.azure.com/',
    });
    assert.equal(answer.statusCode, 401);
    assert.equal(answer.headers['www-authenticate'], challengeOf(world));
    assert.equal(
      answer.json().error.message,
      'AKV10022: Invalid audience. Expected https://vault.azure.net, found: https://management.azure.com/.',
    );
    for (const audience of ['https://vault.azure.net/', 'cfa8b339-82a2-471a-a3c9-0fc0be7a4093']) {
      assert.equal((await world.ask({ method: 'GET', path: '/secrets', as, audience })).statusCode, 200);
    }
  });

  test('of another tenant is refused with AKV10032 and the challenge of the vault’s own, even with a role there', async () => {
    await using world = await vaultWorld();
    const vault = await world.vault('demo-kv');
    const foreign = await world.tenant();
    const as = await world.identity(foreign);
    await world.grant(as, 'Key Vault Administrator', vault);
    await world.grant({ ...as, tenantId: foreign }, 'Key Vault Administrator', '/');
    const answer = await world.ask({ method: 'GET', path: '/secrets', as });
    assert.equal(answer.statusCode, 401);
    assert.equal(answer.headers['www-authenticate'], challengeOf(world));
    assert.match(
      answer.json().error.message,
      new RegExp(
        `^AKV10032: Invalid issuer\\. Expected one of https://sts.windows.net/${world.tenantId}/, .* found https://sts.windows.net/${foreign}/\\.$`,
      ),
    );
  });

  test('that does not hold, or is given in a strange way, is refused and challenged', async () => {
    await using world = await vaultWorld();
    await world.grant(await world.identity(), 'Key Vault Secrets Officer', await world.vault('demo-kv'));
    const strange = [
      '',
      'Bearer',
      'Bearer ',
      'Bearer a.b.c',
      'bearer a.b.c',
      'Basic YTpi',
      'PoP a.b.c',
      'Bearer a.b.c, Bearer d.e.f',
      'Bearer a.b.c.d.e',
      `Bearer ${'a'.repeat(9000)}`,
    ];
    for (const [method, path] of routesOf(world)) {
      for (const authorization of strange) {
        const answer = await world.ask({ method, path, headers: { authorization } });
        assert.equal(answer.statusCode, 401, `${method} ${path} ${authorization.slice(0, 40)}`);
        assert.equal(answer.headers['www-authenticate'], challengeOf(world));
        assert.equal(answer.json().error.code, 'Unauthorized');
      }
    }
    const inQuery = await world.ask({
      method: 'GET',
      path: '/secrets?access_token=a.b.c&authorization=Bearer%20a.b.c',
    });
    assert.equal(inQuery.statusCode, 401);
  });

  test('of a principal that is gone is refused', async () => {
    await using world = await vaultWorld();
    const vault = await world.vault('demo-kv');
    const as = await world.identity();
    await world.grant(as, 'Key Vault Secrets Officer', vault);
    assert.equal((await world.ask({ method: 'GET', path: '/secrets', as })).statusCode, 200);
    await world.deleteIdentity(as);
    const answer = await world.ask({ method: 'GET', path: '/secrets', as });
    assert.equal(answer.statusCode, 401, 'at the very next request');
    assert.equal(answer.headers['www-authenticate'], challengeOf(world));
  });
});

describe('a caller without the right', () => {
  test('is told action and resource, on every route', async () => {
    await using world = await vaultWorld();
    const vault = await world.vault('demo-kv');
    const as = await world.identity();
    await world.grant(as, 'Owner', '/');
    for (const [method, path, action] of routesOf(world)) {
      const answer = await world.ask({ method, path, as, body: method === 'PUT' ? '{"value":' : undefined });
      assert.equal(answer.statusCode, 403, `${method} ${path}`);
      const collection = /^\/(deleted)?secrets\/?$/.test(path);
      assert.deepEqual(answer.json(), {
        error: {
          code: 'Forbidden',
          message: [
            'Caller is not authorized to perform action on resource.',
            'If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.',
            `Caller: appid=${as.clientId};oid=${as.principalId};iss=https://sts.windows.net/${world.tenantId}/`,
            `Action: 'Microsoft.KeyVault/vaults/${action}'`,
            `Resource: '${vault.toLowerCase()}${collection ? '' : '/secrets/s'}'`,
            'Assignment: (not found)',
            'DenyAssignmentId: null',
            'DecisionReason: null ',
            'Vault: demo-kv;location=westeurope',
            '',
          ].join('\r\n'),
          innererror: { code: 'ForbiddenByRbac' },
        },
      });
    }
  });

  test('of one secret reads that one and no other, and lists nothing', async () => {
    await using world = await vaultWorld();
    const vault = await world.vault('demo-kv');
    const [officer, reader] = [await world.identity(), await world.identity()];
    await world.grant(officer, 'Key Vault Secrets Officer', vault);
    const assignment = await world.grant(reader, 'Key Vault Secrets User', `${vault}/secrets/mine`);
    for (const name of ['mine', 'other']) {
      await world.ask({ method: 'PUT', path: `/secrets/${name}`, as: officer, body: { value: name } });
    }
    const mine = await world.ask({ method: 'GET', path: '/secrets/mine/', as: reader });
    assert.equal(mine.statusCode, 200);
    assert.equal(mine.headers['x-ms-keyvault-rbac-assignment-id'], assignment);
    for (const path of ['/secrets/other/', '/secrets', '/deletedsecrets']) {
      assert.equal((await world.ask({ method: 'GET', path, as: reader })).statusCode, 403, path);
    }
    const write = await world.ask({ method: 'PUT', path: '/secrets/mine', as: reader, body: { value: 'x' } });
    assert.equal(write.statusCode, 403);
  });

  test('is refused from the first request after the assignment was removed', async () => {
    await using world = await vaultWorld();
    const vault = await world.vault('demo-kv');
    const as = await world.identity();
    const ask = async () => (await world.ask({ method: 'GET', path: '/secrets', as })).statusCode;
    assert.equal(await ask(), 403);
    const name = await world.grant(as, 'Key Vault Secrets User', vault);
    assert.deepEqual([await ask(), await ask()], [200, 200]);
    await world.revoke(world.tenantId, vault, name);
    assert.equal(await ask(), 403);
  });

  test('stays without it in a vault that is set to access policies', async () => {
    await using world = await vaultWorld();
    const vault = await world.vault('demo-kv', { properties: { enableRbacAuthorization: false } });
    const as = await world.identity();
    await world.grant(as, 'Key Vault Administrator', vault);
    const answer = await world.ask({ method: 'GET', path: '/secrets', as });
    assert.equal(answer.statusCode, 403);
    assert.equal(answer.json().error.innererror.code, 'AccessDenied');
  });
});

describe('a request that is wrong', () => {
  test('in its api-version is refused; the name of the parameter may come percent-encoded', async () => {
    await using world = await vaultWorld();
    const vault = await world.vault('demo-kv');
    const as = await world.identity();
    await world.grant(as, 'Key Vault Secrets Officer', vault);
    const ask = async (path: string) => await world.ask({ method: 'GET', path, as });
    for (const known of ['7.0', '7.3', '7.6', '7.6-preview.2', '2025-07-01', '2026-04-01']) {
      assert.equal((await ask(`/secrets?api-version=${known}`)).statusCode, 200, known);
      assert.equal((await ask(`/secrets?api%2Dversion=${known}`)).statusCode, 200, known);
    }
    for (const path of [
      '/secrets?apiversion=7.4',
      '/secrets?api-version=',
      '/secrets?api-version=9.9',
      '/secrets?api-version=2099-01-01',
      '/secrets?api-version=7.4&api-version=7.5',
    ]) {
      const answer = await ask(path);
      assert.equal(answer.statusCode, 400, path);
      assert.equal(answer.json().error.code, 'BadParameter');
    }
  });

  test('in its body or its name is refused without repeating what it held', async () => {
    await using world = await vaultWorld();
    const vault = await world.vault('demo-kv');
    const as = await world.identity();
    await world.grant(as, 'Key Vault Secrets Officer', vault);
    const canary = 'canary-77aa';
    const tags = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`t${index}`, 'x']));
    const bodies: readonly unknown[] = [
      undefined,
      '',
      `{"value":"${canary}`,
      [],
      'null',
      {},
      { value: 5 },
      { value: null },
      { value: canary, tags },
      { value: canary, tags: { a: 'x'.repeat(257) } },
      { value: canary, tags: { a: 1 } },
      { value: canary, contentType: 'x'.repeat(256) },
      { value: canary, attributes: { exp: -1 } },
      { value: canary, attributes: { exp: 1.5 } },
      { value: canary, attributes: { enabled: 'yes' } },
      `${'{"value":'.repeat(40)}"${canary}"${'}'.repeat(40)}`,
    ];
    for (const body of bodies) {
      const answer = await world.ask({ method: 'PUT', path: '/secrets/s', as, body });
      assert.equal(answer.statusCode, 400, JSON.stringify(body)?.slice(0, 60));
      assert.equal(answer.json().error.code, 'BadParameter');
      assert.ok(!answer.body.includes(canary));
    }
    const wrongType = await world.ask({
      method: 'PUT',
      path: '/secrets/s',
      as,
      body: canary,
      headers: { 'content-type': 'text/plain' },
    });
    assert.equal(wrongType.statusCode, 415);
    for (const name of ['a_b', 'a.b', 'a%2Fb', '%2e%2e', 'x'.repeat(128), 'ä', 'a%00', '%C4%B0']) {
      const answer = await world.ask({
        method: 'PUT',
        path: `/secrets/${encodeURI(decodeURI(name))}`,
        as,
        body: { value: 'x' },
      });
      assert.ok([400, 404].includes(answer.statusCode), `${name}: ${answer.statusCode}`);
    }
    assert.deepEqual(await world.database.read.selectFrom('vault_secrets').selectAll().execute(), []);
    assert.ok(!JSON.stringify(world.lines).includes(canary));
  });

  test('in its path or its vault is not found', async () => {
    await using world = await vaultWorld();
    await world.vault('demo-kv');
    const as = await world.identity();
    for (const path of ['/', '/secrets/s/versions/1', '/other', '/secrets//x/y/z']) {
      assert.equal((await world.ask({ method: 'GET', path, as })).statusCode, 404, path);
    }
    const stranger = await world.ask({
      method: 'GET',
      path: '/secrets',
      host: 'no-such.vault.azure.net',
      as,
    });
    assert.equal(stranger.statusCode, 404);
    assert.equal(stranger.json().error.code, 'VaultNotFound');
  });
});

test('each access leaves one line that says who, what, where and why, and never a value', async () => {
  await using world = await vaultWorld();
  const vault = await world.vault('demo-kv');
  const as = await world.identity();
  const assignmentId = await world.grant(as, 'Key Vault Secrets Officer', vault);
  await world.ask({ method: 'PUT', path: '/secrets/s', as, body: { value: 'canary-51' } });
  await world.ask({ method: 'PUT', path: '/secrets/s', body: { value: 'canary-52' } });
  const lines = world.lines.filter((line) => line['audit'] === true);
  assert.equal(lines.length, 2);
  const { requestId, ...granted } = lines[0] ?? {};
  assert.deepEqual(granted, {
    audit: true,
    target: 'key-vault',
    method: 'PUT',
    host,
    action: 'Microsoft.KeyVault/vaults/secrets/setSecret/action',
    tenantId: world.tenantId,
    principalId: as.principalId,
    clientId: as.clientId,
    tokenId: 'uti',
    scope: `${vault}/secrets/s`,
    allowed: true,
    assignmentId,
    status: 200,
  });
  assert.match(String(requestId), /^[0-9a-f-]{36}$/);
  assert.equal(lines[1]?.['status'], 401);
  assert.equal(lines[1]?.['allowed'], false);
  assert.ok(!JSON.stringify(world.lines).includes('canary'));
});
