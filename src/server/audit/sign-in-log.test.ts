import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { TestClock } from '../../../test/support/clock.ts';
import { testDatabase } from '../../../test/support/database.ts';
import { type ClientId, guid, type TenantId } from '../../foundation/ids.ts';
import { silentLog } from '../../foundation/log.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import type { Database } from '../storage/database.ts';
import type { Spending } from '../storage/journal.ts';
import { SignInRetention } from './retention.ts';
import type { SignIn } from './sign-in.ts';
import { SignInLog } from './sign-in-log.ts';
import { readSignIns, type SignInColumn, type SignInCondition, selectSignIn } from './sign-in-store.ts';

const newTenant = () => guid<TenantId>(systemRandomness.uuid());
const clientId = guid<ClientId>('22222222-2222-4222-8222-222222222222');

function signIn(tenantId: TenantId, members: Partial<SignIn> = {}): SignIn {
  return {
    signInId: systemRandomness.uuid(),
    tenantId,
    at: 1_000_000,
    kind: 'managedIdentity',
    accountId: '11111111-1111-4111-8111-111111111111',
    accountName: 'vm1',
    clientId,
    resourceAppId: 'cfa8b339-82a2-471a-a3c9-0fc0be7a4093',
    resource: 'https://vault.azure.net',
    credential: 'managedIdentity',
    correlationId: systemRandomness.uuid(),
    address: '127.0.0.1',
    errorCode: 0,
    ...members,
  };
}

function assertion(tenantId: TenantId, jti: string): Spending {
  return {
    tenantId,
    clientId,
    jti,
    expiresAt: 2_000_000,
    replay: { errorCode: 50012, failureReason: 'used before' },
  };
}

describe('the sign-in log', () => {
  let database: Database;
  let log: SignInLog;
  before(async () => {
    database = await testDatabase();
    log = new SignInLog(database);
  });
  after(() => database[Symbol.asyncDispose]());

  const found = async (tenantId: TenantId, where?: SignInCondition) =>
    (await readSignIns(database.read, tenantId, { where, limit: 1000 })).rows;
  const all = (tenantId: TenantId) => found(tenantId);

  test('keeps every member of a record, whatever characters it has', async () => {
    const tenantId = newTenant();
    const record = signIn(tenantId, {
      accountName: 'a\u0000b \ud800 “ü” \u2028',
      federated: { issuer: 'https://issuer.example', subject: 'repo:a/b' },
      scopes: ['user_impersonation'],
    });
    assert.equal(await log.record(record), 'recorded');
    const [kept] = await all(tenantId);
    const { sequence, ...members } = kept ?? assert.fail();
    assert.ok(sequence > 0);
    assert.deepEqual(members, record);
  });

  test('is there when record returns, in the order of writing, the latest first', async () => {
    const tenantId = newTenant();
    for (const errorCode of [1, 2, 3]) {
      await log.record(signIn(tenantId, { errorCode }));
      assert.equal((await all(tenantId))[0]?.errorCode, errorCode);
    }
    const first = await readSignIns(database.read, tenantId, { limit: 1 });
    const second = await readSignIns(database.read, tenantId, { limit: 1, after: first.next });
    assert.equal(second.rows[0]?.errorCode, 2);
    const last = await readSignIns(database.read, tenantId, { limit: 1, after: second.next });
    assert.deepEqual([last.rows[0]?.errorCode, last.next], [1, undefined]);
  });

  test('finds by kind, account, client, resource, correlation, outcome and time', async () => {
    const tenantId = newTenant();
    const wanted = signIn(tenantId, {
      kind: 'servicePrincipal',
      accountId: 'a',
      clientId: 'c',
      resourceAppId: 'r',
      errorCode: 7000215,
      at: 5000,
    });
    await log.record(wanted);
    await log.record(signIn(tenantId));
    const is = (column: SignInColumn, value: string | number, by: '=' | '!=' | '<' = '=') =>
      ({ kind: 'compare', column, by, value }) as const;
    const narrowings: readonly SignInCondition[] = [
      { kind: 'among', column: 'kind', values: ['servicePrincipal'] },
      is('account_id', 'a'),
      is('client_id', 'c'),
      is('resource_app_id', 'r'),
      is('correlation_id', wanted.correlationId),
      is('sign_in_id', wanted.signInId),
      is('error_code', 7000215),
      is('error_code', 0, '!='),
      is('at', 5001, '<'),
      { kind: 'or', parts: [is('client_id', 'c'), is('client_id', 'd')] },
      { kind: 'and', parts: [is('client_id', 'c'), is('at', 5001, '<')] },
    ];
    for (const narrowing of narrowings) {
      assert.deepEqual(
        (await found(tenantId, narrowing)).map(({ signInId }) => signInId),
        [wanted.signInId],
        JSON.stringify(narrowing),
      );
    }
    assert.deepEqual(await found(tenantId, { kind: 'among', column: 'kind', values: [] }), []);
    assert.equal((await selectSignIn(database.read, tenantId, wanted.signInId))?.clientId, 'c');
    assert.equal(await selectSignIn(database.read, newTenant(), wanted.signInId), undefined);
  });

  test('of one tenant shows nothing of another', async () => {
    const tenantId = newTenant();
    await log.record(signIn(tenantId));
    assert.deepEqual(await all(newTenant()), []);
  });

  test('admits an assertion once, however many come with it at the same time, and records the others as refused (T11)', async () => {
    const tenantId = newTenant();
    const replica = new SignInLog(database);
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        (index % 2 === 0 ? log : replica).record(signIn(tenantId), assertion(tenantId, 'once')),
      ),
    );
    assert.equal(outcomes.filter((outcome) => outcome === 'recorded').length, 1);
    const rows = await all(tenantId);
    assert.equal(rows.length, 200);
    assert.equal(rows.filter(({ errorCode }) => errorCode === 0).length, 1);
    assert.equal(rows.find(({ errorCode }) => errorCode !== 0)?.failureReason, 'used before');
    assert.equal(
      await new SignInLog(database).record(signIn(tenantId), assertion(tenantId, 'once')),
      'replayed',
    );
  });

  test('tells assertions apart by tenant, client and id', async () => {
    const tenantId = newTenant();
    assert.equal(await log.record(signIn(tenantId), assertion(tenantId, 'x')), 'recorded');
    const others = [
      assertion(newTenant(), 'x'),
      { ...assertion(tenantId, 'x'), clientId: guid<ClientId>(systemRandomness.uuid()) },
      assertion(tenantId, 'X'),
    ];
    for (const other of others) assert.equal(await log.record(signIn(tenantId), other), 'recorded');
  });

  test('is kept for as long as it was told, and assertions until they expire', async () => {
    await using own = await testDatabase();
    const clock = new TestClock();
    const tenantId = newTenant();
    const ownLog = new SignInLog(own);
    const now = clock.now();
    await ownLog.record(signIn(tenantId, { at: now }), {
      ...assertion(tenantId, 'a'),
      expiresAt: now + 600_000,
    });
    using retention = new SignInRetention({ database: own, clock, log: silentLog }, 3_600_000);
    clock.advance(599_999);
    await retention.prune();
    const count = async (table: 'sign_ins' | 'spent_assertions') =>
      (await own.read.selectFrom(table).selectAll().execute()).length;
    assert.deepEqual([await count('sign_ins'), await count('spent_assertions')], [1, 1]);
    clock.advance(1);
    await retention.prune();
    assert.deepEqual([await count('sign_ins'), await count('spent_assertions')], [1, 0]);
    clock.advance(3_600_000);
    await retention.prune();
    assert.equal(await count('sign_ins'), 0);
  });
});
