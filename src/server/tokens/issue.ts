import type { CloudProfile } from '../../contract/cloud-profile.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { TenantId } from '../../foundation/ids.ts';
import { accessTokenClaims, accountOf } from './claims.ts';
import type { TokenVersion } from './issuers.ts';
import type { KeyKeeper } from './key-keeper.ts';
import type { Signer } from './signer.ts';
import { activeKey, type SigningAlgorithm, type SigningKey, type SigningKeys } from './signing-keys.ts';
import type { TokenDecision, TokenSubject } from './token-decision.ts';

export interface IssuedToken {
  /** Compact JWS. */
  readonly token: string;
  /** Epoch seconds. */
  readonly notBefore: number;
  /** Epoch seconds. */
  readonly expiresAt: number;
  /** Seconds from now, never more than what is left. */
  readonly expiresIn: number;
}

/** Makes access tokens, signed by the tenant's active key for the algorithm of the resource. */
export class TokenIssuer {
  readonly #profile: CloudProfile;
  readonly #keys: SigningKeys;
  readonly #signer: Signer;
  readonly #keeper: Pick<KeyKeeper, 'begin'>;
  readonly #clock: Clock;
  readonly #lifetime: number;
  /** A key's two headers, encoded. */
  readonly #headers = new WeakMap<SigningKey, Readonly<Record<TokenVersion, string>>>();

  /** @param lifetime seconds a token lives */
  constructor(
    parts: {
      readonly profile: CloudProfile;
      readonly keys: SigningKeys;
      readonly signer: Signer;
      readonly keeper: Pick<KeyKeeper, 'begin'>;
      readonly clock: Clock;
    },
    lifetime: number,
  ) {
    this.#profile = parts.profile;
    this.#keys = parts.keys;
    this.#signer = parts.signer;
    this.#keeper = parts.keeper;
    this.#clock = parts.clock;
    this.#lifetime = lifetime;
  }

  /** @param tokenId `uti` */
  async issue(decision: TokenDecision, tokenId: string): Promise<IssuedToken> {
    const { tenantId } = accountOf(decision.subject);
    const { manifest } = decision.resource.application ?? {};
    const key = await this.#activeKey(tenantId, manifest?.accessTokenSigningAlgorithm ?? 'RS256');
    const now = Math.floor(this.#clock.now() / 1000);
    // a token made in the second of a revocation, after it, must not look as if made before
    const issuedAt = Math.max(now, Math.ceil(validFrom(decision.subject) / 1000));
    const lifetime = this.#lifetime;
    const claims = accessTokenClaims(this.#profile, { decision, tokenId, issuedAt, lifetime });
    return {
      token: await this.#sign(key, this.#headerOf(key)[decision.resource.version], claims),
      notBefore: claims.nbf,
      expiresAt: claims.exp,
      expiresIn: claims.exp - now - 1,
    };
  }

  /** An id token (OpenID Connect Core §2): claims that a grant put together, signed as a v2 token is. */
  async signIdToken(tenantId: TenantId, claims: Readonly<Record<string, unknown>>): Promise<string> {
    const key = await this.#activeKey(tenantId, 'RS256');
    return await this.#sign(key, this.#headerOf(key).v2, claims);
  }

  /** A security event token (RFC 8417): its type keeps it from being taken for a token of any other kind (§2.3). */
  async signEventToken(tenantId: TenantId, claims: Readonly<Record<string, unknown>>): Promise<string> {
    const key = await this.#activeKey(tenantId, 'RS256');
    const header = { typ: 'secevent+jwt', alg: key.alg, kid: key.kid };
    return await this.#sign(key, Buffer.from(JSON.stringify(header)).toString('base64url'), claims);
  }

  async #activeKey(tenantId: TenantId, alg: SigningAlgorithm): Promise<SigningKey> {
    const key = activeKey(await this.#keys.of(tenantId), alg);
    if (key !== undefined) return key;
    // the first token of this algorithm; whoever asks meanwhile waits for the same keys
    await this.#keeper.begin({ tenantId, alg });
    const begun = activeKey(await this.#keys.of(tenantId), alg);
    if (begun === undefined) throw new Error(`tenant ${tenantId} has no ${alg} key that signs`);
    return begun;
  }

  async #sign(key: SigningKey, header: string, claims: object): Promise<string> {
    const payload = Buffer.from(JSON.stringify(claims), 'utf8').toString('base64url');
    const signingInput = `${header}.${payload}`;
    return `${signingInput}.${await this.#signer.sign(key, signingInput)}`;
  }

  /** d.2: v1 carries `x5t` beside `kid`; validators of ADAL's age look the key up by either. */
  #headerOf(key: SigningKey): Readonly<Record<TokenVersion, string>> {
    const known = this.#headers.get(key);
    if (known !== undefined) return known;
    const { kid, alg } = key;
    const encode = (header: object) => Buffer.from(JSON.stringify(header)).toString('base64url');
    const headers = {
      v1: encode({ typ: 'JWT', alg, x5t: kid, kid }),
      v2: encode({ typ: 'JWT', alg, kid }),
    };
    this.#headers.set(key, headers);
    return headers;
  }
}

/** From when on tokens hold, of all that a token depends on: milliseconds since the epoch. */
function validFrom(subject: TokenSubject): number {
  return subject.kind === 'application'
    ? subject.principal.tokensValidFrom
    : Math.max(subject.user.tokensValidFrom, subject.client.tokensValidFrom);
}
