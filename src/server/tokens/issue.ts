import type { CloudProfile } from '../../contract/cloud-profile.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Principal } from '../directory/service-principals.ts';
import type { ResolvedResource } from './audiences.ts';
import { accessTokenClaims, type ClientProof } from './claims.ts';
import type { TokenVersion } from './issuers.ts';
import type { Signer } from './signer.ts';
import type { SigningKey, SigningKeys } from './signing-keys.ts';

/** A token to be made: who it is about, what for, and how that was proven. */
export interface TokenOrder {
  readonly principal: Principal;
  readonly resource: ResolvedResource;
  readonly proof: ClientProof;
  readonly hostResourceId: string | undefined;
  /** `uti` */
  readonly tokenId: string;
}

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

/** Makes access tokens, signed by the tenant's active key. */
export class TokenIssuer {
  readonly #profile: CloudProfile;
  readonly #keys: SigningKeys;
  readonly #signer: Signer;
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
      readonly clock: Clock;
    },
    lifetime: number,
  ) {
    this.#profile = parts.profile;
    this.#keys = parts.keys;
    this.#signer = parts.signer;
    this.#clock = parts.clock;
    this.#lifetime = lifetime;
  }

  async issue(order: TokenOrder): Promise<IssuedToken> {
    const { principal, resource } = order;
    const key = (await this.#keys.of(principal.tenantId))?.active;
    if (key === undefined) throw new Error(`tenant ${principal.tenantId} has no key that signs`);
    const now = Math.floor(this.#clock.now() / 1000);
    // a token made in the second of a revocation, after it, must not look as if made before
    const issuedAt = Math.max(now, Math.ceil(principal.tokensValidFrom / 1000));
    const claims = accessTokenClaims(this.#profile, {
      resource,
      principal,
      proof: order.proof,
      hostResourceId: order.hostResourceId,
      tokenId: order.tokenId,
      issuedAt,
      lifetime: this.#lifetime,
    });
    const payload = Buffer.from(JSON.stringify(claims), 'utf8').toString('base64url');
    const signingInput = `${this.#headerOf(key)[resource.version]}.${payload}`;
    return {
      token: `${signingInput}.${await this.#signer.sign(key, signingInput)}`,
      notBefore: claims.nbf,
      expiresAt: claims.exp,
      expiresIn: claims.exp - now - 1,
    };
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
