import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { TestClock } from '../../test/support/clock.ts';
import { ownIdentity, sharedIdentity, tokenOf } from '../../test/support/endpoint.ts';
import type { CarriedIdentity } from '../contract/agent.ts';
import { systemRandomness } from '../foundation/randomness.ts';
import { Callers } from './callers.ts';
import type { Credential } from './credential.ts';
import { type Question, type RefusalKind, Refused } from './host-protocols/host-protocol.ts';
import type { IdentityCredentials } from './identity-credentials.ts';
import { TokenCache } from './token-cache.ts';
import { ResourceDesk } from './token-desk.ts';
import type { Wanted } from './token-service.ts';

const question = (more: Partial<Question> = {}): Question => ({
  resource: 'https://vault.azure.net',
  selector: undefined,
  refusedToken: undefined,
  understandsChallenges: false,
  ...more,
});

/** A desk over identities that a test changes, and a token service that counts. */
function deskOver(identities: readonly CarriedIdentity[]) {
  const clock = new TestClock();
  const cache = new TokenCache({ clock, randomness: systemRandomness });
  const callers = new Callers({ rate: 1, burst: 3, concurrent: 2 }, clock);
  const wanted: Wanted[] = [];
  const state = { identities, credential: true, fetched: 0, wanted, gate: Promise.resolve() };
  const credentials = {
    get identities() {
      return state.identities;
    },
    machine: { loginOrigin: '', tenantId: '' },
    credential: async ({ clientId }: CarriedIdentity) =>
      state.credential ? ({ clientId } as Credential) : undefined,
  } as unknown as IdentityCredentials;
  const desk = new ResourceDesk({
    holder: () => ({ credentials, cache }),
    epoch: () => 0,
    async requestToken(_authority, { clientId }, wanted) {
      state.fetched += 1;
      state.wanted.push(wanted);
      const serial = state.fetched;
      await state.gate;
      return await tokenOf({ ...ownIdentity, clientId }, serial, clock);
    },
  });
  const obtain = async (asked = question()) => (await desk.obtain(asked, callers)).accessToken;
  return { desk, callers, state, obtain, clock };
}

const refusedWith = (kind: RefusalKind) => (error: unknown) =>
  error instanceof Refused && error.refusal.kind === kind;

describe('the desk of a resource', () => {
  test('keeps tokens of different identities apart', async () => {
    const { obtain } = deskOver([ownIdentity, sharedIdentity]);
    const own = await obtain();
    const selector = { by: 'clientId', value: sharedIdentity.clientId, echo: 'client_id' } as const;
    const shared = await obtain(question({ selector }));
    assert.match(own, new RegExp(ownIdentity.clientId));
    assert.match(shared, new RegExp(sharedIdentity.clientId));
    assert.equal(await obtain(), own);
  });

  test('gives no token that went out of date while it was fetched', async () => {
    for (const now of [
      [],
      [{ ...ownIdentity, tokensValidFrom: 1 }],
      [{ ...ownIdentity, principalId: 'another' }],
    ]) {
      const { state, obtain } = deskOver([ownIdentity]);
      const gate = Promise.withResolvers<void>();
      state.gate = gate.promise;
      const waiting = obtain();
      state.identities = now;
      gate.resolve();
      await assert.rejects(waiting, Refused);
    }
  });

  test('fetches another token for who shows the hash of the one that a target refused', async () => {
    const { desk, callers, obtain, state } = deskOver([ownIdentity]);
    const first = await obtain();
    const hash = createHash('sha256').update(first).digest('hex');
    assert.equal(desk.ready(question({ refusedToken: hash }), callers), undefined);
    const second = await obtain(question({ refusedToken: hash }));
    assert.notEqual(second, first);
    // whoever shows the same hash afterwards gets the one that is kept now
    assert.equal(await obtain(question({ refusedToken: hash })), second);
    assert.equal(await obtain(question({ refusedToken: 'f'.repeat(64) })), second);
    assert.equal(state.fetched, 2);
  });

  test('forgets a refused token for everybody, once, and all who turn it in share one request (H9)', async () => {
    const { desk, callers, obtain, state } = deskOver([ownIdentity]);
    const first = await obtain();
    const epoch = desk.epoch;
    const gate = Promise.withResolvers<void>();
    state.gate = gate.promise;
    const refusedToken = createHash('sha256').update(first).digest('hex');
    const waiting = [1, 2, 3].map(() => obtain(question({ refusedToken })));
    assert.notEqual(desk.epoch, epoch, 'answers that were prepared are of before');
    assert.equal(desk.ready(question(), callers), undefined, 'nor does who shows no hash get it');
    gate.resolve();
    const answers = new Set(await Promise.all(waiting));
    assert.equal(answers.size, 1);
    assert.ok(!answers.has(first));
    assert.equal(state.fetched, 2);
  });

  test('does not give a refused token back where the token service is away', async () => {
    const { obtain, state, clock } = deskOver([ownIdentity]);
    const first = await obtain();
    clock.advance(3_590_000);
    state.credential = false;
    assert.equal(await obtain(), first, 'it holds for ten more seconds');
    const refusedToken = createHash('sha256').update(first).digest('hex');
    await assert.rejects(obtain(question({ refusedToken })), refusedWith('unavailable'));
    await assert.rejects(obtain(), refusedWith('unavailable'));
  });

  test('bounds how often the tokens of an identity are turned in', async () => {
    const { obtain, clock } = deskOver([ownIdentity]);
    const turnIn = async () => {
      clock.advance(1000);
      const refusedToken = createHash('sha256')
        .update(await obtain())
        .digest('hex');
      return await obtain(question({ refusedToken }));
    };
    for (let turn = 0; turn < 6; turn += 1) await turnIn();
    await assert.rejects(turnIn(), refusedWith('throttled'));
    clock.advance(60_000);
    await turnIn();
  });

  test('keeps tokens of clients that understand challenges apart, and forgets those as well', async () => {
    const { obtain, state } = deskOver([ownIdentity]);
    const plain = await obtain();
    const capable = await obtain(question({ understandsChallenges: true }));
    assert.notEqual(plain, capable);
    assert.deepEqual(
      state.wanted.map(({ understandsChallenges }) => understandsChallenges),
      [false, true],
    );
    const refusedToken = createHash('sha256').update(plain).digest('hex');
    assert.equal(await obtain(question({ understandsChallenges: true, refusedToken })), capable);
    assert.notEqual(await obtain(), plain);
  });

  test('lets its callers fetch as much as their limits allow', async () => {
    const { obtain, clock } = deskOver([ownIdentity]);
    for (const resource of ['a', 'b', 'c']) await obtain(question({ resource }));
    await assert.rejects(obtain(question({ resource: 'd' })), refusedWith('throttled'));
    assert.ok(await obtain(question({ resource: 'a' })));
    clock.advance(1000);
    assert.ok(await obtain(question({ resource: 'd' })));
  });

  test('asks to come back where there is no credential yet', async () => {
    const { state, obtain } = deskOver([ownIdentity]);
    state.credential = false;
    await assert.rejects(obtain(), refusedWith('unavailable'));
    assert.equal(state.fetched, 0);
  });

  test('knows no identity where the resource carries none, and asks to name one of several', async () => {
    await assert.rejects(deskOver([]).obtain(), refusedWith('identity-not-found'));
    const two = [sharedIdentity, { ...sharedIdentity, principalId: 'b', clientId: 'b' }];
    await assert.rejects(deskOver(two).obtain(), refusedWith('identity-ambiguous'));
  });
});
