import type { Clock } from '../../foundation/clock.ts';
import { longestLifetime } from './claims.ts';
import type { KeyRecord } from './signing-key-store.ts';

/** How long a key stays what it is, in milliseconds. */
export interface KeyPeriods {
  /** Announced at least so long before it signs: validators may keep a key set for a day (f). */
  readonly preparedFor: number;
  /** Signs at most so long, where the next one was announced long enough. */
  readonly activeFor: number;
  /** Published so long after its last signature. */
  readonly retiredFor: number;
}

const hour = 3_600_000;
const day = 24 * hour;

/** The longest token's life, the day that validators may keep a key set, and what clocks differ by. */
export const retiredForAtLeast = longestLifetime * 1000 + day + hour / 6;

export const defaultPeriods: KeyPeriods = {
  preparedFor: 2 * day,
  activeFor: 30 * day,
  retiredFor: retiredForAtLeast,
};

/** Share of the active time by which a key may turn early, so that the keys of many tenants do not turn at once. */
export const jitter = 0.1;

/**
 * When a key has signed long enough: early by a share of the time that its kid decides, so that every replica finds the
 * same.
 */
export function retiresAt(key: KeyRecord & { readonly activatedAt: number }, periods: KeyPeriods): number {
  // the kid is a digest, and as good as random
  const share = Buffer.from(key.kid, 'base64url').readUInt32BE(0) / 2 ** 32;
  return key.activatedAt + periods.activeFor * (1 - jitter * share);
}

interface Jump {
  /** Wall time before it. */
  readonly from: number;
  readonly by: number;
}

/** A wall clock that is merely slewed differs less than this from the monotonic one between two looks. */
const slewing = 1000;
const keptJumps = 1000;

/**
 * Ages by the wall clock, less what it was set forward meanwhile: a clock that jumps makes no key older. What happened
 * before this process began cannot be told, nor is time in suspension counted.
 */
export class SteadyAges {
  readonly #clock: Clock;
  #jumps: readonly Jump[] = [];
  #wall: number;
  #monotonic: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wall = clock.now();
    this.#monotonic = clock.monotonic();
  }

  /** Looks at the clocks: to be called often, since what happens between two looks is one jump. */
  look(): void {
    const [wall, monotonic] = [this.#clock.now(), this.#clock.monotonic()];
    const by = wall - this.#wall - (monotonic - this.#monotonic);
    if (Math.abs(by) > slewing) this.#jumps = [...this.#jumps.slice(1 - keptJumps), { from: this.#wall, by }];
    this.#wall = wall;
    this.#monotonic = monotonic;
  }

  /** @param at wall time of what the age is asked of, milliseconds since the epoch */
  of(at: number): number {
    const set = this.#jumps.filter(({ from }) => from >= at).reduce((sum, { by }) => sum + by, 0);
    return this.#clock.now() - at - Math.max(0, set);
  }
}
