import type { KeyCredential, PasswordCredential } from '../../../contract/graph-credentials.ts';
import type { Application } from '../../directory/application-store.ts';
import { graphTime } from '../graph-time.ts';

/** An application as Graph shows it: every member, with Graph's own default where it declares nothing. */
export function presentApplication(
  { objectId, clientId, displayName, manifest, createdAt }: Application,
  {
    publisherDomain,
    passwords,
    keys,
    deletedAt,
  }: {
    readonly publisherDomain: string;
    readonly passwords: readonly PasswordCredential[];
    readonly keys: readonly KeyCredential[];
    /** Milliseconds since the epoch, of a deleted one. */
    readonly deletedAt?: number;
  },
) {
  const { api, web, spa, publicClient, info, optionalClaims } = manifest;
  return {
    id: objectId,
    deletedDateTime: deletedAt === undefined ? null : graphTime(deletedAt),
    appId: clientId,
    applicationTemplateId: null,
    certification: null,
    createdDateTime: graphTime(createdAt),
    defaultRedirectUri: manifest.defaultRedirectUri ?? null,
    description: manifest.description ?? null,
    disabledByMicrosoftStatus: null,
    displayName,
    groupMembershipClaims: manifest.groupMembershipClaims ?? null,
    identifierUris: manifest.identifierUris ?? [],
    isDeviceOnlyAuthSupported: manifest.isDeviceOnlyAuthSupported ?? null,
    isFallbackPublicClient: manifest.isFallbackPublicClient ?? null,
    nativeAuthenticationApisEnabled: manifest.nativeAuthenticationApisEnabled ?? null,
    notes: manifest.notes ?? null,
    oauth2RequirePostResponse: manifest.oauth2RequirePostResponse ?? false,
    publisherDomain,
    requestSignatureVerification: null,
    samlMetadataUrl: manifest.samlMetadataUrl ?? null,
    serviceManagementReference: manifest.serviceManagementReference ?? null,
    servicePrincipalLockConfiguration: null,
    signInAudience: manifest.signInAudience ?? 'AzureADMyOrg',
    tags: manifest.tags ?? [],
    tokenEncryptionKeyId: manifest.tokenEncryptionKeyId ?? null,
    uniqueName: manifest.uniqueName ?? null,
    optionalClaims:
      optionalClaims == null
        ? null
        : {
            accessToken: optionalClaims.accessToken ?? [],
            idToken: optionalClaims.idToken ?? [],
            saml2Token: optionalClaims.saml2Token ?? [],
          },
    // not a member of Graph's: shown where it was chosen
    ...(manifest.accessTokenSigningAlgorithm == null
      ? {}
      : { accessTokenSigningAlgorithm: manifest.accessTokenSigningAlgorithm }),
    addIns: manifest.addIns ?? [],
    api: {
      acceptMappedClaims: api.acceptMappedClaims ?? null,
      knownClientApplications: api.knownClientApplications ?? [],
      oauth2PermissionScopes: api.oauth2PermissionScopes,
      preAuthorizedApplications: api.preAuthorizedApplications,
      requestedAccessTokenVersion: api.requestedAccessTokenVersion ?? null,
    },
    appRoles: presentRoles(manifest.appRoles ?? []),
    info: {
      logoUrl: info?.logoUrl ?? null,
      marketingUrl: info?.marketingUrl ?? null,
      privacyStatementUrl: info?.privacyStatementUrl ?? null,
      supportUrl: info?.supportUrl ?? null,
      termsOfServiceUrl: info?.termsOfServiceUrl ?? null,
    },
    keyCredentials: keys,
    parentalControlSettings: manifest.parentalControlSettings ?? {
      countriesBlockedForMinors: [],
      legalAgeGroupRule: 'Allow',
    },
    passwordCredentials: passwords,
    publicClient: { redirectUris: publicClient.redirectUris },
    requiredResourceAccess: manifest.requiredResourceAccess ?? [],
    spa: { redirectUris: spa.redirectUris },
    verifiedPublisher: { addedDateTime: null, displayName: null, verifiedPublisherId: null },
    web: {
      homePageUrl: web.homePageUrl ?? null,
      implicitGrantSettings: {
        enableAccessTokenIssuance: web.implicitGrantSettings?.enableAccessTokenIssuance ?? false,
        enableIdTokenIssuance: web.implicitGrantSettings?.enableIdTokenIssuance ?? false,
      },
      logoutUrl: web.logoutUrl ?? null,
      redirectUris: web.redirectUris,
      redirectUriSettings: web.redirectUriSettings ?? web.redirectUris.map((uri) => ({ uri, index: null })),
    },
  };
}

/** App roles with the members that Graph always shows. */
export function presentRoles(roles: NonNullable<Application['manifest']['appRoles']>) {
  return roles.map((role) => ({ ...role, origin: role.origin ?? 'Application', value: role.value ?? null }));
}
