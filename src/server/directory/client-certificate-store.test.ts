import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { testFollower } from '../../../test/support/feed.ts';
import { testTenant } from '../../../test/support/sealer.ts';
import { makeClientKey } from '../../../test/support/token-service.ts';
import { DomainError, type FailureKind } from '../../foundation/domain-error.ts';
import { type ClientId, guid, type TenantId } from '../../foundation/ids.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import type { ChangeFollower } from '../storage/change-log.ts';
import type { Database } from '../storage/database.ts';
import { ApplicationCertificates } from './application-certificates.ts';
import { deleteApplication } from './application-deletion.ts';
import { createApplication } from './applications.ts';
import {
  deleteClientCertificate,
  insertClientCertificate,
  maxCertificatesOfClient,
  type NewClientCertificate,
  selectClientCertificates,
} from './client-certificate-store.ts';

describe('a certificate of an application', () => {
  let database: Database;
  let follower: ChangeFollower;
  let tenantId: TenantId;
  before(async () => {
    database = await testDatabase();
    follower = await testFollower(database);
    tenantId = await testTenant(database);
  });
  after(async () => {
    await follower[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  const at = Date.UTC(2026, 10, 1);
  const application = () =>
    database.transaction((transaction) =>
      createApplication(transaction, { tenantId, displayName: 'app' }, systemRandomness, at),
    );
  const insert = (
    request: Pick<NewClientCertificate, 'clientId' | 'certificate'> & Partial<NewClientCertificate>,
  ) =>
    database.transaction((transaction) =>
      insertClientCertificate(transaction, { tenantId, keyId: systemRandomness.uuid(), at, ...request }),
    );
  const refused = (attempt: Promise<unknown>, kind: FailureKind, code?: string) =>
    assert.rejects(
      attempt,
      (error) => error instanceof DomainError && error.kind === kind && error.code === code,
    );

  test('is found by either thumbprint from its commit on, and gone with its deletion', async () => {
    const { clientId } = await application();
    const certificates = new ApplicationCertificates(database, follower);
    const key = await makeClientKey('ec');
    const find = (algorithm: 'sha-1' | 'sha-256', value: string) =>
      certificates.find(tenantId, clientId, { algorithm, value });
    assert.equal(await find('sha-256', key.sha256), undefined);

    const { keyId } = await insert({ clientId, certificate: key.certificate.raw, displayName: 'laptop' });
    assert.equal((await find('sha-256', key.sha256))?.keyId, keyId);
    assert.equal((await find('sha-1', key.sha1))?.keyId, keyId);
    assert.equal(await find('sha-1', key.sha256), undefined);
    const other = guid<TenantId>(systemRandomness.uuid());
    const query = { algorithm: 'sha-256', value: key.sha256 } as const;
    assert.equal(await certificates.find(other, clientId, query), undefined);

    const remove = () =>
      database.transaction((transaction) =>
        deleteClientCertificate(transaction, { tenantId, clientId, keyId, at }),
      );
    assert.equal(await remove(), true);
    assert.equal(await find('sha-256', key.sha256), undefined);
    assert.equal(await remove(), false);
  });

  test('may be given as PEM, with a narrower time than its own', async () => {
    const { clientId } = await application();
    const { certificate } = await makeClientKey('ec');
    const kept = await insert({ clientId, certificate: certificate.toString(), notAfter: at + 1000 });
    assert.equal(kept.notAfter, at + 1000);
    assert.equal(kept.notBefore, 0);
    assert.ok(kept.certificate.raw.equals(certificate.raw));
  });

  test('goes with its application', async () => {
    const { clientId } = await application();
    await insert({ clientId, certificate: (await makeClientKey('ec')).certificate.raw });
    await database.transaction((transaction) => deleteApplication(transaction, { tenantId, clientId, at }));
    assert.deepEqual(await selectClientCertificates(database.read, tenantId, clientId), []);
  });

  test('is refused where it is none, has ended, has an unfit key, or belongs to nobody (T18)', async () => {
    const { clientId } = await application();
    const { certificate } = await makeClientKey('ec');
    for (const text of [
      '',
      'no certificate',
      '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----',
    ]) {
      await refused(insert({ clientId, certificate: text }), 'invalid-value', 'InvalidCertificate');
    }
    // id-ecPublicKey with another last octet: a certificate still, with a key of a kind that nobody knows
    const strange = Buffer.from(certificate.raw);
    const oid = Buffer.from('2a8648ce3d0201', 'hex');
    strange[strange.indexOf(oid) + oid.length - 1] = 0x7f;
    await refused(insert({ clientId, certificate: strange }), 'invalid-value', 'InvalidCertificate');
    const huge = Buffer.concat([certificate.raw, Buffer.alloc(40_000)]);
    await refused(insert({ clientId, certificate: huge }), 'invalid-value', 'InvalidCertificate');
    const ended = insert({ clientId, certificate: certificate.raw, notAfter: at });
    await refused(ended, 'invalid-value', 'InvalidCertificate');
    for (const kind of ['rsa-1024', 'p-521'] as const) {
      const weak = await makeClientKey(kind);
      await refused(
        insert({ clientId, certificate: weak.certificate.raw }),
        'invalid-value',
        'InvalidPublicKey',
      );
    }
    const nobody = guid<ClientId>(systemRandomness.uuid());
    await refused(insert({ clientId: nobody, certificate: certificate.raw }), 'not-found');
  });

  test('stands once, under one key id, among twenty at most', async () => {
    const { clientId } = await application();
    const key = await makeClientKey('ec');
    const { keyId } = await insert({ clientId, certificate: key.certificate.raw });
    await refused(insert({ clientId, certificate: key.certificate.raw }), 'already-exists');
    const { certificate } = await makeClientKey('ec');
    await refused(insert({ clientId, certificate: certificate.raw, keyId }), 'already-exists');
    for (let count = 1; count < maxCertificatesOfClient; count += 1) {
      await insert({ clientId, certificate: (await makeClientKey('ec')).certificate.raw });
    }
    await refused(insert({ clientId, certificate: certificate.raw }), 'conflict', 'Directory_QuotaExceeded');
  });
});
