import assert from 'node:assert/strict';
import { generateKeyPairSync, verify } from 'node:crypto';
import { describe, test } from 'node:test';
import { TestClock } from '../../test/support/clock.ts';
import { type TransportAnswer, type TransportRequest, Unreachable } from '../client/https.ts';
import { systemRandomness } from '../foundation/randomness.ts';
import type { Credential } from './credential.ts';
import { Refused } from './host-protocols/host-protocol.ts';
import { requestToken, type Wanted } from './token-service.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const authority = {
  loginOrigin: 'https://login.example.org',
  tenantId: '55555555-5555-4555-8555-555555555555',
};
const credential: Credential = {
  clientId: '22222222-2222-4222-8222-222222222222',
  principalId: '11111111-1111-4111-8111-111111111111',
  key: privateKey,
  certificate: '',
  thumbprint: 'thumbprint',
  notBefore: 0,
  notAfter: 0,
  renewAt: 0,
};

const plain: Wanted = { resource: 'https://vault.azure.net', understandsChallenges: false };

function asked(answer: Partial<TransportAnswer> | Error, wanted = plain) {
  const requests: TransportRequest[] = [];
  const clock = new TestClock();
  const transport = {
    async request(request: TransportRequest): Promise<TransportAnswer> {
      requests.push(request);
      if (answer instanceof Error) throw answer;
      return { status: 200, headers: {}, body: '', ...answer };
    },
    [Symbol.dispose]() {},
  };
  const token = requestToken(authority, credential, wanted, {
    transport,
    clock,
    serverClock: clock,
    randomness: systemRandomness,
  });
  return { token, requests, clock };
}

async function refusal(answer: Partial<TransportAnswer> | Error) {
  const error = await asked(answer).token.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Refused);
  return error.refusal;
}

describe('a request to the token service', () => {
  test('passes on that the program understands claims challenges', async () => {
    const body = JSON.stringify({ token_type: 'Bearer', expires_in: 3599, access_token: 'a.b.c' });
    for (const understandsChallenges of [true, false]) {
      const { token, requests } = asked({ body }, { ...plain, understandsChallenges });
      await token;
      const claims = new URLSearchParams(requests[0]?.body).get('claims');
      assert.equal(claims, understandsChallenges ? '{"access_token":{"xms_cc":{"values":["CP1"]}}}' : null);
    }
  });

  test('is a client credentials request with an assertion that the key signed for that endpoint alone', async () => {
    const { token, requests, clock } = asked({
      body: JSON.stringify({ token_type: 'Bearer', expires_in: 3599, access_token: 'a.b.c' }),
    });
    const now = Math.floor(clock.now() / 1000);
    assert.deepEqual(await token, {
      accessToken: 'a.b.c',
      clientId: credential.clientId,
      principalId: credential.principalId,
      notBefore: now,
      expiresOn: now + 3599,
    });
    const [request] = requests;
    assert.equal(request?.name, 'login.example.org');
    assert.equal(request?.path, `/${authority.tenantId}/oauth2/v2.0/token`);
    const form = new URLSearchParams(request?.body);
    assert.equal(form.get('grant_type'), 'client_credentials');
    assert.equal(form.get('scope'), 'https://vault.azure.net/.default');
    const [header = '', payload = '', signature = ''] = (form.get('client_assertion') ?? '').split('.');
    const decoded = (part: string) =>
      JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
    assert.deepEqual(decoded(header), { alg: 'RS256', typ: 'JWT', 'x5t#S256': 'thumbprint' });
    const { iss, sub, aud, exp } = decoded(payload);
    assert.deepEqual([iss, sub], [credential.clientId, credential.clientId]);
    assert.equal(aud, `https://login.example.org/${authority.tenantId}/v2.0`);
    assert.ok(Number(exp) - now <= 600);
    const signed = Buffer.from(`${header}.${payload}`);
    assert.ok(verify('sha256', signed, publicKey, Buffer.from(signature, 'base64url')));
  });

  test('ends in what a host answers', async () => {
    const error = (name: string, description: string) =>
      JSON.stringify({ error: name, error_description: description });
    assert.deepEqual(
      await refusal({
        status: 400,
        body: error('invalid_resource', 'AADSTS500011: The resource principal …'),
      }),
      { kind: 'invalid-resource', detail: 'AADSTS500011: The resource principal …' },
    );
    assert.equal(
      (await refusal({ status: 400, body: error('invalid_scope', 'AADSTS70011: …') })).kind,
      'invalid-resource',
    );
    assert.deepEqual(await refusal({ status: 429, headers: { 'retry-after': '9' } }), {
      kind: 'throttled',
      retryAfter: 9,
    });
    assert.equal((await refusal({ status: 503 })).kind, 'unavailable');
    assert.equal((await refusal({ status: 200, body: 'no JSON' })).kind, 'unavailable');
    assert.equal((await refusal({ status: 400, body: 'no JSON' })).kind, 'unavailable');
    assert.equal((await refusal(new Unreachable('away'))).kind, 'unavailable');
    for (const [status, name] of [
      [400, 'unauthorized_client'],
      [401, 'invalid_client'],
      [400, 'invalid_request'],
    ] as const) {
      assert.deepEqual(await refusal({ status, body: error(name, 'AADSTS700016: …') }), {
        kind: 'identity-not-found',
      });
    }
  });
});
