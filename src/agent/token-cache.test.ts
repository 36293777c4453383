import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { TestClock } from '../../test/support/clock.ts';
import { seededRandomness } from '../../test/support/randomness.ts';
import { Refused, type Token } from './host-protocols/host-protocol.ts';
import { TokenCache } from './token-cache.ts';

const minute = 60_000;
const hour = 60 * minute;

/** A cache over a token service that counts, and can be made to fail or to wait. */
function cacheWith(life: number, seed = 'seed') {
  const clock = new TestClock();
  const cache = new TokenCache({ clock, randomness: seededRandomness(seed) }, 8);
  const service = {
    fetched: 0,
    failure: undefined as Refused | undefined,
    gate: undefined as Promise<void> | undefined,
  };
  const fetch = async (): Promise<Token> => {
    service.fetched += 1;
    const serial = service.fetched;
    await service.gate;
    if (service.failure !== undefined) throw service.failure;
    const now = Math.floor(clock.now() / 1000);
    return {
      accessToken: `token-${serial}`,
      clientId: 'c',
      principalId: 'p',
      notBefore: now,
      expiresOn: now + life / 1000,
    };
  };
  const obtain = async (key = 'p r') => (await cache.obtain(key, fetch)).accessToken;
  return { clock, cache, service, fetch, obtain };
}

const unavailable = new Refused({ kind: 'unavailable', retryAfter: 1 });

describe('a token kept ready', () => {
  test('is given until shortly before clients take it for expired, and renewed behind the scenes before that', async () => {
    const { clock, service, obtain } = cacheWith(hour);
    assert.equal(await obtain(), 'token-1');
    clock.advance(43 * minute);
    assert.equal(await obtain(), 'token-1');
    assert.equal(service.fetched, 1);
    clock.advance(11 * minute + 50_000);
    assert.equal(await obtain(), 'token-1');
    assert.equal(service.fetched, 2);
    await setImmediate();
    assert.equal(await obtain(), 'token-2');
  });

  test('is renewed at half its life, give or take a tenth, where it lives for long', async () => {
    const turns = [];
    for (let seed = 0; seed < 40; seed += 1) {
      const { clock, service, obtain } = cacheWith(24 * hour, String(seed));
      await obtain();
      let hours = 0;
      while (service.fetched === 1) {
        clock.advance(hour / 4);
        hours += 0.25;
        await obtain();
      }
      turns.push(hours);
    }
    assert.ok(Math.min(...turns) >= 24 * 0.4 && Math.max(...turns) <= 24 * 0.6 + 0.25, turns.join());
    assert.ok(new Set(turns).size > 5, 'hosts that start together must not renew together');
  });

  test('is not asked for again and again while renewing fails, and still given', async () => {
    const { clock, service, obtain } = cacheWith(24 * hour);
    await obtain();
    service.failure = unavailable;
    clock.advance(16 * hour);
    for (let times = 0; times < 100; times += 1) assert.equal(await obtain(), 'token-1');
    assert.equal(service.fetched, 2);
    clock.advance(30_000);
    await obtain();
    assert.equal(service.fetched, 3);
  });

  test('is given to its very end where no other can be had, and not after', async () => {
    const { clock, service, obtain } = cacheWith(hour);
    await obtain();
    service.failure = unavailable;
    clock.advance(hour - 1000);
    assert.equal(await obtain(), 'token-1');
    clock.advance(1000);
    await assert.rejects(obtain(), Refused);
  });

  test('is given no more once the token service says that the identity is gone', async () => {
    const { clock, service, obtain } = cacheWith(hour);
    await obtain();
    service.failure = new Refused({ kind: 'identity-not-found' });
    clock.advance(56 * minute);
    await assert.rejects(obtain(), Refused);
    service.failure = unavailable;
    await assert.rejects(obtain(), Refused);
  });

  test('that is dropped while another is fetched leaves none behind', async () => {
    const { cache, service, obtain, fetch } = cacheWith(hour);
    const gate = Promise.withResolvers<void>();
    service.gate = gate.promise;
    const waiting = obtain();
    cache.drop(() => true);
    gate.resolve();
    assert.equal(await waiting, 'token-1');
    assert.equal(cache.ready('p r', fetch), undefined);
  });

  test('is one for all who ask at once, and failure too', async () => {
    const { service, obtain } = cacheWith(hour);
    assert.deepEqual(await Promise.all([obtain(), obtain(), obtain()]), ['token-1', 'token-1', 'token-1']);
    service.failure = unavailable;
    const failed = await Promise.allSettled([obtain('other'), obtain('other')]);
    assert.deepEqual(
      failed.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    assert.equal(service.fetched, 2);
  });

  test('makes room for others', async () => {
    const { cache, obtain } = cacheWith(hour);
    for (let serial = 0; serial < 20; serial += 1) await obtain(String(serial));
    assert.equal(cache.size, 8);
  });

  test('that lives for ten minutes only is still given more than once', async () => {
    const { clock, service, obtain } = cacheWith(10 * minute);
    await obtain();
    clock.advance(4 * minute);
    await obtain();
    assert.equal(service.fetched, 1);
  });
});
