import type { DomainError } from '../../foundation/domain-error.ts';
import type { SignIn, SignInCredential, SignInKind } from '../audit/sign-in.ts';
import type { Tenant } from '../directory/directory-store.ts';
import type { Principal } from '../directory/service-principals.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import type { Spending } from '../storage/journal.ts';
import { accountOf, clientIdOf } from './claims.ts';
import type { AuthenticatedClient, PublicClient } from './client-authentication.ts';
import type { TokenDecision } from './token-decision.ts';

/** What of a request is the same however it ends. */
export interface SignInCircumstances {
  readonly signInId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly correlationId: string;
  readonly address: string;
  readonly grant: string | undefined;
}

/** Grants that begin with a person at a page; others go on from there. */
const interactiveGrants = new Set<string | undefined>([
  'authorization_code',
  'urn:ietf:params:oauth:grant-type:device_code',
]);

/** The record of a token that is issued. */
export function grantedSignIn(
  decision: TokenDecision,
  client: AuthenticatedClient | PublicClient,
  circumstances: SignInCircumstances,
): SignIn {
  const { subject, resource, requested } = decision;
  const { grant, ...rest } = circumstances;
  const { tenantId, displayName } = accountOf(subject);
  const shared = {
    ...rest,
    ...(grant === undefined ? {} : { grant }),
    tenantId,
    accountName: displayName,
    clientId: clientIdOf(subject),
    resourceAppId: resource.appId,
    resource: requested,
    errorCode: 0,
    ...credentialOf(client),
  };
  if (subject.kind === 'application') {
    return { ...shared, accountId: subject.principal.principalId, ...principalFacts(subject.principal) };
  }
  return {
    ...shared,
    accountId: subject.user.userId,
    clientName: subject.client.displayName,
    kind: interactiveGrants.has(grant) ? 'interactiveUser' : 'nonInteractiveUser',
    scopes: subject.scopes,
    methods: subject.methods,
  };
}

/** The record of a request that is refused: for whom it was, as far as that was found out. */
export function refusedSignIn(
  tenant: Tenant,
  refusal: { readonly code: string | undefined; readonly message: string },
  claimed: {
    readonly clientId: string | undefined;
    readonly principal: Principal | undefined;
    readonly resource: string | undefined;
  },
  circumstances: SignInCircumstances,
): SignIn {
  const { grant, ...rest } = circumstances;
  const { clientId, principal, resource } = claimed;
  return {
    ...rest,
    ...(grant === undefined ? {} : { grant: grant.slice(0, longestText) }),
    tenantId: tenant.tenantId,
    ...(clientId === undefined ? {} : { clientId }),
    ...(resource === undefined ? {} : { resource: resource.slice(0, longestText) }),
    credential: 'none',
    errorCode: Number(refusal.code ?? '0') || unspecified,
    failureReason: refusal.message.slice(0, longestText),
    ...(principal === undefined
      ? { kind: 'servicePrincipal' }
      : {
          accountId: principal.principalId,
          accountName: principal.displayName,
          ...principalFacts(principal),
        }),
  };
}

/** What a request uses up, where it shows an assertion that is good once. */
export function spentBy(client: AuthenticatedClient | PublicClient): Spending | undefined {
  if (client.proof === 'none') return undefined;
  const { assertion, principal } = client;
  if (assertion?.onceOnly !== true || assertion.jti === undefined) return undefined;
  return {
    tenantId: principal.tenantId,
    clientId: principal.clientId,
    jti: assertion.jti,
    expiresAt: assertion.expiresAt,
    replay,
  };
}

/** The refusal of an assertion that was used before (T11). */
export function replayed(): DomainError {
  return aadsts(50012, { reason: 'The client assertion has been used before.' });
}

const replay = { errorCode: 50012, failureReason: replayed().message };

const longestText = 1024;
/** A refusal without a number of its own: AADSTS9002313 is what its answer says. */
const unspecified = 9_002_313;

function principalFacts(principal: Principal) {
  if (principal.principalType === 'Application') return { kind: 'servicePrincipal' as SignInKind };
  const { kind: identityKind, resourceId: identityResourceId } = principal.identity;
  return { kind: 'managedIdentity' as SignInKind, identityKind, identityResourceId };
}

function credentialOf(client: AuthenticatedClient | PublicClient) {
  if (client.proof === 'none') return { credential: 'none' as SignInCredential };
  const { credential: credentialId, federation, hostResourceId } = client;
  return {
    credential: credentialKind(client),
    ...(credentialId === undefined ? {} : { credentialId }),
    ...(hostResourceId === undefined ? {} : { hostResourceId }),
    ...(federation === undefined
      ? {}
      : { federated: { issuer: federation.issuer, subject: federation.subject } }),
  };
}

function credentialKind({ proof, hostResourceId, assertion }: AuthenticatedClient): SignInCredential {
  switch (proof) {
    case 'secret':
      return 'clientSecret';
    case 'federated':
      return 'federatedIdentityCredential';
    case 'certificate':
      if (hostResourceId !== undefined) return 'managedIdentity';
      return assertion === undefined ? 'certificate' : 'clientAssertion';
    default:
      return proof satisfies never;
  }
}
