import { z } from 'zod';
import { keyCredential, passwordCredential } from './graph-credentials.ts';

/** Wire shapes of the Graph slice (`spec/token-service-and-directory.md` h). */

const text = z.string().nullable();
const texts = z.array(z.string());

/** A service principal; of a managed identity, or of an application (h.1). */
export const servicePrincipal = z.object({
  '@odata.type': z.literal('#microsoft.graph.servicePrincipal').optional(),
  id: z.string(),
  appId: z.string(),
  appDisplayName: z.string().nullable(),
  displayName: z.string(),
  servicePrincipalType: z.enum(['ManagedIdentity', 'Application']),
  /** Of a managed identity: `isExplicit=True|False` and the ARM id with `resourcegroups` in lower case. */
  alternativeNames: z.array(z.string()),
  servicePrincipalNames: z.array(z.string()),
  accountEnabled: z.boolean(),
  appOwnerOrganizationId: z.string().nullable(),
  createdDateTime: z.string(),
  deletedDateTime: text,
  appRoleAssignmentRequired: z.boolean(),
  appRoles: z.array(z.unknown()),
  oauth2PermissionScopes: z.array(z.unknown()),
  keyCredentials: z.array(keyCredential),
  passwordCredentials: z.array(passwordCredential),
  tags: texts,
  replyUrls: texts,
  notificationEmailAddresses: texts,
  addIns: z.array(z.unknown()),
  resourceSpecificApplicationPermissions: z.array(z.unknown()),
  signInAudience: text,
  homepage: text,
  logoutUrl: text,
  loginUrl: text,
  notes: text,
  description: text,
  preferredSingleSignOnMode: text,
  samlSingleSignOnSettings: z.unknown(),
  tokenEncryptionKeyId: text,
  applicationTemplateId: text,
  disabledByMicrosoftStatus: text,
});
export type ServicePrincipal = z.infer<typeof servicePrincipal>;

/** A page of service principals; `@odata.nextLink` is absolute and opaque. */
export const servicePrincipalPage = z.object({
  '@odata.context': z.string(),
  '@odata.count': z.int().optional(),
  '@odata.nextLink': z.string().optional(),
  value: z.array(servicePrincipal.partial()),
});

/** Body of `POST /directoryObjects/getByIds`: at most 1000 ids. */
export const getByIdsBody = z.object({
  ids: z.array(z.string().max(64)).min(1).max(1000),
  types: z.array(z.string().max(64)).max(32).optional(),
});

export const graphError = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    innerError: z.object({
      /** `YYYY-MM-DDTHH:MM:SS`, without a zone. */
      date: z.string(),
      'request-id': z.string(),
      'client-request-id': z.string(),
    }),
  }),
});
export type GraphError = z.infer<typeof graphError>;
