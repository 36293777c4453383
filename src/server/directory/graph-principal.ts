import type { ServicePrincipal } from '../../contract/graph.ts';
import { directorySpelling, type Principal } from './service-principals.ts';

/** A principal as Graph shows it (`spec/token-service-and-directory.md` h.1). */
export function graphPrincipal(principal: Principal): ServicePrincipal {
  const { principalId, clientId, displayName, tenantId } = principal;
  const isIdentity = principal.principalType === 'ManagedIdentity';
  return {
    id: principalId,
    deletedDateTime: null,
    accountEnabled: principal.enabled,
    alternativeNames: isIdentity
      ? [
          `isExplicit=${principal.identity.kind === 'UserAssigned' ? 'True' : 'False'}`,
          directorySpelling(principal.identity.resourceId),
        ]
      : [],
    appDisplayName: isIdentity ? null : displayName,
    appId: clientId,
    applicationTemplateId: null,
    appOwnerOrganizationId: isIdentity ? null : tenantId,
    appRoleAssignmentRequired: false,
    createdDateTime: `${new Date(principal.createdAt).toISOString().slice(0, 19)}Z`,
    description: null,
    disabledByMicrosoftStatus: null,
    displayName,
    homepage: null,
    loginUrl: null,
    logoutUrl: null,
    notes: null,
    notificationEmailAddresses: [],
    preferredSingleSignOnMode: null,
    replyUrls: [],
    servicePrincipalNames: [clientId],
    servicePrincipalType: principal.principalType,
    signInAudience: null,
    tags: [],
    tokenEncryptionKeyId: null,
    samlSingleSignOnSettings: null,
    addIns: [],
    appRoles: [],
    keyCredentials: [],
    oauth2PermissionScopes: [],
    passwordCredentials: [],
    resourceSpecificApplicationPermissions: [],
  };
}

/** The members that `$select` names; unknown ones are passed over. Everything without a selection. */
export function selectMembers(
  principal: ServicePrincipal,
  select: string | undefined,
): Partial<ServicePrincipal> {
  if (select === undefined || select.trim() === '') return principal;
  const wanted = new Set(select.split(',').map((name) => name.trim().toLowerCase()));
  return Object.fromEntries(Object.entries(principal).filter(([name]) => wanted.has(name.toLowerCase())));
}
