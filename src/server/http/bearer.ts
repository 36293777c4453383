import { DomainError } from '../../foundation/domain-error.ts';
import type { ClientId, PrincipalId, TenantId } from '../../foundation/ids.ts';

declare const verified: unique symbol;

/** What a token said of who calls. */
export interface CallerFacts {
  readonly tenantId: TenantId;
  /** Object id of who the token is about: of a person, where `principalType` is `User`. */
  readonly principalId: PrincipalId;
  /** The application that the token was given to: the principal itself, or the one that acts as the person. */
  readonly clientId: ClientId;
  readonly principalType: 'Application' | 'ManagedIdentity' | 'User';
  /** What the application may do as the person; empty where it acts for itself. */
  readonly scopes: readonly string[];
  readonly issuer: string;
  readonly audience: string;
  /** `uti`: the unique id of the token, for audit. */
  readonly tokenId: string;
  /** Epoch seconds. */
  readonly issuedAt: number;
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/** Who calls, as the one verifier found it. Only `tokens/verify` makes one, so having it is proof of verification. */
export interface Caller extends CallerFacts {
  readonly [verified]: true;
}

/** Why a token does not hold. Surfaces word each in their dialect. */
export type RejectionReason =
  | 'missing' // no Authorization header
  | 'malformed' // not `Bearer <compact JWS>`, or not of the form that we issue
  | 'signature'
  | 'issuer'
  | 'audience'
  | 'expired'
  | 'not-yet-valid'
  | 'binding' // bound to a certificate that the connection does not show
  | 'revoked'; // the principal is gone or disabled, or the token is older than its `tokensValidFrom`

export class TokenRejected extends DomainError {
  readonly reason: RejectionReason;
  /** The claim's own value where the surface's message quotes it (audience, issuer, expiry). */
  readonly found: string | undefined;
  /**
   * Epoch seconds: a token that is no older would hold, and the client said that it understands to be told so. Absent
   * where no new token helps.
   */
  readonly renewFrom: number | undefined;

  constructor(
    reason: RejectionReason,
    message: string,
    { found, renewFrom }: { readonly found?: string; readonly renewFrom?: number } = {},
  ) {
    super(reason === 'missing' ? 'unauthenticated' : 'credential-rejected', message);
    this.reason = reason;
    this.found = found;
    this.renewFrom = renewFrom;
  }
}

/**
 * Which tokens of people a surface takes: those with the one scope that opens it, or, where each of its operations asks
 * for scopes of its own, all.
 */
export type AcceptedUsers = { readonly scope: string } | 'by-operation';

/** The one way from a token to a caller. */
export interface TokenVerifier {
  /**
   * Checks form, key by (issuer, kid), signature, issuer, audience, times, and that whom the token is about, and the
   * application it was given to, still stand.
   *
   * @param audiences the audiences this surface answers to, without trailing slash
   * @param users which tokens of people are taken; none unless told
   * @param certificate SHA-256 (base64url) of the certificate that the connection shows; asked for a bound token alone
   * @throws TokenRejected where the token does not hold
   */
  verify(
    token: string,
    audiences: readonly string[],
    users?: AcceptedUsers,
    certificate?: () => string | undefined,
  ): Promise<Caller>;
}

/** Goes on speaking for a caller after the request that brought the token. */
export interface CallerResumption {
  /**
   * The caller of long work once more, from the facts that were kept when it began: whom they are about, and the
   * application the token was given to, must stand as they must for a token. Its lifetime alone is no matter.
   *
   * @throws TokenRejected `revoked` where the token would not be taken any more
   */
  resume(facts: CallerFacts): Promise<Caller>;
}

/**
 * The token of an `Authorization` header, `Bearer` or `mtls_pop`: what binds a token is the token, whatever it is called.
 *
 * @throws TokenRejected `missing` without a header, `malformed` where it is not exactly one bearer token
 */
export function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined || authorization === '') {
    throw new TokenRejected('missing', 'the Authorization header is missing');
  }
  const match = /^(?:Bearer|mtls_pop) +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i.exec(
    authorization,
  );
  if (match === null) throw new TokenRejected('malformed', 'the Authorization header is not a bearer token');
  return match[1] as string;
}
