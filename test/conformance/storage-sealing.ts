import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { guid, type TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { type DataFolder, openDataFolder } from '../../src/server/storage/data-folder.ts';
import type { Database } from '../../src/server/storage/database.ts';
import {
  KeyEncryptionKeyError,
  newKeyEncryptionKeyText,
} from '../../src/server/storage/key-encryption-key.ts';
import { type KeySource, openSealer } from '../../src/server/storage/open-sealer.ts';
import { SealError } from '../../src/server/storage/sealed-column.ts';
import { TestClock } from '../support/clock.ts';
import { testSealer, testTenant } from '../support/sealer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { type Engine, insertTenant, tenantId } from './storage.ts';

const otherTenant = guid<TenantId>('22222222-2222-4222-8222-222222222222');

function unseal(database: Database, folder: DataFolder, source?: KeySource) {
  return openSealer({
    database,
    folder,
    source,
    randomness: systemRandomness,
    clock: new TestClock(),
  });
}

/** What both engines promise of sealed values and of the key they rest on. */
export function sealingConforms(engine: Engine): void {
  describe(`sealed values on ${engine.name}`, { skip: engine.skip }, () => {
    test('a value opens where it was sealed and nowhere else, and not when one byte differs', async () => {
      await using store = await engine.store();
      const database = await store.open();
      await testTenant(database, tenantId);
      await testTenant(database, otherTenant);
      const sealer = testSealer(database);
      const place = { tenantId, table: 'things', column: 'value_sealed', row: 'a/b' };
      const secret = Buffer.from('correct horse');
      const sealed = await sealer.seal(place, secret);
      assert.equal(Buffer.from(sealed).includes(secret), false);
      assert.deepEqual(Buffer.from(await sealer.open(place, sealed)), secret);
      assert.notDeepEqual(await sealer.seal(place, secret), sealed);

      const elsewhere = [
        { ...place, row: 'a/c' },
        { ...place, column: 'other_sealed' },
        { ...place, table: 'others' },
        { ...place, tenantId: otherTenant },
        // the same letters, divided in another way
        { ...place, column: 'value_seale', row: 'da/b' },
      ];
      for (const other of elsewhere) await assert.rejects(sealer.open(other, sealed), SealError);
      for (let index = 0; index < sealed.length; index += 1) {
        const altered = Uint8Array.from(sealed);
        altered[index] = (altered[index] ?? 0) ^ 1;
        await assert.rejects(sealer.open(place, altered), SealError);
      }
      for (const short of [new Uint8Array(), sealed.subarray(0, 20), sealed.subarray(0, -1)]) {
        await assert.rejects(sealer.open(place, short), SealError);
      }
    });

    test('an empty value is sealed like any other', async () => {
      await using store = await engine.store();
      const database = await store.open();
      await testTenant(database, tenantId);
      const sealer = testSealer(database);
      const place = { tenantId, table: 't', column: 'c', row: 'r' };
      const sealed = await sealer.seal(place, new Uint8Array());
      assert.equal((await sealer.open(place, sealed)).length, 0);
    });

    test('the transaction that creates a tenant seals for it already', async () => {
      await using store = await engine.store();
      const database = await store.open();
      const sealer = testSealer(database);
      const place = { tenantId, table: 't', column: 'c', row: 'r' };
      const create = (fail: boolean) =>
        database.transaction(async (transaction) => {
          await insertTenant(transaction, tenantId);
          await sealer.createTenantKey(transaction, tenantId);
          const sealed = await sealer.within(transaction).seal(place, Buffer.from('x'));
          if (fail) throw new Error('broken');
          return sealed;
        });
      await assert.rejects(create(true), /broken/);
      await assert.rejects(sealer.seal(place, Buffer.from('x')), SealError);
      const sealed = await create(false);
      assert.equal(Buffer.from(await sealer.open(place, sealed)).toString(), 'x');
    });

    test('values sealed under an older data key still open, and tenant keys cannot be exchanged', async () => {
      await using store = await engine.store();
      const database = await store.open();
      await testTenant(database, tenantId);
      await testTenant(database, otherTenant);
      const place = { tenantId, table: 't', column: 'c', row: 'r' };
      const old = await testSealer(database).seal(place, Buffer.from('old'));
      await database.transaction((transaction) =>
        testSealer(database).createTenantKey(transaction, tenantId),
      );
      const sealer = testSealer(database);
      const young = await sealer.seal(place, Buffer.from('young'));
      assert.equal(Buffer.from(await sealer.open(place, old)).toString(), 'old');
      assert.equal(Buffer.from(await sealer.open(place, young)).toString(), 'young');
      assert.notDeepEqual(young.slice(0, 5), old.slice(0, 5));

      await database.transaction(async (transaction) => {
        const { wrapped_key } = await transaction
          .selectFrom('tenant_keys')
          .select('wrapped_key')
          .where('tenant_id', '=', otherTenant)
          .executeTakeFirstOrThrow();
        await transaction
          .updateTable('tenant_keys')
          .set({ wrapped_key })
          .where('tenant_id', '=', tenantId)
          .execute();
      });
      await assert.rejects(testSealer(database).open(place, old), SealError);
    });
  });

  describe(`the key-encryption key on ${engine.name}`, { skip: engine.skip }, () => {
    test('is made with a new database, for its owner alone, and found again', async () => {
      await using store = await engine.store();
      await using temporary = await temporaryFolder();
      await using folder = await openDataFolder(temporary.file('data'));
      const database = await store.open();
      const sealer = await unseal(database, folder);
      const file = folder.file('key-encryption-key');
      assert.equal((await stat(file)).mode & 0o777, 0o600);
      assert.match(await readFile(file, 'utf8'), /^[A-Za-z0-9_-]{43}\n$/);
      await database.transaction(async (transaction) => {
        await insertTenant(transaction, tenantId);
        await sealer.createTenantKey(transaction, tenantId);
      });
      const place = { tenantId, table: 't', column: 'c', row: 'r' };
      const sealed = await sealer.seal(place, Buffer.from('x'));
      const again = await unseal(database, folder);
      assert.equal(Buffer.from(await again.open(place, sealed)).toString(), 'x');
      const given = await unseal(database, folder, { text: await readFile(file, 'utf8') });
      assert.equal(Buffer.from(await given.open(place, sealed)).toString(), 'x');
    });

    test('that is another database’s, missing, malformed or readable by others is refused in one sentence', async () => {
      await using store = await engine.store();
      await using temporary = await temporaryFolder();
      await using folder = await openDataFolder(temporary.file('data'));
      await using empty = await openDataFolder(temporary.file('empty'));
      const database = await store.open();
      await unseal(database, folder);
      const refused = (source: KeySource | undefined, where: DataFolder, message: RegExp) =>
        assert.rejects(unseal(database, where, source), (error) => {
          assert.ok(error instanceof KeyEncryptionKeyError);
          assert.match(error.message, message);
          return true;
        });
      const other = newKeyEncryptionKeyText(systemRandomness);
      await refused({ text: other }, folder, /does not match this database/);
      await refused(undefined, empty, /is missing, and the database was sealed with it/);
      await assert.rejects(stat(empty.file('key-encryption-key')), { code: 'ENOENT' });
      await refused({ text: other.slice(1) }, folder, /32 bytes as 43 characters/);
      await refused({ file: temporary.file('none') }, folder, /there is no key-encryption key at/);
      const exposed = temporary.file('exposed');
      await writeFile(exposed, other, { mode: 0o644 });
      await refused({ file: exposed }, folder, /others may read .*chmod 600/);
    });

    test('made by a replica that comes second is put away again', async () => {
      await using store = await engine.store();
      await using temporary = await temporaryFolder();
      await using folder = await openDataFolder(temporary.file('data'));
      await using second = await openDataFolder(temporary.file('second'));
      const database = await store.open();
      const results = await Promise.allSettled([unseal(database, folder), unseal(database, second)]);
      const winners = results.filter((result) => result.status === 'fulfilled');
      assert.equal(winners.length, 1);
      const files = await Promise.allSettled(
        [folder, second].map((each) => stat(each.file('key-encryption-key'))),
      );
      assert.deepEqual(
        files.map((file) => file.status),
        results.map((result) => result.status),
      );
    });
  });
}
