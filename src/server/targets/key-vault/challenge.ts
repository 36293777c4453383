import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { type CloudProfile, surfaceOf } from '../../../contract/cloud-profile.ts';
import { isKnownApiVersion, newestApiVersion } from '../../../contract/key-vault.ts';
import { canonicalId, type Scope } from '../../../contract/resource-id.ts';
import { unreachable } from '../../../foundation/domain-error.ts';
import type { Caller, TokenRejected } from '../../http/bearer.ts';
import { claimsChallenge } from '../../http/claims-challenge.ts';
import { KeyVaultError } from '../../http/dialects/key-vault.ts';
import type { Refusals } from '../target.ts';
import type { Vault } from './vaults.ts';

/** Names under which Key Vault is known as an audience, whatever the deployment's own is. */
const knownAudiences = ['https://vault.azure.net', 'cfa8b339-82a2-471a-a3c9-0fc0be7a4093'];

/** The label in front of the suffix, in lower case. */
export function vaultNameOf(request: FastifyRequest, profile: CloudProfile): string | undefined {
  const surface = surfaceOf(profile, request.headers.host ?? '');
  return surface?.kind === 'vault' ? surface.vaultName : undefined;
}

/**
 * The resource that the challenge names: the vaults' suffix, with the port that the client used, because some clients
 * compare ports when they check that it fits the vault (`spec/targets.md` 1.3).
 */
function resourceOf(request: FastifyRequest, profile: CloudProfile): string {
  const port = /:\d{1,5}$/.exec(request.headers.host ?? '')?.[0] ?? '';
  return `https://${profile.vaultSuffix}${port}`;
}

export function audiencesOf(request: FastifyRequest, profile: CloudProfile): readonly string[] {
  return [...new Set([resourceOf(request, profile), `https://${profile.vaultSuffix}`, ...knownAudiences])];
}

export interface ChallengeOptions {
  readonly profile: CloudProfile;
  /** `https://<login>[:port]` */
  readonly loginOrigin: string;
}

/** Exactly this spelling: each SDK splits the header in its own way, and this one all of them read (1.3). */
function challenge(request: FastifyRequest, vault: Vault, { profile, loginOrigin }: ChallengeOptions) {
  const resource = resourceOf(request, profile);
  return {
    'WWW-Authenticate': `Bearer authorization="${loginOrigin}/${vault.tenantId}", resource="${resource}"`,
  };
}

/**
 * Without the members of the ordinary challenge: beside `resource`, some SDKs would first try the refused token again.
 * They keep where to ask from the ordinary challenge, which came before any token.
 */
function renewal(vault: Vault, rejection: TokenRejected, { loginOrigin }: ChallengeOptions) {
  const value = claimsChallenge(rejection, `${loginOrigin}/${vault.tenantId}/oauth2/authorize`);
  return value === undefined ? undefined : { 'WWW-Authenticate': value };
}

export function keyVaultRefusals(options: ChallengeOptions): Refusals<Vault> {
  return {
    unknownPlace() {
      return new KeyVaultError('not-found', 'VaultNotFound', 'There is no vault of this name.');
    },

    unauthenticated(request, vault, rejection) {
      const message = rejectionMessage(request, vault, rejection, options);
      return new KeyVaultError(rejection.kind, 'Unauthorized', message, {
        headers: renewal(vault, rejection, options) ?? challenge(request, vault, options),
        cause: rejection,
      });
    },

    foreignTenant(request, vault, caller) {
      return new KeyVaultError(
        'foreign-tenant',
        'Unauthorized',
        invalidIssuer(vault, caller.issuer, options),
        {
          headers: challenge(request, vault, options),
        },
      );
    },

    forbidden: forbiddenByRbac,

    invalid(error: z.ZodError) {
      const [issue] = error.issues;
      const place = issue?.path.join('.') ?? '';
      // Zod's messages speak of types and bounds, never of the value.
      return new KeyVaultError(
        'invalid-value',
        'BadParameter',
        `${place === '' ? 'The request' : `'${place}'`} is not valid: ${issue?.message ?? 'malformed'}.`,
      );
    },
  };
}

function rejectionMessage(
  request: FastifyRequest,
  vault: Vault,
  { reason, found }: TokenRejected,
  options: ChallengeOptions,
): string {
  switch (reason) {
    case 'missing':
      return 'AKV10000: Request is missing a Bearer or PoP token.';
    case 'malformed':
      return 'The Authorization header does not hold one Bearer token that can be read.';
    case 'audience':
      return `AKV10022: Invalid audience. Expected ${resourceOf(request, options.profile)}, found: ${quoted(found)}.`;
    case 'issuer':
      return invalidIssuer(vault, quoted(found), options);
    case 'signature':
      return 'AKV10046: Unable to resolve the key used for signature validation.';
    case 'expired':
      return 'The token has expired.';
    case 'not-yet-valid':
      return 'The token is not valid yet.';
    case 'binding':
      return 'The token is bound to a certificate that the connection does not show.';
    case 'revoked':
      return 'The token was revoked, or its principal no longer exists or is disabled.';
    default:
      return unreachable(reason);
  }
}

/** What a token claims, cut and cleaned before it is shown to whoever sent it. */
function quoted(claimed: string | undefined): string {
  return (claimed ?? '').replace(/[^\x21-\x7e]/g, '').slice(0, 256);
}

function invalidIssuer(vault: Vault, found: string, { profile }: ChallengeOptions): string {
  const v1 = `https://${profile.v1IssuerHost}/${vault.tenantId}/`;
  const v2 = `https://${profile.login}/${vault.tenantId}/v2.0`;
  return `AKV10032: Invalid issuer. Expected one of ${v1}, ${v2}, found ${found}.`;
}

function forbiddenByRbac(vault: Vault, caller: Caller, action: string, scope: Scope): KeyVaultError {
  const lines = [
    'Caller is not authorized to perform action on resource.',
    'If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.',
    `Caller: appid=${caller.clientId};oid=${caller.principalId};iss=${caller.issuer}`,
    `Action: '${action}'`,
    `Resource: '${canonicalId(scope)}'`,
    'Assignment: (not found)',
    'DenyAssignmentId: null',
    'DecisionReason: null ',
    `Vault: ${vault.name};location=${vault.location}`,
    '',
  ];
  return new KeyVaultError('forbidden', 'Forbidden', lines.join('\r\n'), { innerCode: 'ForbiddenByRbac' });
}

/** @throws KeyVaultError for a vault under access policies: its roles do not count, and nothing else is served */
export function requireRoleBased(vault: Vault): void {
  if (vault.roleBased) return;
  throw new KeyVaultError(
    'forbidden',
    'Forbidden',
    `The vault '${vault.name}' is set to access policies, which are not supported. Set its property enableRbacAuthorization to true and assign roles.`,
    { innerCode: 'AccessDenied' },
  );
}

/** Every request names a known version, once; the parameter's own name may come percent-encoded (1.1). */
export function requireApiVersion(request: FastifyRequest): void {
  const given = (request.query as Readonly<Record<string, unknown>>)['api-version'];
  if (given === undefined || given === '') {
    throw new KeyVaultError(
      'missing-parameter',
      'BadParameter',
      'The api-version query parameter is missing.',
    );
  }
  if (typeof given !== 'string' || !isKnownApiVersion(given)) {
    throw new KeyVaultError(
      'invalid-value',
      'BadParameter',
      `The specified version (${quoted(String(given))}) is not recognized. Consider using the latest supported version (${newestApiVersion}).`,
    );
  }
}
