import assert from 'node:assert/strict';
import { fstatSync } from 'node:fs';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { sql } from 'kysely';
import { eventually } from '../../../test/support/eventually.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import type { Database } from './database.ts';
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
    const synced: number[] = [];
    const turns: PromiseWithResolvers<void>[] = [];
    await using database = await openSqlite(folder.file('innate.db'), undefined, (descriptor) => {
      synced.push(fstatSync(descriptor).ino);
      turns.push(Promise.withResolvers());
      return turns.at(-1)?.promise ?? Promise.resolve();
    });
    const acknowledged: string[] = [];
    const insert = (key: string) =>
      database
        .transaction(async (transaction) => {
          await transaction.insertInto('meta').values({ key, value: '' }).execute();
        })
        .then(() => acknowledged.push(key));
    const first = insert('a');
    await eventually(() => (turns.length === 1 ? true : undefined));
    const others = [insert('b'), insert('c')];
    await eventually(async () => ((await keysOf(database)).length === 3 ? true : undefined));
    assert.deepEqual(acknowledged, []);
    turns[0]?.resolve();
    await first;
    // what was committed while the disk was at work goes together
    await eventually(() => (turns.length === 2 ? true : undefined));
    assert.deepEqual(acknowledged, ['a']);
    turns[1]?.resolve();
    await Promise.all(others);
    const { ino } = await stat(folder.file('innate.db-wal'));
    assert.deepEqual(synced, [ino, ino]);
  });

  test('promises nothing any more once its disk has failed', async () => {
    await using folder = await temporaryFolder();
    const failure = Object.assign(new Error('i/o error'), { code: 'EIO' });
    let fails = true;
    await using database = await openSqlite(folder.file('innate.db'), undefined, async () => {
      if (fails) throw failure;
    });
    const insert = (key: string) =>
      database.transaction(async (transaction) => {
        await transaction.insertInto('meta').values({ key, value: '' }).execute();
      });
    const unavailable = (error: unknown) =>
      error instanceof DomainError && error.kind === 'unavailable' && error.cause === failure;
    await assert.rejects(insert('a'), unavailable);
    // a disk that works again tells nothing of what it lost
    fails = false;
    await assert.rejects(insert('b'), unavailable);
    assert.ok(!(await keysOf(database)).includes('b'));
  });

  test('writes its log back while it is written to, so that the log does not grow without end', async () => {
    await using folder = await temporaryFolder();
    await using database = await openSqlite(folder.file('innate.db'), undefined, async () => {});
    const value = 'x'.repeat(4096);
    let written = 0;
    await eventually(async () => {
      await database.transaction(async (transaction) => {
        await transaction
          .insertInto('meta')
          .values({ key: `k${written}`, value })
          .execute();
      });
      written += 1;
      const { size } = await stat(folder.file('innate.db-wal'));
      // each of these took a page of the log at least
      return written * 4096 > 2 * size + 1_000_000 ? true : undefined;
    });
    assert.equal((await keysOf(database)).length, written);
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

async function keysOf(database: Database): Promise<readonly string[]> {
  const rows = await database.read.selectFrom('meta').select('key').where('key', '<>', 'schema').execute();
  return rows.map(({ key }) => key);
}
