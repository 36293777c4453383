import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { TestClock } from '../../../test/support/clock.ts';
import {
  postgresStore,
  postgresUrl,
  sqliteStore,
  type TestStore,
  testDatabase,
} from '../../../test/support/database.ts';
import { testSealer, testTenant } from '../../../test/support/sealer.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import type { TenantId } from '../../foundation/ids.ts';
import { type Log, silentLog } from '../../foundation/log.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import type { Database } from '../storage/database.ts';
import { KeyKeeper } from './key-keeper.ts';
import { defaultPeriods, type KeyPeriods, retiredForAtLeast } from './key-schedule.ts';
import { createSigner, type Signer } from './signer.ts';
import { selectTenantKeys } from './signing-key-store.ts';
import type { KeyState, SigningAlgorithm } from './signing-keys.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** A tenant's keys over a database of their own, with a clock that only the test moves. */
async function scope(
  options: { readonly database?: Database; readonly clock?: TestClock; readonly periods?: KeyPeriods } = {},
) {
  const database = options.database ?? (await testDatabase());
  const clock = options.clock ?? new TestClock();
  const signer = createSigner(
    { database, sealer: testSealer(database, clock), clock, randomness: systemRandomness },
    1,
  );
  const keeperOf = (over: Database, by: Signer = signer, log: Log = silentLog) =>
    new KeyKeeper({
      ...{ database: over, signer: by, clock, log },
      ...(options.periods === undefined ? {} : { periods: options.periods }),
    });
  const keeper = keeperOf(database);
  const tenantId = await testTenant(database);
  await keeper.begin({ tenantId, alg: 'RS256' });
  const kids = async (state: KeyState, alg: SigningAlgorithm = 'RS256', tenant: TenantId = tenantId) =>
    (await selectTenantKeys(database.read, tenant))
      .filter((key) => key.state === state && key.alg === alg)
      .map(({ kid }) => kid);
  return {
    ...{ database, clock, signer, keeper, keeperOf, tenantId, kids },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

describe('a signing key', () => {
  test('signs for thirty days at most, announced since the turn before, and goes two days after', async () => {
    await using s = await scope();
    const [first] = await s.kids('active');
    const [second] = await s.kids('prepared');
    s.clock.advance(27 * day - 1);
    await s.keeper.look();
    assert.deepEqual(await s.kids('active'), [first], 'never more than a tenth early');
    s.clock.advance(3 * day + 1);
    await s.keeper.look();
    assert.deepEqual(await s.kids('active'), [second]);
    assert.deepEqual(await s.kids('retired'), [first]);
    assert.equal((await s.kids('prepared')).length, 1, 'the next one is announced at once');
    s.clock.advance(retiredForAtLeast - 1);
    await s.keeper.look();
    assert.deepEqual(await s.kids('retired'), [first]);
    s.clock.advance(1);
    await s.keeper.look();
    assert.deepEqual(await s.kids('retired'), []);
    assert.equal((await selectTenantKeys(s.database.read, s.tenantId)).length, 2);
  });

  test('that a validator may not know yet does not sign: the next one waits for its two days', async () => {
    await using s = await scope({ periods: { ...defaultPeriods, activeFor: hour } });
    const [first] = await s.kids('active');
    s.clock.advance(2 * day - 2);
    await s.keeper.look();
    assert.deepEqual(await s.kids('active'), [first]);
    // announced a millisecond after its forerunner began to sign
    s.clock.advance(3);
    await s.keeper.look();
    assert.notDeepEqual(await s.kids('active'), [first]);
  });

  test('grows no older by a clock that is set forward, nor after it is set right again', async () => {
    await using s = await scope();
    const [first] = await s.kids('active');
    const right = s.clock.now();
    await s.keeper.look();
    s.clock.set(right + 400 * day);
    await s.keeper.look();
    assert.deepEqual(await s.kids('active'), [first]);
    await s.keeper.rotate(s.tenantId);
    await s.keeper.look();
    assert.deepEqual(await s.kids('retired'), [first], 'who asks for it by name gets it');
    s.clock.set(right);
    await s.keeper.look();
    assert.deepEqual(await s.kids('retired'), [first]);
    assert.equal((await s.kids('active')).length, 1);
  });

  test('grows older again after a clock was set forward', async () => {
    await using s = await scope();
    const [first] = await s.kids('active');
    await s.keeper.look();
    s.clock.set(s.clock.now() + 10 * day);
    await s.keeper.look();
    s.clock.advance(26 * day);
    await s.keeper.look();
    assert.deepEqual(await s.kids('active'), [first]);
    s.clock.advance(4 * day);
    await s.keeper.look();
    assert.deepEqual(await s.kids('retired'), [first]);
  });

  test('of many tenants turns at times of its own', async () => {
    await using s = await scope();
    const tenants = await Promise.all(Array.from({ length: 12 }, () => testTenant(s.database)));
    for (const tenantId of tenants) await s.keeper.begin({ tenantId, alg: 'ES256' });
    const active = async () =>
      (await Promise.all(tenants.map((tenant) => s.kids('active', 'ES256', tenant)))).flat();
    const first = new Set(await active());
    const turned = async () => (await active()).filter((kid) => !first.has(kid)).length;
    const byTime: number[] = [];
    s.clock.advance(27 * day);
    for (let hours = 0; hours < 72; hours += 6) {
      await s.keeper.look();
      byTime.push(await turned());
      s.clock.advance(6 * hour);
    }
    await s.keeper.look();
    assert.equal(await turned(), tenants.length);
    assert.ok(new Set(byTime).size > 3, `turned together: ${byTime}`);
  });

  test('forgets its private half when it has retired, a minute later, and at once when it is revoked', async () => {
    await using s = await scope();
    const sealed = async () => {
      const rows = await s.database.read.selectFrom('signing_keys').selectAll().execute();
      return Object.fromEntries(rows.map((row) => [row.kid, row.private_key_sealed.length > 1]));
    };
    const [first = ''] = await s.kids('active');
    await s.keeper.rotate(s.tenantId);
    assert.equal((await sealed())[first], true, 'replicas that have not heard yet may still sign');
    s.clock.advance(60_000);
    await s.keeper.look();
    assert.equal((await sealed())[first], false);
    const [second = ''] = await s.kids('active');
    await s.keeper.revoke(s.tenantId, second);
    assert.equal((await sealed())[second], false);
    const standing = await sealed();
    for (const kid of [...(await s.kids('active')), ...(await s.kids('prepared'))]) {
      assert.equal(standing[kid], true);
    }
  });

  test('is revoked from every state, and the tenant has one that signs and one announced all the while', async () => {
    await using s = await scope();
    const [first = ''] = await s.kids('active');
    await s.keeper.rotate(s.tenantId);
    for (const kid of [first, ...(await s.kids('active')), ...(await s.kids('prepared'))]) {
      assert.equal(await s.keeper.revoke(s.tenantId, kid), true);
      assert.equal(await s.keeper.revoke(s.tenantId, kid), true, 'once more is as good');
      assert.ok((await s.kids('revoked')).includes(kid));
      assert.equal((await s.kids('active')).length, 1);
      assert.equal((await s.kids('prepared')).length, 1);
    }
    assert.equal((await s.kids('revoked')).length, 3);
    s.clock.advance(retiredForAtLeast);
    await s.keeper.look();
    assert.deepEqual(await s.kids('revoked'), [], 'nobody asks about it any more');
  });

  test('of another tenant is not there to be revoked', async () => {
    await using s = await scope();
    const other = await testTenant(s.database);
    await s.keeper.begin({ tenantId: other, alg: 'RS256' });
    const [foreign = ''] = await s.kids('active', 'RS256', other);
    assert.equal(await s.keeper.revoke(s.tenantId, foreign), false);
    assert.deepEqual(await s.kids('active', 'RS256', other), [foreign]);
  });

  test('has its line by algorithm: both turn on request, one is revoked alone', async () => {
    await using s = await scope();
    await Promise.all(
      Array.from({ length: 5 }, () => s.keeper.begin({ tenantId: s.tenantId, alg: 'ES256' })),
    );
    const [ec = '', ...more] = await s.kids('active', 'ES256');
    assert.deepEqual(more, [], 'who asks together waits for one making');
    const [rsa] = await s.kids('active');
    await s.keeper.rotate(s.tenantId);
    assert.deepEqual([await s.kids('retired', 'ES256'), await s.kids('retired')], [[ec], [rsa]]);
    const standing = await s.kids('active');
    const [second = ''] = await s.kids('active', 'ES256');
    await s.keeper.revoke(s.tenantId, second);
    assert.deepEqual(await s.kids('active'), standing);
    assert.equal((await s.kids('active', 'ES256')).length, 1);
  });

  test('is not made without end: a full key set refuses the next turn', async () => {
    await using s = await scope();
    await s.database.transaction(async (transaction) => {
      const row = await transaction.selectFrom('signing_keys').selectAll().limit(1).executeTakeFirstOrThrow();
      for (let number = 0; number < 98; number += 1) {
        await transaction
          .insertInto('signing_keys')
          .values({
            ...row,
            kid: `retired-key-number-${number}`,
            state: 'retired',
            retired_at: s.clock.now(),
          })
          .execute();
      }
    });
    const full = (error: unknown) => error instanceof DomainError && error.kind === 'conflict';
    await assert.rejects(s.keeper.rotate(s.tenantId), full);
    const [active = ''] = await s.kids('active');
    await assert.rejects(s.keeper.revoke(s.tenantId, active), full);
    assert.equal(await s.keeper.revoke(s.tenantId, 'retired-key-number-7'), true);
    s.clock.advance(30 * day);
    await s.keeper.look();
    assert.deepEqual(await s.kids('active'), [active], 'nor does the schedule, until there is room');
    await s.keeper.look();
    assert.notDeepEqual(await s.kids('active'), [active]);
  });
});

describe('a round over the keys', () => {
  test('survives a signer that is away, and does its work when it is back', async () => {
    await using s = await scope();
    const [first] = await s.kids('active');
    const errors: unknown[] = [];
    const log: Log = { ...silentLog, error: (facts) => void errors.push(facts) };
    const away: Signer = {
      ...s.signer,
      generate: () => Promise.reject(new DomainError('unavailable', 'The signer is away.')),
    };
    s.clock.advance(30 * day);
    await s.keeperOf(s.database, away, log).look();
    assert.equal(errors.length, 1);
    assert.deepEqual(await s.kids('active'), [first]);
  });

  const engines: readonly [string, string | false, () => Promise<TestStore>][] = [
    ['SQLite', false, sqliteStore],
    [
      'PostgreSQL',
      postgresUrl === undefined && 'INNATE_TEST_POSTGRES names no server',
      () => postgresStore(postgresUrl ?? ''),
    ],
  ];
  for (const [engine, skip, open] of engines) {
    test(`made by several replicas at once turns each line once, on ${engine}`, { skip }, async () => {
      await using store = await open();
      const databases = [await store.open(), await store.open(), await store.open()];
      const [database] = databases;
      assert.ok(database);
      const s = await scope({ database });
      const keepers = databases.map((each) => s.keeperOf(each));
      for (let turn = 1; turn <= 3; turn += 1) {
        s.clock.advance(30 * day);
        await Promise.all(keepers.map((keeper) => keeper.look()));
        assert.equal((await s.kids('active')).length, 1);
        assert.equal((await s.kids('prepared')).length, 1);
        const all = await selectTenantKeys(database.read, s.tenantId);
        // the one before has gone by now
        assert.equal(all.length, 3, `turn ${turn}: ${all.map(({ state }) => state)}`);
      }
    });

    test(`revoking and turning at once leave one key that signs, on ${engine}`, { skip }, async () => {
      await using store = await open();
      const databases = [await store.open(), await store.open()];
      const [database, second] = databases;
      assert.ok(database && second);
      const s = await scope({ database });
      const other = s.keeperOf(second);
      for (let round = 0; round < 3; round += 1) {
        const [active = ''] = await s.kids('active');
        await Promise.all([
          s.keeper.revoke(s.tenantId, active),
          other.revoke(s.tenantId, active),
          other.rotate(s.tenantId),
        ]);
        assert.ok((await s.kids('revoked')).includes(active));
        assert.equal((await s.kids('active')).length, 1);
        assert.equal((await s.kids('prepared')).length, 1);
      }
    });
  }
});

describe('the schedule', () => {
  let s: Awaited<ReturnType<typeof scope>>;
  before(async () => {
    s = await scope();
  });
  after(() => s[Symbol.asyncDispose]());

  test('published keys outlive every token, its skew, and a day of validators’ caches', () => {
    assert.ok(defaultPeriods.retiredFor >= 2 * day);
    assert.ok(defaultPeriods.preparedFor >= 2 * day);
    assert.ok(defaultPeriods.preparedFor < defaultPeriods.activeFor);
  });

  test('no key id begins as an option of a command line does', async () => {
    for (let made = 0; made < 3; made += 1) {
      const { kid } = await s.signer.generate(s.tenantId, 'ES256');
      assert.match(kid, /^[A-Za-z0-9_][A-Za-z0-9_-]{26}$/);
    }
  });
});
