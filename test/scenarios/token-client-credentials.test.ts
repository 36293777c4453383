import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as jose from 'jose';
import { tokenAnswerV1, tokenAnswerV2 } from '../../src/contract/oauth2.ts';
import { canonicalId, parseScope } from '../../src/contract/resource-id.ts';
import type { TenantId } from '../../src/foundation/ids.ts';
import {
  assertionForm,
  signAssertion,
  type TestTokenService,
  testTokenService,
} from '../support/token-service.ts';

const vmId =
  '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/Demo/providers/Microsoft.Compute/virtualMachines/vm1';
const identityId =
  '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/Demo/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1';
const identityOf = (kind: 'SystemAssigned' | 'UserAssigned', resourceId: string) => ({
  kind,
  resourceId,
  resourceCanonical: canonicalId(parseScope(resourceId)),
});

describe('a client gets a token', () => {
  let service: TestTokenService;
  let tenantId: TenantId;
  before(async () => {
    service = await testTokenService();
    tenantId = await service.tenant('contoso.example');
  });
  after(() => service[Symbol.asyncDispose]());

  async function validated(token: string, version: 'v1' | 'v2' = 'v1') {
    const keys = await service.keySet(tenantId, version);
    return await jose.jwtVerify(token, jose.createLocalJWKSet(keys), {
      currentDate: new Date(service.clock.now()),
      issuer:
        version === 'v1'
          ? `https://sts.windows.net/${tenantId}/`
          : `https://login.microsoftonline.com/${tenantId}/v2.0`,
    });
  }

  test('an application with its secret, in the v2 shape, validated through the published keys', async () => {
    const app = await service.application(tenantId);
    const reply = await service.post(`/${tenantId}/oauth2/v2.0/token`, {
      grant_type: 'client_credentials',
      client_id: app.clientId,
      client_secret: app.secret,
      scope: 'https://management.azure.com/.default',
    });
    assert.equal(reply.status, 200);
    assert.match(reply.headers.get('content-type') ?? '', /^application\/json; charset=utf-8/);
    assert.match(reply.headers.get('cache-control') ?? '', /no-store/);
    const answer = tokenAnswerV2.strict().parse(reply.body);
    assert.equal(answer.expires_in, 3599);
    const { payload, protectedHeader } = await validated(answer.access_token);
    const now = service.clock.now() / 1000;
    const { uti, ...claims } = payload;
    assert.deepEqual(claims, {
      aud: 'https://management.azure.com',
      iss: `https://sts.windows.net/${tenantId}/`,
      iat: now - 300,
      nbf: now - 300,
      exp: now + 3600,
      appid: app.clientId,
      appidacr: '1',
      idp: `https://sts.windows.net/${tenantId}/`,
      idtyp: 'app',
      oid: app.principalId,
      sub: app.principalId,
      tid: tenantId,
      ver: '1.0',
    });
    assert.equal(String(uti).length, 22);
    const { kid } = protectedHeader;
    assert.deepEqual(protectedHeader, { typ: 'JWT', alg: 'RS256', x5t: kid, kid });
  });

  test('the answer of the v1 endpoint has its numbers as strings and echoes the resource', async () => {
    const app = await service.application(tenantId);
    const reply = await service.post(`//CONTOSO.example/OAuth2/Token/`, {
      grant_type: 'client_credentials',
      client_id: app.clientId.toUpperCase(),
      client_secret: app.secret,
      resource: 'https://management.core.windows.net/',
    });
    const answer = tokenAnswerV1.strict().parse(reply.body);
    assert.equal(answer.resource, 'https://management.core.windows.net/');
    const { payload } = await validated(answer.access_token);
    assert.equal(payload.aud, 'https://management.core.windows.net/');
    assert.equal(answer.expires_on, String(payload.exp));
    assert.equal(answer.not_before, String(payload.nbf));
  });

  test('a secret in a Basic header, form-encoded in both halves', async () => {
    const app = await service.application(tenantId);
    const encoded = encodeURIComponent(app.secret).replace('a', '%61');
    const basic = Buffer.from(`${app.clientId}:${encoded}`).toString('base64');
    const form = { grant_type: 'client_credentials', scope: 'https://vault.azure.net/.default' };
    const path = `/${tenantId}/oauth2/v2.0/token`;
    assert.equal((await service.post(path, form, { authorization: `Basic ${basic}` })).status, 200);
    const other = await service.post(
      path,
      { ...form, client_id: tenantId },
      { authorization: `Basic ${basic}` },
    );
    assert.deepEqual(other.refusal.error_codes, [9002313]);
  });

  test('a virtual machine with its own identity, by the key of its certificate', async () => {
    const vm = await service.identity(tenantId, identityOf('SystemAssigned', vmId));
    const reply = await service.post(
      `/${tenantId}/oauth2/v2.0/token`,
      assertionForm(vm, await signAssertion(service, vm, vm.key)),
    );
    assert.equal(reply.status, 200, reply.text);
    const { payload } = await validated(String(reply.body['access_token']));
    assert.equal(payload['xms_mirid'], vmId.replace('resourceGroups', 'resourcegroups'));
    assert.equal(payload['xms_az_rid'], undefined);
    assert.equal(payload['appidacr'], '2');
    assert.equal(payload.aud, 'https://vault.azure.net');
  });

  test('a user-assigned identity says on which resource it is used', async () => {
    const identity = await service.identity(tenantId, identityOf('UserAssigned', identityId), vmId);
    const reply = await service.post(
      `/${tenantId}/oauth2/v2.0/token`,
      assertionForm(identity, await signAssertion(service, identity, identity.key)),
    );
    const { payload } = await validated(String(reply.body['access_token']));
    assert.equal(payload['xms_mirid'], identityId.replace('resourceGroups', 'resourcegroups'));
    assert.equal(payload['xms_az_rid'], vmId.replace('resourceGroups', 'resourcegroups'));
  });

  test('a token for exchange elsewhere is of the second version, for an application id', async () => {
    const app = await service.application(tenantId);
    const reply = await service.post(`/${tenantId}/oauth2/v2.0/token`, {
      grant_type: 'client_credentials',
      client_id: app.clientId,
      client_secret: app.secret,
      scope: 'api://AzureADTokenExchange/.default openid offline_access profile',
      client_info: '1',
    });
    const { payload, protectedHeader } = await validated(String(reply.body['access_token']), 'v2');
    assert.equal(payload.aud, 'fb60f99c-7a34-4190-8149-302f77469936');
    assert.equal(payload['azp'], app.clientId);
    assert.equal(payload['azpacr'], '1');
    assert.equal(payload['ver'], '2.0');
    assert.equal(protectedHeader['x5t'], undefined);
  });

  test('audiences are the caller’s own spelling, with or without slash, by GUID, or an application’s', async () => {
    const app = await service.application(tenantId);
    const audience = async (resource: string) => {
      const reply = await service.post(`/${tenantId}/oauth2/v2.0/token`, {
        grant_type: 'client_credentials',
        client_id: app.clientId,
        client_secret: app.secret,
        scope: `${resource}/.default`,
      });
      return reply.status === 200
        ? jose.decodeJwt(String(reply.body['access_token'])).aud
        : reply.refusal.error_codes;
    };
    assert.equal(await audience('https://vault.azure.net'), 'https://vault.azure.net');
    assert.equal(await audience('https://management.azure.com/'), 'https://management.azure.com/');
    assert.equal(await audience('https://STORAGE.azure.com'), 'https://STORAGE.azure.com');
    assert.equal(
      await audience('https://acct1.blob.core.windows.net'),
      'https://acct1.blob.core.windows.net',
    );
    const graph = '00000003-0000-0000-c000-000000000000';
    assert.equal(await audience(graph), graph);
    assert.equal(await audience(`api://${app.clientId}`), `api://${app.clientId}`);
    assert.deepEqual(await audience('https://myvault.vault.azure.net'), [500011]);
    assert.deepEqual(await audience(`api://${tenantId}`), [500011]);
  });

  test('a longer life is a policy of the deployment, and tells when to renew', async () => {
    await using other = await testTokenService({ tokenLifetime: 86_400 });
    const tenant = await other.tenant();
    const app = await other.application(tenant);
    const reply = await other.post(`/${tenant}/oauth2/v2.0/token`, {
      grant_type: 'client_credentials',
      client_id: app.clientId,
      client_secret: app.secret,
      scope: 'https://vault.azure.net/.default',
    });
    assert.equal(reply.body['expires_in'], 86_399);
    assert.equal(reply.body['refresh_in'], 43_199);
    const { iat = 0, exp = 0 } = jose.decodeJwt(String(reply.body['access_token']));
    assert.equal(exp - iat, 86_700);
    await other.verifier.verify(String(reply.body['access_token']), ['https://vault.azure.net']);
  });
});
