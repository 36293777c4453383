import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as jose from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import jwksClient from 'jwks-rsa';
import type { ClientId, TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { changedManifest, emptyManifest } from '../../src/server/directory/application-manifest.ts';
import { createApplication } from '../../src/server/directory/applications.ts';
import { proveSigningKeys } from '../../src/server/tokens/self-test.ts';
import { type TestTokenService, testTokenService } from '../support/token-service.ts';

describe('an application that chose ES256', () => {
  let service: TestTokenService;
  let tenantId: TenantId;
  let client: Awaited<ReturnType<TestTokenService['application']>>;
  before(async () => {
    service = await testTokenService();
    tenantId = await service.tenant();
    client = await service.application(tenantId);
  });
  after(() => service[Symbol.asyncDispose]());

  const makeApi = async (version: 1 | 2, alg: 'RS256' | 'ES256' | undefined): Promise<ClientId> => {
    const manifest = changedManifest(emptyManifest, {
      api: { requestedAccessTokenVersion: version },
      ...(alg === undefined ? {} : { accessTokenSigningAlgorithm: alg }),
    });
    const made = await service.database.transaction((transaction) =>
      createApplication(
        transaction,
        { tenantId, displayName: 'api', manifest },
        systemRandomness,
        service.clock.now(),
      ),
    );
    return made.clientId;
  };
  const tokenFor = async (resource: string): Promise<string> => {
    const reply = await service.post(`/${tenantId}/oauth2/v2.0/token`, {
      grant_type: 'client_credentials',
      client_id: client.clientId,
      client_secret: client.secret,
      scope: `${resource}/.default`,
    });
    assert.equal(reply.status, 200, reply.text);
    return String(reply.body['access_token']);
  };
  const validate = async (token: string, version: 'v1' | 'v2', algorithms: string[]) => {
    const set = jose.createLocalJWKSet((await service.keySet(tenantId, version)) as jose.JSONWebKeySet);
    return await jose.jwtVerify(token, set, { algorithms, currentDate: new Date(service.clock.now()) });
  };

  test('is sent tokens of both versions that validators check with the published P-256 key', async () => {
    for (const version of [1, 2] as const) {
      const api = await makeApi(version, 'ES256');
      const token = await tokenFor(api);
      const { protectedHeader, payload } = await validate(token, version === 1 ? 'v1' : 'v2', ['ES256']);
      assert.equal(protectedHeader.alg, 'ES256');
      assert.equal(protectedHeader['x5t'], version === 1 ? protectedHeader.kid : undefined);
      assert.equal(payload['ver'], `${version}.0`);
      assert.equal(Buffer.from(token.split('.')[2] ?? '', 'base64url').length, 64, 'RFC 7518 §3.4');
      await service.verifier.verify(token, [api]);

      const path = version === 1 ? 'discovery/keys' : 'discovery/v2.0/keys';
      const client = jwksClient({ jwksUri: `${service.origin}/${tenantId}/${path}` });
      const key = await client.getSigningKey(protectedHeader.kid);
      const clockTimestamp = Math.floor(service.clock.now() / 1000);
      const read = jsonwebtoken.verify(token, key.getPublicKey(), {
        algorithms: ['ES256'],
        clockTimestamp,
        audience: api,
      });
      assert.deepEqual(read, payload);
    }
    const { keys } = await service.keySet(tenantId);
    assert.deepEqual(keys.map(({ kty }) => kty).toSorted(), ['EC', 'EC', 'RSA', 'RSA']);
    for (const key of keys) {
      if (key.kty !== 'EC') continue;
      const members = ['kty', 'crv', 'use', 'kid', 'x5t', 'x', 'y', 'x5c', 'cloud_instance_name'];
      assert.deepEqual(Object.keys(key).toSorted(), members.toSorted());
    }
    await proveSigningKeys(service);
  });

  test('has its keys made once, however many ask at first', async () => {
    const other = await service.tenant();
    const app = await service.application(other);
    const api = await service.database.transaction((transaction) =>
      createApplication(
        transaction,
        {
          tenantId: other,
          displayName: 'api',
          manifest: changedManifest(emptyManifest, { accessTokenSigningAlgorithm: 'ES256' }),
        },
        systemRandomness,
        service.clock.now(),
      ),
    );
    const form = { grant_type: 'client_credentials', client_id: app.clientId, client_secret: app.secret };
    const replies = await Promise.all(
      Array.from({ length: 8 }, () =>
        service.post(`/${other}/oauth2/token`, { ...form, resource: api.clientId }),
      ),
    );
    const kids = new Set(
      replies.map(({ body }) => jose.decodeProtectedHeader(String(body['access_token'])).kid),
    );
    assert.equal(kids.size, 1);
  });

  test('changes nothing for the others: Azure’s resources, and applications that chose nothing', async () => {
    for (const resource of [
      'https://vault.azure.net',
      await makeApi(1, undefined),
      await makeApi(1, 'RS256'),
    ]) {
      const { protectedHeader } = await validate(await tokenFor(resource), 'v1', ['RS256', 'ES256']);
      assert.equal(protectedHeader.alg, 'RS256');
    }
  });

  test('is sent no token in another spelling of the signature, nor under another algorithm’s name', async () => {
    const api = await makeApi(1, 'ES256');
    const token = await tokenFor(api);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const raw = Buffer.from(signature, 'base64url');
    const integer = (octets: Buffer) => {
      let start = 0;
      while (start < 31 && octets[start] === 0) start += 1;
      const body = octets.subarray(start);
      const padded = (body[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), body]) : body;
      return Buffer.concat([Buffer.of(2, padded.length), padded]);
    };
    const inner = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))]);
    const der = Buffer.concat([Buffer.of(0x30, inner.length), inner]).toString('base64url');
    await assert.rejects(service.verifier.verify(`${header}.${payload}.${der}`, [api]));
    for (const alg of ['RS256', 'ES384', 'HS256', 'none']) {
      const members = JSON.parse(Buffer.from(header, 'base64url').toString());
      const other = Buffer.from(JSON.stringify({ ...members, alg })).toString('base64url');
      await assert.rejects(service.verifier.verify(`${other}.${payload}.${signature}`, [api]));
    }
  });
});

