import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'kysely';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { type Change, ChangeFollower, recordChange } from '../../src/server/storage/change-log.ts';
import type { Database, Transaction } from '../../src/server/storage/database.ts';
import { FollowedCache } from '../../src/server/storage/followed-cache.ts';
import { TestClock } from '../support/clock.ts';
import { type Engine, insertTenant, tenantId } from './storage.ts';

export const noSignal: AbortSignal = new AbortController().signal;

export async function followerOf(database: Database, clock = systemClock): Promise<ChangeFollower> {
  const follower = new ChangeFollower(database, clock, silentLog);
  await follower.start();
  return follower;
}

export function keysSeen(follower: ChangeFollower): string[] {
  const keys: string[] = [];
  follower.onChange((changes) => {
    for (const change of changes) keys.push(change.key);
  });
  return keys;
}

export function change(transaction: Transaction, key: string, at = 1): Promise<void> {
  return recordChange(transaction, { tenantId, kind: 'resource', key, at });
}

/** Waits until the follower has been given the change of this key. */
export function seen(follower: ChangeFollower, key: string, position: number): Promise<boolean> {
  return follower.nextChange(position, (candidate: Change) => candidate.key === key, noSignal);
}

const randomDelay = () => wait((systemRandomness.bytes(1)[0] ?? 0) / 16);

