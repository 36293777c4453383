import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { introspection, openidConfiguration } from '../../src/contract/oauth2.ts';
import { canonicalId, parseScope } from '../../src/contract/resource-id.ts';
import { setPrincipalEnabled } from '../../src/server/directory/directory-store.ts';
import { updateUser } from '../../src/server/directory/user-store.ts';
import { TokenRejected } from '../../src/server/http/bearer.ts';
import {
  azureCli,
  makeApplication,
  makeCode,
  makePerson,
  type TestApplication,
  verifier,
} from '../support/people.ts';
import {
  assertionForm,
  signAssertion,
  type TestTokenService,
  testTokenService,
} from '../support/token-service.ts';

const vault = 'https://vault.azure.net';

describe('revocation and introspection of tokens (RFC 7009, RFC 7662)', () => {
  let service: TestTokenService;
  let tenantId: TestApplication['tenantId'];
  let client: TestApplication;
  let api: TestApplication;
  let stranger: TestApplication;
  before(async () => {
    service = await testTokenService();
    tenantId = await service.tenant('contoso.example');
    client = await makeApplication(service, tenantId, {}, 'client');
    api = await makeApplication(service, tenantId, {}, 'api');
    stranger = await makeApplication(service, tenantId, {}, 'stranger');
  });
  after(() => service?.[Symbol.asyncDispose]());

  const basic = ({ clientId, secret }: TestApplication) => ({
    authorization: `Basic ${Buffer.from(`${clientId}:${encodeURIComponent(secret)}`).toString('base64')}`,
  });
  const tokenOf = async (app: TestApplication, resource: string) => {
    const reply = await service.post(`/${app.tenantId}/oauth2/v2.0/token`, {
      grant_type: 'client_credentials',
      client_id: app.clientId,
      client_secret: app.secret,
      scope: `${resource}/.default`,
    });
    assert.equal(reply.status, 200, reply.text);
    return String(reply.body['access_token']);
  };
  const revoke = (app: TestApplication, token: string, tenant: string = tenantId) =>
    service.post(`/${tenant}/oauth2/v2.0/revoke`, { token, token_type_hint: 'access_token' }, basic(app));
  const introspect = async (app: TestApplication, token: string, tenant: string = tenantId) => {
    const reply = await service.post(`/${tenant}/oauth2/v2.0/introspect`, { token }, basic(app));
    assert.equal(reply.status, 200, reply.text);
    assert.match(reply.headers.get('cache-control') ?? '', /no-store/);
    return introspection.parse(reply.body);
  };
  const holds = async (token: string) =>
    await service.verifier.verify(token, [vault]).then(
      () => true,
      (error: unknown) => {
        assert.ok(error instanceof TokenRejected);
        return false;
      },
    );

  test('a client ends one access token of its own, at once, and no other', async () => {
    const [token, other] = [await tokenOf(client, vault), await tokenOf(client, vault)];
    assert.equal(await holds(token), true);
    const answer = await revoke(client, token);
    assert.deepEqual([answer.status, answer.text], [200, '']);
    assert.equal(await holds(token), false);
    assert.equal(await holds(other), true);
    assert.equal((await revoke(client, token)).status, 200, 'again means nothing');
  });

  test('what is not its own, or no token, looks the same to it and stays as it is (C25)', async () => {
    const token = await tokenOf(client, vault);
    const foreign = await makeApplication(service, await service.tenant('fabrikam.example'), {}, 'foreign');
    const answers = [
      await revoke(stranger, token),
      await revoke(foreign, token, foreign.tenantId),
      await revoke(stranger, 'nothing'),
      await revoke(stranger, `${token}x`),
      await revoke(stranger, `r.${'A'.repeat(64)}`),
      await revoke(stranger, await tokenOf(stranger, vault)),
    ];
    for (const { status, text } of answers) assert.deepEqual([status, text], [200, '']);
    assert.equal(await holds(token), true);
  });

  test('a refresh token ends with all that descend from its sign-in, and only by its own client', async () => {
    const alice = await makePerson(service, tenantId, 'alice@contoso.example');
    const first = await service.post(`/${tenantId}/oauth2/v2.0/token`, {
      grant_type: 'authorization_code',
      client_id: azureCli,
      redirect_uri: 'http://localhost:1234',
      code_verifier: verifier,
      code: await makeCode(service, alice, azureCli),
    });
    const refresh = (token: unknown) =>
      service.post(`/${tenantId}/oauth2/v2.0/token`, {
        grant_type: 'refresh_token',
        client_id: azureCli,
        scope: 'https://management.azure.com/.default',
        refresh_token: String(token),
      });
    const token = String(first.body['refresh_token']);
    const next = await refresh(token);
    assert.equal((await revoke(stranger, token)).status, 200);
    assert.equal((await refresh(next.body['refresh_token'])).status, 200);
    const path = `/${tenantId}/oauth2/v2.0/revoke`;
    assert.equal((await service.post(path, { client_id: azureCli, token })).status, 200);
    assert.deepEqual((await refresh(next.body['refresh_token'])).refusal.error_codes, [70000]);
  });

  test('a token that is ended while its holder is disabled does not come back with the holder', async () => {
    const bob = await makePerson(service, tenantId, 'bob@contoso.example');
    const reply = await service.post(`/${tenantId}/oauth2/v2.0/token`, {
      grant_type: 'authorization_code',
      client_id: azureCli,
      redirect_uri: 'http://localhost:1234',
      code_verifier: verifier,
      code: await makeCode(service, bob, azureCli),
    });
    const token = String(reply.body['access_token']);
    const accepted = () =>
      service.verifier.verify(token, ['https://management.azure.com'], { scope: 'user_impersonation' }).then(
        () => true,
        () => false,
      );
    const enable = (enabled: boolean) =>
      service.database.transaction((transaction) =>
        updateUser(transaction, { ...bob, at: service.clock.now() }, { enabled }),
      );
    assert.equal(await accepted(), true);
    await enable(false);
    await enable(true);
    assert.equal(await accepted(), true);
    await enable(false);
    const path = `/${tenantId}/oauth2/v2.0/revoke`;
    assert.equal((await service.post(path, { client_id: azureCli, token })).status, 200);
    await enable(true);
    assert.equal(await accepted(), false);
  });

  test('an API learns of the tokens for it who has them, and nothing of others', async () => {
    const token = await tokenOf(client, `api://${api.clientId}`);
    const found = await introspect(api, token);
    assert.ok(found.active);
    assert.deepEqual(
      [found.client_id, found.oid, found.sub, found.tid, found.aud, found.token_type],
      [client.clientId, client.principalId, client.principalId, tenantId, `api://${api.clientId}`, 'Bearer'],
    );
    assert.equal(found.exp - found.iat, 3900);
    assert.ok(found.jti.length === 22 && found.iss.includes(tenantId));
    const inactive = { active: false };
    assert.deepEqual(await introspect(stranger, token), inactive);
    assert.deepEqual(await introspect(client, token), inactive, 'who has it is not whom it is for');
    assert.deepEqual(await introspect(api, await tokenOf(client, vault)), inactive);
    for (const text of ['x', `${token}x`, `r.${'A'.repeat(64)}`]) {
      assert.deepEqual(await introspect(api, text), inactive);
    }
    const other = await service.tenant('adatum.example');
    const foreign = await makeApplication(service, other, {}, 'foreign');
    service.introspectors.add(foreign.principalId);
    assert.deepEqual(
      await introspect(foreign, token, other),
      inactive,
      'not even who may look into all of its own',
    );
  });

  test('a token is not active once it was revoked, its holder disabled, or its time is over', async () => {
    const tokens = [1, 2, 3].map(() => tokenOf(client, `api://${api.clientId}`));
    const [first = '', second = '', third = ''] = await Promise.all(tokens);
    await revoke(client, first);
    assert.deepEqual(await introspect(api, first), { active: false });
    assert.equal((await introspect(api, second)).active, true);
    const enable = (enabled: boolean) =>
      service.database.transaction((transaction) =>
        setPrincipalEnabled(transaction, { ...client, enabled, at: service.clock.now() }),
      );
    await enable(false);
    assert.deepEqual(await introspect(api, second), { active: false });
    await enable(true);
    service.clock.advance(3_700_000);
    assert.deepEqual(await introspect(api, third), { active: false });
  });

  test('who may look into every token of the tenant sees which machine a managed identity is of', async () => {
    const resourceId = `/subscriptions/${tenantId}/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm1`;
    const identity = await service.identity(tenantId, {
      kind: 'SystemAssigned',
      resourceId,
      resourceCanonical: canonicalId(parseScope(resourceId)),
    });
    const form = assertionForm(identity, await signAssertion(service, identity, identity.key), vault);
    const reply = await service.post(`/${tenantId}/oauth2/v2.0/token`, form);
    assert.equal(reply.status, 200, reply.text);
    const token = String(reply.body['access_token']);
    service.introspectors.add(stranger.principalId);
    const found = await introspect(stranger, token);
    assert.ok(found.active);
    assert.match(found.xms_mirid ?? '', /virtualMachines\/vm1$/);
    service.introspectors.delete(stranger.principalId);
    assert.deepEqual(await introspect(stranger, token), { active: false });
  });

  test('nobody unproven is answered, and no request that is none', async () => {
    const token = await tokenOf(client, `api://${api.clientId}`);
    const at = (endpoint: string, form: Record<string, string> | string, headers = {}) =>
      service.post(`/${tenantId}/oauth2/v2.0/${endpoint}`, form, headers);
    for (const endpoint of ['introspect', 'revoke']) {
      const wrong = { ...basic(api), authorization: `Basic ${btoa(`${api.clientId}:wrong`)}` };
      assert.deepEqual((await at(endpoint, { token }, wrong)).refusal.error_codes, [7000215]);
      assert.equal((await at(endpoint, { token, client_id: api.clientId })).status, 401);
      assert.deepEqual((await at(endpoint, { token: '' }, basic(api))).refusal.error_codes, [900144]);
      assert.deepEqual((await at(endpoint, 'token=a&token=b', basic(api))).refusal.error_codes, [9000411]);
      assert.equal((await service.get(`/${tenantId}/oauth2/v2.0/${endpoint}`)).status, 405);
      const common = await service.post(`/common/oauth2/v2.0/${endpoint}`, { token }, basic(api));
      assert.equal(common.status, 400);
    }
    assert.equal((await introspect(api, token)).active, true);
  });

  test('a client that asks without end is told to wait', async () => {
    const busy = await makeApplication(service, tenantId, {}, 'busy');
    const path = `/${tenantId}/oauth2/v2.0/revoke`;
    const statuses = new Set<number>();
    for (let asked = 0; asked < 401; asked += 1) {
      statuses.add((await service.post(path, { token: 'x' }, basic(busy))).status);
    }
    assert.deepEqual([...statuses], [200, 429]);
    assert.equal((await revoke(client, 'x')).status, 200, 'others are not held up');
  });

  test('discovery tells where', async () => {
    const { body } = await service.get(`/${tenantId}/v2.0/.well-known/openid-configuration`);
    const document = openidConfiguration.parse(body);
    for (const endpoint of [document.revocation_endpoint, document.introspection_endpoint]) {
      const { pathname } = new URL(endpoint ?? '');
      assert.equal((await service.post(pathname, { token: 'x' }, basic(client))).status, 200);
    }
  });
});
