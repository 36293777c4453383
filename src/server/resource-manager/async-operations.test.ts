import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TestClock } from '../../../test/support/clock.ts';
import { sqliteStore, type TestStore } from '../../../test/support/database.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import {
  type CanonicalId,
  guid,
  type PrincipalId,
  type SubscriptionId,
  type TenantId,
} from '../../foundation/ids.ts';
import { silentLog } from '../../foundation/log.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import type { Database } from '../storage/database.ts';
import { AsyncOperations, presentOperation, type Work } from './async-operations.ts';

const tenantId = guid<TenantId>(systemRandomness.uuid());
const subscriptionId = guid<SubscriptionId>(systemRandomness.uuid());
const clock = new TestClock();

function operationsOver(database: Database, work: Work): AsyncOperations {
  const operations = new AsyncOperations({ database, clock, randomness: systemRandomness, log: silentLog });
  operations.define('test', work);
  return operations;
}

function begin(database: Database, operations: AsyncOperations, at = clock.now()) {
  return database.transaction((transaction) =>
    operations.begin(transaction, {
      tenantId,
      subscriptionId,
      kind: 'test',
      target: '/target' as CanonicalId,
      startedBy: guid<PrincipalId>(systemRandomness.uuid()),
      at,
    }),
  );
}

async function statusOf(operations: AsyncOperations, operationId: string) {
  const operation = await operations.find(tenantId, subscriptionId, operationId);
  assert.ok(operation);
  return operation;
}

async function withStore(work: (store: TestStore) => Promise<void>): Promise<void> {
  await using store = await sqliteStore();
  await work(store);
}

