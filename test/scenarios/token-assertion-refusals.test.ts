import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as jose from 'jose';
import { canonicalId, parseScope } from '../../src/contract/resource-id.ts';
import type { TenantId } from '../../src/foundation/ids.ts';
import { refused } from '../support/refused.ts';
import {
  assertionForm,
  assertionType,
  makeClientKey,
  signAssertion,
  type TestIdentity,
  type TestTokenService,
  testTokenService,
} from '../support/token-service.ts';

const vmId =
  '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/demo/providers/Microsoft.Compute/virtualMachines/vm1';

describe('the token endpoint refuses assertions', () => {
  let service: TestTokenService;
  let tenantId: TenantId;
  let otherTenantId: TenantId;
  let vm: TestIdentity;
  before(async () => {
    service = await testTokenService();
    tenantId = await service.tenant();
    otherTenantId = await service.tenant();
    const resourceCanonical = canonicalId(parseScope(vmId));
    vm = await service.identity(tenantId, { kind: 'SystemAssigned', resourceId: vmId, resourceCanonical });
  });
  after(() => service[Symbol.asyncDispose]());

  const path = (tenant: string = tenantId) => `/${tenant}/oauth2/v2.0/token`;
  const withAssertion = async (assertion: string, changes: Record<string, string> = {}) =>
    await service.post(path(), { ...assertionForm(vm, assertion), ...changes });
  const now = () => Math.floor(service.clock.now() / 1000);
  const changed = async (payload: object) =>
    await withAssertion(await signAssertion(service, vm, vm.key, { payload }));
  const headed = async (header: object) =>
    await withAssertion(await signAssertion(service, vm, vm.key, { header }));

  test('that have expired, or are not valid yet', async () => {
    refused(await changed({ exp: now() - 301 }), 700024, 'invalid_client', 401);
    refused(await changed({ nbf: now() + 301 }), 700024, 'invalid_client', 401);
    refused(await changed({ iat: now() + 301 }), 700024, 'invalid_client', 401);
    assert.equal((await changed({ exp: now() - 299, nbf: now() + 299 })).status, 200);
  });

  test('whose times are missing or no times', async () => {
    for (const exp of [undefined, null, 'soon', -1, '1e99', true, {}, 1e99]) {
      refused(await changed({ exp }), 50027, 'invalid_request', 400);
    }
    for (const nbf of [null, 'now', [], 1e20]) {
      refused(await changed({ nbf }), 50027, 'invalid_request', 400);
    }
  });

  test('of a host without an id, or living longer than a host’s do', async () => {
    for (const jti of [undefined, null, '', 7, ['x'], 'x'.repeat(257)]) {
      refused(await changed({ jti }), 50027, 'invalid_request', 400);
    }
    refused(await changed({ exp: now() + 4000 }), 700024, 'invalid_client', 401);
  });

  test('of an application living longer than the dial allows', async () => {
    await using strict = await testTokenService({ assertionRules: { longestLife: 600 } });
    const tenant = await strict.tenant();
    const client = await strict.application(tenant);
    const key = await makeClientKey('ec');
    strict.register(client, key);
    const asked = async (life: number) => {
      const exp = Math.floor(strict.clock.now() / 1000) + life;
      const header = { alg: 'ES256' };
      const assertion = await signAssertion(strict, client, key, { header, payload: { exp } });
      return await strict.post(path(tenant), assertionForm(client, assertion));
    };
    assert.equal((await asked(600)).status, 200);
    refused(await asked(3600), 700024, 'invalid_client', 401);
  });

  test('that were altered', async () => {
    const [header, , signature] = (await signAssertion(service, vm, vm.key)).split('.');
    const [, payload] = (await signAssertion(service, vm, vm.key)).split('.');
    refused(await withAssertion(`${header}.${payload}.${signature}`), 700027, 'invalid_client', 401);
  });

  test('signed with another key, under the registered key’s name or its own', async () => {
    const other = await makeClientKey();
    const named = await signAssertion(service, vm, vm.key, { signWith: other.privateKey });
    refused(await withAssertion(named), 700027, 'invalid_client', 401);
    const own = await withAssertion(await signAssertion(service, vm, other));
    refused(own, 700027, 'invalid_client', 401);
    const hex = Buffer.from(other.sha256, 'base64url').toString('hex').toUpperCase();
    assert.ok(own.refusal.error_description.includes(`Thumbprint of key used by client: '${hex}'`));
  });

  test('of another client', async () => {
    const resourceId = vmId.replace('vm1', 'vm2');
    const vm2 = await service.identity(tenantId, {
      kind: 'SystemAssigned',
      resourceId,
      resourceCanonical: canonicalId(parseScope(resourceId)),
    });
    const assertion = await signAssertion(service, vm2, vm2.key);
    refused(await withAssertion(assertion), 700027, 'invalid_client', 401);
    refused(await changed({ iss: vm2.clientId, sub: vm2.clientId }), 700021, 'invalid_client', 401);
    refused(await changed({ sub: vm2.clientId }), 50048, 'invalid_client', 401);
    refused(await changed({ iss: 'https://issuer.example' }), 70025, 'invalid_client', 401);
    refused(await changed({ iss: [vm.clientId] }), 70025, 'invalid_client', 401);
  });

  test('for another audience, or more than one (T10)', async () => {
    const ours = `https://login.microsoftonline.com/${tenantId}`;
    for (const aud of [
      undefined,
      '',
      [],
      {},
      `https://login.microsoftonline.com/${otherTenantId}/oauth2/v2.0/token`,
      'https://login.microsoftonline.com/common/oauth2/v2.0/token',
      `https://login.example/${tenantId}/v2.0`,
      `http://login.microsoftonline.com/${tenantId}/v2.0`,
      `${ours}/v2.0?x`,
      `${ours}/v2.0/../v2.0`,
      `https://login.microsoftonline.com@evil.example/${tenantId}/v2.0`,
      [`${ours}/v2.0`, 'https://other.example'],
      [`${ours}/v2.0`],
      ours,
      `${ours}/v2.0/token`,
      `https://login.microsoftonline.com.evil.example/${tenantId}/v2.0`,
      `https://login.microsoftonline.com./${tenantId}/v2.0`,
      `https://login.microsoftonline.com/${tenantId}%2Fv2.0`,
      ` ${ours}/v2.0`,
      'api://AzureADTokenExchange',
    ]) {
      refused(await changed({ aud }), 700023, 'invalid_client', 401);
    }
  });

  test('with headers that choose the check: none, HMAC, keys of their own, criticals', async () => {
    const [, payload] = (await signAssertion(service, vm, vm.key)).split('.');
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const none = `${encode({ alg: 'none', typ: 'JWT', 'x5t#S256': vm.key.sha256 })}.${payload}.`;
    refused(await withAssertion(none), 5002730, 'invalid_request', 400);

    const publicPem = Buffer.from(vm.key.publicKey.export({ type: 'spki', format: 'pem' }));
    const hmac = await new jose.CompactSign(Buffer.from(payload ?? '', 'base64url'))
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT', 'x5t#S256': vm.key.sha256 })
      .sign(publicPem);
    refused(await withAssertion(hmac), 5002730, 'invalid_request', 400);

    const attacker = await makeClientKey();
    const jwk = attacker.publicKey.export({ format: 'jwk' });
    for (const header of [
      { jwk },
      { jku: 'https://evil.example/keys' },
      { x5u: 'https://evil.example/cert' },
      { x5c: [attacker.certificate.raw.toString('base64')] },
    ]) {
      const forged = await signAssertion(service, vm, vm.key, { header, signWith: attacker.privateKey });
      refused(await withAssertion(forged), 700027, 'invalid_client', 401);
      assert.equal((await headed(header)).status, 200, 'ignored where the registered key signed');
    }
    const crit = Buffer.from(JSON.stringify({ alg: 'RS256', crit: ['exp'], exp: 1 })).toString('base64url');
    refused(await withAssertion(`${crit}.${payload}.AA`), 50027, 'invalid_request', 400);
    refused(await headed({ cty: 'JWT' }), 5002726, 'invalid_request', 400);
    for (const header of [{ zip: 'DEF' }, { enc: 'A128GCM' }, { p2c: 1_000_000 }]) {
      refused(await headed(header), 50027, 'invalid_request', 400);
    }
    refused(await headed({ typ: 'at+jwt' }), 5002727, 'invalid_request', 400);
    refused(await headed({ alg: 'RS512', typ: 'JOSE' }), 5002727, 'invalid_request', 400);
  });

  test('with ambiguous JSON or encoding', async () => {
    const [header = '', payload = '', signature = ''] = (await signAssertion(service, vm, vm.key)).split('.');
    const doubled = Buffer.from(payload, 'base64url').toString().replace('{', '{"iss":"x",');
    for (const assertion of [
      `${header}.${Buffer.from(doubled).toString('base64url')}.${signature}`,
      `${header}.${payload}.${signature}=`,
      `${header}.${payload}`,
      `${header}.${payload}.${signature}.${signature}`,
      ` ${header}.${payload}.${signature}`,
      'x',
      `${header}.${'A'.repeat(30_000)}.${signature}`,
    ]) {
      refused(await withAssertion(assertion), 50027, 'invalid_request', 400);
    }
  });

  test('of an unknown type, or of none', async () => {
    const assertion = await signAssertion(service, vm, vm.key);
    const type = 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer';
    refused(await withAssertion(assertion, { client_assertion_type: type }), 9002313, 'invalid_request', 400);
    const untyped = await withAssertion(assertion, { client_assertion_type: '' });
    refused(untyped, 900144, 'invalid_request', 400);
    assert.match(untyped.refusal.error_description, /client_assertion_type/);
    assert.match(assertionType, /jwt-bearer$/);
  });

  test('by a certificate that has expired or was taken away', async () => {
    const other = await service.application(tenantId);
    const key = await makeClientKey();
    service.register(other, key, { notAfter: service.clock.now() });
    const early = await makeClientKey();
    service.register(other, early, { notBefore: service.clock.now() + 600_000 });
    const notYet = await signAssertion(service, other, early);
    refused(await service.post(path(), assertionForm(other, notYet)), 1000502, 'invalid_client', 401);
    const expired = await service.post(
      path(),
      assertionForm(other, await signAssertion(service, other, key)),
    );
    refused(expired, 700027, 'invalid_client', 401);
    assert.match(expired.refusal.error_description, /The key used is expired\./);
    const key2 = await makeClientKey();
    service.register(other, key2);
    const form = assertionForm(other, await signAssertion(service, other, key2));
    assert.equal((await service.post(path(), form)).status, 200);
    service.certificates.remove(key2.sha256);
    refused(await service.post(path(), form), 700027, 'invalid_client', 401);
  });
});
