import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import pg from 'pg';
import type { Log, LogFields } from '../../src/foundation/log.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { ChangeFollower } from '../../src/server/storage/change-log.ts';
import { DatabaseError } from '../../src/server/storage/database-errors.ts';
import { openPostgres } from '../../src/server/storage/postgres.ts';
import { TestClock } from '../support/clock.ts';
import { postgresStore, postgresUrl, type TestStore } from '../support/database.ts';
import { type Engine, insertTenant, tenantKeys, transactionsConform } from './storage.ts';
import { change, changesConform, followerOf, keysSeen, seen } from './storage-changes.ts';
import { sealingConforms } from './storage-sealing.ts';

const postgres: Engine = {
  name: 'PostgreSQL',
  skip: postgresUrl === undefined && 'INNATE_TEST_POSTGRES names no server',
  store: () => postgresStore(postgresUrl ?? ''),
};

transactionsConform(postgres);
changesConform(postgres);
sealingConforms(postgres);

function urlOf(store: TestStore): string {
  assert.ok('url' in store.location);
  return store.location.url;
}

async function administer(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

describe('several replicas over one PostgreSQL', { skip: postgres.skip }, () => {
  test('started together on an empty database, they migrate it once', async () => {
    await using store = await postgres.store();
    const replicas = await Promise.all([store.open(), store.open(), store.open()]);
    const [first] = replicas;
    await first?.transaction((transaction) => insertTenant(transaction, 'a'));
    for (const replica of replicas) assert.deepEqual(await tenantKeys(replica), ['a']);
  });

  test('a long transaction holds no later change back, and its own is not missed', async () => {
    await using store = await postgres.store();
    const writing = await store.open();
    await using follower = await followerOf(await store.open());
    const keys = keysSeen(follower);
    const position = follower.position;
    const written = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const long = writing.transaction(async (transaction) => {
      await change(transaction, 'early number, late commit');
      written.resolve();
      await finish.promise;
    });
    await written.promise;
    await writing.transaction((transaction) => change(transaction, 'late number, early commit'));
    assert.equal(await seen(follower, 'late number, early commit', position), true);
    assert.deepEqual(keys, ['late number, early commit']);
    finish.resolve();
    await long;
    assert.equal(await seen(follower, 'early number, late commit', position), true);
    await writing.transaction((transaction) => change(transaction, 'last'));
    await seen(follower, 'last', position);
    assert.deepEqual(keys, ['late number, early commit', 'early number, late commit', 'last']);
  });

  test('a position of one replica means the same to another', async () => {
    await using store = await postgres.store();
    const writing = await store.open();
    await using one = await followerOf(writing);
    await using other = await followerOf(await store.open());
    const position = one.position;
    await writing.transaction((transaction) => change(transaction, 'a'));
    assert.equal(await seen(other, 'a', position), true);
    const controller = new AbortController();
    const nothing = other.nextChange(one.position, () => true, controller.signal);
    await other.catchUp();
    controller.abort();
    assert.equal(await nothing, false);
  });

  test('a follower that was away for long makes everyone forget', async () => {
    await using store = await postgres.store();
    const database = await store.open();
    const clock = new TestClock();
    await using follower = await followerOf(database, clock);
    let resets = 0;
    follower.onReset(() => {
      resets += 1;
    });
    clock.set(clock.now() + 13 * 3_600_000);
    await follower.catchUp();
    assert.equal(resets, 1);
    await follower.catchUp();
    assert.equal(resets, 1);
  });

  test('while the server cannot be reached the follower is not confirmed; afterwards it misses nothing', async () => {
    await using store = await postgres.store();
    const url = urlOf(store);
    const name = new URL(url).pathname.slice(1);
    const database = await store.open();
    const writing = await store.open();
    const lines: string[] = [];
    const line = (_: LogFields, message: string) => void lines.push(message);
    const log: Log = { debug: line, info: line, warn: line, error: line };
    await using follower = new ChangeFollower(database, new TestClock(), log);
    await follower.start();
    const keys = keysSeen(follower);
    assert.equal(follower.isConfirmed(), true);
    const position = follower.position;
    await administer(
      postgresUrl ?? '',
      `alter database ${name} with allow_connections false`,
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
    );
    await follower.catchUp();
    await follower.catchUp();
    assert.equal(follower.isConfirmed(), false);
    await administer(postgresUrl ?? '', `alter database ${name} with allow_connections true`);
    await writing.transaction((transaction) => change(transaction, 'a'));
    assert.equal(await seen(follower, 'a', position), true);
    assert.deepEqual(keys, ['a']);
    await follower.catchUp();
    assert.equal(follower.isConfirmed(), true);
    assert.deepEqual(lines, [
      'the change log cannot be read; caches are passed by',
      'the change log is read again',
    ]);
  });

  test('a position older than half a second is not confirmed', async () => {
    await using store = await postgres.store();
    const clock = new TestClock();
    const follower = await followerOf(await store.open(), clock);
    await follower[Symbol.asyncDispose]();
    assert.equal(follower.isConfirmed(), false);
    await using running = await followerOf(await store.open(), clock);
    assert.equal(running.isConfirmed(), true);
    clock.advance(501);
    assert.equal(running.isConfirmed(), false);
    await running.catchUp();
    assert.equal(running.isConfirmed(), true);
  });
});

describe('a PostgreSQL that cannot be used', () => {
  const refusal = (url: string, message: RegExp) =>
    assert.rejects(openPostgres(url, systemRandomness), (error) => {
      assert.ok(error instanceof DatabaseError);
      assert.match(error.message, message);
      assert.doesNotMatch(`${error.message} ${error.stack} ${String(error.cause)}`, /s3cret/);
      return true;
    });

  test('is named in one sentence, without the password', async () => {
    await refusal(
      'postgres://someone:s3cret@127.0.0.1:1/things',
      /^PostgreSQL at 127\.0\.0\.1:1, database things cannot be used: the connection was refused$/,
    );
    await refusal('postgres://someone:s3cret@[bad/things', /address cannot be read/);
  });

  test('says why it refuses', { skip: postgres.skip }, async () => {
    await using store = await postgres.store();
    const wrong = new URL(urlOf(store));
    wrong.password = 's3cret';
    await refusal(wrong.href, /the password was refused/);
    const missing = new URL(urlOf(store));
    missing.pathname = '/no_such_database';
    await refusal(missing.href, /there is no such database/);
    const name = new URL(urlOf(store)).pathname.slice(1);
    await administer(postgresUrl ?? '', `alter database ${name} set synchronous_commit = off`);
    await refusal(urlOf(store), /may lose what it has acknowledged: its setting synchronous_commit is off/);
  });
});
