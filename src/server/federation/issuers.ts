import { hash } from 'node:crypto';
import { issuerMetadata } from '../../contract/openid-issuer.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Outbound } from '../outbound/fetcher.ts';
import { OutboundError } from '../outbound/outbound-error.ts';
import type { FederatedCredential } from './federated-credential.ts';
import { type IssuerKey, type IssuerKeys, KeySetError, readKeySet } from './key-set.ts';

const minute = 60_000;
/** Keys that were fetched so long ago are fetched again before they are used. */
const freshFor = 60 * minute;
/** Keys that could not be fetched again are used so long: an issuer that is down stops nobody (T13). */
const usableFor = 24 * 60 * minute;
/** Between two fetches while there are keys, whatever the tokens ask for. */
const pauseWithKeys = 5 * minute;
/** Between two fetches while there are none. */
const pauseWithoutKeys = minute / 2;
const maxIssuers = 1024;

/** An issuer's documents cannot be had, or are not what they should be. The message is for the operator. */
export class IssuerError extends Error {
  override readonly name = 'IssuerError';
}

interface Known {
  keys: IssuerKeys | undefined;
  loadedAt: number;
  attemptedAt: number;
  failure: IssuerError | undefined;
  loading: Promise<void> | undefined;
}

/**
 * The keys of other issuers: pinned beside the credential, or fetched by OpenID Connect Discovery from the very issuer
 * that the credential names, and kept. Requests that need the same fetch wait for one.
 */
export class Issuers {
  readonly #outbound: Pick<Outbound, 'fetchJson'>;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  constructor(outbound: Pick<Outbound, 'fetchJson'>, clock: Clock) {
    this.#outbound = outbound;
    this.#clock = clock;
  }

  /**
   * The issuer's key of an id.
   *
   * @returns `undefined` where the issuer has no such key, as far as is known: an unknown id is reason to look again
   *   only once in five minutes, however many tokens come with one
   * @throws IssuerError where its keys cannot be had
   */
  async key({ issuer, pinned, trust }: FederatedCredential, kid: string): Promise<IssuerKey | undefined> {
    if (pinned !== undefined) return pinned.get(kid);
    const ca = trust.certificateAuthorities;
    const known = this.#entry(issuer, ca);
    if (this.#isDue(known, kid)) {
      known.loading ??= this.#load(known, issuer, ca).finally(() => {
        known.loading = undefined;
      });
    }
    await known.loading;
    if (known.keys === undefined || this.#clock.now() - known.loadedAt >= usableFor) {
      throw known.failure ?? new IssuerError(`the keys of '${issuer}' are not known`);
    }
    return known.keys.get(kid);
  }

  /** One entry for each issuer and what its site is trusted by: two tenants may see different sites under one name. */
  #entry(issuer: string, ca: string | undefined): Known {
    const name = `${ca === undefined ? '' : hash('sha256', ca, 'base64url')} ${issuer}`;
    const found = this.#known.get(name);
    const entry: Known = found ?? {
      keys: undefined,
      loadedAt: Number.NEGATIVE_INFINITY,
      attemptedAt: Number.NEGATIVE_INFINITY,
      failure: undefined,
      loading: undefined,
    };
    // what was used last stands last
    this.#known.delete(name);
    this.#known.set(name, entry);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= maxIssuers) break;
      this.#known.delete(oldest);
    }
    return entry;
  }

  #isDue({ keys, loadedAt, attemptedAt }: Known, kid: string): boolean {
    const now = this.#clock.now();
    const pause = keys === undefined ? pauseWithoutKeys : pauseWithKeys;
    if (now - attemptedAt < pause) return false;
    return keys === undefined || now - loadedAt >= freshFor || !keys.has(kid);
  }

  async #load(known: Known, issuer: string, ca: string | undefined): Promise<void> {
    known.attemptedAt = this.#clock.now();
    try {
      known.keys = await this.#fetch(issuer, ca);
      known.loadedAt = this.#clock.now();
      known.failure = undefined;
    } catch (error) {
      if (!(error instanceof OutboundError || error instanceof KeySetError || error instanceof IssuerError)) {
        throw error;
      }
      known.failure = new IssuerError(`the keys of '${issuer}' cannot be had: ${error.message}`, {
        cause: error,
      });
    }
  }

  async #fetch(issuer: string, ca: string | undefined): Promise<IssuerKeys> {
    const options = ca === undefined ? {} : { ca };
    const place = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const parsed = issuerMetadata.safeParse(await this.#outbound.fetchJson(place, options));
    if (!parsed.success) throw new IssuerError('its configuration is incomplete, or a member of it is empty');
    // OpenID Connect Discovery 1.0 §4.3: without this, one site could speak for another
    if (parsed.data.issuer !== issuer) throw new IssuerError('its configuration names another issuer');
    return readKeySet(await this.#outbound.fetchJson(parsed.data.jwks_uri, options));
  }
}
