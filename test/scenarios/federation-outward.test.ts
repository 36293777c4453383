import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as jose from 'jose';
import { ownProfile } from '../../src/contract/cloud-profile.ts';
import type { TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import {
  createServicePrincipal,
  registerApplication,
} from '../../src/server/directory/application-changes.ts';
import { exchange, testIssuer } from '../support/issuer.ts';
import { assertionForm, type TestTokenService, testTokenService } from '../support/token-service.ts';

/** A tenant of a deployment under its own domain, with an application, and an API that stands for another cloud. */
async function world(version: 1 | 2) {
  const service = await testTokenService({ profile: ownProfile('id.example.com') });
  const tenantId = await service.tenant();
  const client = await service.application(tenantId);
  const rules = { randomness: systemRandomness, isReserved: () => false, at: service.clock.now() };
  const audience = await service.database.transaction(async (transaction) => {
    const { clientId } = await registerApplication(
      transaction,
      tenantId,
      {
        displayName: 'another cloud',
        identifierUris: ['api://another-cloud.example'],
        api: { requestedAccessTokenVersion: version },
      },
      rules,
    );
    await createServicePrincipal(transaction, tenantId, { appId: clientId, change: {} }, rules);
    return version === 1 ? 'api://another-cloud.example' : clientId;
  });
  const issue = async (resource: string) => {
    const reply = await service.post(`/${tenantId}/oauth2/v2.0/token`, {
      grant_type: 'client_credentials',
      client_id: client.clientId,
      client_secret: client.secret,
      scope: `${resource}/.default`,
    });
    assert.equal(reply.status, 200, reply.text);
    return String(reply.body['access_token']);
  };
  return {
    service,
    tenantId,
    client,
    audience,
    issue,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

/** What the names of the deployment lead to, and nothing else. */
async function get(service: TestTokenService, url: string): Promise<Response> {
  const { host, protocol, pathname } = new URL(url);
  assert.equal(`${protocol}//${host}`, 'https://login.id.example.com');
  const { status, text } = await service.get(pathname);
  return new Response(text, { status, headers: { 'content-type': 'application/json' } });
}

/** Accepts a token as the strictest of other clouds do: all that it knows is the issuer and the audience. */
async function accept(
  service: TestTokenService,
  token: string,
  expected: { readonly issuer: string; readonly audience: string },
) {
  const { issuer, audience } = expected;
  assert.match(issuer, /^https:\/\/[a-z0-9.-]+\/[^?#]*$/, 'an issuer has no port, query or fragment');
  const configuration = await get(service, `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  assert.equal(configuration.status, 200);
  const metadata = (await configuration.json()) as Record<string, unknown>;
  assert.equal(metadata['issuer'], issuer);
  for (const member of [
    'response_types_supported',
    'subject_types_supported',
    'id_token_signing_alg_values_supported',
  ]) {
    const value = metadata[member];
    assert.ok(Array.isArray(value) && value.length > 0, member);
  }
  const jwksUri = new URL(String(metadata['jwks_uri']));
  assert.equal(jwksUri.protocol, 'https:');
  const keys = jose.createRemoteJWKSet(jwksUri, { [jose.customFetch]: (url) => get(service, url) });
  const { payload, protectedHeader } = await jose.jwtVerify(token, keys, {
    issuer,
    audience,
    algorithms: ['RS256', 'ES256'],
    typ: 'JWT',
    requiredClaims: ['iss', 'aud', 'sub', 'iat', 'exp'],
    maxTokenAge: '24h',
    clockTolerance: 0,
    currentDate: new Date(service.clock.now()),
  });
  assert.ok(protectedHeader.kid);
  assert.equal(typeof payload.aud, 'string');
  assert.ok(Buffer.byteLength(String(payload.sub)) <= 127);
  const { iat = 0, exp = 0 } = payload;
  assert.ok(iat <= service.clock.now() / 1000 && exp - iat <= 86_400);
  return payload;
}

const issuers = {
  1: (tenantId: TenantId) => `https://login.id.example.com/${tenantId}/`,
  2: (tenantId: TenantId) => `https://login.id.example.com/${tenantId}/v2.0`,
} as const;

describe('a token that Innate issues', () => {
  async function isAccepted(version: 1 | 2): Promise<void> {
    await using w = await world(version);
    const token = await w.issue('api://another-cloud.example');
    const expected = { issuer: issuers[version](w.tenantId), audience: w.audience };
    const claims = await accept(w.service, token, expected);
    assert.equal(claims.sub, w.client.principalId);
    // AWS takes the authorised party for the audience where a token names one
    assert.equal(claims['azp'], version === 1 ? undefined : w.client.clientId);
    await assert.rejects(accept(w.service, token, { ...expected, audience: 'api://other' }), {
      code: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
    });
    w.service.clock.advance(3_600_000);
    await assert.rejects(accept(w.service, token, expected), { code: 'ERR_JWT_EXPIRED' });
  }

  test('is what other clouds ask of an issuer, in version 1', () => isAccepted(1));
  test('is what other clouds ask of an issuer, in version 2', () => isAccepted(2));

  test('opens a client of another deployment that trusts the issuer by its uploaded keys', async () => {
    await using w = await world(2);
    await using elsewhere = await testTokenService();
    await using trusting = await testIssuer({ database: elsewhere.database });
    const tenantId = await elsewhere.tenant();
    const client = await elsewhere.application(tenantId);
    const { keys } = await w.service.keySet(w.tenantId, 'v2');
    await trusting.trust(client, {
      issuer: issuers[2](w.tenantId),
      subject: w.client.principalId,
      audiences: ['fb60f99c-7a34-4190-8149-302f77469936'],
      innateTrust: { keys: JSON.parse(JSON.stringify(keys)) },
    });
    const token = await w.issue(exchange);
    const reply = await elsewhere.post(`/${tenantId}/oauth2/v2.0/token`, assertionForm(client, token));
    assert.equal(reply.status, 200, reply.text);
    const other = await w.issue('https://vault.azure.net');
    const refused = await elsewhere.post(`/${tenantId}/oauth2/v2.0/token`, assertionForm(client, other));
    assert.deepEqual(refused.refusal.error_codes, [700211]);
  });
});
