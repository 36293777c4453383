import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { updateUser } from '../../src/server/directory/user-store.ts';
import {
  azureCli,
  challengeOf,
  claimsOf,
  grantForAll,
  makeApplication,
  makeCode,
  makePerson,
  verifier,
} from '../support/people.ts';
import { testTokenService } from '../support/token-service.ts';

const arm = { appId: '797f4846-ba00-4fd7-ba43-dac1f8f63013' };

async function world() {
  const service = await testTokenService();
  const tenantId = await service.tenant('contoso.example');
  const alice = await makePerson(service, tenantId, 'alice@contoso.example');
  const redeem = (code: string, form: Record<string, string> = {}, headers: Record<string, string> = {}) =>
    service.post(
      `/${tenantId}/oauth2/v2.0/token`,
      {
        grant_type: 'authorization_code',
        client_id: azureCli,
        redirect_uri: 'http://localhost:1234',
        code_verifier: verifier,
        client_info: '1',
        code,
        ...form,
      },
      headers,
    );
  return { service, tenantId, alice, redeem, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() };
}

describe('a code of a person', () => {
  test('is redeemed for what the person lets the application do', async () => {
    await using w = await world();
    const { body, status } = await w.redeem(await makeCode(w.service, w.alice, azureCli, { nonce: 'n-1' }));
    assert.equal(status, 200);
    const access = claimsOf(body['access_token']);
    const { tenantId } = w;
    const { userId, userPrincipalName } = w.alice;
    assert.deepEqual(
      [
        access['scp'],
        access['oid'],
        access['upn'],
        access['unique_name'],
        access['appid'],
        access['appidacr'],
      ],
      ['user_impersonation', userId, userPrincipalName, userPrincipalName, azureCli, '0'],
    );
    assert.deepEqual(access['wids'], ['b79fbf4d-3ef9-4689-8143-76b194e85509']);
    assert.deepEqual([access['amr'], access['idtyp'], access['tid']], [['pwd'], 'user', tenantId]);
    const id = claimsOf(body['id_token']);
    assert.deepEqual(
      [id['aud'], id['nonce'], id['iss'], id['preferred_username'], id['oid'], id['ver'], id['name']],
      [
        azureCli,
        'n-1',
        `https://login.microsoftonline.com/${tenantId}/v2.0`,
        userPrincipalName,
        userId,
        '2.0',
        'Alice',
      ],
    );
    assert.notEqual(id['sub'], userId);
    assert.notEqual(id['sub'], access['sub']);
    assert.deepEqual(JSON.parse(Buffer.from(String(body['client_info']), 'base64url').toString()), {
      uid: userId,
      utid: tenantId,
    });
    assert.equal(body['foci'], '1');
    assert.equal(
      body['scope'],
      'openid profile https://management.azure.com/.default https://management.azure.com/user_impersonation',
    );
    const caller = await w.service.verifier.verify(
      String(body['access_token']),
      ['https://management.azure.com'],
      { scope: 'user_impersonation' },
    );
    // T9: what tells a client who the person is opens nothing, nor does a scope of another surface
    const audiences = [azureCli, 'https://management.azure.com'];
    const { verifier: surface } = w.service;
    await assert.rejects(surface.verify(String(body['id_token']), audiences, 'by-operation'), {
      reason: 'malformed',
    });
    await assert.rejects(surface.verify(String(body['access_token']), audiences, { scope: 'User.Read' }));
    await assert.rejects(surface.verify(String(body['access_token']), audiences), { reason: 'malformed' });
    assert.deepEqual([caller.principalType, caller.principalId], ['User', userId]);
  });

  test('is redeemed once: of 200 at the same time one gets tokens, and they end with the second use (T12)', async () => {
    await using w = await world();
    const code = await makeCode(w.service, w.alice, azureCli);
    const replies = await Promise.all(Array.from({ length: 200 }, () => w.redeem(code)));
    const good = replies.filter(({ status }) => status === 200);
    assert.equal(good.length, 1);
    for (const reply of replies.filter(({ status }) => status !== 200)) {
      assert.deepEqual(reply.refusal.error_codes, [54005]);
    }
    const renewed = await w.service.post(`/${w.tenantId}/oauth2/v2.0/token`, {
      grant_type: 'refresh_token',
      client_id: azureCli,
      refresh_token: String(good[0]?.body['refresh_token']),
      scope: 'https://management.azure.com/.default',
    });
    assert.deepEqual([renewed.status, renewed.body['error']], [400, 'invalid_grant']);
  });

  test('needs the verifier of its challenge, and is not used up by a wrong one', async () => {
    await using w = await world();
    const code = await makeCode(w.service, w.alice, azureCli);
    for (const wrong of ['w'.repeat(43), 'short', '', challengeOf(verifier)]) {
      const reply = await w.redeem(code, { code_verifier: wrong });
      assert.deepEqual(reply.refusal.error_codes, [501481], wrong);
    }
    assert.equal((await w.redeem(code)).status, 200);
    const bare = await makeCode(w.service, w.alice, azureCli, { challenge: undefined });
    assert.deepEqual((await w.redeem(bare)).refusal.error_codes, [501481]);
  });

  test('is for its redirect, its client, its tenant and ten minutes', async () => {
    await using w = await world();
    const code = await makeCode(w.service, w.alice, azureCli);
    const refused = async (form: Record<string, string>) => (await w.redeem(code, form)).refusal.error_codes;
    assert.deepEqual(await refused({ redirect_uri: 'http://localhost:9999' }), [70000]);
    assert.deepEqual(await refused({ redirect_uri: '' }), [70000]);
    assert.deepEqual(await refused({ client_id: '1950a258-227b-4e31-a9cf-717495945fc2' }), [70000]);
    const otherEnd = code.endsWith('_') ? '-' : '_';
    assert.deepEqual(await refused({ code: `${code.slice(0, -1)}${otherEnd}` }), [70000]);
    assert.deepEqual(await refused({ code: 'x' }), [70000]);
    const other = await w.service.tenant('fabrikam.example');
    const elsewhere = await w.service.post(`/${other}/oauth2/v2.0/token`, {
      grant_type: 'authorization_code',
      client_id: azureCli,
      redirect_uri: 'http://localhost:1234',
      code_verifier: verifier,
      code,
    });
    assert.deepEqual(elsewhere.refusal.error_codes, [70000]);
    w.service.clock.advance(600_001);
    assert.deepEqual((await w.redeem(code)).refusal.error_codes, [70008]);
  });

  test('ends with the person’s account and with a revocation', async () => {
    await using w = await world();
    const { database, clock } = w.service;
    const key = { tenantId: w.tenantId, userId: w.alice.userId };
    const code = await makeCode(w.service, w.alice, azureCli);
    const change = (what: { enabled?: boolean; tokensValidFrom?: number }) =>
      database.transaction((transaction) => updateUser(transaction, { ...key, at: clock.now() }, what));
    await change({ enabled: false });
    assert.deepEqual((await w.redeem(code)).refusal.error_codes, [50057]);
    await change({ enabled: true, tokensValidFrom: clock.now() + 1 });
    const revoked = await w.redeem(code);
    assert.deepEqual([revoked.refusal.error_codes, revoked.refusal.suberror], [[50173], 'bad_token']);
  });

  test('of a web application takes the application’s secret, and of a page the page’s origin', async () => {
    await using w = await world();
    const web = await makeApplication(w.service, w.tenantId, {
      web: { redirectUris: ['https://orders.example/cb'] },
      spa: { redirectUris: ['https://orders.example/page'] },
    });
    await grantForAll(w.service, web, arm, 'user_impersonation');
    const scope = 'https://management.azure.com/user_impersonation offline_access';
    const webCode = await makeCode(w.service, w.alice, web.clientId, {
      ...{ redirectUri: 'https://orders.example/cb', redirectKind: 'web', scope },
    });
    const form = { client_id: web.clientId, redirect_uri: 'https://orders.example/cb' };
    assert.deepEqual((await w.redeem(webCode, form)).refusal.error_codes, [7000218]);
    const wrong = await w.redeem(webCode, { ...form, client_secret: 'guess' });
    assert.deepEqual(wrong.refusal.error_codes, [7000215]);
    const crossing = await w.redeem(
      webCode,
      { ...form, client_secret: web.secret },
      { Origin: 'https://a.example' },
    );
    assert.deepEqual(crossing.refusal.error_codes, [9002326]);
    assert.equal((await w.redeem(webCode, { ...form, client_secret: web.secret })).status, 200);

    const pageCode = await makeCode(w.service, w.alice, web.clientId, {
      ...{ redirectUri: 'https://orders.example/page', redirectKind: 'spa', scope },
    });
    const page = { client_id: web.clientId, redirect_uri: 'https://orders.example/page' };
    assert.deepEqual((await w.redeem(pageCode, page)).refusal.error_codes, [9002327]);
    const foreign = await w.redeem(pageCode, page, { Origin: 'https://evil.example' });
    assert.deepEqual(foreign.refusal.error_codes, [9002326]);
    const answered = await w.redeem(pageCode, page, { Origin: 'https://orders.example' });
    assert.equal(answered.status, 200);
    assert.equal(answered.headers.get('access-control-allow-origin'), '*');
    assert.ok(Number(answered.body['refresh_token_expires_in']) <= 86_400);
  });

  test('gives nothing that was not granted', async () => {
    await using w = await world();
    const app = await makeApplication(w.service, w.tenantId, {
      publicClient: { redirectUris: ['http://localhost'] },
    });
    for (const scope of [
      'https://management.azure.com/.default',
      'https://vault.azure.net/user_impersonation openid',
      'Directory.ReadWrite.All',
    ]) {
      const code = await makeCode(w.service, w.alice, app.clientId, { scope });
      const { refusal } = await w.redeem(code, { client_id: app.clientId });
      assert.deepEqual([refusal.error_codes, refusal.suberror], [[65001], 'consent_required'], scope);
    }
    const code = await makeCode(w.service, w.alice, app.clientId, { scope: 'openid profile' });
    const { body } = await w.redeem(code, { client_id: app.clientId });
    assert.equal(claimsOf(body['access_token'])['scp'], 'openid profile User.Read');
    assert.equal('refresh_token' in body, false);
    assert.equal('foci' in body, false);
  });
});

test('who the person is can be read with a token for Graph that may tell, and with no other', async () => {
  await using w = await world();
  const ask = async (scope: string) => {
    const { body } = await w.redeem(await makeCode(w.service, w.alice, azureCli, { scope }));
    const reply = await w.service.get(`/${w.tenantId}/openid/userinfo`, {
      Authorization: `Bearer ${body['access_token']}`,
    });
    return { reply, body };
  };
  const { reply, body } = await ask('openid profile');
  assert.deepEqual(reply.body, { sub: claimsOf(body['id_token'])['sub'], name: 'Alice' });
  for (const scope of ['User.Read', 'https://management.azure.com/.default openid']) {
    const refused = await ask(scope);
    assert.equal(refused.reply.status, 401, scope);
    assert.match(refused.reply.headers.get('www-authenticate') ?? '', /invalid_token/);
  }
  assert.equal((await w.service.get(`/${w.tenantId}/openid/userinfo`)).status, 401);
});