describe('a long-running operation', () => {
  test('is in progress, then succeeded', () =>
    withStore(async (store) => {
      const database = await store.open();
      const gate = Promise.withResolvers<void>();
      await using operations = operationsOver(database, () => gate.promise);
      const { operationId } = await begin(database, operations);
      operations.run(await statusOf(operations, operationId));
      assert.equal((await statusOf(operations, operationId)).status, 'InProgress');
      gate.resolve();
      await operations.settled();
      const ended = await statusOf(operations, operationId);
      assert.equal(ended.status, 'Succeeded');
      assert.equal(presentOperation(ended).endTime, new Date(clock.now()).toISOString());
    }));

  test('that was canceled stays so, and tells it to its work', () =>
    withStore(async (store) => {
      const database = await store.open();
      const gate = Promise.withResolvers<void>();
      await using operations = operationsOver(database, () => gate.promise);
      const operation = await begin(database, operations);
      operations.run(operation);
      const cancel = () =>
        database.transaction((transaction) =>
          operations.cancel(transaction, { ...operation, at: clock.now() }),
        );
      assert.equal(await cancel(), true);
      assert.equal(await cancel(), false);
      gate.resolve();
      await operations.settled();
      assert.equal((await statusOf(operations, operation.operationId)).status, 'Canceled');
    }));

  test('wakes who waits for it', () =>
    withStore(async (store) => {
      const database = await store.open();
      const gate = Promise.withResolvers<void>();
      await using operations = operationsOver(database, () => gate.promise);
      operations.run(await begin(database, operations));
      const waiting = operations.pause(60_000_000);
      gate.resolve();
      await waiting;
    }));

  test('keeps what it answers once it has succeeded', () =>
    withStore(async (store) => {
      const database = await store.open();
      await using operations = operationsOver(database, async () => {});
      const { operationId } = await database.transaction((transaction) =>
        operations.completed(
          transaction,
          {
            tenantId,
            subscriptionId,
            kind: 'test',
            target: '/target' as CanonicalId,
            startedBy: guid<PrincipalId>(systemRandomness.uuid()),
            at: clock.now(),
          },
          { changes: [] },
        ),
      );
      assert.deepEqual((await statusOf(operations, operationId)).result, { changes: [] });
    }));

  test('fails with the reason, or without one where it is a bug', () =>
    withStore(async (store) => {
      const database = await store.open();
      const failures = [
        new DomainError('conflict', 'locked', { code: 'ScopeLocked' }),
        new TypeError('secret'),
      ];
      await using operations = operationsOver(database, async () => {
        throw failures.shift();
      });
      const first = await begin(database, operations);
      operations.run(first);
      await operations.settled();
      assert.deepEqual(presentOperation(await statusOf(operations, first.operationId)).error, {
        code: 'ScopeLocked',
        message: 'locked',
      });
      const second = await begin(database, operations);
      operations.run(second);
      await operations.settled();
      const { error } = await statusOf(operations, second.operationId);
      assert.equal(error?.code, 'InternalServerError');
      assert.ok(!JSON.stringify(error).includes('secret'));
    }));

  test('that was interrupted is resumed by the next process', () =>
    withStore(async (store) => {
      const database = await store.open();
      const reached = Promise.withResolvers<void>();
      const gate = Promise.withResolvers<void>();
      const before = operationsOver(database, async (_operation, renew) => {
        reached.resolve();
        await gate.promise;
        await renew();
        assert.fail('an ended process goes on');
      });
      const { operationId } = await begin(database, before);
      before.run(await statusOf(before, operationId));
      await reached.promise;
      const ended = before[Symbol.asyncDispose]();
      gate.resolve();
      await ended;

      let resumed = 0;
      await using after = operationsOver(database, async () => {
        resumed += 1;
      });
      assert.equal((await statusOf(after, operationId)).status, 'InProgress');
      await after.start();
      await after.settled();
      assert.equal(resumed, 1);
      assert.equal((await statusOf(after, operationId)).status, 'Succeeded');
    }));

  test('whose worker is gone is taken up by whoever is asked about it, and only by one', () =>
    withStore(async (store) => {
      const database = await store.open();
      let worked = 0;
      const work = async () => {
        worked += 1;
      };
      const dead = operationsOver(database, work);
      const { operationId } = await begin(database, dead);
      await using one = operationsOver(database, work);
      await using other = operationsOver(database, work);
      await one.find(tenantId, subscriptionId, operationId);
      await one.settled();
      assert.equal(worked, 0, 'while the lease lasts, nobody takes it');
      clock.advance(60_000);
      await Promise.all([one, other].map((each) => each.find(tenantId, subscriptionId, operationId)));
      await Promise.all([one.settled(), other.settled()]);
      assert.equal(worked, 1);
      assert.equal((await statusOf(one, operationId)).status, 'Succeeded');
    }));

  test('is not taken from its worker because the request that began it was slow', () =>
    withStore(async (store) => {
      const database = await store.open();
      const gate = Promise.withResolvers<void>();
      let others = 0;
      await using own = operationsOver(database, () => gate.promise);
      await using other = operationsOver(database, async () => {
        others += 1;
      });
      const at = clock.now();
      clock.advance(60_000);
      const operation = await begin(database, own, at);
      own.run(operation);
      await other.find(tenantId, subscriptionId, operation.operationId);
      await other.settled();
      assert.equal(others, 0);
      gate.resolve();
      await own.settled();
      assert.equal((await statusOf(own, operation.operationId)).status, 'Succeeded');
    }));

  test('that was taken up by another is left to it by a worker that slept', () =>
    withStore(async (store) => {
      const database = await store.open();
      const [asleep, awake] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const reached = Promise.withResolvers<void>();
      await using slow = operationsOver(database, async (_operation, renew) => {
        reached.resolve();
        await asleep.promise;
        await Promise.all([renew(), renew()]);
        throw new DomainError('conflict', 'two work on the same');
      });
      const operation = await begin(database, slow);
      slow.run(operation);
      await reached.promise;
      clock.advance(60_000);
      await using quick = operationsOver(database, () => awake.promise);
      await quick.find(tenantId, subscriptionId, operation.operationId);
      asleep.resolve();
      await slow.settled();
      assert.equal((await statusOf(quick, operation.operationId)).status, 'InProgress');
      awake.resolve();
      await quick.settled();
      assert.equal((await statusOf(quick, operation.operationId)).status, 'Succeeded');
    }));

  test('is not ended by a worker that slept while another took it up', () =>
    withStore(async (store) => {
      const database = await store.open();
      const [asleep, awake] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      await using slow = operationsOver(database, async () => {
        await asleep.promise;
        throw new DomainError('conflict', 'somebody else did it');
      });
      const operation = await begin(database, slow);
      slow.run(operation);
      clock.advance(60_000);
      await using quick = operationsOver(database, () => awake.promise);
      await quick.find(tenantId, subscriptionId, operation.operationId);
      asleep.resolve();
      await slow.settled();
      assert.equal((await statusOf(quick, operation.operationId)).status, 'InProgress');
      awake.resolve();
      await quick.settled();
      assert.equal((await statusOf(quick, operation.operationId)).status, 'Succeeded');
    }));

  test('keeps its lease while steps beside one another renew it', () =>
    withStore(async (store) => {
      const database = await store.open();
      await using operations = operationsOver(database, async (_operation, renew) => {
        for (let round = 0; round < 3; round += 1) {
          clock.advance(20_000);
          await Promise.all([renew(), renew(), renew()]);
        }
      });
      const operation = await begin(database, operations);
      operations.run(operation);
      await operations.settled();
      assert.equal((await statusOf(operations, operation.operationId)).status, 'Succeeded');
    }));

  test("is another tenant's secret", () =>
    withStore(async (store) => {
      const database = await store.open();
      await using operations = operationsOver(database, async () => {});
      const { operationId } = await begin(database, operations);
      const foreign = guid<TenantId>(systemRandomness.uuid());
      assert.equal(await operations.find(foreign, subscriptionId, operationId), undefined);
    }));

  test('is forgotten a day after its end', () =>
    withStore(async (store) => {
      const database = await store.open();
      await using operations = operationsOver(database, async () => {});
      const old = await begin(database, operations);
      operations.run(old);
      await operations.settled();
      clock.advance(25 * 3_600_000);
      await begin(database, operations);
      assert.equal(await operations.find(tenantId, subscriptionId, old.operationId), undefined);
    }));
});
