import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { testFollower } from '../../../test/support/feed.ts';
import { testSealer, testTenant } from '../../../test/support/sealer.ts';
import { canonicalId, parseScope } from '../../contract/resource-id.ts';
import { checkCredentialKey } from '../../foundation/credential-key.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import { guid, type MachineId, type TenantId } from '../../foundation/ids.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import { setPrincipalEnabled } from '../directory/directory-store.ts';
import type { Database } from '../storage/database.ts';
import { removeCredentials } from './credential-store.ts';
import { type CredentialRequest, IdentityCredentials, issueCredential } from './credentials.ts';
import { removeSystemAssigned } from './identity-end.ts';
import { credentialLife, InstanceAuthorities } from './instance-authority.ts';
import { createSystemAssigned } from './system-assigned.ts';

const vm =
  '/subscriptions/33333333-3333-4333-8333-333333333333/resourceGroups/My (group)/providers/Microsoft.Compute/virtualMachines/vm1';
const resourceCanonical = canonicalId(parseScope(vm));
const machineId = guid<MachineId>('44444444-4444-4444-8444-444444444444');
const at = Date.UTC(2026, 10, 1, 12, 0, 0, 500);
const day = 86_400_000;
const keys = [1, 2, 3].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey);

async function world(database: Database) {
  const tenantId = await testTenant(database);
  const identity = { tenantId, resourceId: vm, resourceCanonical, displayName: 'vm1', at };
  const ids = await database.transaction((tx) => createSystemAssigned(tx, identity, systemRandomness));
  const authorities = new InstanceAuthorities({ sealer: testSealer(database), randomness: systemRandomness });
  const request: CredentialRequest = {
    ...ids,
    tenantId,
    machineId,
    resourceId: vm,
    publicKey: keys[0] as KeyObject,
    at,
  };
  const issue = async (change: Partial<CredentialRequest> = {}) =>
    await database.transaction((tx) => issueCredential(tx, { ...request, ...change }, authorities));
  return { tenantId, ...ids, issue };
}

async function authorityOf(database: Database, tenantId: TenantId): Promise<X509Certificate> {
  const row = await database.read
    .selectFrom('signing_keys')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('purpose', '=', 'instance-ca')
    .where('state', '=', 'active')
    .executeTakeFirstOrThrow();
  return new X509Certificate(row.certificate);
}

