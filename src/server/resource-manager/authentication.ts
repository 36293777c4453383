import type { CloudProfile } from '../../contract/cloud-profile.ts';
import type { TenantId } from '../../foundation/ids.ts';
import { bearerToken, type Caller, TokenRejected, type TokenVerifier } from '../http/bearer.ts';
import { claimsChallenge } from '../http/claims-challenge.ts';
import { ArmError } from '../http/dialects/arm.ts';
import type { Subscription } from './subscription-store.ts';

/** Origins under which the deployment's surfaces are reached, without trailing slash. */
export interface Origins {
  readonly login: string;
  readonly management: string;
  readonly graph: string;
}

/** Azure Service Management's own application: what a token for it may name instead of an address. */
const managementAppId = '797f4846-ba00-4fd7-ba43-dac1f8f63013';

/** Audiences of the tokens that are good here, without trailing slash; clients ask for one or the other (a.13). */
export function managementAudiences(profile: CloudProfile, origins: Origins): readonly string[] {
  return [
    ...new Set([
      'https://management.azure.com',
      'https://management.core.windows.net',
      `https://${profile.management}`,
      origins.management,
    ]),
  ];
}

export interface Authentication {
  readonly verifier: TokenVerifier;
  readonly profile: CloudProfile;
  readonly origins: Origins;
}

/**
 * Who calls. The challenge names the tenant of the subscription that is asked for: tools find it out so (a.4).
 *
 * @param certificate SHA-256 (base64url) of the certificate that the connection shows
 * @throws ArmError 401
 */
export async function authenticate(
  { verifier, profile, origins }: Authentication,
  authorization: string | undefined,
  subscription: Subscription | undefined,
  certificate: () => string | undefined,
): Promise<Caller> {
  const audiences = managementAudiences(profile, origins);
  try {
    return await verifier.verify(
      bearerToken(authorization),
      [...audiences, managementAppId],
      { scope: 'user_impersonation' },
      certificate,
    );
  } catch (error) {
    if (!(error instanceof TokenRejected)) throw error;
    throw unauthorized(
      error,
      authorization,
      `${origins.login}/${subscription?.tenantId ?? 'common'}`,
      audiences,
    );
  }
}

function unauthorized(
  error: TokenRejected,
  authorization: string | undefined,
  authority: string,
  audiences: readonly string[],
): ArmError {
  const [code, message] = wording(error, authorization, audiences);
  return new ArmError(error.kind, code, message, {
    headers:
      renewal(authority, error) ?? challenge(authority, error.reason === 'missing' ? undefined : message),
    cause: error,
  });
}

function wording(
  error: TokenRejected,
  authorization: string | undefined,
  audiences: readonly string[],
): readonly [string, string] {
  switch (error.reason) {
    case 'missing':
      return ['AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing."];
    case 'malformed':
      return /^Bearer +\S+$/i.test(authorization ?? '')
        ? ['InvalidAuthenticationToken', 'The access token is invalid.']
        : [
            'AuthenticationFailedInvalidHeader',
            "Authentication failed. The 'Authorization' header is provided in an invalid format.",
          ];
    case 'audience':
      return [
        'InvalidAuthenticationTokenAudience',
        `The access token has been obtained for wrong audience or resource '${error.found ?? ''}'. It should exactly match with one of the allowed audiences '${audiences.join("','")}'.`,
      ];
    case 'expired':
      return [
        'ExpiredAuthenticationToken',
        `The access token expiry UTC time '${error.found ?? ''}' is earlier than current UTC time.`,
      ];
    case 'signature':
    case 'issuer':
    case 'not-yet-valid':
    case 'binding':
    case 'revoked':
      return ['InvalidAuthenticationToken', 'The access token is invalid.'];
  }
}

function renewal(authority: string, error: TokenRejected): Readonly<Record<string, string>> | undefined {
  const value = claimsChallenge(error, `${authority}/oauth2/authorize`);
  return value === undefined ? undefined : { 'WWW-Authenticate': value };
}

/** Header values are quoted strings: what a caller sent is not repeated inside them. */
function challenge(authority: string, description: string | undefined): Readonly<Record<string, string>> {
  const quoted = (description ?? 'The authentication failed because of missing Authorization header.')
    .replace(/[^\x20-\x7e]/g, '')
    .replaceAll('\\', '')
    .replaceAll('"', "'");
  return {
    'WWW-Authenticate': `Bearer authorization_uri="${authority}", error="invalid_token", error_description="${quoted}"`,
  };
}

/**
 * The subscription's tenant must be the token's.
 *
 * @throws ArmError 401 `InvalidAuthenticationTokenTenant`, the same for everything in the subscription, there or not
 */
export function requireTrust(
  { profile, origins }: Pick<Authentication, 'profile' | 'origins'>,
  caller: Caller,
  subscription: Pick<Subscription, 'tenantId'>,
): void {
  if (caller.tenantId === subscription.tenantId) return;
  const issuer = (tenantId: TenantId) => `https://${profile.v1IssuerHost}/${tenantId}/`;
  const authority = `${origins.login}/${subscription.tenantId}`;
  const message = `The access token is from the wrong issuer '${issuer(caller.tenantId)}'. It must match the tenant '${issuer(subscription.tenantId)}' associated with this subscription. Please use the authority (URL) '${authority}' to get the token. Note, if the subscription is transferred to another tenant there is no impact to the services, but information about new tenant could take time to propagate (up to an hour). If you just transferred your subscription and see this error message, please try back later.`;
  throw new ArmError('foreign-tenant', 'InvalidAuthenticationTokenTenant', message, {
    headers: challenge(authority, message),
  });
}
