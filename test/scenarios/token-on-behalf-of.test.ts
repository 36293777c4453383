import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { updateUser } from '../../src/server/directory/user-store.ts';
import { claimsOf, grantForAll, makeApplication, makeCode, makePerson, verifier } from '../support/people.ts';
import { testTokenService } from '../support/token-service.ts';

const arm = { appId: '797f4846-ba00-4fd7-ba43-dac1f8f63013' };
const grant = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

async function world() {
  const service = await testTokenService();
  const tenantId = await service.tenant('contoso.example');
  const alice = await makePerson(service, tenantId, 'alice@contoso.example');
  const api = await makeApplication(
    service,
    tenantId,
    {
      api: {
        oauth2PermissionScopes: [
          {
            ...{ id: '11111111-1111-4111-8111-111111111111', value: 'access_as_user', type: 'Admin' },
            ...{ isEnabled: true, adminConsentDisplayName: 'x', adminConsentDescription: 'x' },
          },
        ],
      },
    },
    'Middle',
  );
  const front = await makeApplication(service, tenantId, {
    publicClient: { redirectUris: ['http://localhost'] },
  });
  await grantForAll(service, front, api, 'access_as_user');
  const tokenFor = async (scope: string) => {
    const code = await makeCode(service, alice, front.clientId, { scope, redirectUri: 'http://localhost' });
    return await service.post(`/${tenantId}/oauth2/v2.0/token`, {
      grant_type: 'authorization_code',
      client_id: front.clientId,
      redirect_uri: 'http://localhost',
      code_verifier: verifier,
      code,
    });
  };
  const onBehalf = (assertion: unknown, form: Record<string, string> = {}, path = 'oauth2/v2.0/token') =>
    service.post(`/${tenantId}/${path}`, {
      grant_type: grant,
      client_id: api.clientId,
      client_secret: api.secret,
      requested_token_use: 'on_behalf_of',
      scope: 'https://management.azure.com/.default',
      assertion: String(assertion),
      ...form,
    });
  const assertion = (await tokenFor(`api://${api.clientId}/access_as_user openid`)).body;
  return {
    ...{ service, tenantId, alice, api, front, tokenFor, onBehalf, assertion },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

describe('an API that was called by a person’s application', () => {
  test('acts at a further resource on the person’s behalf, where an administrator granted it', async () => {
    await using w = await world();
    const token = w.assertion['access_token'];
    const early = await w.onBehalf(token);
    assert.deepEqual([early.refusal.error_codes, early.refusal.suberror], [[65001], 'consent_required']);
    await grantForAll(w.service, w.api, arm, 'user_impersonation');
    const { body, status } = await w.onBehalf(token);
    assert.equal(status, 200);
    const claims = claimsOf(body['access_token']);
    assert.deepEqual(
      [claims['oid'], claims['appid'], claims['aud'], claims['scp'], claims['appidacr']],
      [w.alice.userId, w.api.clientId, 'https://management.azure.com', 'user_impersonation', '1'],
    );
    assert.equal('refresh_token' in body, false);
    const v1 = await w.onBehalf(
      token,
      { resource: 'https://management.azure.com/', scope: 'openid' },
      'oauth2/token',
    );
    assert.equal(claimsOf(v1.body['access_token'])['aud'], 'https://management.azure.com/');
  });

  test('can’t with a token for another, an id token, an own token, an altered or an old one', async () => {
    await using w = await world();
    await grantForAll(w.service, w.api, arm, 'user_impersonation');
    await grantForAll(w.service, w.front, arm, 'user_impersonation');
    const codes = async (assertion: unknown) => (await w.onBehalf(assertion)).body['error_codes'];
    const token = String(w.assertion['access_token']);
    const forArm = await w.tokenFor('https://management.azure.com/.default');
    assert.deepEqual(await codes(forArm.body['access_token']), [50013]);
    assert.deepEqual(await codes(w.assertion['id_token']), [50013]);
    const own = await w.service.post(`/${w.tenantId}/oauth2/v2.0/token`, {
      grant_type: 'client_credentials',
      client_id: w.api.clientId,
      client_secret: w.api.secret,
      scope: `api://${w.api.clientId}/.default`,
    });
    assert.deepEqual(await codes(own.body['access_token']), [7000114]);
    assert.deepEqual(await codes(`${token.slice(0, -4)}AAAA`), [50013]);
    assert.deepEqual(await codes('x'), [50013]);
    w.service.clock.advance(3_700_000);
    assert.deepEqual(await codes(token), [500133]);
  });

  test('can’t take its own id token for the person’s consent, though both are for the same application', async () => {
    await using w = await world();
    await grantForAll(w.service, w.api, arm, 'user_impersonation');
    const code = await makeCode(w.service, w.alice, w.api.clientId, {
      ...{ scope: 'openid', redirectUri: 'https://middle.example', redirectKind: 'web' },
    });
    const { body } = await w.service.post(`/${w.tenantId}/oauth2/v2.0/token`, {
      grant_type: 'authorization_code',
      client_id: w.api.clientId,
      client_secret: w.api.secret,
      redirect_uri: 'https://middle.example',
      code_verifier: verifier,
      code,
    });
    assert.equal(claimsOf(body['id_token'])['aud'], w.api.clientId);
    assert.deepEqual((await w.onBehalf(body['id_token'])).refusal.error_codes, [50013]);
  });

  test('ends with the person and with the application in between', async () => {
    await using w = await world();
    await grantForAll(w.service, w.api, arm, 'user_impersonation');
    const { clock, database } = w.service;
    const key = { tenantId: w.tenantId, userId: w.alice.userId };
    await database.transaction((transaction) =>
      updateUser(transaction, { ...key, at: clock.now() }, { enabled: false }),
    );
    assert.deepEqual((await w.onBehalf(w.assertion['access_token'])).refusal.error_codes, [50013]);
  });

  test('must say what it wants, prove itself, and mean this', async () => {
    await using w = await world();
    const codes = async (form: Record<string, string>, path?: string) =>
      (await w.onBehalf(w.assertion['access_token'], form, path)).body['error_codes'];
    assert.deepEqual(await codes({ requested_token_use: '' }), [900144]);
    assert.deepEqual(await codes({ requested_token_use: 'x' }), [9002313]);
    assert.deepEqual(await codes({ assertion: '' }), [900144]);
    assert.deepEqual(await codes({ scope: '' }), [900144]);
    assert.deepEqual(await codes({ scope: '' }, 'oauth2/token'), [900144]);
    assert.deepEqual(await codes({ client_secret: '' }), [7000216]);
    assert.deepEqual(await codes({ client_secret: 'guess' }), [7000215]);
    assert.deepEqual(await codes({ scope: 'https://nothing.example/.default' }), [500011]);
  });
});
