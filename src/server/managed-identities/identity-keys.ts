import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { DomainError } from '../../foundation/domain-error.ts';

/** A fresh key of an identity. */
export interface IdentityKey {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** Keys made at once: each takes a thread that others of the process wait for. */
const atOnce = 2;
/** Keys that wait at most; whoever wants more is to come again. */
const maxWaiting = 256;
/** Seconds. */
const comeAgainIn = 5;

/** RSA with 2048 bits, since what it signs are client assertions. */
export async function makeIdentityKey(): Promise<IdentityKey> {
  return await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
}

/** Makes keys a few at a time, however many are wanted. */
export class IdentityKeys {
  readonly #make: () => Promise<IdentityKey>;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(make: () => Promise<IdentityKey> = makeIdentityKey) {
    this.#make = make;
  }

  /**
   * A key for each of some names.
   *
   * @throws DomainError `throttled` where too many wait already
   */
  async forEach<Name>(names: readonly Name[]): Promise<ReadonlyMap<Name, IdentityKey>> {
    if (this.#waiting.length + names.length > maxWaiting) {
      throw new DomainError('throttled', 'Too many credentials are asked for at once.', {
        retryAfter: comeAgainIn,
      });
    }
    return new Map(await Promise.all(names.map(async (name) => [name, await this.#next()] as const)));
  }

  async #next(): Promise<IdentityKey> {
    if (this.#running >= atOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await this.#make();
    } finally {
      // whoever waits takes the place over
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
