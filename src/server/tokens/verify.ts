import type { CloudProfile } from '../../contract/cloud-profile.ts';
import type { Clock } from '../../foundation/clock.ts';
import { type ClientId, isGuid, type PrincipalId, type TenantId } from '../../foundation/ids.ts';
import type { Directory } from '../directory/directory.ts';
import type { Principal } from '../directory/service-principals.ts';
import { type Caller, TokenRejected, type TokenVerifier } from '../http/bearer.ts';
import { type JsonMembers, parseCompactJws } from '../http/compact-jws.ts';
import { backDating, longestLifetime } from './claims.ts';
import { parseIssuer, type TokenVersion } from './issuers.ts';
import { signatureHolds } from './signature.ts';
import { kidPattern, type SigningKeys } from './signing-keys.ts';

/** Seconds by which the clocks of replicas may differ. */
const skew = 60;
/** Characters of a token at most; ours have some 1300. */
const maxTokenLength = 16_384;
/** Header members of our tokens; one beside them is no token of ours (RFC 8725 §3.10: none is ever followed). */
const headerMembers = new Set(['typ', 'alg', 'kid', 'x5t']);

/** The claims that decide, of the right types, out of a payload whose signature holds. */
interface VerifiedClaims {
  readonly aud: string;
  readonly tid: string;
  readonly oid: string;
  readonly appid: string;
  readonly uti: string;
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
}

/**
 * The one verifier of access tokens. Keys are found by issuer and kid together, the algorithm is the key's, and a token
 * holds only while its principal stands, by caches that follow the change log.
 */
export class AccessTokenVerifier implements TokenVerifier {
  readonly #profile: CloudProfile;
  readonly #keys: SigningKeys;
  readonly #directory: Pick<Directory, 'principal'>;
  readonly #clock: Clock;

  constructor(parts: {
    readonly profile: CloudProfile;
    readonly keys: SigningKeys;
    readonly directory: Pick<Directory, 'principal'>;
    readonly clock: Clock;
  }) {
    this.#profile = parts.profile;
    this.#keys = parts.keys;
    this.#directory = parts.directory;
    this.#clock = parts.clock;
  }

  async verify(token: string, audiences: readonly string[]): Promise<Caller> {
    const { issuer, tenantId, claims } = await this.#checkSignature(token);
    if (claims.tid !== tenantId) throw rejected('issuer', 'tenant of the token is not that of its issuer');
    const audience = claims.aud.toLowerCase().replace(/\/$/, '');
    if (!audiences.some((accepted) => accepted.toLowerCase() === audience)) {
      throw new TokenRejected('audience', 'The access token is for another audience.', claims.aud);
    }
    this.#checkTimes(claims);
    const principal = await this.#principalOf(tenantId, claims);
    return {
      tenantId,
      principalId: principal.principalId,
      clientId: principal.clientId,
      principalType: principal.principalType,
      issuer,
      audience: claims.aud,
      tokenId: claims.uti,
      issuedAt: claims.iat + backDating,
      expiresAt: claims.exp,
    } as unknown as Caller;
  }

  async #checkSignature(token: string) {
    const jws = parseCompactJws(token, maxTokenLength);
    if (jws === undefined) throw malformed('the token is not a compact JWS of one meaning');
    const { header, payload, signingInput, signature } = jws;
    const { kid, alg, x5t } = header;
    if (Object.keys(header).some((member) => !headerMembers.has(member)) || header['typ'] !== 'JWT') {
      throw malformed('the header is not one of our tokens');
    }
    if (typeof kid !== 'string' || !kidPattern.test(kid) || (x5t !== undefined && x5t !== kid)) {
      throw malformed('the header names no key');
    }
    const claimedIssuer = payload['iss'];
    if (typeof claimedIssuer !== 'string') throw malformed('the issuer is missing');
    const issuer = parseIssuer(this.#profile, claimedIssuer);
    if (issuer === undefined) throw unknownIssuer(claimedIssuer);
    const keys = await this.#keys.of(issuer.tenantId);
    if (keys === undefined) throw unknownIssuer(claimedIssuer);
    const key = keys.published.find((candidate) => candidate.kid === kid);
    if (key === undefined || alg !== key.alg) throw rejected('signature', 'no such key signs for the issuer');
    if (!signatureHolds(key.alg, key.publicKey, signingInput, signature)) {
      throw rejected('signature', 'the signature does not hold');
    }
    return {
      issuer: claimedIssuer,
      tenantId: issuer.tenantId,
      claims: readClaims(payload, issuer.version),
    };
  }

  #checkTimes({ iat, nbf, exp }: VerifiedClaims): void {
    const now = Math.floor(this.#clock.now() / 1000);
    if (exp - iat > longestLifetime + backDating || exp <= nbf) {
      throw malformed('the token lives longer than any of ours');
    }
    if (exp + skew <= now) {
      throw new TokenRejected('expired', 'The access token has expired.', new Date(exp * 1000).toISOString());
    }
    if (nbf - skew > now || iat - skew > now) throw rejected('not-yet-valid', 'the token is not valid yet');
  }

  async #principalOf(tenantId: TenantId, claims: VerifiedClaims): Promise<Principal> {
    const principal = await this.#directory.principal(tenantId, claims.oid as PrincipalId);
    if (principal === undefined) throw rejected('revoked', 'the identity of the token no longer exists');
    if (principal.clientId !== (claims.appid as ClientId)) {
      throw malformed('the token names two identities');
    }
    if (!principal.enabled) throw rejected('revoked', 'the identity of the token is disabled');
    if ((claims.iat + backDating) * 1000 < principal.tokensValidFrom) {
      throw rejected('revoked', 'the token is older than the last revocation of its identity');
    }
    return principal;
  }
}

function readClaims(payload: JsonMembers, version: TokenVersion): VerifiedClaims {
  const { aud, tid, oid, sub, uti, iat, nbf, exp, ver, idtyp } = payload;
  const appid = payload[version === 'v1' ? 'appid' : 'azp'];
  if (ver !== (version === 'v1' ? '1.0' : '2.0') || idtyp !== 'app') {
    throw malformed('the token is of another kind');
  }
  if (!isText(aud) || !isText(uti) || !isId(tid) || !isId(oid) || !isId(appid) || sub !== oid) {
    throw malformed('a claim is missing or is not of its type');
  }
  if (!isTime(iat) || !isTime(nbf) || !isTime(exp)) throw malformed('a time is missing or is no time');
  return { aud, tid, oid, appid, uti, iat, nbf, exp };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 1024;
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && isGuid(value) && value === value.toLowerCase();
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0 && (value as number) < 253_402_300_800;
}

function malformed(why: string): TokenRejected {
  return rejected('malformed', why);
}

function unknownIssuer(claimedIssuer: string): TokenRejected {
  return new TokenRejected(
    'issuer',
    'The access token is from the wrong issuer.',
    claimedIssuer.slice(0, 200),
  );
}

function rejected(reason: 'malformed' | 'signature' | 'issuer' | 'not-yet-valid' | 'revoked', why: string) {
  return new TokenRejected(reason, `The access token is not accepted: ${why}.`);
}
