import type { Clock } from '../../src/foundation/clock.ts';

/** A clock that stands still until it is moved. Starts at 1 November 2026, noon UTC. */
export class TestClock implements Clock {
  #now: number;
  #monotonic = 1_000_000;

  constructor(now: number = Date.UTC(2026, 10, 1, 12)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** Time passes: both readings move. */
  advance(milliseconds: number): void {
    this.#now += milliseconds;
    this.#monotonic += milliseconds;
  }

  /** The wall clock is set, as an operator or NTP does; no time passes. */
  set(now: number): void {
    this.#now = now;
  }
}
