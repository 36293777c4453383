import type { TenantId } from '../../foundation/ids.ts';
import type { ChangeFeed, ChangeKind } from './change-log.ts';

/** What `peek` returns where the cache has nothing to say. */
export const unknown: unique symbol = Symbol('unknown');
export type Unknown = typeof unknown;

interface Entry<Value> {
  readonly tenantId: TenantId;
  readonly key: string;
  readonly value: Value | undefined;
  /** Its place in the ring. */
  readonly slot: number;
  /** Read since the hand last passed. */
  used: boolean;
}

interface Load<Value> {
  readonly result: Promise<Value | undefined>;
  /** False once a change of the key was applied: the result may be of before it. */
  current: boolean;
}

/**
 * Copies of rows, dropped when the change log names them. A value is served only while the feed is confirmed, else it
 * is loaded each time. That there is nothing (`undefined`) is kept like any value, so the change that creates a row
 * must be recorded too. Loads of one key that are asked for together run once; a load that overlaps a change of its
 * key is handed to those who asked before the change, and not kept. A load that fails is not kept.
 *
 * Holds at most `capacity` values; what was not read lately goes first.
 */
export class FollowedCache<Value> {
  readonly #feed: ChangeFeed;
  readonly #capacity: number;
  readonly #tenants = new Map<TenantId, Map<string, Entry<Value>>>();
  readonly #loads = new Map<string, Load<Value>>();
  /** Entries in the order the hand visits them (the CLOCK algorithm: a hit costs one write). */
  readonly #ring: (Entry<Value> | undefined)[] = [];
  readonly #free: number[] = [];
  #hand = 0;

  constructor(feed: ChangeFeed, options: { readonly kind: ChangeKind; readonly capacity: number }) {
    this.#feed = feed;
    this.#capacity = Math.max(1, options.capacity);
    feed.onChange((changes) => {
      for (const change of changes) {
        if (change.kind === options.kind) this.#drop(change.tenantId, change.key);
      }
    });
    feed.onReset(() => this.#clear());
  }

  /** The value without waiting: for hot paths, which call `get` where this returns `unknown`. */
  peek(tenantId: TenantId, key: string): Value | undefined | Unknown {
    const entry = this.#tenants.get(tenantId)?.get(key);
    if (entry === undefined || !this.#feed.isConfirmed()) return unknown;
    entry.used = true;
    return entry.value;
  }

  /** The value, from the cache or loaded. Rejects as the load does. */
  get(tenantId: TenantId, key: string, load: () => Promise<Value | undefined>): Promise<Value | undefined> {
    if (!this.#feed.isConfirmed()) return load();
    const entry = this.#tenants.get(tenantId)?.get(key);
    if (entry !== undefined) {
      entry.used = true;
      return Promise.resolve(entry.value);
    }
    return this.#load(tenantId, key, load);
  }

  #load(tenantId: TenantId, key: string, load: () => Promise<Value | undefined>): Promise<Value | undefined> {
    const name = loadName(tenantId, key);
    const underWay = this.#loads.get(name);
    if (underWay !== undefined) return underWay.result;
    const started: Load<Value> = {
      current: true,
      result: load().then(
        (value) => {
          if (started.current) {
            this.#loads.delete(name);
            this.#keep(tenantId, key, value);
          }
          return value;
        },
        (error: unknown) => {
          if (started.current) this.#loads.delete(name);
          throw error;
        },
      ),
    };
    this.#loads.set(name, started);
    return started.result;
  }

  #keep(tenantId: TenantId, key: string, value: Value | undefined): void {
    const slot = this.#slot();
    const entry: Entry<Value> = { tenantId, key, value, slot, used: false };
    this.#ring[slot] = entry;
    let keys = this.#tenants.get(tenantId);
    if (keys === undefined) {
      keys = new Map();
      this.#tenants.set(tenantId, keys);
    }
    keys.set(key, entry);
  }

  #slot(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#ring.length < this.#capacity) return this.#ring.length;
    for (;;) {
      const slot = this.#hand;
      this.#hand = (slot + 1) % this.#capacity;
      const entry = this.#ring[slot];
      if (entry === undefined) continue;
      if (entry.used) {
        entry.used = false;
        continue;
      }
      this.#remove(entry);
      return slot;
    }
  }

  #drop(tenantId: TenantId, key: string): void {
    const name = loadName(tenantId, key);
    const load = this.#loads.get(name);
    if (load !== undefined) {
      load.current = false;
      this.#loads.delete(name);
    }
    const entry = this.#tenants.get(tenantId)?.get(key);
    if (entry === undefined) return;
    this.#remove(entry);
    this.#free.push(entry.slot);
  }

  #remove(entry: Entry<Value>): void {
    this.#ring[entry.slot] = undefined;
    const keys = this.#tenants.get(entry.tenantId);
    keys?.delete(entry.key);
    if (keys?.size === 0) this.#tenants.delete(entry.tenantId);
  }

  #clear(): void {
    for (const load of this.#loads.values()) load.current = false;
    this.#loads.clear();
    this.#tenants.clear();
    this.#ring.length = 0;
    this.#free.length = 0;
    this.#hand = 0;
  }
}

function loadName(tenantId: TenantId, key: string): string {
  return `${tenantId}|${key}`;
}
