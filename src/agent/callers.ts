import type { Clock } from '../foundation/clock.ts';

/** How much one endpoint's programs may ask for. */
export interface CallerLimits {
  /** Requests a second, in the long run. */
  readonly rate: number;
  /** Requests at once after a quiet time. */
  readonly burst: number;
  /** Requests under way together. */
  readonly concurrent: number;
}

/** As Azure's metadata service: 20 a second, five at a time. */
export const metadataServiceLimits: CallerLimits = { rate: 20, burst: 20, concurrent: 5 };

/** A token bucket and a count of what is under way, for one endpoint: its programs share it, others have their own. */
export class Callers {
  readonly #limits: CallerLimits;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;
  #underWay = 0;

  constructor(limits: CallerLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#tokens = limits.burst;
    this.#filledAt = clock.monotonic();
  }

  /**
   * Asks to begin a request; `leave` ends it.
   *
   * @returns `undefined` where it may begin, else the seconds after which another try makes sense
   */
  enter(): number | undefined {
    const { rate, burst, concurrent } = this.#limits;
    const now = this.#clock.monotonic();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) / 1000) * rate);
    this.#filledAt = now;
    if (this.#underWay >= concurrent) return 1;
    if (this.#tokens < 1) return Math.max(1, Math.ceil((1 - this.#tokens) / rate));
    this.#tokens -= 1;
    this.#underWay += 1;
    return undefined;
  }

  leave(): void {
    this.#underWay -= 1;
  }
}
