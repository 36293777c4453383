import type { Clock } from '../../foundation/clock.ts';

/** How much each client may ask an endpoint. */
export interface BudgetLimits {
  /** Requests a second, in the long run. */
  readonly rate: number;
  /** Requests at once after a quiet time. */
  readonly burst: number;
}

const maxClients = 10_000;

/** A token bucket for each client, in this process. */
export class RequestBudget {
  readonly #limits: BudgetLimits;
  readonly #clock: Clock;
  readonly #buckets = new Map<string, { left: number; at: number }>();

  constructor(limits: BudgetLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Takes one request from a client's budget. @returns false where it has none left */
  take(client: string): boolean {
    const { rate, burst } = this.#limits;
    const now = this.#clock.monotonic();
    const known = this.#buckets.get(client);
    const left = known === undefined ? burst : Math.min(burst, known.left + ((now - known.at) / 1000) * rate);
    if (known === undefined && this.#buckets.size >= maxClients) this.#buckets.clear();
    this.#buckets.set(client, { left: left < 1 ? left : left - 1, at: now });
    return left >= 1;
  }
}
