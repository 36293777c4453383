import type { CarriedIdentity } from '../contract/agent.ts';
import type { Callers } from './callers.ts';
import type { Credential } from './credential.ts';
import { type HostFacts, type Question, Refused, type Token } from './host-protocols/host-protocol.ts';
import type { IdentityCredentials } from './identity-credentials.ts';
import { selectIdentity } from './identity-selection.ts';
import type { TokenCache } from './token-cache.ts';
import type { Authority, Wanted } from './token-service.ts';

/** What an endpoint asks on behalf of its resource. */
export interface Desk {
  /** Moves whenever something that was answered before may have to be answered otherwise. */
  readonly epoch: number;
  /**
   * A token that can be given without waiting.
   *
   * @throws Refused where the question cannot be answered at all
   */
  ready(question: Question, callers: Callers): Token | undefined;
  /**
   * A token, fetched if need be, within the limits of the callers.
   *
   * @throws Refused
   */
  obtain(question: Question, callers: Callers): Promise<Token>;
  /** @throws Refused where this host is the resource no more */
  facts(): HostFacts;
}

/** A machine with the tokens of its identities. */
export interface TokenHolder {
  readonly credentials: IdentityCredentials;
  readonly cache: TokenCache;
}

export interface DeskDependencies {
  /** The machine as it is now: another after a new enrolment, none after its end. */
  readonly holder: () => TokenHolder | undefined;
  readonly epoch: () => number;
  readonly requestToken: (authority: Authority, credential: Credential, wanted: Wanted) => Promise<Token>;
}

/** Answers for one resource out of what its machine carries, and out of the cache. */
export class ResourceDesk implements Desk {
  readonly #dependencies: DeskDependencies;

  constructor(dependencies: DeskDependencies) {
    this.#dependencies = dependencies;
  }

  get epoch(): number {
    return this.#dependencies.epoch() + (this.#dependencies.holder()?.cache.turns ?? 0);
  }

  ready(question: Question, callers: Callers): Token | undefined {
    const { holder, identity } = this.#select(question);
    const { refusedToken } = question;
    const key = keyOf(identity, question);
    if (refusedToken !== undefined && holder.cache.holds(key, refusedToken)) return undefined;
    return holder.cache.ready(key, () => this.#fetch(holder.credentials, identity, question, callers));
  }

  async obtain(question: Question, callers: Callers): Promise<Token> {
    const { holder, identity } = this.#select(question);
    const { cache, credentials } = holder;
    const { refusedToken } = question;
    if (refusedToken !== undefined) {
      // the token may have been asked for with the client's capabilities, or without
      for (const key of keysOf(identity, question)) cache.turnIn(key, refusedToken);
    }
    const fetch = () => this.#fetch(credentials, identity, question, callers);
    const token = await cache.obtain(keyOf(identity, question), fetch);
    // while it was fetched, the identity may have gone, or its tokens been revoked
    const { identity: now } = this.#select(question);
    if (now.principalId !== identity.principalId || now.tokensValidFrom !== identity.tokensValidFrom) {
      throw new Refused({ kind: 'unavailable', retryAfter: 1 });
    }
    return token;
  }

  facts(): HostFacts {
    const { machine, resource } = this.#dependencies.holder()?.credentials ?? {};
    if (machine === undefined || resource === undefined) throw new Refused({ kind: 'not-found' });
    return { tenantId: machine.tenantId, resource };
  }

  #select(question: Question): { readonly holder: TokenHolder; readonly identity: CarriedIdentity } {
    const holder = this.#dependencies.holder();
    if (holder === undefined) throw new Refused({ kind: 'identity-not-found' });
    const identity = selectIdentity(holder.credentials.identities, question.selector);
    if (typeof identity === 'string') throw new Refused({ kind: identity });
    return { holder, identity };
  }

  async #fetch(
    credentials: IdentityCredentials,
    identity: CarriedIdentity,
    { resource, understandsChallenges }: Question,
    callers: Callers,
  ): Promise<Token> {
    const wait = callers.enter();
    if (wait !== undefined) throw new Refused({ kind: 'throttled', retryAfter: wait });
    try {
      const credential = await credentials.credential(identity);
      if (credential === undefined) throw new Refused({ kind: 'unavailable', retryAfter: 1 });
      return await this.#dependencies.requestToken(credentials.machine, credential, {
        resource,
        understandsChallenges,
      });
    } finally {
      callers.leave();
    }
  }
}

/** Object ids are never used again, so no token can be found under another identity. */
function keyOf(identity: CarriedIdentity, { resource, understandsChallenges }: Question): string {
  const [plain, capable] = keysOf(identity, { resource });
  return understandsChallenges ? capable : plain;
}

/** Both keys of an identity and a resource: of tokens for any client, and for those that understand challenges. */
function keysOf(
  { principalId }: CarriedIdentity,
  { resource }: Pick<Question, 'resource'>,
): readonly [string, string] {
  return [`${principalId} ${resource}`, `${principalId} cp1 ${resource}`];
}