/** What both engines promise of the change log and of what follows it. */
export function changesConform(engine: Engine): void {
  describe(`changes on ${engine.name}`, { skip: engine.skip }, () => {
    test('what this process commits is given before the transaction returns; what rolls back, never', async () => {
      await using store = await engine.store();
      const database = await store.open();
      await database.transaction((transaction) => change(transaction, 'before the start'));
      await using follower = await followerOf(database);
      const keys = keysSeen(follower);
      await database.transaction(async (transaction) => {
        await change(transaction, 'a');
        await change(transaction, 'b');
      });
      assert.deepEqual(keys, ['a', 'b']);
      const rolledBack = database.transaction(async (transaction) => {
        await change(transaction, 'c');
        throw new Error('broken');
      });
      await assert.rejects(rolledBack);
      await database.transaction((transaction) => change(transaction, 'd'));
      assert.deepEqual(keys, ['a', 'b', 'd']);
      assert.equal(follower.isConfirmed(), true);
    });

    test('twenty writers that commit at random: each change once, and each row in its order', async () => {
      await using store = await engine.store();
      const database = await store.open();
      const rows = ['r0', 'r1', 'r2', 'r3'];
      await database.transaction(async (transaction) => {
        for (const row of rows) await insertTenant(transaction, row);
      });
      await using follower = await followerOf(database);
      // on PostgreSQL a second replica follows what it did not write itself
      const replica = engine.name === 'SQLite' ? database : await store.open();
      await using remote = await followerOf(replica);
      const local = keysSeen(follower);
      const distant = keysSeen(remote);
      const begin = remote.position;

      const writer = async (index: number) => {
        for (let round = 0; round < 5; round += 1) {
          const row = rows[(index + round) % rows.length] ?? 'r0';
          await database.transaction(async (transaction) => {
            // a change that no other writer waits for, drawn early and committed late
            await change(transaction, `${index}/${round}`);
            await randomDelay();
            const { created_at: count } = await transaction
              .selectFrom('tenants')
              .select('created_at')
              .where('tenant_id', '=', row)
              .executeTakeFirstOrThrow();
            await transaction
              .updateTable('tenants')
              .set({ created_at: count + 1 })
              .where('tenant_id', '=', row)
              .execute();
            await change(transaction, `${row}:${count}`);
          });
        }
      };
      await Promise.all(Array.from({ length: 20 }, (_, index) => writer(index)));
      await database.transaction((transaction) => change(transaction, 'the last'));
      await seen(remote, 'the last', begin);

      const expected = new Set(['the last']);
      for (let index = 0; index < 20; index += 1) {
        for (let round = 0; round < 5; round += 1) expected.add(`${index}/${round}`);
      }
      for (const row of rows) for (let count = 1; count <= 25; count += 1) expected.add(`${row}:${count}`);
      for (const keys of [local, distant]) {
        assert.equal(keys.length, expected.size);
        assert.deepEqual(new Set(keys), expected);
        for (const row of rows) {
          const counts = keys.filter((key) => key.startsWith(`${row}:`)).map((key) => Number(key.slice(3)));
          assert.deepEqual(
            counts,
            counts.toSorted((a, b) => a - b),
          );
        }
      }
    });

    test('who waits for a change gets it, also where it came a moment before the question', async () => {
      await using store = await engine.store();
      const database = await store.open();
      await using follower = await followerOf(database);
      const position = follower.position;
      const waiting = seen(follower, 'b', position);
      await database.transaction((transaction) => change(transaction, 'a'));
      await database.transaction((transaction) => change(transaction, 'b'));
      assert.equal(await waiting, true);
      assert.equal(await seen(follower, 'b', position), true);

      const controller = new AbortController();
      const later = follower.nextChange(follower.position, () => true, controller.signal);
      controller.abort();
      assert.equal(await later, false);
      const other = new AbortController();
      const never = follower.nextChange(
        follower.position,
        (candidate) => candidate.key === 'other',
        other.signal,
      );
      await database.transaction((transaction) => change(transaction, 'c'));
      other.abort();
      assert.equal(await never, false);
    });

    test('a position that this process cannot judge is answered at once: read again', async () => {
      await using store = await engine.store();
      const database = await store.open();
      const first = await followerOf(database);
      const old = first.position;
      await database.transaction((transaction) => change(transaction, 'a'));
      await first[Symbol.asyncDispose]();
      await using second = await followerOf(database);
      assert.equal(await second.nextChange(old, () => false, noSignal), true);
      assert.equal(await second.nextChange(second.position + 1_000_000, () => false, noSignal), true);
    });

    test('more changes at once than can be named make everyone forget, and the following goes on', async () => {
      await using store = await engine.store();
      const database = await store.open();
      await using follower = await followerOf(database);
      const keys = keysSeen(follower);
      let resets = 0;
      follower.onReset(() => {
        resets += 1;
      });
      const waiting = follower.nextChange(follower.position, () => false, noSignal);
      await database.transaction(async (transaction) => {
        await sql`insert into change_log (tenant_id, kind, key, at)
          with recursive n(i) as (select 1 union all select i + 1 from n where i < 10001)
          select 't', 'resource', 'k', 1 from n`.execute(transaction);
      });
      assert.equal(await waiting, true);
      assert.equal(resets, 1);
      await database.transaction((transaction) => change(transaction, 'after'));
      assert.deepEqual(keys, ['after']);
    });

    test('a listener that fails makes everyone forget, and hides no change from a waiter', async () => {
      await using store = await engine.store();
      const database = await store.open();
      await using follower = await followerOf(database);
      let resets = 0;
      follower.onChange(() => {
        throw new Error('broken listener');
      });
      follower.onReset(() => {
        resets += 1;
      });
      const waiting = seen(follower, 'a', follower.position);
      await database.transaction((transaction) => change(transaction, 'a'));
      assert.equal(await waiting, true);
      assert.equal(resets, 1);
    });

    test('changes older than a day are removed', async () => {
      await using store = await engine.store();
      const database = await store.open();
      const clock = new TestClock();
      await using follower = await followerOf(database, clock);
      await database.transaction((transaction) => change(transaction, 'old', clock.now()));
      clock.advance(23 * 3_600_000);
      await database.transaction((transaction) => change(transaction, 'young', clock.now()));
      clock.advance(2 * 3_600_000);
      await follower.prune();
      const rows = await database.read.selectFrom('change_log').select('key').execute();
      assert.deepEqual(rows, [{ key: 'young' }]);
    });

    test('a cache never serves what a returned transaction has changed, nothing included', async () => {
      await using store = await engine.store();
      const database = await store.open();
      await using follower = await followerOf(database);
      const cache = new FollowedCache<number>(follower, { kind: 'resource', capacity: 10 });
      let loads = 0;
      const load = async () => {
        loads += 1;
        const row = await database.read
          .selectFrom('tenants')
          .select('created_at')
          .where('tenant_id', '=', 'a')
          .executeTakeFirst();
        return row?.created_at;
      };
      const get = () => cache.get(tenantId, 'a', load);
      assert.equal(await get(), undefined);
      assert.equal(await get(), undefined);
      assert.equal(loads, 1);
      await database.transaction(async (transaction) => {
        await insertTenant(transaction, 'a');
        await change(transaction, 'a');
      });
      assert.equal(await get(), 1);
      for (let count = 2; count <= 50; count += 1) {
        const readers = [get(), get()];
        await database.transaction(async (transaction) => {
          await transaction.updateTable('tenants').set({ created_at: count }).execute();
          await change(transaction, 'a');
        });
        assert.equal(await get(), count);
        await Promise.all(readers);
        assert.equal(await get(), count);
      }
    });

    test('a value read before a commit and delivered after it is not kept', async () => {
      await using store = await engine.store();
      const database = await store.open();
      await using follower = await followerOf(database);
      const cache = new FollowedCache<string>(follower, { kind: 'resource', capacity: 10 });
      const delivery = Promise.withResolvers<string>();
      const early = cache.get(tenantId, 'a', () => delivery.promise);
      await database.transaction((transaction) => change(transaction, 'a'));
      const late = cache.get(tenantId, 'a', async () => 'new');
      delivery.resolve('old');
      assert.equal(await early, 'old');
      assert.equal(await late, 'new');
      assert.equal(await cache.get(tenantId, 'a', async () => 'loaded again'), 'new');
    });
  });
}
