import assert from 'node:assert/strict';
import { createHash, sign } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { TenantId } from '../../src/foundation/ids.ts';
import {
  assertionForm,
  assertionType,
  type ClientKey,
  makeClientKey,
  signAssertion,
  type TestClient,
  type TestTokenService,
  testTokenService,
} from '../support/token-service.ts';

/** The forms in which official libraries send certificate assertions (`spec/token-service-and-directory.md` b.2). */
describe('an assertion is understood as sent by', () => {
  let service: TestTokenService;
  let tenantId: TenantId;
  let client: TestClient;
  let rsa: ClientKey;
  let ec: ClientKey;
  before(async () => {
    service = await testTokenService();
    tenantId = await service.tenant('contoso.example');
    client = await service.application(tenantId);
    rsa = await makeClientKey('rsa');
    ec = await makeClientKey('ec');
    service.register(client, rsa);
    service.register(client, ec);
  });
  after(() => service[Symbol.asyncDispose]());

  const now = () => Math.floor(service.clock.now() / 1000);
  const host = 'https://login.microsoftonline.com';
  const standardBase64 = (text: string) => Buffer.from(text, 'base64url').toString('base64');
  const hex = (text: string) => Buffer.from(text, 'base64url').toString('hex');
  const x5c = () => rsa.certificate.raw.toString('base64');

  async function accepted(header: object, payload: object = {}, form: Record<string, string> = {}) {
    const assertion = await signAssertion(service, client, rsa, { header, payload });
    const reply = await service.post(`/${tenantId}/oauth2/v2.0/token`, {
      ...assertionForm(client, assertion),
      ...form,
    });
    assert.equal(reply.status, 200, reply.text);
  }
  const none = { 'x5t#S256': undefined };

  test('MSAL.NET: PS256, chain as one string, dates as strings, no iat', async () => {
    await accepted(
      { alg: 'PS256', x5c: x5c() },
      { nbf: String(now()), exp: String(now() + 600), iat: undefined },
    );
  });

  test('MSAL.NET against ADFS: RS256 with x5t', () => accepted({ ...none, x5t: rsa.sha1 }));

  test('MSAL.NET with the chain of its certificate as one string in RS256 as well', async () => {
    await accepted({ ...none, x5t: rsa.sha1, x5c: x5c() }, { nbf: String(now()), exp: `${now() + 600}.0` });
  });

  test('ADAL and az: x5t without padding, dates with fractions or without', async () => {
    await accepted({ ...none, x5t: rsa.sha1 }, { nbf: now() + 0.123456, exp: now() + 599.999 });
    await accepted({ ...none, x5t: rsa.sha1, x5c: [x5c(), x5c()] }, { iat: now() });
  });

  test('MSAL Node: chain as a list, issuer as audience', async () => {
    await accepted({ x5c: [x5c()] }, { iat: now(), aud: `${host}/${tenantId}/v2.0` });
  });

  test('MSAL Go: PS256, thumbprint in standard base64, OIDC scopes beside', async () => {
    await accepted(
      { alg: 'PS256', 'x5t#S256': standardBase64(rsa.sha256) },
      {},
      { scope: 'https://vault.azure.net/.default openid offline_access profile' },
    );
  });

  test('MSAL Python: padded x5t, dates with fractions, no nbf, client_info', async () => {
    await accepted(
      { ...none, x5t: `${rsa.sha1}=`, x5c: [x5c()] },
      { exp: now() + 600.25, iat: now() + 0.5, nbf: undefined },
      { client_info: '1' },
    );
  });

  test('MSAL4J: RS256 with x5t#S256', () => accepted({ typ: undefined }));

  test('libraries that name the type by OpenID’s URL', async () => {
    await accepted({ typ: 'http://openid.net/specs/jwt/1.0' });
  });

  test('generic libraries: every algorithm that fits the key', async () => {
    for (const alg of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']) await accepted({ alg });
    const p384 = await makeClientKey('p-384');
    service.register(client, p384);
    for (const [alg, key] of [
      ['ES256', ec],
      ['ES384', p384],
    ] as const) {
      const assertion = await signAssertion(service, client, key, { header: { alg } });
      const reply = await service.post(`/${tenantId}/oauth2/v2.0/token`, assertionForm(client, assertion));
      assert.equal(reply.status, 200, reply.text);
    }
  });

  test('clients whose header names the certificate twice, SHA-1 and SHA-256, in both base64 spellings', async () => {
    await accepted({ 'x5t#S256': standardBase64(rsa.sha256), x5t: rsa.sha1, kid: standardBase64(rsa.sha1) });
  });

  test('Terraform: padded SHA-1 as kid, an hour of life, the tenant’s URL with two slashes', async () => {
    await accepted(
      { ...none, kid: `${rsa.sha1}=` },
      { exp: now() + 3600, aud: `${host}//${tenantId}/oauth2/token` },
    );
  });

  test('Terraform with an elliptic key: ES256 with an ASN.1 signature', async () => {
    for (const dsaEncoding of ['der', 'ieee-p1363'] as const) {
      const [header, payload] = (
        await signAssertion(service, client, ec, { header: { alg: 'ES256', ...none, kid: `${ec.sha1}=` } })
      ).split('.');
      const signature = sign('sha256', Buffer.from(`${header}.${payload}`), {
        key: ec.privateKey,
        dsaEncoding,
      });
      const assertion = `${header}.${payload}.${signature.toString('base64url')}`;
      const reply = await service.post(`/${tenantId}/oauth2/v2.0/token`, assertionForm(client, assertion));
      assert.equal(reply.status, 200, reply.text);
    }
  });

  test('tools that write the thumbprint in hex, in either case', async () => {
    await accepted({ ...none, kid: hex(rsa.sha1).toUpperCase() });
    await accepted({ ...none, kid: hex(rsa.sha256) });
  });

  test('clients that know the endpoint by another of its names', async () => {
    for (const aud of [
      `${host}/${tenantId}/oauth2/token`,
      `${host}/${tenantId.toUpperCase()}/oauth2/v2.0/token/`,
      `${host}/contoso.example/oauth2/v2.0/token`,
      `${host}:8443/${tenantId}/oauth2/v2.0/token`,
      `https://sts.windows.net/${tenantId}/`,
      `https://login.windows.net/${tenantId}/oauth2/token`,
    ]) {
      await accepted({}, { aud });
    }
  });

  test('clients that leave client_id to the assertion, or write GUIDs in capitals', async () => {
    const form = assertionForm(client, await signAssertion(service, client, rsa));
    const { client_id: _, ...anonymous } = form;
    assert.equal((await service.post(`/${tenantId}/oauth2/v2.0/token`, anonymous)).status, 200);
    const upper = client.clientId.toUpperCase();
    await accepted({}, { iss: upper, sub: upper }, { client_id: upper });
  });

  test('clients that send the same assertion again while it lives', async () => {
    const form = assertionForm(client, await signAssertion(service, client, rsa));
    for (let round = 0; round < 3; round += 1) {
      assert.equal((await service.post(`/${tenantId}/oauth2/v2.0/token`, form)).status, 200);
    }
    assert.equal(form['client_assertion_type'], assertionType);
  });

  test('nobody: a key other than the thumbprint’s does not stand in for it', async () => {
    const other = createHash('sha256').update('other').digest('base64url');
    const assertion = await signAssertion(service, client, rsa, { header: { 'x5t#S256': other } });
    const reply = await service.post(`/${tenantId}/oauth2/v2.0/token`, assertionForm(client, assertion));
    assert.deepEqual(reply.refusal.error_codes, [700027]);
    const mixed = await signAssertion(service, client, rsa, {
      header: { alg: 'PS256', 'x5t#S256': ec.sha256 },
    });
    const confused = await service.post(`/${tenantId}/oauth2/v2.0/token`, assertionForm(client, mixed));
    assert.deepEqual(confused.refusal.error_codes, [5002730]);
  });
});
