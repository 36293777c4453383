import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type TestTokenService, testTokenService } from '../../../test/support/token-service.ts';
import type { TenantId } from '../../foundation/ids.ts';
import { publishedKey } from './discovery.ts';
import { proveKey, proveSigningKeys } from './self-test.ts';
import { signatureHolds } from './signature.ts';
import { createSigner } from './signer.ts';
import type { SigningKey } from './signing-keys.ts';

describe('the signer', () => {
  let service: TestTokenService;
  let tenantId: TenantId;
  let key: SigningKey;
  before(async () => {
    service = await testTokenService();
    tenantId = await service.tenant();
    const active = (await service.keys.of(tenantId))?.active;
    assert.ok(active);
    key = active;
  });
  after(() => service[Symbol.asyncDispose]());

  test('signs alike on the spot and in the thread pool', async () => {
    for (const parallelism of [1, 4]) {
      const signer = createSigner(service, parallelism);
      const signatures = await Promise.all(['a.b', 'c.d'].map((text) => signer.sign(key, text)));
      assert.ok(signatureHolds('RS256', key.publicKey, 'a.b', Buffer.from(signatures[0] ?? '', 'base64url')));
      assert.ok(signatureHolds('RS256', key.publicKey, 'c.d', Buffer.from(signatures[1] ?? '', 'base64url')));
    }
  });

  test('T17: proves each key, of either algorithm, by what the key set publishes of it and of no other', async () => {
    await service.keeper.begin({ tenantId, alg: 'ES256' });
    await proveSigningKeys(service);
    const { published = [] } = (await service.keys.of(tenantId)) ?? {};
    const active = published.filter(({ state }) => state === 'active');
    assert.deepEqual(active.map(({ alg }) => alg).toSorted(), ['ES256', 'RS256']);
    for (const signing of active) {
      await proveKey(service.signer, signing, publishedKey(service.profile, signing, true));
      for (const other of published) {
        if (other.kid === signing.kid) continue;
        await assert.rejects(proveKey(service.signer, signing, publishedKey(service.profile, other, true)));
      }
    }
  });

  test('T17: a signer that signs with what is not the key is found out before it serves', async () => {
    const { published = [] } = (await service.keys.of(tenantId)) ?? {};
    const other = published.find(({ kid, alg }) => kid !== key.kid && alg === 'RS256');
    assert.ok(other);
    const confused = {
      ...service.signer,
      sign: (_: SigningKey, text: string) => service.signer.sign(other, text),
    };
    await assert.rejects(
      proveKey(confused, key, publishedKey(service.profile, key, true)),
      /fails its self-test/,
    );
    const constant = { ...service.signer, sign: async () => Buffer.alloc(256).toString('base64url') };
    await assert.rejects(proveSigningKeys({ ...service, signer: constant }), /fails its self-test/);
  });

  test('refuses a key whose row was swapped with another’s', async () => {
    const rows = await service.database.read.selectFrom('signing_keys').selectAll().execute();
    const [a, b] = rows;
    assert.ok(a && b);
    await service.database.transaction((transaction) =>
      transaction
        .updateTable('signing_keys')
        .set({ private_key_sealed: b.private_key_sealed })
        .where('kid', '=', a.kid)
        .execute(),
    );
    const swapped = (await service.keys.of(tenantId))?.published.find(({ kid }) => kid === a.kid);
    assert.ok(swapped);
    await assert.rejects(createSigner(service, 1).sign(swapped, 'a.b'));
    await service.database.transaction((transaction) =>
      transaction
        .updateTable('signing_keys')
        .set({ private_key_sealed: a.private_key_sealed })
        .where('kid', '=', a.kid)
        .execute(),
    );
    await createSigner(service, 1).sign(swapped, 'a.b');
  });

  test('leaves no private key readable in the database', async () => {
    const rows = await service.database.read.selectFrom('signing_keys').selectAll().execute();
    for (const row of rows) {
      assert.doesNotMatch(row.certificate, /PRIVATE/);
      const sealed = Buffer.from(row.private_key_sealed);
      // PKCS#8 of RSA opens with this algorithm identifier
      assert.equal(sealed.indexOf(Buffer.from('2a864886f70d010101', 'hex')), -1);
    }
  });
});
