import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { guid, type TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { createTenant } from '../../src/server/directory/tenants.ts';
import type { Database } from '../../src/server/storage/database.ts';
import { redeemCode } from '../../src/server/tokens/authorization-codes.ts';
import { answerDeviceCode, issueDeviceCode, redeemDeviceCode } from '../../src/server/tokens/device-codes.ts';
import { readOpaque } from '../../src/server/tokens/opaque-token.ts';
import { TestClock } from '../support/clock.ts';
import { postgresStore, postgresUrl } from '../support/database.ts';
import { azureCli, makeCode, makePerson, type TestPerson } from '../support/people.ts';

const skip = postgresUrl === undefined ? 'INNATE_TEST_POSTGRES names no server' : false;
const rounds = 10;
const atOnce = 200;

/** Three processes' worth of one database, and a person in it. */
async function world() {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await postgresStore(postgresUrl ?? ''));
  const replicas: readonly Database[] = [await store.open(), await store.open(), await store.open()];
  const [database] = replicas as [Database, Database, Database];
  const clock = new TestClock();
  const tenantId = guid<TenantId>(systemRandomness.uuid());
  await database.transaction((transaction) =>
    createTenant(transaction, { tenantId, displayName: 'T', defaultDomain: 'contoso.example' }, clock.now()),
  );
  const alice = await makePerson({ database, clock }, tenantId, 'alice@contoso.example');
  const parts = stack.move();
  return { replicas, database, clock, tenantId, alice, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

/** Redeems at the same time everywhere. @returns how often it worked */
async function everywhere(
  replicas: readonly Database[],
  redeem: (database: Database) => Promise<boolean>,
): Promise<number> {
  const results = await Promise.all(
    Array.from({ length: atOnce }, (_, index) => redeem(replicas[index % replicas.length] as Database)),
  );
  return results.filter((worked) => worked).length;
}

describe('of 200 redemptions at the same time on three replicas one succeeds (T12)', { skip }, () => {
  test('of a code', async () => {
    await using w = await world();
    for (let round = 0; round < rounds; round += 1) {
      const code = readOpaque('c', await makeCode(w, w.alice, azureCli));
      assert.ok(code);
      const redemption = { ...code, at: w.clock.now() };
      const worked = await everywhere(w.replicas, (database) =>
        database.transaction(
          async (transaction) => (await redeemCode(transaction, redemption)) === 'redeemed',
        ),
      );
      assert.equal(worked, 1, `round ${round}`);
    }
  });

  test('of a device code', async () => {
    await using w = await world();
    for (let round = 0; round < rounds; round += 1) {
      const deviceCode = await approvedDevice(w.database, w.clock.now(), w.alice);
      const worked = await everywhere(w.replicas, (database) =>
        database.transaction((transaction) => redeemDeviceCode(transaction, w.tenantId, deviceCode)),
      );
      assert.equal(worked, 1, `round ${round}`);
    }
  });
});

async function approvedDevice(
  database: Database,
  at: number,
  { tenantId, userId }: TestPerson,
): Promise<string> {
  return await database.transaction(async (transaction) => {
    const request = { scope: 'openid', address: '192.0.2.1' };
    const { deviceCode, userCode } = await issueDeviceCode(
      transaction,
      { tenantId, clientId: azureCli, request, at },
      systemRandomness,
    );
    const answer = { userCode, tenantId, userId, approved: true, methods: ['pwd'], signedInAt: at, at };
    assert.ok(await answerDeviceCode(transaction, answer));
    return deviceCode;
  });
}
