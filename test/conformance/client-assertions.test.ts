import assert from 'node:assert/strict';
import { createHmac, type KeyObject, sign } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { canonicalId, parseScope } from '../../src/contract/resource-id.ts';
import type { TenantId } from '../../src/foundation/ids.ts';
import { postgresUrl } from '../support/database.ts';
import {
  assertionForm,
  type ClientKey,
  makeClientKey,
  signAssertion,
  type TestClient,
  type TestIdentity,
  type TestTokenService,
  testTokenService,
} from '../support/token-service.ts';

const vmId =
  '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/demo/providers/Microsoft.Compute/virtualMachines/vm1';
const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** What an attacker makes of client assertions, line by line of `spec/security-and-reliability.md` 2.1. */
describe('client assertions', () => {
  let service: TestTokenService;
  let tenantId: TenantId;
  let app: TestClient;
  let vm: TestIdentity;
  let key: ClientKey;
  let attacker: ClientKey;
  before(async () => {
    service = await testTokenService();
    tenantId = await service.tenant();
    app = await service.application(tenantId);
    const resourceCanonical = canonicalId(parseScope(vmId));
    vm = await service.identity(tenantId, { kind: 'SystemAssigned', resourceId: vmId, resourceCanonical });
    key = await makeClientKey();
    attacker = await makeClientKey();
    service.register(app, key);
  });
  after(() => service[Symbol.asyncDispose]());

  const now = () => Math.floor(service.clock.now() / 1000);

  /** Without a socket, so that every socket there is was opened by the service. */
  async function show(client: TestClient, assertion: string, changes: Record<string, string> = {}) {
    const reply = await service.login.inject({
      method: 'POST',
      url: `/${tenantId}/oauth2/v2.0/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ ...assertionForm(client, assertion), ...changes }).toString(),
    });
    assert.ok(reply.statusCode < 500, reply.body);
    const { error_codes } = reply.json() as { readonly error_codes?: readonly number[] };
    return reply.statusCode === 200 ? 'accepted' : String(error_codes?.[0]);
  }
  const payloadOf = (client: TestClient, changes: object = {}) => ({
    aud: `https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`,
    iss: client.clientId,
    sub: client.clientId,
    jti: 'one',
    nbf: now(),
    exp: now() + 600,
    ...changes,
  });
  const rs256 = (header: unknown, payload: unknown, privateKey: KeyObject) => {
    const input = `${encode(header)}.${encode(payload)}`;
    return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
  };
  const good = () => ({ alg: 'RS256', typ: 'JWT', 'x5t#S256': key.sha256 });

  test('T4, T5: no header makes a forged one good, fetches anything, or costs more look-ups', async () => {
    const jwk = attacker.publicKey.export({ format: 'jwk' });
    const x5c = [attacker.certificate.raw.toString('base64')];
    const url = fc.constantFrom(
      'https://evil.example/keys',
      'http://169.254.169.254/',
      'file:///etc/passwd',
      '//x',
    );
    const named = fc.constantFrom(
      key.sha256,
      key.sha1,
      attacker.sha256,
      attacker.sha1,
      '../../key',
      "' or 1=1 --",
      '\0',
    );
    const name = fc.oneof(named, fc.string(), fc.jsonValue());
    const hostile = fc.record(
      {
        alg: fc.oneof(
          fc.constantFrom(
            'RS256',
            'PS256',
            'ES256',
            'RS512',
            'none',
            'NONE',
            'HS256',
            'HS512',
            'EdDSA',
            'RSA1_5',
            'dir',
          ),
          fc.jsonValue(),
        ),
        typ: fc.oneof(fc.constantFrom('JWT', 'at+jwt', 'JOSE'), fc.jsonValue()),
        kid: name,
        x5t: name,
        'x5t#S256': name,
        jwk: fc.oneof(fc.constant(jwk), fc.jsonValue()),
        jku: fc.oneof(url, fc.jsonValue()),
        x5u: fc.oneof(url, fc.jsonValue()),
        x5c: fc.oneof(fc.constant(x5c), fc.constant(x5c[0]), fc.jsonValue()),
        crit: fc.oneof(fc.constantFrom(['b64'], ['exp'], []), fc.jsonValue()),
        b64: fc.oneof(fc.boolean(), fc.jsonValue()),
        zip: fc.oneof(fc.constant('DEF'), fc.jsonValue()),
        cty: fc.oneof(fc.constant('JWT'), fc.jsonValue()),
        p2c: fc.oneof(fc.nat(), fc.jsonValue()),
        enc: fc.oneof(fc.constant('A256GCM'), fc.jsonValue()),
        iss: fc.constant(app.clientId),
      },
      { requiredKeys: [] },
    );
    const pem = key.publicKey.export({ type: 'spki', format: 'pem' });
    const der = key.publicKey.export({ type: 'spki', format: 'der' });
    const signers: readonly ((input: string) => Buffer)[] = [
      () => Buffer.alloc(0),
      () => Buffer.alloc(256),
      (input) => sign('sha256', Buffer.from(input), attacker.privateKey),
      (input) => createHmac('sha256', pem).update(input).digest(),
      (input) => createHmac('sha256', der).update(input).digest(),
      (input) =>
        createHmac('sha256', JSON.stringify(key.publicKey.export({ format: 'jwk' })))
          .update(input)
          .digest(),
      (input) => createHmac('sha256', '').update(input).digest(),
    ];
    const sockets: Socket[] = [];
    const count = (message: unknown) => {
      sockets.push((message as { readonly socket: Socket }).socket);
    };
    subscribe('net.client.socket', count);
    try {
      await fc.assert(
        fc.asyncProperty(hostile, fc.constantFrom(...signers), async (header, signer) => {
          const input = `${encode({ ...good(), ...header })}.${encode(payloadOf(app))}`;
          const before = service.certificates.lookUps;
          const result = await show(app, `${input}.${signer(input).toString('base64url')}`);
          assert.notEqual(result, 'accepted');
          assert.ok(service.certificates.lookUps - before <= 3, 'one for each member that names a key');
        }),
        { numRuns: 1500, interruptAfterTimeLimit: 6000 },
      );
    } finally {
      unsubscribe('net.client.socket', count);
    }
    // a database may have opened connections of its own, and nobody else any
    const databasePort = postgresUrl === undefined ? undefined : Number(new URL(postgresUrl).port);
    assert.deepEqual(
      sockets.filter(({ remotePort }) => remotePort !== databasePort),
      [],
    );
  });

  test('T4: a member that changes how the text is read is refused under the right signature as well', async () => {
    for (const extra of [
      { crit: ['exp'] },
      { b64: true },
      { zip: 'DEF' },
      { p2c: 1 },
      { enc: 'dir' },
      { cty: 'JWT' },
    ]) {
      assert.notEqual(
        await show(app, rs256({ ...good(), ...extra }, payloadOf(app), key.privateKey)),
        'accepted',
      );
    }
    assert.equal(await show(app, rs256(good(), payloadOf(app), key.privateKey)), 'accepted');
  });

  test('T5: a name of a key is no path, no query and no book', async () => {
    const names = [
      '../../../etc/passwd',
      "x' or '1'='1",
      '\0',
      '%00',
      '%24%7B7*7%7D',
      'x'.repeat(16_000),
      key.sha256.slice(1),
    ];
    for (const member of ['kid', 'x5t', 'x5t#S256']) {
      for (const name of [...names, 7, null, [key.sha256], { sha256: key.sha256 }]) {
        const header = { alg: 'RS256', typ: 'JWT', [member]: name };
        const result = await show(app, rs256(header, payloadOf(app), key.privateKey));
        assert.ok(
          result === '700027' || result === '50027',
          `${member} ${JSON.stringify(name).slice(0, 40)} ${result}`,
        );
      }
    }
  });

  test('T6: one assertion has one spelling', async () => {
    const text = await signAssertion(service, app, key);
    const [header = '', payload = '', signature = ''] = text.split('.');
    const last = { A: 'B', Q: 'R', g: 'h', w: 'x' } as const;
    const twisted = signature.slice(0, -1) + last[signature.at(-1) as keyof typeof last];
    const claims = Buffer.from(payload, 'base64url').toString();
    const resigned = (json: string) => rs256(good(), json, key.privateKey);
    for (const other of [
      `${header}.${payload}.${twisted}`,
      `${header}.${payload}.${signature}=`,
      `${header}.${payload}.${Buffer.from(signature, 'base64url').toString('base64')}`,
      `${text}\n`,
      `${header} .${payload}.${signature}`,
      resigned(claims.replace('{', `{"jti":"other",`)),
      resigned(claims.replace('{', `{"\\u006ati":"other",`)),
      resigned(claims.replace('{', `{"a":{"b":1,"b":2},`)),
      resigned(`\ufeff${claims}`),
      resigned(`[${claims}]`),
      rs256(JSON.stringify(good()).replace('{', '{"alg":"none",'), payloadOf(app), key.privateKey),
    ]) {
      assert.equal(await show(app, other), '50027', other.slice(0, 80));
    }
    assert.equal(await show(app, text), 'accepted');
  });

  test('T7: no claim can be left out that decides, and each has its type', async () => {
    const odd = [null, true, -1, 1e99, '', 'x', '1e9', ' 1', [], {}, ['x'], '9'.repeat(300)];
    for (const claim of ['aud', 'iss', 'sub', 'jti', 'exp']) {
      for (const value of [undefined, ...odd]) {
        // an id may be any text
        if (claim === 'jti' && typeof value === 'string' && value !== '' && value.length <= 256) continue;
        const assertion = await signAssertion(service, vm, vm.key, { payload: { [claim]: value } });
        assert.notEqual(await show(vm, assertion), 'accepted', `${claim} ${JSON.stringify(value)}`);
      }
    }
    for (const claim of ['nbf', 'iat']) {
      for (const value of odd.filter((odd) => odd !== '1')) {
        const assertion = await signAssertion(service, vm, vm.key, { payload: { [claim]: value } });
        assert.notEqual(await show(vm, assertion), 'accepted', `${claim} ${JSON.stringify(value)}`);
      }
    }
  });

  test('T8: the issuer is the client’s id, as one text', async () => {
    const id = app.clientId;
    for (const iss of [
      [id],
      { id },
      [id, id],
      `${id} `,
      `${id}/`,
      `{${id}}`,
      `urn:uuid:${id}`,
      `api://${id}`,
      id.replaceAll('-', ''),
      `${id}\0`,
      `https://login.microsoftonline.com/${tenantId}/v2.0`,
    ]) {
      const assertion = rs256(good(), payloadOf(app, { iss, sub: iss }), key.privateKey);
      assert.notEqual(await show(app, assertion), 'accepted', JSON.stringify(iss));
    }
    const upper = id.toUpperCase();
    assert.equal(
      await show(app, rs256(good(), payloadOf(app, { iss: upper, sub: upper }), key.privateKey)),
      'accepted',
    );
  });

  test('T14: who signs in is who signed, whatever stands beside it', async () => {
    const other = await service.application(tenantId);
    const theirs = await makeClientKey();
    service.register(other, theirs);
    const mine = payloadOf(app);
    for (const [header, payload] of [
      [{ ...good(), iss: other.clientId, sub: other.clientId, client_id: other.clientId }, mine],
      [{ ...good(), x5c: [theirs.certificate.raw.toString('base64')], x5t: theirs.sha1 }, mine],
      [good(), { ...mine, client_id: other.clientId, azp: other.clientId, appid: other.clientId, tid: 'x' }],
    ] as const) {
      const assertion = rs256(header, payload, key.privateKey);
      assert.equal(await show(app, assertion), 'accepted');
      assert.equal(await show(other, assertion), '700027');
    }
    for (const parties of [
      { iss: other.clientId, sub: other.clientId },
      { iss: app.clientId, sub: other.clientId },
      { iss: other.clientId, sub: app.clientId },
    ]) {
      const assertion = rs256(good(), payloadOf(app, parties), key.privateKey);
      for (const client of [app, other]) {
        assert.notEqual(await show(client, assertion), 'accepted');
        assert.notEqual(await show(client, assertion, { client_id: '' }), 'accepted');
      }
    }
  });

  test('T17: what everybody may know of a key proves nothing', async () => {
    const { publicKey, certificate, sha256 } = key;
    const known = [
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
      publicKey.export({ type: 'pkcs1', format: 'der' }),
      certificate.raw,
      certificate.toString(),
      sha256,
      Buffer.from(publicKey.export({ format: 'jwk' }).n ?? '', 'base64url'),
    ];
    for (const secret of known) {
      for (const alg of ['HS256', 'RS256']) {
        const input = `${encode({ ...good(), alg })}.${encode(payloadOf(app))}`;
        const signature = createHmac('sha256', secret).update(input).digest('base64url');
        assert.notEqual(await show(app, `${input}.${signature}`), 'accepted');
      }
      const text = String(secret);
      const form = {
        client_id: app.clientId,
        grant_type: 'client_credentials',
        client_secret: text.slice(0, 4000),
      };
      const reply = await service.post(`/${tenantId}/oauth2/v2.0/token`, form);
      assert.deepEqual(reply.body['error_codes'], [7000215]);
    }
    // e = 65537: the public key's own operation on a digest of one's choice
    const modulus = BigInt(
      `0x${Buffer.from(publicKey.export({ format: 'jwk' }).n ?? '', 'base64url').toString('hex')}`,
    );
    let power = 2n;
    for (let round = 0; round < 16; round += 1) power = (power * power) % modulus;
    const raised = Buffer.from(((power * 2n) % modulus).toString(16).padStart(512, '0'), 'hex');
    const input = `${encode(good())}.${encode(payloadOf(app))}`;
    assert.equal(await show(app, `${input}.${raised.toString('base64url')}`), '700027');
  });
});
