import assert from 'node:assert/strict';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import * as jose from 'jose';
import { type TestTokenService, testTokenService } from '../../../test/support/token-service.ts';
import type { TenantId } from '../../foundation/ids.ts';
import { deletePrincipal, revokeTokens, setPrincipalEnabled } from '../directory/directory-store.ts';
import { type RejectionReason, TokenRejected } from '../http/bearer.ts';
import { keyPlace, type SigningKey } from './signing-keys.ts';

const audience = 'https://vault.azure.net';

/** A tenant with a client and the means of an attacker: the private key, read as only this test may. */
interface Scope {
  readonly tenantId: TenantId;
  readonly app: Awaited<ReturnType<TestTokenService['application']>>;
  readonly key: SigningKey;
  readonly privateKey: KeyObject;
  readonly token: string;
  readonly header: Record<string, unknown>;
  readonly claims: Record<string, unknown>;
}

describe('a token', () => {
  let service: TestTokenService;
  let one: Scope;
  let two: Scope;
  before(async () => {
    service = await testTokenService();
    one = await scope();
    two = await scope();
  });
  after(() => service[Symbol.asyncDispose]());

  async function tokenFor(app: Scope['app'], resource = audience): Promise<string> {
    const reply = await service.post(`/${app.tenantId}/oauth2/v2.0/token`, {
      grant_type: 'client_credentials',
      client_id: app.clientId,
      client_secret: app.secret,
      scope: `${resource}/.default`,
    });
    return String(reply.body['access_token']);
  }

  async function scope(): Promise<Scope> {
    const tenantId = await service.tenant();
    const app = await service.application(tenantId);
    const key = (await service.keys.of(tenantId))?.active;
    assert.ok(key);
    const row = await service.database.read
      .selectFrom('signing_keys')
      .select('private_key_sealed')
      .where('kid', '=', key.kid)
      .executeTakeFirstOrThrow();
    const der = await service.sealer.open(keyPlace(tenantId, key.kid), row.private_key_sealed);
    const privateKey = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
    const token = await tokenFor(app);
    const header = { ...jose.decodeProtectedHeader(token) };
    return { tenantId, app, key, privateKey, token, header, claims: { ...jose.decodeJwt(token) } };
  }

  const sign = async (header: object, claims: unknown, key: KeyObject) =>
    await new jose.CompactSign(Buffer.from(typeof claims === 'string' ? claims : JSON.stringify(claims)))
      .setProtectedHeader(header as jose.CompactJWSHeaderParameters)
      .sign(key);

  async function rejection(token: string, audiences = [audience]): Promise<RejectionReason | 'accepted'> {
    try {
      await service.verifier.verify(token, audiences);
      return 'accepted';
    } catch (error) {
      assert.ok(error instanceof TokenRejected, String(error));
      return error.reason;
    }
  }

  test('as issued is accepted, and says who calls', async () => {
    const caller = await service.verifier.verify(one.token, ['https://other.example', audience]);
    assert.equal(caller.tenantId, one.tenantId);
    assert.equal(caller.principalId, one.app.principalId);
    assert.equal(caller.clientId, one.app.clientId);
    assert.equal(caller.principalType, 'Application');
    assert.equal(caller.audience, audience);
    assert.equal(caller.issuedAt, Math.floor(service.clock.now() / 1000));
    const slashed = await tokenFor(one.app, 'https://VAULT.azure.net/');
    assert.equal((await service.verifier.verify(slashed, [audience])).audience, 'https://VAULT.azure.net/');
    const second = await tokenFor(one.app, 'api://AzureADTokenExchange');
    await service.verifier.verify(second, ['fb60f99c-7a34-4190-8149-302f77469936']);
  });

  test('made of the parts of two tenants is refused, whichever part is foreign', async () => {
    assert.equal(await rejection(await sign(one.header, one.claims, one.privateKey)), 'accepted');
    const foreign: readonly [string, () => Promise<string>][] = [
      ['key', () => sign(one.header, one.claims, two.privateKey)],
      ['key and kid', () => sign(two.header, one.claims, two.privateKey)],
      ['iss', () => sign(one.header, { ...one.claims, iss: two.claims['iss'] }, one.privateKey)],
      ['tid', () => sign(one.header, { ...one.claims, tid: two.tenantId }, one.privateKey)],
      ['iss and tid', () => sign(one.header, { ...two.claims }, one.privateKey)],
      ['aud', () => sign(one.header, { ...one.claims, aud: 'https://graph.microsoft.com' }, one.privateKey)],
      [
        'oid',
        () =>
          sign(
            one.header,
            { ...one.claims, oid: two.app.principalId, sub: two.app.principalId },
            one.privateKey,
          ),
      ],
      ['appid', () => sign(one.header, { ...one.claims, appid: two.app.clientId }, one.privateKey)],
      ['typ', () => sign({ ...one.header, typ: 'at+jwt' }, one.claims, one.privateKey)],
      ['ver', () => sign(one.header, { ...one.claims, ver: '2.0' }, one.privateKey)],
    ];
    for (const [part, make] of foreign) assert.notEqual(await rejection(await make()), 'accepted', part);
  });

  test('of another kind under a key of ours is refused (T9)', async () => {
    const { tenantId, app, header, privateKey } = one;
    const now = Math.floor(service.clock.now() / 1000);
    const assertion = {
      aud: audience,
      iss: app.clientId,
      sub: app.clientId,
      jti: 'x',
      exp: now + 600,
    };
    assert.equal(await rejection(await sign(header, assertion, privateKey)), 'issuer');
    const { idtyp: _, ...idToken } = one.claims;
    assert.equal(await rejection(await sign(header, idToken, privateKey)), 'malformed');
    assert.equal(
      await rejection(await sign(header, { ...one.claims, idtyp: 'user' }, privateKey)),
      'malformed',
    );
    assert.equal(tenantId, one.claims['tid']);
  });

  test('lacks no claim, and each has its type (T7)', async () => {
    const odd = [null, 1, 1.5, -1, 1e99, '', 'x', '1', true, [], {}, ['x'], '9'.repeat(2000)];
    for (const claim of [
      'aud',
      'iss',
      'iat',
      'nbf',
      'exp',
      'oid',
      'sub',
      'tid',
      'appid',
      'uti',
      'ver',
      'idtyp',
    ]) {
      const { [claim]: _, ...without } = one.claims;
      assert.notEqual(await rejection(await sign(one.header, without, one.privateKey)), 'accepted', claim);
      for (const value of odd) {
        const changed = { ...one.claims, [claim]: value };
        const result = await rejection(await sign(one.header, changed, one.privateKey));
        // any text is a token id, and a token may hold since long ago
        if (claim === 'nbf' && value === 1) continue;
        if (claim === 'uti' && typeof value === 'string' && value !== '' && value.length < 100) continue;
        assert.notEqual(result, 'accepted', `${claim} ${JSON.stringify(value)}`);
      }
    }
  });

  test('names its issuer octet for octet (T8)', async () => {
    const iss = String(one.claims['iss']);
    for (const other of [
      iss.slice(0, -1),
      `${iss}/`,
      iss.toUpperCase(),
      iss.replace('.net/', '.net:443/'),
      iss.replace('.net/', '.net//'),
      iss.replace('https', 'http'),
      [iss],
      { iss },
      `https://login.microsoftonline.com/${one.tenantId}/`,
    ]) {
      const result = await rejection(await sign(one.header, { ...one.claims, iss: other }, one.privateKey));
      assert.ok(result === 'issuer' || result === 'malformed', JSON.stringify(other));
    }
  });

  test('that is bound is good with its certificate alone, and with a binding of another kind never', async () => {
    const thumbprint = 'A'.repeat(43);
    const bound = async (cnf: unknown, shown?: () => string | undefined) => {
      const token = await sign(one.header, { ...one.claims, cnf }, one.privateKey);
      try {
        await service.verifier.verify(token, [audience], undefined, shown);
        return 'accepted';
      } catch (error) {
        assert.ok(error instanceof TokenRejected, String(error));
        return error.reason;
      }
    };
    const cnf = { 'x5t#S256': thumbprint };
    assert.equal(await bound(cnf, () => thumbprint), 'accepted');
    assert.equal(await bound(cnf), 'binding');
    assert.equal(await bound(cnf, () => undefined), 'binding');
    assert.equal(await bound(cnf, () => `${'A'.repeat(42)}E`), 'binding');
    for (const odd of [
      null,
      '',
      'unknown',
      thumbprint,
      [],
      {},
      [thumbprint],
      { jkt: thumbprint },
      { ...cnf, jkt: thumbprint },
      { 'x5t#S256': null },
      { 'x5t#S256': [thumbprint] },
      { 'x5t#S256': `${thumbprint}=` },
      { 'X5T#S256': thumbprint },
    ]) {
      for (const shown of [thumbprint, 'unknown', undefined]) {
        assert.equal(await bound(odd, () => shown), 'binding', JSON.stringify(odd));
      }
    }
  });

  test('is refused before its time, after it, and where it lives longer than any of ours', async () => {
    const now = Math.floor(service.clock.now() / 1000);
    const timed = async (times: object) =>
      await rejection(await sign(one.header, { ...one.claims, ...times }, one.privateKey));
    assert.equal(await timed({ exp: now - 60 }), 'expired');
    assert.equal(await timed({ exp: now - 59 }), 'accepted');
    assert.equal(await timed({ nbf: now + 61 }), 'not-yet-valid');
    assert.equal(await timed({ iat: now + 61 }), 'not-yet-valid');
    assert.equal(await timed({ exp: now - 300 + 86_700 }), 'accepted');
    assert.equal(await timed({ exp: now - 300 + 86_701 }), 'malformed');
    await assert.rejects(service.verifier.verify(one.token, []), { reason: 'audience', found: audience });
  });

  test('has one spelling, and no member twice (T6)', async () => {
    const [header = '', payload = '', signature = ''] = one.token.split('.');
    const doubled = JSON.stringify(one.claims).replace(
      '{',
      `{"iss":"https://sts.windows.net/${two.tenantId}/",`,
    );
    for (const text of [
      `${one.token}=`,
      `${one.token}\n`,
      `${one.token}.`,
      `${header}.${payload}`,
      one.token.replace('.', '..'),
      // the last character of 256 octets holds four bits that decode to nothing
      one.token.slice(0, -1) + ({ A: 'B', Q: 'R', g: 'h', w: 'x' }[one.token.slice(-1)] ?? ''),
      await sign(one.header, doubled, one.privateKey),
      await sign(one.header, '[]', one.privateKey),
      `${header}.${'A'.repeat(20_000)}.${signature}`,
    ]) {
      assert.equal(await rejection(text), 'malformed', text.slice(-40));
    }
  });

  test('chooses nothing by its header: no algorithm, no key, no extension (T4, T5)', async () => {
    const [, payload = ''] = one.token.split('.');
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const alg of ['none', 'None', 'NONE', '', 'RS256 ']) {
      assert.notEqual(await rejection(`${encode({ ...one.header, alg })}.${payload}.AAAA`), 'accepted');
      assert.notEqual(await rejection(`${encode({ ...one.header, alg })}.${payload}.`), 'accepted');
    }
    for (const format of ['pem', 'der'] as const) {
      const secret = Buffer.from(one.key.publicKey.export({ type: 'spki', format }));
      const forged = await new jose.CompactSign(Buffer.from(payload, 'base64url'))
        .setProtectedHeader({ ...one.header, alg: 'HS256' })
        .sign(secret);
      assert.equal(await rejection(forged), 'signature');
    }
    const { privateKey, publicKey } = await jose.generateKeyPair('RS256');
    const jwk = await jose.exportJWK(publicKey);
    for (const extra of [
      { jwk },
      { jku: 'https://evil.example/keys' },
      { x5u: 'https://evil.example' },
      { x5c: ['AA'] },
      { b64: true },
      { zip: 'DEF' },
      { cty: 'JWT' },
      { p2c: 1 },
    ]) {
      const header = { ...one.header, ...extra };
      assert.equal(await rejection(await sign(header, one.claims, one.privateKey)), 'malformed');
      const forged = await new jose.CompactSign(Buffer.from(JSON.stringify(one.claims)))
        .setProtectedHeader(header as unknown as jose.CompactJWSHeaderParameters)
        .sign(privateKey);
      assert.equal(await rejection(forged), 'malformed');
    }
    const critical = encode({ ...one.header, crit: ['exp'] });
    assert.equal(await rejection(`${critical}.${payload}.AAAA`), 'malformed');
    for (const kid of [
      '../x',
      "x' or 1=1 --",
      '',
      'x'.repeat(65),
      'x'.repeat(9000),
      '\0',
      5,
      null,
      [one.key.kid],
    ]) {
      const header = { ...one.header, kid, x5t: undefined };
      assert.equal(await rejection(`${encode(header)}.${payload}.AAAA`), 'malformed');
    }
  });

  test('with any mutation of its header is refused (T4)', async () => {
    const members = fc.record(
      {
        typ: fc.oneof(fc.constant('JWT'), fc.jsonValue()),
        alg: fc.oneof(fc.constantFrom('RS256', 'RS512', 'PS256', 'HS256', 'ES256', 'none'), fc.jsonValue()),
        kid: fc.oneof(fc.constant(one.key.kid), fc.constant(two.key.kid), fc.jsonValue()),
        x5t: fc.oneof(fc.constant(one.key.kid), fc.jsonValue()),
        jku: fc.webUrl(),
        crit: fc.array(fc.string()),
      },
      { requiredKeys: [] },
    );
    const [, payload = '', signature = ''] = one.token.split('.');
    const original = JSON.stringify(one.header);
    await fc.assert(
      fc.asyncProperty(members, async (header) => {
        const text = JSON.stringify(header);
        fc.pre(text !== original);
        const token = `${Buffer.from(text).toString('base64url')}.${payload}.${signature}`;
        assert.notEqual(await rejection(token), 'accepted');
      }),
      { numRuns: 1500, interruptAfterTimeLimit: 4000 },
    );
  });

  test('with any flipped bit is refused', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(one.token.length - 1),
        fc.constantFrom('A', 'b', '7', '_'),
        async (at, letter) => {
          fc.pre(one.token[at] !== letter);
          const token = one.token.slice(0, at) + letter + one.token.slice(at + 1);
          assert.notEqual(await rejection(token), 'accepted');
        },
      ),
      { numRuns: 500, interruptAfterTimeLimit: 3000 },
    );
  });

  test('ends with its principal, when that is disabled, and when its tokens are revoked', async () => {
    const app = await service.application(one.tenantId);
    const { tenantId, principalId } = app;
    const token = await tokenFor(app);
    const change = (work: Parameters<typeof service.database.transaction>[0]) =>
      service.database.transaction(work);
    assert.equal(await rejection(token), 'accepted');
    const at = service.clock.now();
    await change((tx) => setPrincipalEnabled(tx, { tenantId, principalId, enabled: false, at }));
    assert.equal(await rejection(token), 'revoked');
    await change((tx) => setPrincipalEnabled(tx, { tenantId, principalId, enabled: true, at }));
    assert.equal(await rejection(token), 'accepted');

    // within one second: what was issued before is refused, what is issued after holds
    service.clock.advance(400);
    const early = await tokenFor(app);
    service.clock.advance(100);
    await change((tx) => revokeTokens(tx, { tenantId, principalId, at: service.clock.now() }));
    service.clock.advance(100);
    const late = await tokenFor(app);
    assert.deepEqual([await rejection(token), await rejection(early)], ['revoked', 'revoked']);
    assert.equal(await rejection(late), 'accepted');

    await change((tx) => deletePrincipal(tx, { tenantId, principalId, at }));
    assert.equal(await rejection(late), 'revoked');
  });

  test('outlives the turning of the keys, and not the revocation of its own', async () => {
    const { tenantId, token, key } = await scope();
    await service.keeper.rotate(tenantId);
    assert.equal(await rejection(token), 'accepted');
    assert.equal(await service.keeper.revoke(tenantId, key.kid), true);
    assert.equal(await rejection(token), 'signature');
  });
});
