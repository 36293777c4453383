import type { CloudProfile } from '../../contract/cloud-profile.ts';
import type { Clock } from '../../foundation/clock.ts';
import {
  type ClientId,
  guid,
  isGuid,
  type PrincipalId,
  type TenantId,
  type UserId,
} from '../../foundation/ids.ts';
import type { Directory } from '../directory/directory.ts';
import {
  type AcceptedUsers,
  type Caller,
  type CallerFacts,
  type CallerResumption,
  TokenRejected,
  type TokenVerifier,
} from '../http/bearer.ts';
import { type JsonMembers, parseCompactJws } from '../http/compact-jws.ts';
import { type Binding, bindingIn, isMet } from './bound-tokens.ts';
import { backDating, longestLifetime } from './claims.ts';
import { firstPartyClient } from './first-party-clients.ts';
import { parseIssuer, type TokenVersion } from './issuers.ts';
import type { RevokedTokens } from './revoked-tokens.ts';
import { signatureHolds } from './signature.ts';
import { kidPattern, type SigningKeys } from './signing-keys.ts';

/** Seconds by which the clocks of replicas may differ. */
const skew = 60;
/** Characters of a token at most; ours have some 1300. */
const maxTokenLength = 16_384;
/** Header members of our tokens; one beside them is no token of ours (RFC 8725 §3.10: none is ever followed). */
const headerMembers = new Set(['typ', 'alg', 'kid', 'x5t']);

/** The claims that say who calls. */
interface SubjectClaims {
  /** `scp` of a person's token; `undefined` in an application's own. */
  readonly scopes: readonly string[] | undefined;
  readonly aud: string;
  readonly oid: string;
  readonly appid: string;
  readonly uti: string;
  readonly iat: number;
  readonly exp: number;
  /** `xms_cc`: whoever got the token understands claims challenges. */
  readonly understandsChallenges: boolean;
}

/** The claims that decide, of the right types, out of a payload whose signature holds. */
interface VerifiedClaims extends SubjectClaims {
  readonly tid: string;
  readonly nbf: number;
  /** `cnf`: the certificate that the token is good with. */
  readonly binding: Binding | undefined;
}

/** A token that holds. */
export interface Inspection {
  readonly caller: Caller;
  /** All that it says. */
  readonly claims: JsonMembers;
}

/** A token by what it is, which says nothing of whether it holds. */
export interface TokenIdentity {
  readonly tenantId: TenantId;
  /** The application that it was given to. */
  readonly clientId: ClientId;
  /** `uti` */
  readonly tokenId: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/**
 * The one verifier of access tokens. Keys are found by issuer and kid together, the algorithm is the key's, and a token
 * holds only while whom it is about and the application it was given to stand, by caches that follow the change log.
 */
export class AccessTokenVerifier implements TokenVerifier, CallerResumption {
  readonly #profile: CloudProfile;
  readonly #keys: SigningKeys;
  readonly #directory: Pick<Directory, 'principal' | 'user' | 'client'>;
  readonly #revoked: Pick<RevokedTokens, 'has'>;
  readonly #clock: Clock;

  constructor(parts: {
    readonly profile: CloudProfile;
    readonly keys: SigningKeys;
    readonly directory: Pick<Directory, 'principal' | 'user' | 'client'>;
    readonly revoked: Pick<RevokedTokens, 'has'>;
    readonly clock: Clock;
  }) {
    this.#profile = parts.profile;
    this.#keys = parts.keys;
    this.#directory = parts.directory;
    this.#revoked = parts.revoked;
    this.#clock = parts.clock;
  }

  async verify(
    token: string,
    audiences: readonly string[],
    users?: AcceptedUsers,
    certificate?: () => string | undefined,
  ): Promise<Caller> {
    const { issuer, tenantId, claims } = await this.#checkSignature(token);
    if (claims.tid !== tenantId) throw rejected('issuer', 'tenant of the token is not that of its issuer');
    const audience = claims.aud.toLowerCase().replace(/\/$/, '');
    if (!audiences.some((accepted) => accepted.toLowerCase() === audience)) {
      throw new TokenRejected('audience', 'The access token is for another audience.', {
        found: claims.aud,
      });
    }
    this.#checkTimes(claims);
    if (claims.binding !== undefined && !isMet(claims.binding, certificate?.())) {
      throw rejected('binding', 'it is bound to a certificate that the connection does not show');
    }
    return await this.#callerOf(tenantId, issuer, claims, users);
  }

