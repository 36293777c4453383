import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { guid, type TenantId } from '../../foundation/ids.ts';
import type { Change } from './change.ts';
import type { ChangeFeed } from './change-log.ts';
import { FollowedCache, unknown } from './followed-cache.ts';

const tenant = guid<TenantId>('11111111-1111-4111-8111-111111111111');
const other = guid<TenantId>('22222222-2222-4222-8222-222222222222');

class FakeFeed implements ChangeFeed {
  confirmed = true;
  readonly #listeners: ((changes: readonly Change[]) => void)[] = [];
  readonly #resetListeners: (() => void)[] = [];

  onChange(listener: (changes: readonly Change[]) => void): void {
    this.#listeners.push(listener);
  }

  onReset(listener: () => void): void {
    this.#resetListeners.push(listener);
  }

  isConfirmed(): boolean {
    return this.confirmed;
  }

  change(key: string, tenantId = tenant, kind: Change['kind'] = 'principal'): void {
    for (const listener of this.#listeners) listener([{ seq: 1, tenantId, kind, key }]);
  }

  reset(): void {
    for (const listener of this.#resetListeners) listener();
  }
}

function cacheOver(feed: ChangeFeed, capacity = 100) {
  const cache = new FollowedCache<string>(feed, { kind: 'principal', capacity });
  const loads: string[] = [];
  const get = (key: string, tenantId = tenant) =>
    cache.get(tenantId, key, async () => {
      loads.push(key);
      return `${key}${loads.length}`;
    });
  return { cache, loads, get };
}

describe('a followed cache', () => {
  test('serves one tenant’s value to that tenant only', async () => {
    const { get } = cacheOver(new FakeFeed());
    assert.equal(await get('a'), 'a1');
    assert.equal(await get('a', other), 'a2');
    assert.equal(await get('a'), 'a1');
  });

  test('drops exactly what a change names', async () => {
    const feed = new FakeFeed();
    const { get, cache } = cacheOver(feed);
    await get('a');
    await get('b');
    feed.change('a', other);
    feed.change('a', tenant, 'resource');
    assert.equal(cache.peek(tenant, 'a'), 'a1');
    feed.change('a');
    assert.equal(cache.peek(tenant, 'a'), unknown);
    assert.equal(await get('a'), 'a3');
    assert.equal(await get('b'), 'b2');
  });

  test('keeps that there is nothing', async () => {
    const cache = new FollowedCache<string>(new FakeFeed(), { kind: 'principal', capacity: 1 });
    assert.equal(cache.peek(tenant, 'a'), unknown);
    assert.equal(await cache.get(tenant, 'a', async () => undefined), undefined);
    assert.equal(cache.peek(tenant, 'a'), undefined);
  });

  test('loads once for all who ask together, and again for who asks after a change', async () => {
    const feed = new FakeFeed();
    const { get, loads } = cacheOver(feed);
    const before = [get('a'), get('a')];
    assert.equal(loads.length, 1);
    feed.change('a');
    const after = get('a');
    assert.deepEqual(await Promise.all(before), ['a1', 'a1']);
    assert.equal(await after, 'a2');
    assert.equal(await get('a'), 'a2');
  });

  test('passes by itself while the feed is not confirmed', async () => {
    const feed = new FakeFeed();
    const { get, cache } = cacheOver(feed);
    await get('a');
    feed.confirmed = false;
    assert.equal(cache.peek(tenant, 'a'), unknown);
    assert.equal(await get('a'), 'a2');
    assert.equal(await get('a'), 'a3');
    feed.confirmed = true;
    assert.equal(await get('a'), 'a1');
  });

  test('keeps no failure', async () => {
    const cache = new FollowedCache<string>(new FakeFeed(), { kind: 'principal', capacity: 10 });
    const failing = () => cache.get(tenant, 'a', () => Promise.reject(new Error('unreachable')));
    await assert.rejects(Promise.all([failing(), failing()]), /unreachable/);
    assert.equal(await cache.get(tenant, 'a', async () => 'a'), 'a');
  });

  test('forgets everything at a reset, loads under way included', async () => {
    const feed = new FakeFeed();
    const { get } = cacheOver(feed);
    await get('a');
    const underWay = get('b');
    feed.reset();
    assert.equal(await underWay, 'b2');
    assert.equal(await get('a'), 'a3');
    assert.equal(await get('b'), 'b4');
  });

  test('holds no more than its capacity, and what is read stays longest', async () => {
    const feed = new FakeFeed();
    const { get, cache, loads } = cacheOver(feed, 4);
    const held = (keys: string[]) => keys.filter((key) => cache.peek(tenant, key) !== unknown);
    for (const key of ['a', 'b', 'c', 'd']) await get(key);
    await get('a');
    await get('e');
    assert.equal(loads.length, 5);
    assert.equal(cache.peek(tenant, 'a'), 'a1');
    assert.equal(cache.peek(tenant, 'b'), unknown);
    feed.change('c');
    await get('f');
    assert.equal(cache.peek(tenant, 'd'), 'd4');
    for (let index = 0; index < 100; index += 1) await get(`x${index}`);
    assert.equal(held(['a', 'd', 'e', 'f', ...Array.from({ length: 100 }, (_, i) => `x${i}`)]).length, 4);
  });
});