describe('a validator that keeps a key set', () => {
  test('has a token of every turn accepted: keys turn under a validator that keeps the key set', async () => {
    await using service = await testTokenService();
    const tenantId = await service.tenant();
    const app = await service.application(tenantId);
    let fetches = 0;
    // what it keeps may be as old as it likes: a key it does not know makes it look again
    const set = jose.createRemoteJWKSet(new URL(`${service.origin}/${tenantId}/discovery/keys`), {
      cooldownDuration: 0,
      cacheMaxAge: Number.POSITIVE_INFINITY,
      [jose.customFetch]: (url, options) => {
        fetches += 1;
        return fetch(url, options as RequestInit);
      },
    });
    const tokens: string[] = [];
    for (let turn = 0; turn < 6; turn += 1) {
      const reply = await service.post(`/${tenantId}/oauth2/token`, {
        grant_type: 'client_credentials',
        client_id: app.clientId,
        client_secret: app.secret,
        resource: 'https://vault.azure.net',
      });
      tokens.push(String(reply.body['access_token']));
      const currentDate = new Date(service.clock.now());
      for (const token of tokens) await jose.jwtVerify(token, set, { algorithms: ['RS256'], currentDate });
      await service.keeper.rotate(tenantId);
    }
    assert.equal(new Set(tokens.map((token) => jose.decodeProtectedHeader(token).kid)).size, 6);
    assert.equal(fetches, 3, 'of two keys in a set one signs and the other is announced');
  });

  test('learns by its entity tag that nothing has changed, and when something has', async () => {
    await using service = await testTokenService();
    const tenantId = await service.tenant();
    const path = `/${tenantId}/discovery/v2.0/keys`;
    const first = await service.get(path);
    const etag = first.headers.get('etag') ?? '';
    assert.match(etag, /^"[A-Za-z0-9_-]{43}"$/, 'a strong tag');
    assert.equal(first.headers.get('cache-control'), 'public, max-age=3600');
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const same = await service.get(path, { 'if-none-match': tag });
      assert.deepEqual([same.status, same.text, same.headers.get('etag')], [304, '', etag], tag);
      assert.equal(same.headers.get('cache-control'), 'public, max-age=3600');
    }
    for (const tag of ['"other"', etag.slice(1, -1), '"', ',,,', 'x'.repeat(8000)]) {
      assert.equal((await service.get(path, { 'if-none-match': tag })).status, 200, tag.slice(0, 50));
    }
    await service.keeper.rotate(tenantId);
    const changed = await service.get(path, { 'if-none-match': etag });
    assert.equal(changed.status, 200);
    assert.notEqual(changed.headers.get('etag'), etag);
    const v1 = await service.get(`/${tenantId}/discovery/keys`);
    assert.notEqual(v1.headers.get('etag'), changed.headers.get('etag'), 'another document, another tag');
  });
});
