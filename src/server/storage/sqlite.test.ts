import assert from 'node:assert/strict';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { sql } from 'kysely';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import { DatabaseError } from './database-errors.ts';
import { openSqlite } from './sqlite.ts';

describe('the embedded database', () => {
  test('and what lies beside it are readable by the owner alone', async () => {
    await using folder = await temporaryFolder();
    const database = await openSqlite(folder.file('innate.db'));
    const files = await readdir(folder.path);
    assert.deepEqual(files.sort(), ['innate.db', 'innate.db-shm', 'innate.db-wal']);
    for (const file of files) assert.equal((await stat(folder.file(file))).mode & 0o777, 0o600);
    await database[Symbol.asyncDispose]();
    assert.deepEqual(await readdir(folder.path), ['innate.db']);
  });

  test('that is another kind of file, or cannot be opened, is refused in one sentence', async () => {
    await using folder = await temporaryFolder();
    await writeFile(folder.file('text.db'), 'no database, but long enough to be looked at. '.repeat(40));
    const refused = (file: string) =>
      assert.rejects(openSqlite(folder.file(file)), (error) => {
        assert.ok(error instanceof DatabaseError);
        assert.match(error.message, /cannot be opened as a database/);
        return true;
      });
    await refused('text.db');
    await refused('missing/innate.db');
  });

  test('that is full fails the transaction with its own error, and serves the next one', async () => {
    await using folder = await temporaryFolder();
    await using database = await openSqlite(folder.file('innate.db'));
    const insert = (key: string, size: number) =>
      database.transaction(async (transaction) => {
        await transaction
          .insertInto('meta')
          .values({ key, value: 'x'.repeat(size) })
          .execute();
      });
    await database.transaction(async (transaction) => {
      const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(transaction);
      await sql`pragma max_page_count = ${sql.lit((rows[0]?.page_count ?? 0) + 10)}`.execute(transaction);
    });
    await assert.rejects(insert('large', 1_000_000), (error) => {
      assert.ok(error instanceof DomainError);
      assert.equal(error.kind, 'unavailable');
      assert.match(String(error.cause), /full/);
      return true;
    });
    await insert('small', 10);
    const rows = await database.read.selectFrom('meta').select('key').where('key', '<>', 'schema').execute();
    assert.deepEqual(rows, [{ key: 'small' }]);
  });

  test('makes each commit durable before it is acknowledged', async () => {
    await using folder = await temporaryFolder();
    await using database = await openSqlite(folder.file('innate.db'));
    await database.transaction(async (transaction) => {
      const mode = await sql<{ journal_mode: string }>`pragma journal_mode`.execute(transaction);
      const flush = await sql<{ synchronous: number }>`pragma synchronous`.execute(transaction);
      assert.deepEqual(mode.rows, [{ journal_mode: 'wal' }]);
      assert.deepEqual(flush.rows, [{ synchronous: 2 }]);
    });
  });

  test('is not written through the reading side', async () => {
    await using folder = await temporaryFolder();
    await using database = await openSqlite(folder.file('innate.db'));
    await assert.rejects(
      database.read.insertInto('meta').values({ key: 'a', value: 'b' }).execute(),
      /readonly/,
    );
  });
});
