import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { describe, test } from 'node:test';
import * as jose from 'jose';
import { setPrincipalEnabled } from '../../src/server/directory/directory-store.ts';
import { deleteFederatedCredential } from '../../src/server/federation/credential-store.ts';
import { exchange, type TestIssuer, testIssuer } from '../support/issuer.ts';
import {
  assertionForm,
  signAssertion,
  type TestClient,
  type TestTokenService,
  testTokenService,
} from '../support/token-service.ts';

const subject = 'system:serviceaccount:orders:api';

/** A tenant with an application, and an issuer that it trusts. */
async function world() {
  const parts = new AsyncDisposableStack();
  // the issuer's site is asked through the service, whose database its credentials are in
  let issuer: TestIssuer | undefined;
  const service = parts.use(
    await testTokenService({
      outbound: { fetchJson: (...asked) => (issuer as TestIssuer).outbound.fetchJson(...asked) },
    }),
  );
  const made = parts.use(await testIssuer({ database: service.database }));
  issuer = made;
  const tenantId = await service.tenant();
  const client = await service.application(tenantId);
  const claims = (changes: object = {}) => {
    const now = Math.floor(service.clock.now() / 1000);
    return { sub: subject, iat: now, nbf: now, exp: now + 3600, ...changes };
  };
  return {
    service,
    issuer: made,
    tenantId,
    client,
    claims,
    token: (changes: object = {}, header: object = {}) => made.sign(claims(changes), header),
    ask: (assertion: string, as: TestClient = client, resource?: string) =>
      ask(service, as, assertion, resource),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

async function ask(service: TestTokenService, client: TestClient, assertion: string, resource?: string) {
  const reply = await service.post(
    `/${client.tenantId}/oauth2/v2.0/token`,
    assertionForm(client, assertion, resource),
  );
  const { access_token, error_codes, error } = reply.body as {
    access_token?: string;
    error_codes?: number[];
    error?: string;
  };
  return { ...reply, token: access_token ?? '', code: error_codes?.[0], error };
}

describe('tokens of other issuers as credential of a client (b.4)', () => {
  test('one that a credential names gets a token, as often as it is shown', async () => {
    await using w = await world();
    const credential = await w.issuer.trust(w.client);
    const assertion = await w.token();
    const first = await w.ask(assertion);
    assert.equal(first.status, 200, first.text);
    const claims = jose.decodeJwt(first.token);
    assert.equal(claims['appidacr'], '2');
    assert.equal(claims['xms_ficinfo'], credential.credentialId);
    assert.equal(claims.sub, w.client.principalId);
    assert.equal((await w.ask(assertion)).status, 200);
    assert.deepEqual(w.issuer.site.asked, ['/.well-known/openid-configuration', '/openid/v1/jwks']);
    const v1 = await w.service.post(`/${w.tenantId}/oauth2/token`, {
      ...assertionForm(w.client, assertion),
      resource: 'https://vault.azure.net',
    });
    assert.equal(v1.status, 200);
  });

  test('ES256 is taken, and an audience in a list of its own', async () => {
    await using w = await world();
    await w.issuer.trust(w.client);
    w.issuer.keys = [await w.issuer.makeKey('ec-1', 'ES256')];
    assert.equal((await w.ask(await w.token({ aud: [exchange] }, { typ: 'JWT' }))).status, 200);
  });

  test('each part that is wrong has its code', async () => {
    await using w = await world();
    await w.issuer.trust(w.client);
    const { issuer } = w.issuer;
    const now = Math.floor(w.service.clock.now() / 1000);
    const table: readonly (readonly [string, number, object, object?])[] = [
      ['another issuer', 700211, { iss: 'https://issuer.example' }],
      ['an issuer with a trailing slash', 700211, { iss: `${issuer}/` }],
      ['an issuer in capitals', 700211, { iss: issuer.toUpperCase() }],
      ['another audience', 700212, { aud: 'https://vault.azure.net' }],
      ['an audience with a trailing slash', 700212, { aud: `${exchange}/` }],
      ['the id of the exchange as audience', 700212, { aud: 'fb60f99c-7a34-4190-8149-302f77469936' }],
      ['two audiences', 700212, { aud: [exchange, 'https://vault.azure.net'] }],
      ['no audience in a list', 700212, { aud: [] }],
      ['no audience', 50027, { aud: undefined }],
      ['another subject', 700213, { sub: `${subject}2` }],
      ['an empty subject', 700213, { sub: '' }],
      ['a subject in another case', 7002138, { sub: subject.replace('orders', 'Orders') }],
      ['no subject', 50027, { sub: undefined }],
      ['a subject that is a list', 50027, { sub: [subject] }],
      ['a subject that never ends', 50027, { sub: 'a'.repeat(9000) }],
      ['a time that is over', 700024, { exp: now - 301 }],
      ['a time that is to come', 700024, { nbf: now + 301 }],
      ['an issue that is to come', 700024, { iat: now + 301 }],
      ['no expiry', 50027, { exp: undefined }],
      ['another key', 700027, {}, { kid: 'key-2' }],
      ['no key', 50027, {}, { kid: undefined }],
      ['an empty key id', 50027, {}, { kid: '' }],
      ['a type that is none', 5002727, {}, { typ: 'secevent+jwt' }],
      ['a token in the token', 5002726, {}, { cty: 'JWT' }],
    ];
    for (const [what, code, claims, header] of table) {
      const reply = await w.ask(await w.token(claims, header));
      assert.equal(reply.code, code, `${what}: ${reply.text}`);
      const expected = reply.error === 'invalid_client' ? 401 : 400;
      assert.equal(reply.status, expected, what);
    }
    const shown = await w.ask(await w.token({ sub: 'repo:contoso@1/orders@2:ref:refs/heads/main' }));
    assert.match(String(shown.body['error_description']), /repo:contoso@1\/orders@2:ref:refs\/heads\/main/);
  });

  test('algorithms are the key’s, and what a header brings along is no key (T4, T5)', async () => {
    await using w = await world();
    await w.issuer.trust(w.client);
    const signed = await w.token();
    const [header = '', payload = '', signature = ''] = signed.split('.');
    const own = await w.issuer.makeKey('key-1');
    const encode = (members: object) => Buffer.from(JSON.stringify(members)).toString('base64url');
    const withHeader = (changes: object) =>
      [encode({ ...jose.decodeProtectedHeader(signed), ...changes }), payload, signature].join('.');
    const table: readonly (readonly [string, number, string])[] = [
      ['none', 5002730, withHeader({ alg: 'none' })],
      ['an HMAC under the public key', 5002730, withHeader({ alg: 'HS256' })],
      ['another algorithm of the key', 5002730, withHeader({ alg: 'PS256' })],
      [
        'a changed claim',
        700027,
        `${header}.${encode({ ...jose.decodeJwt(signed), exp: 4e9 })}.${signature}`,
      ],
      ['a critical header', 50027, withHeader({ crit: ['exp'] })],
      ['no signature', 700027, `${header}.${payload}.`],
      ['half a token', 50027, `${header}.${payload}`],
      [
        'a key of its own in the header',
        700027,
        await w.issuer.sign(w.claims(), { jwk: own.jwk, jku: 'https://issuer.example/jwks' }, own),
      ],
    ];
    for (const [what, code, assertion] of table) {
      const reply = await w.ask(assertion);
      assert.equal(reply.code, code, `${what}: ${reply.text}`);
    }
    assert.equal((await w.ask(signed)).status, 200);
  });

  test('whatever stands in a member of a signed token, the answer is a refusal with a code', async () => {
    await using w = await world();
    await w.issuer.trust(w.client);
    const key = w.issuer.keys[0];
    assert.ok(key);
    const good = await w.token();
    const [header, payload] = [jose.decodeProtectedHeader(good), jose.decodeJwt(good)];
    const odd: readonly unknown[] = [
      null,
      true,
      -1,
      1e99,
      '',
      '\u0000',
      '__proto__',
      'x'.repeat(9000),
      [],
      [[]],
      [null],
      {},
      { toString: 1 },
    ];
    const encode = (members: object) => Buffer.from(JSON.stringify(members)).toString('base64url');
    const signed = (changedHeader: object, changedPayload: object) => {
      const input = `${encode(changedHeader)}.${encode(changedPayload)}`;
      return `${input}.${sign('sha256', Buffer.from(input), key.privateKey).toString('base64url')}`;
    };
    const ignored = ['x5t', 'x5t#S256'];
    for (const value of odd) {
      const of = (member: string, assertion: string) => [member, assertion] as const;
      const assertions = [
        ...['alg', 'kid', 'typ', 'cty', 'crit', ...ignored].map((member) =>
          of(member, signed({ ...header, [member]: value }, payload)),
        ),
        ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'cnf'].map((member) =>
          of(member, signed(header, { ...payload, [member]: value })),
        ),
      ];
      for (const [member, assertion] of assertions) {
        const reply = await w.ask(assertion);
        const what = `${member}: ${JSON.stringify(value)?.slice(0, 40)}`;
        if (ignored.includes(member)) {
          assert.equal(reply.status, 200, what);
          continue;
        }
        assert.ok(reply.status === 400 || reply.status === 401, what);
        assert.ok(reply.code !== undefined && reply.code > 0, what);
      }
    }
    assert.equal((await w.ask(signed(header, payload))).status, 200);
  });

  test('a client without credentials, and a client that is not there, are told', async () => {
    await using w = await world();
    const assertion = await w.token();
    assert.equal((await w.ask(assertion)).code, 70025);
    const stranger = { ...w.client, clientId: w.client.principalId as string as TestClient['clientId'] };
    assert.equal((await w.ask(assertion, stranger)).code, 700016);
    const other = await w.service.application(w.tenantId);
    await w.issuer.trust(other);
    assert.equal((await w.ask(assertion)).code, 70025);
    assert.deepEqual(w.issuer.site.asked, []);
  });

  test('a credential counts from its commit on, and ends with it (V8)', async () => {
    await using w = await world();
    const assertion = await w.token();
    assert.equal((await w.ask(assertion)).code, 70025);
    const { tenantId, clientId } = w.client;
    await w.issuer.trust(w.client);
    assert.equal((await w.ask(assertion)).status, 200);
    await w.issuer.trust(w.client, { subject: 'another' });
    assert.equal((await w.ask(assertion)).code, 700213);
    await w.service.database.transaction((transaction) =>
      deleteFederatedCredential(transaction, { tenantId, clientId, at: 2 }, 'main'),
    );
    assert.equal((await w.ask(assertion)).code, 70025);
  });

  test('an issuer that turns its keys is followed, and one that is down stops nobody', async () => {
    await using w = await world();
    await w.issuer.trust(w.client);
    assert.equal((await w.ask(await w.token())).status, 200);
    const old = w.issuer.keys;
    w.issuer.keys = [await w.issuer.makeKey('key-2')];
    assert.equal((await w.ask(await w.token())).code, 700027);
    w.service.clock.advance(300_000);
    assert.equal((await w.ask(await w.token())).status, 200);
    assert.equal((await w.ask(await w.issuer.sign(w.claims(), {}, old[0]))).code, 700027);
    w.issuer.site.answer((_request, response) => response.writeHead(503).end());
    w.service.clock.advance(3_600_000);
    assert.equal((await w.ask(await w.token())).status, 200);
  });

  test('an issuer that cannot be asked is a failure of its own, without a word about why', async () => {
    await using w = await world();
    await w.issuer.trust(w.client, { innateTrust: null });
    const reply = await w.ask(await w.token());
    assert.equal(reply.code, 501661);
    assert.match(
      String(reply.body['error_description']),
      /^AADSTS501661: Request to External OIDC endpoint failed\. Trace ID/,
    );
    await w.issuer.trust(w.client, { issuer: 'https://169.254.169.254', innateTrust: null }, 'inside');
    assert.equal((await w.ask(await w.token({ iss: 'https://169.254.169.254' }))).code, 501661);
    w.issuer.configuration = { issuer: 'https://another.example' };
    await w.issuer.trust(w.client);
    w.service.clock.advance(30_000);
    assert.equal((await w.ask(await w.token())).code, 501661);
  });

  test('pinned keys need no request', async () => {
    await using w = await world();
    const key = await w.issuer.makeKey('pinned');
    await w.issuer.trust(w.client, { innateTrust: { keys: [key.jwk] } });
    assert.equal((await w.ask(await w.issuer.sign(w.claims(), {}, key))).status, 200);
    assert.equal((await w.ask(await w.token())).code, 700027);
    assert.deepEqual(w.issuer.site.asked, []);
  });

  test('an expression lets in whom it describes, and two that overlap let in nobody', async () => {
    await using w = await world();
    const matching = (value: string): Parameters<TestIssuer['trust']>[1] => ({
      subject: null,
      claimsMatchingExpression: { value, languageVersion: 1 },
    });
    await w.issuer.trust(w.client, matching("claims['sub'] matches 'system:serviceaccount:orders:*'"));
    assert.equal((await w.ask(await w.token())).status, 200);
    assert.equal((await w.ask(await w.token({ sub: 'system:serviceaccount:billing:api' }))).code, 700213);
    await w.issuer.trust(w.client, matching("claims['sub'] matches 'system:serviceaccount:*:api'"), 'wide');
    assert.equal((await w.ask(await w.token())).code, 700263);
    assert.equal((await w.ask(await w.token({ sub: 'system:serviceaccount:billing:api' }))).status, 200);
  });

  test('a disabled client stays out, whatever it shows', async () => {
    await using w = await world();
    await w.issuer.trust(w.client);
    const { tenantId, principalId } = w.client;
    await w.service.database.transaction((transaction) =>
      setPrincipalEnabled(transaction, { tenantId, principalId, enabled: false, at: 5 }),
    );
    assert.equal((await w.ask(await w.token())).code, 7000112);
  });
});

describe('a managed identity as credential of an application (b.5)', () => {
  const resource = {
    kind: 'UserAssigned' as const,
    resourceId:
      '/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i',
    resourceCanonical:
      '/subscriptions/s/resourcegroups/g/providers/microsoft.managedidentity/userassignedidentities/i' as never,
  };

  async function exchangeToken(
    w: Awaited<ReturnType<typeof world>>,
    kind: 'UserAssigned' | 'SystemAssigned',
  ) {
    const identity = await w.service.identity(w.tenantId, { ...resource, kind });
    const assertion = await signAssertion(w.service, identity, identity.key);
    const reply = await w.ask(assertion, identity, exchange);
    assert.equal(reply.status, 200, reply.text);
    return { identity, token: reply.token };
  }

  const issuerOf = (w: Awaited<ReturnType<typeof world>>, tenantId: string = w.tenantId) =>
    `https://${w.service.profile.login}/${tenantId}/v2.0`;

  test('its token for the exchange opens the application that trusts it, without any request', async () => {
    await using w = await world();
    const { identity, token } = await exchangeToken(w, 'UserAssigned');
    assert.equal(jose.decodeJwt(token).aud, 'fb60f99c-7a34-4190-8149-302f77469936');
    await w.issuer.trust(w.client, { issuer: issuerOf(w), subject: identity.principalId, innateTrust: null });
    const reply = await w.ask(token);
    assert.equal(reply.status, 200, reply.text);
    assert.equal(jose.decodeJwt(reply.token)['appid'], w.client.clientId);
    assert.deepEqual(w.issuer.site.asked, []);
    w.service.clock.advance(3_600_000 + 61_000);
    assert.equal((await w.ask(token)).code, 700024);
  });

  test('trust is not handed on: a token obtained through a credential opens no further client', async () => {
    await using w = await world();
    const { identity } = await exchangeToken(w, 'UserAssigned');
    await w.issuer.trust(identity);
    const through = await w.ask(await w.token(), identity, exchange);
    assert.equal(through.status, 200, through.text);
    await w.issuer.trust(w.client, { issuer: issuerOf(w), subject: identity.principalId, innateTrust: null });
    assert.equal((await w.ask(through.token)).code, 700231);
  });

  test('only a user-assigned identity of the tenant does, from the v2.0 issuer, as itself', async () => {
    await using w = await world();
    const { identity, token } = await exchangeToken(w, 'SystemAssigned');
    const trust = (changes: object) =>
      w.issuer.trust(w.client, {
        issuer: issuerOf(w),
        subject: identity.principalId,
        innateTrust: null,
        ...changes,
      });
    await trust({});
    assert.equal((await w.ask(token)).code, 700222);
    await trust({ subject: w.client.principalId });
    assert.equal((await w.ask(token)).code, 7002137);
    await trust({ audiences: ['fb60f99c-7a34-4190-8149-302f77469936'] });
    assert.equal((await w.ask(token)).code, 700214);
    await trust({ issuer: `https://sts.windows.net/${w.tenantId}/` });
    assert.equal((await w.ask(token)).code, 700211);
    await trust({});
    const [head = '', payload = ''] = token.split('.');
    const signature = Buffer.alloc(256, 1).toString('base64url');
    assert.equal((await w.ask(`${head}.${payload}.${signature}`)).code, 700027);
    const now = Math.floor(w.service.clock.now() / 1000);
    const forged = (claims: object) =>
      w.issuer.sign({ ...jose.decodeJwt(token), exp: now + 60, ...claims }, { typ: 'JWT' });
    assert.equal((await w.ask(await forged({}))).code, 700027);
    assert.equal((await w.ask(await forged({ idtyp: 'user' }))).code, 700229);
  });

  test('an identity of another tenant opens nothing here (T2)', async () => {
    await using w = await world();
    const foreign = await w.service.tenant();
    const identity = await w.service.identity(foreign, resource);
    const assertion = await signAssertion(w.service, identity, identity.key);
    const { token } = await w.ask(assertion, identity, exchange);
    await w.issuer.trust(w.client, {
      issuer: issuerOf(w, foreign),
      subject: identity.principalId,
      innateTrust: null,
    });
    assert.equal((await w.ask(token)).code, 700222);
  });
});
