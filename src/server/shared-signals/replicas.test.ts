import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestClock } from '../../../test/support/clock.ts';
import { testDatabase } from '../../../test/support/database.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { testFollower } from '../../../test/support/feed.ts';
import { testSealer } from '../../../test/support/sealer.ts';
import { eventTypes } from '../../contract/shared-signals.ts';
import { type ClientId, guid, type PrincipalId, type TenantId } from '../../foundation/ids.ts';
import { silentLog } from '../../foundation/log.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import { createApplication } from '../directory/applications.ts';
import { revokeTokens } from '../directory/directory-store.ts';
import { createTenant } from '../directory/tenants.ts';
import { OutboundError } from '../outbound/outbound-error.ts';
import { countWaiting } from './delivery-queue.ts';
import { EventPusher } from './pusher.ts';
import { insertStream, type Stream, selectStreams } from './stream-store.ts';
import { beginHearing, SignalWatcher } from './watcher.ts';

const tenantId = guid<TenantId>('11111111-1111-4111-8111-111111111111');
const issuerOf = () => 'https://issuer.example';

async function world() {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await testDatabase());
  const clock = new TestClock();
  const at = clock.now();
  const sealer = testSealer(database, clock);
  const made = await database.transaction(async (transaction) => {
    await createTenant(
      transaction,
      { tenantId, displayName: 'Contoso', defaultDomain: 'contoso.example' },
      at,
    );
    return await createApplication(transaction, { tenantId, displayName: 'app' }, systemRandomness, at);
  });
  const stream: Stream = {
    streamId: 'stream',
    tenantId,
    clientId: guid<ClientId>(made.clientId),
    method: 'push',
    endpoint: 'https://receiver.example/',
    authorizationSealed: undefined,
    events: Object.values(eventTypes),
    description: undefined,
    state: 'enabled',
    reason: undefined,
    verifiedAt: 0,
    createdAt: at,
  };
  await database.transaction(async (transaction) => {
    await beginHearing(transaction, tenantId);
    await insertStream(transaction, stream);
  });
  const posted: string[] = [];
  const state = { answer: 202 as number | OutboundError, mayHear: true };
  const parts = stack.move();
  const replica = async () => {
    const feed = parts.use(await testFollower(database));
    const sources = { database, feed, clock, log: silentLog, issuerOf };
    const watcher = parts.use(new SignalWatcher({ ...sources, randomness: systemRandomness }));
    const pusher = parts.use(
      new EventPusher({
        ...sources,
        sealer,
        mayHear: async () => state.mayHear,
        issuer: { signEventToken: async (_tenant, claims) => JSON.stringify(claims) },
        outbound: {
          async post(_url, body) {
            if (typeof state.answer !== 'number') throw state.answer;
            posted.push(JSON.parse(body).jti);
            return { status: state.answer, contentType: '', text: '' };
          },
        },
      }),
    );
    return { watcher, pusher };
  };
  const revoke = async () => {
    clock.advance(5000);
    const key = { tenantId, principalId: guid<PrincipalId>(made.principalId), at: clock.now() };
    await database.transaction((transaction) => revokeTokens(transaction, key));
  };
  const waiting = () => countWaiting(database.read, stream);
  return {
    ...{ database, clock, stream, posted, state, replica, revoke, waiting },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

test('several replicas make one event of a change, and push it once', async () => {
  await using w = await world();
  const replicas = [await w.replica(), await w.replica(), await w.replica()];
  for (let round = 1; round <= 5; round += 1) {
    await w.revoke();
    for (const { watcher } of replicas) await watcher.settled();
    for (const { pusher } of replicas) pusher.look();
    await eventually(async () => (w.posted.length >= round && (await w.waiting()) === 0) || undefined);
    for (const { watcher } of replicas) await watcher.settled();
    assert.equal(w.posted.length, round);
  }
  assert.equal(new Set(w.posted).size, 5);
});

test('what changed while no process ran is told at the next start', async () => {
  await using w = await world();
  await w.revoke();
  assert.equal(await w.waiting(), 0);
  const { watcher, pusher } = await w.replica();
  watcher.start();
  await watcher.settled();
  pusher.look();
  await eventually(() => w.posted.length === 1 || undefined);
});

test('an event that the receiver does not take comes again with the same id, later each time', async () => {
  await using w = await world();
  w.state.answer = 500;
  const { watcher, pusher } = await w.replica();
  await w.revoke();
  await watcher.settled();
  pusher.look();
  await eventually(() => w.posted.length === 1 || undefined);
  const due = async () =>
    (await w.database.read.selectFrom('signal_deliveries').select(['due_at', 'attempts']).execute())[0];
  await eventually(async () => (await due())?.due_at === w.clock.now() + 1000 || undefined);
  w.state.answer = new OutboundError('connection', 'away');
  w.clock.advance(1000);
  await eventually(async () => {
    // an attempt may just be ending
    pusher.look();
    return (await due())?.due_at === w.clock.now() + 2000 || undefined;
  });
  w.state.answer = 202;
  w.clock.advance(2000);
  await eventually(async () => {
    pusher.look();
    return (await w.waiting()) === 0 || undefined;
  });
  assert.equal(new Set(w.posted).size, 1);
  assert.equal(w.posted.length, 2);
});

test('a receiver whose application is gone, or may hear no more, gets nothing from then on', async () => {
  await using w = await world();
  const { watcher, pusher } = await w.replica();
  w.state.mayHear = false;
  await w.revoke();
  await watcher.settled();
  pusher.look();
  await eventually(async () => (await selectStreams(w.database.read, tenantId)).length === 0 || undefined);
  assert.equal(await w.waiting(), 0);
  assert.deepEqual(w.posted, []);
});
