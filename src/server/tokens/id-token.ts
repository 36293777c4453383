import type { CloudProfile } from '../../contract/cloud-profile.ts';
import type { ClientId } from '../../foundation/ids.ts';
import type { User } from '../directory/user-store.ts';
import { backDating, pairwiseSubject } from './claims.ts';
import type { OpenidScope } from './delegated-scope.ts';
import { issuerOf, type TokenVersion } from './issuers.ts';

/** What an id token tells, beside whose it is. */
export interface IdTokenFacts {
  readonly user: User;
  /** The audience. */
  readonly clientId: ClientId;
  readonly version: TokenVersion;
  readonly openid: ReadonlySet<OpenidScope>;
  readonly nonce: string | undefined;
  readonly methods: readonly string[];
  /** Milliseconds since the epoch: when the person signed in, and now. */
  readonly signedInAt: number;
  readonly now: number;
  /** Left half of the digest of what comes beside it from the authorisation endpoint (OpenID Connect Core §3.3.2.11). */
  readonly codeHash?: string;
}

const lifetime = 3600;

/** Claims of an id token (OpenID Connect Core §2, d.3). It has neither `idtyp` nor `scp`: no surface takes it for more. */
export function idTokenClaims(profile: CloudProfile, facts: IdTokenFacts): Readonly<Record<string, unknown>> {
  const { user, clientId, version, openid, nonce, methods, codeHash } = facts;
  const { tenantId, userId, userPrincipalName } = user;
  const now = Math.max(Math.floor(facts.now / 1000), Math.ceil(user.tokensValidFrom / 1000));
  const mail = user.profile['mail'];
  const givenName = user.profile['givenName'];
  const surname = user.profile['surname'];
  return {
    aud: clientId,
    iss: issuerOf(profile, version, tenantId),
    iat: now - backDating,
    nbf: now - backDating,
    exp: now + lifetime,
    auth_time: Math.floor(facts.signedInAt / 1000),
    ...(nonce === undefined ? {} : { nonce }),
    ...(codeHash === undefined ? {} : { c_hash: codeHash }),
    ...(openid.has('email') && typeof mail === 'string' ? { email: mail } : {}),
    name: user.displayName,
    oid: userId,
    preferred_username: userPrincipalName,
    sub: pairwiseSubject(tenantId, userId, clientId),
    tid: tenantId,
    ...(version === 'v1'
      ? {
          ...(methods.length === 0 ? {} : { amr: methods }),
          ...(typeof surname === 'string' ? { family_name: surname } : {}),
          ...(typeof givenName === 'string' ? { given_name: givenName } : {}),
          unique_name: userPrincipalName,
          upn: userPrincipalName,
          ver: '1.0',
        }
      : { ver: '2.0' }),
  };
}

/** `client_info`: who the account is, for a client that files it (c.3). */
export function clientInfoOf({ userId, tenantId }: User): string {
  return Buffer.from(JSON.stringify({ uid: userId, utid: tenantId })).toString('base64url');
}
