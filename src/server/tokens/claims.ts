import { hash } from 'node:crypto';
import type { CloudProfile } from '../../contract/cloud-profile.ts';
import { directorySpelling } from '../directory/service-principals.ts';
import { issuerOf, type TokenVersion } from './issuers.ts';
import type { ClientProof, TokenDecision, TokenSubject } from './token-decision.ts';

/** Seconds by which `iat` and `nbf` precede the answer, for validators whose clock is behind (d.3). */
export const backDating = 300;
/** Seconds a token lives unless configured otherwise. */
export const defaultLifetime = 3600;
/** Seconds a token lives at most, by configuration; the verifier holds tokens to it as well. */
export const longestLifetime = 86_400;

const authenticationClass = {
  none: '0',
  secret: '1',
  certificate: '2',
  federated: '2',
} as const satisfies Record<ClientProof, string>;

/** What a token says (d.3). `v1` and `v2` differ in names, not in facts. */
export interface TokenFacts {
  readonly decision: TokenDecision;
  /** `uti` */
  readonly tokenId: string;
  /** Epoch seconds, before back-dating. */
  readonly issuedAt: number;
  /** Seconds. */
  readonly lifetime: number;
}

/** Claims that both versions have. */
interface Claims {
  readonly aud: string;
  readonly iss: string;
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  readonly [name: string]: unknown;
}

/** The claims of an access token (d.3). Nothing in them comes from the request but the audience's spelling. */
export function accessTokenClaims(profile: CloudProfile, facts: TokenFacts): Claims {
  const { decision, issuedAt, lifetime } = facts;
  const { resource, subject, proof, roles, groups, capabilities, boundTo, marks } = decision;
  const { tenantId } = accountOf(subject);
  const clientId = clientIdOf(subject);
  const iss = issuerOf(profile, resource.version, tenantId);
  const iat = issuedAt - backDating;
  // who demands a time looks at nbf alone; iat says when the token was made, which later revocations are held against
  const nbf = Math.max(iat, decision.notBefore ?? iat);
  const acr = authenticationClass[proof];
  return {
    aud: resource.audience,
    iss,
    iat,
    nbf,
    exp: issuedAt + lifetime,
    ...(resource.version === 'v1' ? { appid: clientId, appidacr: acr } : { azp: clientId, azpacr: acr }),
    ...(subject.kind === 'application'
      ? applicationClaims(subject, resource.version, iss)
      : userClaims(subject, resource.version, resource.appId)),
    tid: tenantId,
    uti: facts.tokenId,
    ver: resource.version === 'v1' ? '1.0' : '2.0',
    ...(roles === undefined || roles.length === 0 ? {} : { roles }),
    ...(groups === undefined ? {} : { groups }),
    ...(capabilities === undefined || capabilities.length === 0 ? {} : { xms_cc: capabilities }),
    ...(boundTo === undefined ? {} : { cnf: { 'x5t#S256': boundTo } }),
    ...marks,
  };
}

/** The directory's object that a token is about. */
export function accountOf(subject: TokenSubject) {
  return subject.kind === 'application' ? subject.principal : subject.user;
}

/** The application that the token is given to. */
export function clientIdOf(subject: TokenSubject) {
  return subject.kind === 'application' ? subject.principal.clientId : subject.client.clientId;
}

type ApplicationSubject = Extract<TokenSubject, { readonly kind: 'application' }>;
type UserSubject = Extract<TokenSubject, { readonly kind: 'user' }>;

function applicationClaims(
  { principal, hostResourceId }: ApplicationSubject,
  version: TokenVersion,
  iss: string,
): Record<string, string> {
  return {
    ...(version === 'v1' ? { idp: iss } : {}),
    idtyp: 'app',
    oid: principal.principalId,
    sub: principal.principalId,
    ...identityClaims(principal, hostResourceId),
  };
}

function identityClaims(
  principal: ApplicationSubject['principal'],
  hostResourceId: string | undefined,
): Record<string, string> {
  if (principal.principalType !== 'ManagedIdentity') return {};
  const { kind, resourceId } = principal.identity;
  const xms_mirid = directorySpelling(resourceId);
  if (kind === 'SystemAssigned' || hostResourceId === undefined) return { xms_mirid };
  return { xms_az_rid: directorySpelling(hostResourceId), xms_mirid };
}

function userClaims(
  { user, scopes, methods }: UserSubject,
  version: TokenVersion,
  appId: string,
): Record<string, unknown> {
  const { userId, displayName, userPrincipalName, tenantId } = user;
  return {
    idtyp: 'user',
    name: displayName,
    oid: userId,
    scp: scopes.join(' '),
    sub: pairwiseSubject(tenantId, userId, appId),
    ...(version === 'v1'
      ? {
          acr: '1',
          ...(methods.length === 0 ? {} : { amr: methods }),
          unique_name: userPrincipalName,
          upn: userPrincipalName,
        }
      : { preferred_username: userPrincipalName }),
  };
}

/** A person's name towards one application alone (OpenID Connect Core §8.1): the same each time, another elsewhere. */
export function pairwiseSubject(tenantId: string, userId: string, appId: string): string {
  return hash('sha256', `${tenantId}|${userId}|${appId}`, 'base64url');
}
