import type { CloudProfile } from '../../contract/cloud-profile.ts';
import { directorySpelling, type Principal } from '../directory/service-principals.ts';
import type { ResolvedResource } from './audiences.ts';
import { issuerOf } from './issuers.ts';

/** Seconds by which `iat` and `nbf` precede the answer, for validators whose clock is behind (d.3). */
export const backDating = 300;
/** Seconds a token lives unless configured otherwise. */
export const defaultLifetime = 3600;
/** Seconds a token lives at most, by configuration; the verifier holds tokens to it as well. */
export const longestLifetime = 86_400;

/** How the client proved itself: `appidacr` 1 and 2. */
export type ClientProof = 'secret' | 'certificate';

/** What a token for an application says (d.3). `v1` and `v2` differ in names, not in facts. */
export interface TokenFacts {
  readonly resource: ResolvedResource;
  readonly principal: Principal;
  readonly proof: ClientProof;
  /** ARM id of the resource whose host asked, as its credential records it. */
  readonly hostResourceId: string | undefined;
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
  const { resource, principal, proof, issuedAt, lifetime } = facts;
  const { tenantId, principalId, clientId } = principal;
  const iss = issuerOf(profile, resource.version, tenantId);
  const iat = issuedAt - backDating;
  const acr = proof === 'certificate' ? '2' : '1';
  return {
    aud: resource.audience,
    iss,
    iat,
    nbf: iat,
    exp: issuedAt + lifetime,
    ...(resource.version === 'v1'
      ? { appid: clientId, appidacr: acr, idp: iss }
      : { azp: clientId, azpacr: acr }),
    idtyp: 'app',
    oid: principalId,
    sub: principalId,
    tid: tenantId,
    uti: facts.tokenId,
    ver: resource.version === 'v1' ? '1.0' : '2.0',
    ...identityClaims(principal, facts.hostResourceId),
  };
}

function identityClaims(principal: Principal, hostResourceId: string | undefined): Record<string, string> {
  if (principal.principalType !== 'ManagedIdentity') return {};
  const { kind, resourceId } = principal.identity;
  const xms_mirid = directorySpelling(resourceId);
  if (kind === 'SystemAssigned' || hostResourceId === undefined) return { xms_mirid };
  return { xms_az_rid: directorySpelling(hostResourceId), xms_mirid };
}

/**
 * `uti` of a token: the exchange's GUID as sixteen octets in the order Windows writes them (first three groups little
 * endian), base64url (d.3).
 */
export function tokenIdOf(trace: string): string {
  const octets = Buffer.from(trace.replaceAll('-', ''), 'hex');
  octets.subarray(0, 4).reverse();
  octets.subarray(4, 6).reverse();
  octets.subarray(6, 8).reverse();
  return octets.toString('base64url');
}
