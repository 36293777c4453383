import type { FastifyRequest } from 'fastify';
import { formatScope, parseScope, type Scope } from '../../contract/resource-id.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { ClientId, TenantId } from '../../foundation/ids.ts';
import { type Authorizer, decideFromRows } from '../authorization/evaluate.ts';
import { bearerToken, type Caller, TokenRejected, type TokenVerifier } from '../http/bearer.ts';
import { claimsChallenge } from '../http/claims-challenge.ts';
import { ArmError } from '../http/dialects/arm.ts';
import { presentedCertificate } from '../http/presented-certificate.ts';
import type { MayHold } from '../managed-identities/provider-credentials.ts';
import type { Queries } from '../storage/database.ts';
import { claimedTenant } from './address.ts';
import { identityRights } from './rights.ts';

export interface Access {
  readonly verifier: TokenVerifier;
  readonly audiences: readonly string[];
  /** `https://<login>` */
  readonly loginOrigin: string;
  /** Certificates that applications have registered. */
  readonly certificates: {
    find(
      tenantId: TenantId,
      clientId: ClientId,
      thumbprint: { readonly algorithm: 'sha-256'; readonly value: string },
    ): Promise<{ readonly notBefore: number; readonly notAfter: number } | undefined>;
  };
  readonly clock: Clock;
}

/**
 * The resource provider that asks: an application by itself, whose token is of the tenant that the URL names, over a
 * connection that shows a certificate of this very application. So a token that was stolen opens nothing, whether it is
 * bound to the certificate or not.
 *
 * @throws ArmError 401, 403
 */
export async function authenticateProvider(request: FastifyRequest, access: Access): Promise<Caller> {
  const tenantId = claimedTenant(request);
  const authority = `${access.loginOrigin}/${tenantId ?? 'common'}`;
  const caller = await callerOf(request, access, authority);
  if (caller.tenantId !== tenantId) {
    throw refused(
      'foreign-tenant',
      'InvalidAuthenticationTokenTenant',
      authority,
      'The access token is of another tenant than the identity URL.',
    );
  }
  const certificate = presentedCertificate(request);
  if (certificate === undefined) {
    throw refused(
      'credential-rejected',
      'ClientCertificateRequired',
      authority,
      'The connection shows no certificate.',
    );
  }
  if (!(await isOf(access, caller, certificate))) {
    throw refused(
      'credential-rejected',
      'InvalidClientCertificate',
      authority,
      'The certificate of the connection is none of the calling application, or is not valid now.',
    );
  }
  if (caller.principalType !== 'Application') {
    throw new ArmError(
      'forbidden',
      'AuthorizationFailed',
      'Only applications are given credentials of identities.',
    );
  }
  return caller;
}

/** TLS has proven that the connection's client holds the key: what is left is whose certificate it is, and whether it stands. */
async function isOf({ certificates, clock }: Access, caller: Caller, value: string): Promise<boolean> {
  const { tenantId, clientId } = caller;
  const found = await certificates.find(tenantId, clientId, { algorithm: 'sha-256', value });
  return found !== undefined && found.notBefore <= clock.now() && found.notAfter > clock.now();
}

async function callerOf(request: FastifyRequest, access: Access, authority: string): Promise<Caller> {
  try {
    return await access.verifier.verify(
      bearerToken(request.headers.authorization),
      access.audiences,
      undefined,
      () => presentedCertificate(request),
    );
  } catch (error) {
    if (!(error instanceof TokenRejected)) throw error;
    const missing = error.reason === 'missing';
    const renewal = claimsChallenge(error, `${authority}/oauth2/authorize`);
    throw new ArmError(
      error.kind,
      missing ? 'AuthenticationFailed' : 'InvalidAuthenticationToken',
      missing ? "The 'Authorization' header is missing." : `The access token is refused (${error.reason}).`,
      { headers: { 'WWW-Authenticate': renewal ?? challenge(authority) }, cause: error },
    );
  }
}

function refused(
  kind: 'credential-rejected' | 'foreign-tenant',
  code: string,
  authority: string,
  message: string,
): ArmError {
  return new ArmError(kind, code, message, { headers: { 'WWW-Authenticate': challenge(authority) } });
}

/** As clients of this API version read it: the audience is the provider's own setting (c.2). */
function challenge(authority: string): string {
  return `Bearer authorization="${authority}"`;
}

/**
 * That the provider may do this at a resource, there or not, by the rows of this transaction.
 *
 * @throws ArmError 403 `AuthorizationFailed`
 */
export async function requireRight(
  queries: Queries,
  { tenantId, principalId, clientId }: Caller,
  action: string,
  scope: Scope,
): Promise<void> {
  const decision = await decideFromRows(queries, { tenantId, principalId, action, scope, plane: 'data' });
  if (decision.allowed) return;
  throw new ArmError(
    'forbidden',
    'AuthorizationFailed',
    `The client '${clientId}' with object id '${principalId}' does not have authorization to perform action '${action}' over scope '${formatScope(scope)}'.`,
  );
}

/** Whether a resource provider may have, now, what it was given before: of one that may not, no credential counts. */
export function mayHold(authorizer: Authorizer): MayHold {
  return async ({ tenantId, providerId: principalId, resourceId }) => {
    const scope = parseScope(resourceId);
    const action = identityRights.credentials;
    return (await authorizer.decide({ tenantId, principalId, action, scope, plane: 'data' })).allowed;
  };
}
