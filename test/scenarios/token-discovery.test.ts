import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { ownProfile } from '../../src/contract/cloud-profile.ts';
import {
  instanceDiscovery,
  keySet,
  type OpenidConfiguration,
  openidConfiguration,
  userRealm,
} from '../../src/contract/oauth2.ts';
import type { TenantId } from '../../src/foundation/ids.ts';
import { type TestTokenService, testTokenService } from '../support/token-service.ts';

describe('a client discovers', () => {
  let service: TestTokenService;
  let tenantId: TenantId;
  before(async () => {
    service = await testTokenService();
    tenantId = await service.tenant('contoso.example');
  });
  after(() => service[Symbol.asyncDispose]());

  const document = async (path: string): Promise<OpenidConfiguration> => {
    const reply = await service.get(path);
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.headers.get('access-control-allow-origin'), '*');
    assert.match(reply.headers.get('cache-control') ?? '', /max-age=\d+/);
    return openidConfiguration.parse(reply.body);
  };
  const wellKnown = '.well-known/openid-configuration';

  test('a tenant by GUID or domain: every URL carries the GUID in lower case', async () => {
    const v2 = await document(`/${tenantId}/v2.0/${wellKnown}`);
    const base = `https://login.microsoftonline.com/${tenantId}`;
    assert.equal(v2.issuer, `${base}/v2.0`);
    assert.equal(v2.token_endpoint, `${base}/oauth2/v2.0/token`);
    assert.equal(v2.device_authorization_endpoint, `${base}/oauth2/v2.0/devicecode`);
    assert.equal(v2.jwks_uri, `${base}/discovery/v2.0/keys`);
    assert.deepEqual(await document(`/CONTOSO.example/V2.0//${wellKnown}/`), v2);
    assert.deepEqual(await document(`/${tenantId.toUpperCase()}/v2.0/${wellKnown}`), v2);

    const v1 = await document(`/${tenantId}/${wellKnown}?appid=x`);
    assert.equal(v1.issuer, `https://sts.windows.net/${tenantId}/`);
    assert.equal(v1.token_endpoint, `${base}/oauth2/token`);
    assert.equal(v1.microsoft_multi_refresh_token, true);
    for (const url of [v1.jwks_uri, v2.jwks_uri]) {
      assert.equal((await service.get(new URL(url).pathname)).status, 200);
    }
  });

  test('whichever tenant: the issuer is a pattern', async () => {
    for (const word of ['common', 'organizations']) {
      const v2 = await document(`/${word}/v2.0/${wellKnown}`);
      assert.equal(v2.issuer, 'https://login.microsoftonline.com/{tenantid}/v2.0');
      assert.equal(v2.token_endpoint, `https://login.microsoftonline.com/${word}/oauth2/v2.0/token`);
      assert.equal(v2.tenant_region_scope, null);
      const v1 = await document(`/${word}/${wellKnown}`);
      assert.equal(v1.issuer, 'https://sts.windows.net/{tenantid}/');
    }
  });

  test('that a tenant does not exist, or that its name is none', async () => {
    for (const path of [`v2.0/${wellKnown}`, 'discovery/keys', 'discovery/v2.0/keys']) {
      const missing = await service.get(`/nowhere.example/${path}`);
      assert.deepEqual([missing.status, missing.refusal.error_codes], [400, [90002]]);
      const odd = await service.get(`/not_a_name/${path}`);
      assert.deepEqual([odd.status, odd.refusal.error_codes], [400, [900023]]);
      assert.deepEqual((await service.get(`/consumers/${path}`)).refusal.error_codes, [90002]);
    }
  });

  test('the keys of a tenant: several, public only, named by their certificates', async () => {
    const v2 = keySet.parse((await service.get(`/${tenantId}/discovery/v2.0/keys`)).body);
    assert.equal(v2.keys.length, 2);
    assert.equal(new Set(v2.keys.map((key) => key.kid)).size, 2);
    for (const key of v2.keys) {
      const members = ['kty', 'use', 'kid', 'x5t', 'n', 'e', 'x5c', 'cloud_instance_name', 'issuer'];
      assert.deepEqual(Object.keys(key).toSorted(), members.toSorted());
      assert.equal(key.issuer, `https://login.microsoftonline.com/${tenantId}/v2.0`);
      assert.equal(key.cloud_instance_name, 'microsoftonline.com');
      const certificate = new X509Certificate(Buffer.from(key.x5c[0] ?? '', 'base64'));
      const sha1 = Buffer.from(certificate.fingerprint.replaceAll(':', ''), 'hex').toString('base64url');
      assert.deepEqual([key.kid, key.x5t], [sha1, sha1]);
      const published = createPublicKey({ key: { ...key }, format: 'jwk' });
      assert.ok(certificate.publicKey.equals(published));
    }
    const v1 = keySet.parse((await service.get(`/${tenantId}/discovery/keys`)).body);
    assert.deepEqual(
      v1.keys,
      v2.keys.map(({ issuer: _, ...key }) => key),
    );
  });

  test('the keys of all tenants, each with the issuer it signs for', async () => {
    const other = await service.tenant();
    for (const path of ['/common/discovery/keys', '/common/discovery/v2.0/keys']) {
      const { keys } = keySet.parse((await service.get(path)).body);
      for (const id of [tenantId, other]) {
        const issuer = `https://login.microsoftonline.com/${id}/v2.0`;
        assert.equal(keys.filter((key) => key.issuer === issuer).length, 2);
      }
    }
  });

  test('a new key before it signs, the old one while its tokens live, and no revoked one', async () => {
    const tenant = await service.tenant();
    const before = await service.keys.of(tenant);
    const [first, second] = before?.published ?? [];
    await service.keeper.rotate(tenant);
    const kids = async () => new Set((await service.keySet(tenant)).keys.map((key) => key.kid));
    const standing = await service.keys.of(tenant);
    const third = standing?.published.find(({ state }) => state === 'prepared');
    assert.equal(standing?.active?.kid, second?.kid);
    assert.deepEqual(await kids(), new Set([first?.kid, second?.kid, third?.kid]));

    assert.equal(await service.keeper.revoke(tenant, first?.kid ?? ''), true);
    assert.deepEqual(await kids(), new Set([second?.kid, third?.kid]));
    assert.equal(await service.keeper.revoke(tenant, 'no-key-of-this-tenant'), false);
  });

  test('the cloud: one instance, ours, under all its names', async () => {
    const ask = async (endpoint: string, version = '1.1') =>
      await service.get(
        `/common/discovery/instance?api-version=${version}&authorization_endpoint=${encodeURIComponent(endpoint)}`,
      );
    const reply = await ask(`https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/authorize`);
    const answer = instanceDiscovery.parse(reply.body);
    assert.equal(
      answer.tenant_discovery_endpoint,
      `https://login.microsoftonline.com/${tenantId}/v2.0/${wellKnown}`,
    );
    assert.ok(answer.metadata[0]?.aliases.includes('login.microsoftonline.com'));
    const v1 = await ask('https://login.windows.net/common/oauth2/authorize', '1.0');
    assert.equal(
      v1.body['tenant_discovery_endpoint'],
      `https://login.microsoftonline.com/common/${wellKnown}`,
    );
    assert.equal(v1.body['api-version'], '1.0');
    for (const endpoint of [
      'https://login.example/common/oauth2/authorize',
      'http://login.windows.net/x',
      'x',
    ]) {
      const unknown = await ask(endpoint);
      assert.deepEqual([unknown.status, unknown.body['error']], [400, 'invalid_instance']);
    }
    assert.deepEqual((await service.get('/common/discovery/instance')).refusal.error_codes, [900144]);
  });

  test('the realm of a user, in either spelling of the path', async () => {
    for (const path of ['/common/userrealm/a@Contoso.example', '/common/UserRealm/a%40contoso.example']) {
      const realm = userRealm.parse((await service.get(`${path}?api-version=1.0`)).body);
      assert.equal(realm.account_type, 'Managed');
      assert.equal(realm.domain_name, 'contoso.example');
    }
  });

  test('what an error code means', async () => {
    const page = await service.get('/error?code=7000215');
    assert.match(page.text, /^AADSTS7000215: Invalid client secret/);
    assert.match((await service.get('/error?code=constructor')).text, /No such error code/);
  });
});

test('a deployment under its own domain names nothing of Azure’s', async () => {
  const profile = ownProfile('corp.example');
  await using service = await testTokenService({ profile });
  const tenantId = await service.tenant();
  for (const path of [`/${tenantId}/v2.0/`, `/${tenantId}/`]) {
    const { body, text } = await service.get(`${path}.well-known/openid-configuration`);
    assert.doesNotMatch(text, /microsoft\w*\.|windows\.|azure/i);
    assert.equal(body['cloud_instance_name'], 'corp.example');
  }
  const app = await service.application(tenantId);
  for (const scope of ['https://vault.corp.example/.default', 'https://vault.azure.net/.default']) {
    const reply = await service.post(`/${tenantId}/oauth2/v2.0/token`, {
      grant_type: 'client_credentials',
      client_id: app.clientId,
      client_secret: app.secret,
      scope,
    });
    const token = String(reply.body['access_token']);
    const caller = await service.verifier.verify(token, [scope.replace('/.default', '')]);
    assert.equal(caller.issuer, `https://login.corp.example/${tenantId}/`);
  }
});