describe('the certificate of an identity on a host', () => {
  test('names identity, tenant, machine and resource, lives 90 days, and is signed by the tenant’s authority', async () => {
    await using database = await testDatabase();
    const { tenantId, clientId, issue } = await world(database);
    const issued = await issue();
    const certificate = new X509Certificate(issued.certificate);
    assert.equal(certificate.subject, `CN=${clientId}\nO=${tenantId}`);
    assert.deepEqual(certificate.subjectAltName?.split(', '), [
      `URI:innate://${tenantId}/clients/${clientId}`,
      `URI:innate://${tenantId}/machines/${machineId}`,
      `URI:innate://${tenantId}${vm.replace(' ', '%20')}`,
    ]);
    assert.equal(certificate.validToDate.getTime(), issued.notAfter);
    assert.equal(issued.notAfter, at - 500 + credentialLife);
    assert.ok(issued.notBefore < at && issued.notBefore > at - day);
    assert.equal(certificate.ca, false);
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2'], 'client authentication only');
    assert.ok(certificate.publicKey.equals(keys[0] as KeyObject));
    assert.equal(
      issued.thumbprint,
      Buffer.from(certificate.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url'),
    );

    const authority = await authorityOf(database, tenantId);
    assert.ok(authority.ca);
    assert.ok(certificate.checkIssued(authority));
    assert.ok(certificate.verify(authority.publicKey));
  });

  test('of another tenant is signed by another authority, of the same tenant by the same', async () => {
    await using database = await testDatabase();
    const [one, two] = [await world(database), await world(database)];
    const certificates = [
      await one.issue(),
      await one.issue({ publicKey: keys[1] as KeyObject }),
      await two.issue(),
    ];
    const [first, second, other] = certificates.map(({ certificate }) => new X509Certificate(certificate));
    const [authority, foreign] = [
      await authorityOf(database, one.tenantId),
      await authorityOf(database, two.tenantId),
    ];
    assert.ok(first?.verify(authority.publicKey) && second?.verify(authority.publicKey));
    assert.equal(other?.verify(foreign.publicKey), true);
    assert.equal(other?.verify(authority.publicKey), false);
    const kept = await database.read.selectFrom('signing_keys').select('private_key_sealed').execute();
    assert.equal(kept.length, 2);
    for (const { private_key_sealed } of kept)
      assert.throws(() =>
        createPublicKey({ key: Buffer.from(private_key_sealed), format: 'der', type: 'spki' }),
      );
  });

  test('comes from a new authority once the old one would end before it', async () => {
    await using database = await testDatabase();
    const { tenantId, issue } = await world(database);
    await issue();
    const old = await authorityOf(database, tenantId);
    const later = at + 3400 * day;
    const issued = await issue({ at: later });
    const authority = await authorityOf(database, tenantId);
    assert.notEqual(authority.fingerprint256, old.fingerprint256);
    assert.ok(new X509Certificate(issued.certificate).verify(authority.publicKey));
    assert.ok(authority.validToDate.getTime() > issued.notAfter);
  });

  test('is not made for an identity that the resource does not carry', async () => {
    await using database = await testDatabase();
    const { tenantId, principalId, issue } = await world(database);
    const other = await world(database);
    const forbidden = (error: unknown) =>
      error instanceof DomainError && error.code === 'IdentityNotAssigned';
    await assert.rejects(issue({ principalId: other.principalId, clientId: other.clientId }), forbidden);
    await assert.rejects(issue({ clientId: other.clientId }), forbidden);
    await assert.rejects(issue({ resourceId: `${vm}2` }), forbidden);
    await database.transaction((tx) =>
      setPrincipalEnabled(tx, { tenantId, principalId, enabled: false, at }),
    );
    await assert.rejects(issue(), forbidden);
    assert.deepEqual(await database.read.selectFrom('identity_credentials').selectAll().execute(), []);
  });

  test('a machine holds at most two for an identity: the newest replace the oldest', async () => {
    await using database = await testDatabase();
    await using follower = await testFollower(database);
    const { tenantId, clientId, issue } = await world(database);
    const thumbprints: string[] = [];
    for (const [index, publicKey] of keys.entries()) {
      thumbprints.push((await issue({ publicKey, at: at + index * 45 * day })).thumbprint);
    }
    const credentials = new IdentityCredentials(database, follower);
    const found = await Promise.all(
      thumbprints.map((value) => credentials.find(tenantId, clientId, { algorithm: 'sha-256', value })),
    );
    assert.deepEqual(
      found.map((credential) => credential !== undefined),
      [false, true, true],
    );
  });
});

describe('the look-up of certificates', () => {
  test('finds the key under its own tenant, client and thumbprint only', async () => {
    await using database = await testDatabase();
    await using follower = await testFollower(database);
    const one = await world(database);
    const two = await world(database);
    const { thumbprint: value, notAfter } = await one.issue();
    const credentials = new IdentityCredentials(database, follower);
    const thumbprint = { algorithm: 'sha-256', value } as const;
    for (let times = 0; times < 2; times += 1) {
      const found = await credentials.find(one.tenantId, one.clientId, thumbprint);
      assert.ok(found);
      assert.ok(found.publicKey.equals(keys[0] as KeyObject));
      assert.equal(found.principalId, one.principalId);
      assert.equal(found.machineId, machineId);
      assert.equal(found.resourceId, vm);
      assert.equal(found.notAfter, notAfter);
    }
    assert.equal(await credentials.find(two.tenantId, one.clientId, thumbprint), undefined);
    assert.equal(await credentials.find(one.tenantId, two.clientId, thumbprint), undefined);
    assert.equal(
      await credentials.find(one.tenantId, one.clientId, { ...thumbprint, algorithm: 'sha-1' }),
      undefined,
    );
    assert.equal(
      await credentials.find(one.tenantId, one.clientId, { ...thumbprint, value: 'x' }),
      undefined,
    );
  });

  test('finds a new one at once, and no removed one from the commit on', async () => {
    await using database = await testDatabase();
    await using follower = await testFollower(database);
    const { tenantId, clientId, issue } = await world(database);
    const credentials = new IdentityCredentials(database, follower);
    const find = async (value: string) =>
      await credentials.find(tenantId, clientId, { algorithm: 'sha-256', value });
    const first = await issue();
    assert.ok(await find(first.thumbprint));
    const second = await issue({ publicKey: keys[1] as KeyObject });
    assert.ok(await find(second.thumbprint));
    await database.transaction((tx) => removeCredentials(tx, { tenantId, thumbprint: first.thumbprint, at }));
    assert.equal(await find(first.thumbprint), undefined);
    assert.ok(await find(second.thumbprint));
    await database.transaction((tx) => removeSystemAssigned(tx, { tenantId, resourceCanonical, at }));
    assert.equal(await find(second.thumbprint), undefined);
  });

  test('never ends everything by accident', async () => {
    await using database = await testDatabase();
    const { tenantId, issue } = await world(database);
    await issue();
    await assert.rejects(
      database.transaction((tx) => removeCredentials(tx, { tenantId, at })),
      TypeError,
    );
  });
});

describe('a host’s public key', () => {
  const refused = (key: KeyObject) =>
    assert.throws(
      () => checkCredentialKey(key),
      (error) => error instanceof DomainError && error.code === 'InvalidPublicKey',
    );
  const rsa = (n: bigint, e: bigint) => {
    const encode = (value: bigint) => {
      const hex = value.toString(16);
      return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
    };
    return createPublicKey({ key: { kty: 'RSA', n: encode(n), e: encode(e) }, format: 'jwk' });
  };

  test('of RSA with 2048 to 4096 bits is accepted', () => {
    checkCredentialKey(keys[0] as KeyObject);
    checkCredentialKey(generateKeyPairSync('rsa', { modulusLength: 3072 }).publicKey);
  });

  test('of another kind, or too short, is refused', () => {
    refused(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey);
    refused(generateKeyPairSync('ed25519').publicKey);
    refused(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey);
    refused(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey);
    refused(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);
  });

  const odd = 2n ** 2047n + 9n;
  test('with a weak exponent, or longer than 4096 bits, is refused (T18, C9)', () => {
    for (const e of [1n, 3n, 65_536n, 2n ** 32n + 1n]) refused(rsa(odd, e));
    refused(rsa(2n ** 4096n + 9n, 65_537n));
  });

  test('that can be factored is refused (T18)', () => {
    refused(rsa(2n ** 2047n, 65_537n));
    // A power of 65537 leaves, for every small prime, a remainder that 65537 generates: the mark of CVE-2017-15361.
    refused(rsa(65_537n ** 127n, 65_537n));
  });
});
