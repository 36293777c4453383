import type { KeyCredential, PasswordCredential } from '../../../contract/graph-credentials.ts';
import type { ServicePrincipalMembers } from '../../../contract/graph-service-principal.ts';
import { type ClientId, guid } from '../../../foundation/ids.ts';
import {
  type ApplicationManifest,
  changedManifest,
  emptyManifest,
} from '../../directory/application-manifest.ts';
import type { FirstPartyPrincipal } from '../../directory/first-party-principals.ts';
import { directorySpelling, type Principal } from '../../directory/service-principals.ts';
import { graphTime } from '../graph-time.ts';
import { presentRoles } from './application-shape.ts';

/** What a service principal is shown with beside itself. */
export interface PrincipalSurroundings {
  readonly settings: ServicePrincipalMembers;
  /** What its application declares; `undefined` for a managed identity, which has none. */
  readonly manifest: ApplicationManifest | undefined;
  readonly passwords: readonly PasswordCredential[];
  readonly keys: readonly KeyCredential[];
  /** Milliseconds since the epoch, of a deleted one. */
  readonly deletedAt?: number;
}

/** A service principal as Graph shows it (`spec/token-service-and-directory.md` h.1). */
export function presentServicePrincipal(principal: Principal, surroundings: PrincipalSurroundings) {
  const { principalId, clientId, displayName, tenantId } = principal;
  const { settings, passwords, keys, deletedAt } = surroundings;
  const isIdentity = principal.principalType === 'ManagedIdentity';
  const manifest = surroundings.manifest ?? emptyManifest;
  return {
    id: principalId,
    deletedDateTime: deletedAt === undefined ? null : graphTime(deletedAt),
    accountEnabled: principal.enabled,
    alternativeNames: isIdentity ? identityNames(principal) : (settings.alternativeNames ?? []),
    appDisplayName: isIdentity ? null : displayName,
    appDescription: manifest.description ?? null,
    appId: clientId,
    applicationTemplateId: null,
    appOwnerOrganizationId: isIdentity ? null : tenantId,
    appRoleAssignmentRequired: settings.appRoleAssignmentRequired ?? false,
    createdDateTime: graphTime(principal.createdAt),
    description: settings.description ?? null,
    disabledByMicrosoftStatus: null,
    displayName,
    homepage: settings.homepage ?? manifest.web.homePageUrl ?? null,
    loginUrl: settings.loginUrl ?? null,
    logoutUrl: settings.logoutUrl ?? manifest.web.logoutUrl ?? null,
    notes: settings.notes ?? null,
    notificationEmailAddresses: settings.notificationEmailAddresses ?? [],
    preferredSingleSignOnMode: settings.preferredSingleSignOnMode ?? null,
    preferredTokenSigningKeyThumbprint: settings.preferredTokenSigningKeyThumbprint ?? null,
    replyUrls: settings.replyUrls ?? [...manifest.web.redirectUris, ...manifest.spa.redirectUris],
    servicePrincipalNames: [clientId, ...(manifest.identifierUris ?? [])],
    servicePrincipalType: principal.principalType,
    signInAudience: isIdentity ? null : (manifest.signInAudience ?? 'AzureADMyOrg'),
    tags: settings.tags ?? [],
    tokenEncryptionKeyId: settings.tokenEncryptionKeyId ?? null,
    samlSingleSignOnSettings: settings.samlSingleSignOnSettings ?? null,
    addIns: manifest.addIns ?? [],
    appRoles: presentRoles(manifest.appRoles ?? []),
    info: {
      logoUrl: manifest.info?.logoUrl ?? null,
      marketingUrl: manifest.info?.marketingUrl ?? null,
      privacyStatementUrl: manifest.info?.privacyStatementUrl ?? null,
      supportUrl: manifest.info?.supportUrl ?? null,
      termsOfServiceUrl: manifest.info?.termsOfServiceUrl ?? null,
    },
    keyCredentials: keys,
    oauth2PermissionScopes: manifest.api.oauth2PermissionScopes,
    passwordCredentials: passwords,
    resourceSpecificApplicationPermissions: [],
    verifiedPublisher: { addedDateTime: null, displayName: null, verifiedPublisherId: null },
  };
}

/** The tenant that Azure's own applications belong to. */
const microsoftServices = 'f8cdef31-a31e-4b4a-93e4-5f571e91255a';

/** The service principal of a resource that every tenant knows. */
export function presentFirstParty({ tenantId, principalId, resource, appRoles }: FirstPartyPrincipal) {
  const shown = presentServicePrincipal(
    {
      tenantId,
      principalId,
      clientId: guid<ClientId>(resource.appId),
      displayName: resource.name,
      enabled: true,
      tokensValidFrom: 0,
      createdAt: 0,
      principalType: 'Application',
    },
    {
      settings: {},
      manifest: changedManifest(emptyManifest, {
        identifierUris: [...resource.identifiers],
        appRoles: [...appRoles],
        signInAudience: 'AzureADMultipleOrgs',
      }),
      passwords: [],
      keys: [],
    },
  );
  return { ...shown, appOwnerOrganizationId: microsoftServices };
}

function identityNames({ identity }: Extract<Principal, { readonly principalType: 'ManagedIdentity' }>) {
  const explicit = identity.kind === 'UserAssigned' ? 'True' : 'False';
  return [`isExplicit=${explicit}`, directorySpelling(identity.resourceId)];
}
