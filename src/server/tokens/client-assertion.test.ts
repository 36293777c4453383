import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { TestClock } from '../../../test/support/clock.ts';
import { makeClientKey, signAssertion } from '../../../test/support/token-service.ts';
import { azureProfile } from '../../contract/cloud-profile.ts';
import { type ClientId, guid, type PrincipalId, type TenantId } from '../../foundation/ids.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import { decodeBase64url } from '../http/compact-jws.ts';
import { ClientAssertions, readAssertion } from './client-assertion.ts';

const p256 = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const id = <T extends TenantId | ClientId | PrincipalId>() => guid<T>(systemRandomness.uuid());

describe('an assertion', () => {
  const clock = new TestClock();
  const tenant = { tenantId: id<TenantId>(), displayName: 'Contoso', defaultDomain: 'contoso.example' };
  const client = { tenantId: tenant.tenantId, clientId: id<ClientId>(), principalId: id<PrincipalId>() };
  const principal = {
    ...client,
    displayName: 'app',
    enabled: true,
    tokensValidFrom: 0,
    createdAt: 0,
    principalType: 'Application',
  } as const;

  test('with several signatures that hold leaves the same facts, by which a replay is told (T6)', async () => {
    const key = await makeClientKey('ec');
    const assertions = new ClientAssertions(
      azureProfile,
      {
        find: async () => ({
          ...client,
          thumbprint: key.sha256,
          publicKey: key.publicKey,
          notBefore: 0,
          notAfter: Number.MAX_SAFE_INTEGER,
          resourceId: undefined,
        }),
      },
      undefined,
    );
    const text = await signAssertion({ clock, profile: azureProfile }, client, key, {
      header: { alg: 'ES256' },
    });
    const [header = '', payload = '', signature = ''] = text.split('.');
    const octets = decodeBase64url(signature) ?? Buffer.alloc(64);
    const r = octets.subarray(0, 32);
    const s = BigInt(`0x${octets.toString('hex', 32)}`);
    const number = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
    const integer = (value: Buffer) => {
      let start = 0;
      while (start < 31 && value[start] === 0) start += 1;
      const trimmed = value.subarray(start);
      const positive = (trimmed[0] ?? 0) < 0x80 ? trimmed : Buffer.concat([Buffer.from([0]), trimmed]);
      return Buffer.concat([Buffer.from([2, positive.length]), positive]);
    };
    const asn1 = (second: bigint) => {
      const body = Buffer.concat([integer(r), integer(number(second))]);
      return Buffer.concat([Buffer.from([0x30, body.length]), body]);
    };
    const spellings = [octets, Buffer.concat([r, number(p256 - s)]), asn1(s), asn1(p256 - s)].map(
      (one) => `${header}.${payload}.${one.toString('base64url')}`,
    );
    assert.equal(new Set(spellings).size, 4);
    const facts = [];
    for (const spelling of spellings) {
      const proven = await assertions.check({
        tenant,
        assertion: readAssertion(spelling),
        principal,
        isPublic: false,
        decoy: undefined,
        now: clock.now(),
      });
      facts.push(proven?.facts);
    }
    const { jti, exp } = JSON.parse(Buffer.from(payload, 'base64url').toString());
    // what stops being accepted is remembered until then, the skew included
    const expected = { jti, expiresAt: (exp + 300) * 1000, onceOnly: false };
    assert.deepEqual(facts, [expected, expected, expected, expected]);
  });

  test('names a certificate in any of the spellings, and by nothing else', () => {
    const digest = (length: 20 | 32) => fc.uint8Array({ minLength: length, maxLength: length });
    const spellings: readonly ((octets: Buffer) => string)[] = [
      (octets) => octets.toString('base64url'),
      (octets) => octets.toString('base64'),
      (octets) => octets.toString('base64').replaceAll('+', '-').replaceAll('/', '_'),
      (octets) => octets.toString('hex'),
      (octets) => octets.toString('hex').toUpperCase(),
    ];
    const read = (header: object) => {
      const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      return readAssertion(`${encode({ alg: 'RS256', ...header })}.${encode({})}.AAAA`).thumbprints;
    };
    fc.assert(
      fc.property(digest(32), digest(20), fc.constantFrom(...spellings), (long, short, spell) => {
        const sha256 = Buffer.from(long);
        const sha1 = Buffer.from(short);
        assert.deepEqual(read({ kid: spell(sha1), x5t: spell(sha1), 'x5t#S256': spell(sha256) }), [
          { algorithm: 'sha-256', value: sha256.toString('base64url') },
          { algorithm: 'sha-1', value: sha1.toString('base64url') },
        ]);
      }),
    );
    const md5 = createHash('md5').update('x').digest('base64url');
    for (const kid of [undefined, null, 5, '', md5, 'x'.repeat(9000), ['a'], `${md5}${md5}${md5}`]) {
      assert.deepEqual(read({ kid }), []);
    }
  });
});
