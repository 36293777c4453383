import type { TenantId } from '../../../foundation/ids.ts';
import { tokenIdOf } from '../../../foundation/token-id.ts';
import type { SignIn } from '../../audit/sign-in.ts';
import { firstPartyPrincipal } from '../../directory/first-party-principals.ts';
import type { Queries } from '../../storage/database.ts';

/** Names of what sign-ins have ids of. */
interface Names {
  /** By client id: the service principal, as it is today. */
  readonly principals: ReadonlyMap<string, { readonly principalId: string; readonly displayName: string }>;
  /** By object id. */
  readonly users: ReadonlyMap<string, string>;
}

/** Sign-ins as Graph shows them (h.6); null is what is not known, or not of this kind. */
export async function presentSignIns(
  queries: Queries,
  tenantId: TenantId,
  signIns: readonly SignIn[],
): Promise<readonly object[]> {
  const names = await namesOf(queries, tenantId, signIns);
  return signIns.map((signIn) => ({
    id: signIn.signInId,
    createdDateTime: new Date(signIn.at).toISOString(),
    ...accountMembers(signIn, names),
    ...credentialMembers(signIn),
    ...resourceMembers(tenantId, signIn, names),
    ipAddress: signIn.address,
    location: { city: null, state: null, countryOrRegion: null, geoCoordinates: null },
    correlationId: signIn.correlationId,
    uniqueTokenIdentifier: signIn.errorCode === 0 ? tokenIdOf(signIn.signInId) : null,
    signInEventTypes: [signIn.kind],
    isInteractive: signIn.kind === 'interactiveUser',
    authenticationProtocol: signIn.grant?.endsWith(':device_code') ? 'deviceCode' : 'oAuth2',
    incomingTokenType: signIn.grant === 'refresh_token' ? 'refreshToken' : 'none',
    status: {
      errorCode: signIn.errorCode,
      failureReason: signIn.failureReason ?? null,
      additionalDetails: null,
    },
    conditionalAccessStatus: 'notApplied',
    appliedConditionalAccessPolicies: [],
    crossTenantAccessType: 'none',
    signInTokenProtectionStatus: 'none',
    sessionLifetimePolicies: [],
    homeTenantId: tenantId,
    agent: null,
  }));
}

function isUsers({ kind }: SignIn): boolean {
  return kind === 'interactiveUser' || kind === 'nonInteractiveUser';
}

function accountMembers(signIn: SignIn, names: Names) {
  const { accountId = null, accountName = null, clientId } = signIn;
  const client = clientId === undefined ? undefined : names.principals.get(clientId);
  const ofPerson = isUsers(signIn);
  return {
    appId: clientId ?? null,
    appDisplayName: signIn.clientName ?? client?.displayName ?? (ofPerson ? null : accountName),
    appOwnerTenantId: client === undefined ? null : signIn.tenantId,
    userId: ofPerson ? accountId : null,
    userDisplayName: ofPerson ? accountName : null,
    userPrincipalName: (ofPerson && names.users.get(accountId ?? '')) || null,
    servicePrincipalId: ofPerson ? null : accountId,
    servicePrincipalName: ofPerson ? null : accountName,
    managedServiceIdentity: {
      msiType: msiType(signIn.identityKind),
      associatedResourceId: signIn.hostResourceId ?? signIn.identityResourceId ?? null,
      federatedTokenId: null,
      federatedTokenIssuer: signIn.federated?.issuer ?? null,
    },
  };
}

function msiType(kind: SignIn['identityKind']): string {
  if (kind === undefined) return 'none';
  return kind === 'SystemAssigned' ? 'systemAssigned' : 'userAssigned';
}

function credentialMembers({ credential, credentialId }: SignIn) {
  const federated = credential === 'federatedIdentityCredential';
  const certificate = ['certificate', 'clientAssertion', 'managedIdentity'].includes(credential);
  return {
    clientCredentialType: credential,
    federatedCredentialId: federated ? (credentialId ?? null) : null,
    servicePrincipalCredentialThumbprint: certificate ? (credentialId ?? null) : null,
    servicePrincipalCredentialKeyId: credential === 'clientSecret' ? (credentialId ?? null) : null,
  };
}

function resourceMembers(tenantId: TenantId, { resourceAppId, resource }: SignIn, names: Names) {
  const known =
    resourceAppId === undefined ? undefined : firstPartyPrincipal(tenantId, { appId: resourceAppId });
  const principal = resourceAppId === undefined ? undefined : names.principals.get(resourceAppId);
  return {
    resourceId: resourceAppId ?? null,
    resourceDisplayName: known?.resource.name ?? principal?.displayName ?? resource ?? null,
    resourceServicePrincipalId: known?.principalId ?? principal?.principalId ?? null,
    resourceTenantId: tenantId,
    resourceOwnerTenantId: principal === undefined ? null : tenantId,
  };
}

async function namesOf(queries: Queries, tenantId: TenantId, signIns: readonly SignIn[]): Promise<Names> {
  const clients = unique(signIns.flatMap(({ clientId, resourceAppId }) => [clientId, resourceAppId]));
  const people = unique(signIns.filter(isUsers).map(({ accountId }) => accountId));
  const principals =
    clients.length === 0
      ? []
      : await queries
          .selectFrom('principals')
          .select(['client_id', 'principal_id', 'display_name'])
          .where('tenant_id', '=', tenantId)
          .where('client_id', 'in', clients)
          .execute();
  const users =
    people.length === 0
      ? []
      : await queries
          .selectFrom('users')
          .select(['user_id', 'user_principal_name'])
          .where('tenant_id', '=', tenantId)
          .where('user_id', 'in', people)
          .execute();
  return {
    principals: new Map(
      principals.map((row) => [
        row.client_id,
        { principalId: row.principal_id, displayName: row.display_name },
      ]),
    ),
    users: new Map(users.map((row) => [row.user_id, row.user_principal_name])),
  };
}

function unique(ids: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(ids.flatMap((id) => id ?? []))];
}
