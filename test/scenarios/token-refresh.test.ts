import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { hashPassword, setPassword } from '../../src/server/directory/passwords.ts';
import { deleteUser, updateUser } from '../../src/server/directory/user-store.ts';
import {
  azureCli,
  claimsOf,
  grantForAll,
  makeApplication,
  makeCode,
  makePerson,
  verifier,
} from '../support/people.ts';
import { type Reply, testTokenService } from '../support/token-service.ts';

const arm = { appId: '797f4846-ba00-4fd7-ba43-dac1f8f63013' };
const powerShell = '1950a258-227b-4e31-a9cf-717495945fc2';
const day = 86_400_000;

async function world() {
  const service = await testTokenService();
  const tenantId = await service.tenant('contoso.example');
  const alice = await makePerson(service, tenantId, 'alice@contoso.example');
  const first = await service.post(`/${tenantId}/oauth2/v2.0/token`, {
    grant_type: 'authorization_code',
    client_id: azureCli,
    redirect_uri: 'http://localhost:1234',
    code_verifier: verifier,
    code: await makeCode(service, alice, azureCli),
  });
  const refresh = (token: unknown, form: Record<string, string> = {}, tenant: string = tenantId) =>
    service.post(`/${tenant}/oauth2/v2.0/token`, {
      grant_type: 'refresh_token',
      client_id: azureCli,
      scope: 'https://management.azure.com/.default openid offline_access profile',
      refresh_token: String(token),
      ...form,
    });
  const codes = (reply: Reply) => reply.refusal.error_codes;
  const token = first.body['refresh_token'];
  return {
    ...{ service, tenantId, alice, token, refresh, codes },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

describe('a refresh token', () => {
  test('gets tokens for any resource, and the next refresh token', async () => {
    await using w = await world();
    const vault = await w.refresh(w.token, { scope: 'https://vault.azure.net/.default' });
    assert.equal(claimsOf(vault.body['access_token'])['aud'], 'https://vault.azure.net');
    assert.notEqual(vault.body['refresh_token'], w.token);
    const graph = await w.refresh(vault.body['refresh_token'], {
      scope: 'https://graph.microsoft.com/.default',
    });
    assert.match(String(claimsOf(graph.body['access_token'])['scp']), /\bDirectory\.AccessAsUser\.All\b/);
    const same = await w.refresh(graph.body['refresh_token'], { scope: '' });
    assert.equal(claimsOf(same.body['access_token'])['aud'], 'https://graph.microsoft.com');
    const v1 = await w.service.post(`/${w.tenantId}/oauth2/token`, {
      grant_type: 'refresh_token',
      client_id: azureCli,
      resource: 'https://management.core.windows.net/',
      refresh_token: String(same.body['refresh_token']),
    });
    assert.equal(claimsOf(v1.body['access_token'])['aud'], 'https://management.core.windows.net/');
    assert.equal(typeof v1.body['expires_in'], 'string');
  });

  test('says which tenant it is of where the path does not', async () => {
    await using w = await world();
    for (const alias of ['organizations', 'common']) {
      const reply = await w.refresh(w.token, {}, alias);
      assert.equal(claimsOf(reply.body['access_token'])['tid'], w.tenantId, alias);
    }
    assert.deepEqual(w.codes(await w.refresh('r.x', {}, 'organizations')), [50059]);
    const other = await w.service.tenant('fabrikam.example');
    assert.deepEqual(w.codes(await w.refresh(w.token, {}, other)), [70000]);
  });

  test('works for the other tools of the family, and for no other application', async () => {
    await using w = await world();
    const app = await makeApplication(w.service, w.tenantId, { isFallbackPublicClient: true });
    assert.deepEqual(w.codes(await w.refresh(w.token, { client_id: app.clientId })), [70000]);
    const family = await w.refresh(w.token, { client_id: powerShell });
    assert.deepEqual([family.status, family.body['foci']], [200, '1']);
    assert.equal(claimsOf(family.body['access_token'])['appid'], powerShell);
  });

  test('may be used by several at once, but a copy used later ends the whole line (RFC 9700 §4.14.2)', async () => {
    await using w = await world();
    const together = await Promise.all(Array.from({ length: 8 }, () => w.refresh(w.token)));
    assert.ok(together.every(({ status }) => status === 200));
    const newest = together[0]?.body['refresh_token'];
    w.service.clock.advance(120_001);
    assert.deepEqual(w.codes(await w.refresh(w.token)), [700082]);
    assert.deepEqual(w.codes(await w.refresh(newest)), [70000]);
  });

  test('ends after ninety days unused, and lives on while it is used', async () => {
    await using w = await world();
    let { token } = w;
    for (let month = 0; month < 4; month += 1) {
      w.service.clock.advance(80 * day);
      token = (await w.refresh(token)).body['refresh_token'];
    }
    w.service.clock.advance(90 * day);
    assert.deepEqual(w.codes(await w.refresh(token)), [700082]);
  });

  test('ends with the account, a new password and a revocation of sign-ins', async () => {
    await using w = await world();
    const { clock, database } = w.service;
    const key = () => ({ tenantId: w.tenantId, userId: w.alice.userId, at: clock.now() });
    await database.transaction((transaction) => updateUser(transaction, key(), { enabled: false }));
    assert.deepEqual(w.codes(await w.refresh(w.token)), [50057]);
    await database.transaction((transaction) => updateUser(transaction, key(), { enabled: true }));
    assert.equal((await w.refresh(w.token)).status, 200);
    clock.advance(1000);
    const hash = await hashPassword('another password', systemRandomness);
    await database.transaction((transaction) =>
      setPassword(transaction, { ...key(), hash, mustChange: false }),
    );
    const revoked = await w.refresh(w.token);
    assert.deepEqual([w.codes(revoked), revoked.refusal.suberror], [[50173], 'bad_token']);
    await database.transaction((transaction) => deleteUser(transaction, key()));
    assert.deepEqual(w.codes(await w.refresh(w.token)), [50034]);
  });

  test('of an application that proves itself is worth nothing without the proof', async () => {
    await using w = await world();
    const app = await makeApplication(w.service, w.tenantId, {
      ...{ web: { redirectUris: ['https://orders.example/cb'] }, isFallbackPublicClient: true },
    });
    await grantForAll(w.service, app, arm, 'user_impersonation');
    const proof = { client_id: app.clientId, client_secret: app.secret };
    const code = await makeCode(w.service, w.alice, app.clientId, {
      ...{ redirectUri: 'https://orders.example/cb', redirectKind: 'web' },
    });
    const first = await w.service.post(`/${w.tenantId}/oauth2/v2.0/token`, {
      grant_type: 'authorization_code',
      redirect_uri: 'https://orders.example/cb',
      code_verifier: verifier,
      code,
      ...proof,
    });
    const token = first.body['refresh_token'];
    assert.deepEqual(w.codes(await w.refresh(token, { client_id: app.clientId })), [7000218]);
    assert.equal((await w.refresh(token, proof)).status, 200);
    // its servers share a cache that is not always of the last second
    w.service.clock.advance(3_600_000);
    assert.equal((await w.refresh(token, proof)).status, 200);
  });

  test('is nothing that the database could tell', async () => {
    await using w = await world();
    const rows = await w.service.database.read.selectFrom('refresh_tokens').selectAll().execute();
    assert.equal(rows.length, 1);
    assert.ok(!JSON.stringify(rows).includes(String(w.token).slice(2, 40)));
  });
});