  /**
   * A token of any audience that holds now, with all that it says, for the endpoints that speak of tokens. Whoever asks
   * about a bound token checks the binding.
   *
   * @throws TokenRejected where the token does not hold
   */
  async inspect(token: string): Promise<Inspection> {
    const { issuer, tenantId, claims, payload } = await this.#checkSignature(token);
    if (claims.tid !== tenantId) throw rejected('issuer', 'tenant of the token is not that of its issuer');
    this.#checkTimes(claims);
    return { caller: await this.#callerOf(tenantId, issuer, claims, 'by-operation'), claims: payload };
  }

  /**
   * Which token of ours a text is, whether or not it is accepted at this moment: for whoever ends it for good.
   *
   * @throws TokenRejected where it is none, or has expired
   */
  async identify(token: string): Promise<TokenIdentity> {
    const { tenantId, claims } = await this.#checkSignature(token);
    this.#checkTimes(claims);
    return {
      tenantId,
      clientId: claims.appid as ClientId,
      tokenId: claims.uti,
      expiresAt: claims.exp,
    };
  }

  async resume(facts: CallerFacts): Promise<Caller> {
    const { tenantId, issuer, scopes } = facts;
    const claims: SubjectClaims = {
      scopes: facts.principalType === 'User' ? scopes : undefined,
      aud: facts.audience,
      oid: facts.principalId,
      appid: facts.clientId,
      uti: facts.tokenId,
      iat: facts.issuedAt - backDating,
      exp: facts.expiresAt,
      understandsChallenges: false,
    };
    return await this.#callerOf(tenantId, issuer, claims, 'by-operation');
  }

  /** Whom the token is about, where it and all that it depends on still stand. */
  async #callerOf(
    tenantId: TenantId,
    issuer: string,
    claims: SubjectClaims,
    users: AcceptedUsers | undefined,
  ): Promise<Caller> {
    const subject =
      claims.scopes === undefined
        ? await this.#principalOf(tenantId, claims)
        : await this.#userOf(tenantId, claims, acceptedScopes(claims.scopes, users));
    if (await this.#revoked.has(tenantId, claims.uti)) throw rejected('revoked', 'the token was revoked');
    return {
      tenantId,
      ...subject,
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
    if (key === undefined || alg !== key.alg) throw noSuchKey(keys.revoked.get(kid), payload);
    // one spelling of a signature, RFC 7518 §3.4's; others of the same are for assertions of clients
    if (key.alg === 'ES256' && signature.length !== 64) throw malformed('the signature has another length');
    if (!signatureHolds(key.alg, key.publicKey, signingInput, signature)) {
      throw rejected('signature', 'the signature does not hold');
    }
    return {
      issuer: claimedIssuer,
      tenantId: issuer.tenantId,
      claims: readClaims(payload, issuer.version),
      payload,
    };
  }

  #checkTimes({ iat, nbf, exp }: VerifiedClaims): void {
    const now = Math.floor(this.#clock.now() / 1000);
    if (exp - iat > longestLifetime + backDating || exp <= nbf) {
      throw malformed('the token lives longer than any of ours');
    }
    if (exp + skew <= now) {
      throw new TokenRejected('expired', 'The access token has expired.', {
        found: new Date(exp * 1000).toISOString(),
      });
    }
    if (nbf - skew > now || iat - skew > now) throw rejected('not-yet-valid', 'the token is not valid yet');
  }

  async #principalOf(tenantId: TenantId, claims: SubjectClaims): Promise<Subject> {
    const principal = await this.#directory.principal(tenantId, claims.oid as PrincipalId);
    if (principal === undefined) throw rejected('revoked', 'the identity of the token no longer exists');
    if (principal.clientId !== (claims.appid as ClientId)) {
      throw malformed('the token names two identities');
    }
    requireStanding(principal, claims);
    const { principalId, clientId, principalType } = principal;
    return { principalId, clientId, principalType, scopes: [] };
  }

  async #userOf(tenantId: TenantId, claims: SubjectClaims, scopes: readonly string[]): Promise<Subject> {
    const user = await this.#directory.user(tenantId, claims.oid as UserId);
    if (user === undefined) throw rejected('revoked', 'the user of the token no longer exists');
    requireStanding(user, claims);
    const clientId = claims.appid as ClientId;
    if (firstPartyClient(clientId) === undefined) {
      const client = await this.#directory.client(tenantId, clientId);
      if (client === undefined) throw rejected('revoked', 'the application of the token no longer exists');
      requireStanding(client.principal, claims);
    }
    return { principalId: guid<PrincipalId>(user.userId), clientId, principalType: 'User', scopes };
  }
}

type Subject = Pick<Caller, 'principalId' | 'clientId' | 'principalType' | 'scopes'>;

function requireStanding(
  account: { readonly enabled: boolean; readonly tokensValidFrom: number },
  { iat, understandsChallenges }: SubjectClaims,
): void {
  if (!account.enabled) throw rejected('revoked', 'the identity of the token is disabled');
  if ((iat + backDating) * 1000 < account.tokensValidFrom) {
    throw new TokenRejected(
      'revoked',
      'The access token is not accepted: the token is older than the last revocation of its identity.',
      understandsChallenges ? { renewFrom: Math.ceil(account.tokensValidFrom / 1000) } : {},
    );
  }
}

/** Scopes of a person's token, where the surface takes it. */
function acceptedScopes(scopes: readonly string[], users: AcceptedUsers | undefined): readonly string[] {
  if (users === undefined) throw malformed('tokens of people are not taken here');
  if (users !== 'by-operation' && !scopes.includes(users.scope)) {
    throw malformed(`the scope '${users.scope}' is missing`);
  }
  return scopes;
}

function readClaims(payload: JsonMembers, version: TokenVersion): VerifiedClaims {
  const { aud, tid, oid, sub, uti, iat, nbf, exp, ver, idtyp, scp } = payload;
  const appid = payload[version === 'v1' ? 'appid' : 'azp'];
  const isUser = idtyp === 'user';
  if (ver !== (version === 'v1' ? '1.0' : '2.0') || (idtyp !== 'app' && !isUser)) {
    throw malformed('the token is of another kind');
  }
  if (!isText(aud) || !isText(uti) || !isId(tid) || !isId(oid) || !isId(appid)) {
    throw malformed('a claim is missing or is not of its type');
  }
  if (isUser ? !isText(sub) || !isScopes(scp) : sub !== oid || scp !== undefined) {
    throw malformed('the subject and the scopes do not fit the kind of the token');
  }
  if (!isTime(iat) || !isTime(nbf) || !isTime(exp)) throw malformed('a time is missing or is no time');
  return {
    scopes: isUser ? (scp as string).split(' ') : undefined,
    aud,
    tid,
    oid,
    appid,
    uti,
    iat,
    nbf,
    exp,
    binding: bindingIn(payload),
    understandsChallenges: understandsChallenges(payload),
  };
}

function understandsChallenges({ xms_cc }: JsonMembers): boolean {
  return Array.isArray(xms_cc) && xms_cc.some((capability) => /^cp1$/i.test(String(capability)));
}

/**
 * Nothing in the token is proven where its key was revoked: that it can be renewed is said to whoever names the key,
 * which is no secret.
 */
function noSuchKey(revokedAt: number | undefined, unproven: JsonMembers): TokenRejected {
  const renewable = revokedAt !== undefined && understandsChallenges(unproven);
  return new TokenRejected(
    'signature',
    'The access token is not accepted: no such key signs for the issuer.',
    renewable ? { renewFrom: Math.ceil(revokedAt / 1000) } : {},
  );
}

function isScopes(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 8192;
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
  return new TokenRejected('issuer', 'The access token is from the wrong issuer.', {
    found: claimedIssuer.slice(0, 200),
  });
}

function rejected(
  reason: 'malformed' | 'signature' | 'issuer' | 'not-yet-valid' | 'binding' | 'revoked',
  why: string,
) {
  return new TokenRejected(reason, `The access token is not accepted: ${why}.`);
}
