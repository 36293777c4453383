import type { Clock } from '../foundation/clock.ts';
import type { Randomness } from '../foundation/randomness.ts';
import { fraction } from './credential.ts';
import { Refused, type Token } from './host-protocols/host-protocol.ts';

interface Entry {
  readonly token: Token;
  /** Milliseconds: from here on it is renewed behind the scenes … */
  readonly renewAt: number;
  /** … from here on whoever asks waits for a new one, and gets the old one only where none can be had … */
  readonly waitAt: number;
  /** … and here it ends. */
  readonly endsAt: number;
}

type Fetch = () => Promise<Token>;

const minute = 60_000;
const hour = 60 * minute;
/** Clients take a token with less than this left for expired. */
const clientMargin = 5 * minute;
/** Milliseconds between attempts to renew behind the scenes while they fail. */
const renewAgain = 30_000;

/**
 * Tokens kept ready, by identity and resource. Long-lived ones are renewed at half their life, others shortly before
 * clients would take them for expired, each at its own moment; of any number who ask at once, one request goes out.
 */
export class TokenCache {
  readonly #clock: Clock;
  readonly #randomness: Randomness;
  readonly #capacity: number;
  readonly #entries = new Map<string, Entry>();
  readonly #flights = new Map<string, Promise<Token>>();
  readonly #triedAt = new Map<string, number>();

  constructor(sources: { readonly clock: Clock; readonly randomness: Randomness }, capacity = 1024) {
    this.#clock = sources.clock;
    this.#randomness = sources.randomness;
    this.#capacity = capacity;
  }

  /** A token that can be given without waiting; one that is due is renewed meanwhile. */
  ready(key: string, fetch: Fetch): Token | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const now = this.#clock.now();
    if (now >= entry.waitAt) return undefined;
    if (now >= entry.renewAt && now - (this.#triedAt.get(key) ?? 0) >= renewAgain) {
      this.#triedAt.set(key, now);
      this.#fetch(key, fetch).catch(() => undefined);
    }
    return entry.token;
  }

  /**
   * A token, fetched where none is ready. Where the token service cannot give one now, an old token that still holds
   * is given.
   */
  async obtain(key: string, fetch: Fetch): Promise<Token> {
    const ready = this.ready(key, fetch);
    if (ready !== undefined) return ready;
    try {
      return await this.#fetch(key, fetch);
    } catch (error) {
      const old = this.#entries.get(key);
      const passing =
        error instanceof Refused &&
        (error.refusal.kind === 'unavailable' || error.refusal.kind === 'throttled');
      if (passing && old !== undefined && this.#clock.now() < old.endsAt) return old.token;
      throw error;
    }
  }

  /** Forgets tokens, and lets requests under way leave none behind. */
  drop(which: (token: Token) => boolean): void {
    for (const [key, { token }] of this.#entries) if (which(token)) this.#entries.delete(key);
    this.#flights.clear();
    this.#triedAt.clear();
  }

  get size(): number {
    return this.#entries.size;
  }

  async #fetch(key: string, fetch: Fetch): Promise<Token> {
    const underWay = this.#flights.get(key);
    if (underWay !== undefined) return await underWay;
    const flight = fetch();
    this.#flights.set(key, flight);
    try {
      const token = await flight;
      if (this.#flights.get(key) === flight) this.#keep(key, token);
      return token;
    } catch (error) {
      const refused = error instanceof Refused ? error.refusal.kind : undefined;
      if (refused === 'identity-not-found' || refused === 'invalid-resource') this.#entries.delete(key);
      throw error;
    } finally {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    }
  }

  #keep(key: string, token: Token): void {
    if (this.#entries.size >= this.#capacity && !this.#entries.has(key)) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    this.#entries.delete(key);
    this.#triedAt.delete(key);
    this.#entries.set(key, this.#entryOf(token));
  }

  #entryOf(token: Token): Entry {
    const now = this.#clock.now();
    const endsAt = token.expiresOn * 1000;
    const life = Math.max(0, endsAt - now);
    const spread = fraction(this.#randomness);
    if (life > 2 * hour) {
      return {
        token,
        renewAt: now + life * (0.4 + 0.2 * spread),
        waitAt: endsAt - clientMargin,
        endsAt,
      };
    }
    const waitAt = now + Math.max(life / 2, life - clientMargin);
    // the last tenth of what comes before, at least
    return { token, renewAt: waitAt - (waitAt - now) * (0.1 + 0.1 * spread), waitAt, endsAt };
  }
}
