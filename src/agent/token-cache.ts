import { createHash } from 'node:crypto';
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
/** Tokens of one key that may be turned in for another, refused by a target, in `turnInPeriod`. */
const turnedInAtMost = 6;
const turnInPeriod = minute;

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
  /** How many tokens of a key were turned in since when: milliseconds of the monotonic clock. */
  readonly #turnedIn = new Map<string, { readonly since: number; count: number }>();
  #turns = 0;

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

  /**
   * Forgets the token of a key whose SHA-256 (lower-case hex) is the one given: a target refused it, and nobody gets it
   * again. Of any number who turn in the same one, the first forgets it, and all share what is fetched next. An
   * unknown digest means nothing.
   *
   * @throws Refused `throttled` where the tokens of the key are turned in too often
   */
  turnIn(key: string, digest: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || digestOf(entry.token) !== digest) return;
    this.#countTurn(key);
    this.#turns += 1;
    this.#entries.delete(key);
    this.#triedAt.delete(key);
  }

  /** Whether the token of a key is the one of a digest. */
  holds(key: string, digest: string): boolean {
    const entry = this.#entries.get(key);
    return entry !== undefined && digestOf(entry.token) === digest;
  }

  /** Moves with each token that was turned in. */
  get turns(): number {
    return this.#turns;
  }

  get size(): number {
    return this.#entries.size;
  }

  #countTurn(key: string): void {
    const now = this.#clock.monotonic();
    const known = this.#turnedIn.get(key);
    if (known === undefined || now - known.since >= turnInPeriod) {
      if (this.#turnedIn.size >= this.#capacity) this.#turnedIn.clear();
      this.#turnedIn.set(key, { since: now, count: 1 });
      return;
    }
    if (known.count >= turnedInAtMost) {
      const retryAfter = Math.max(1, Math.ceil((turnInPeriod - (now - known.since)) / 1000));
      throw new Refused({ kind: 'throttled', retryAfter });
    }
    known.count += 1;
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

function digestOf({ accessToken }: Token): string {
  return createHash('sha256').update(accessToken, 'utf8').digest('hex');
}
