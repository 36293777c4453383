import { z } from 'zod';
import { givenKeyCredentials, keptPasswordCredentials, newPasswordCredential } from './graph-credentials.ts';
import { withoutAnnotations } from './odata.ts';

/**
 * What an application declares (Graph's `application`): the members that a caller may write, each with its bound
 * (`spec/token-service-and-directory.md` d.1, d.3, h.2). What is not given is not there; Graph's own defaults are put in
 * by whoever shows it.
 */

const line = z.string().max(256);
const text = z.string().max(1024);
const address = z.string().max(2048);
const id = z.guid().toLowerCase();
const addresses = z.array(address).max(256);
const values = z.array(line).max(256);

/** A role that can be given to people, groups and applications: `value` appears in the `roles` claim. */
export const appRole = z.object({
  id,
  allowedMemberTypes: z
    .array(z.enum(['User', 'Application']))
    .min(1)
    .max(2),
  description: text.min(1),
  displayName: line.min(1),
  isEnabled: z.boolean().default(true),
  origin: line.nullish(),
  /** Letters, digits and `:!#$%&'()*+,-./:;<=>?@[]^_{|}~`; no blank, since lists of roles are written with blanks. */
  value: z
    .string()
    .max(120)
    .regex(/^(?!\.)[\x21-\x7e]*$/)
    .transform((value) => (value === '' ? null : value))
    .nullish(),
});
export type AppRole = z.infer<typeof appRole>;

/** A delegated permission: `value` appears in the `scp` claim. */
export const permissionScope = z.object({
  id,
  adminConsentDescription: text.nullish(),
  adminConsentDisplayName: line.nullish(),
  isEnabled: z.boolean().default(true),
  origin: line.nullish(),
  /** `User`: each person decides for themselves; `Admin`: only an administrator does. */
  type: z.enum(['User', 'Admin']).default('Admin'),
  userConsentDescription: text.nullish(),
  userConsentDisplayName: line.nullish(),
  value: z
    .string()
    .max(120)
    .regex(/^(?!\.)[\x21-\x7e]+$/),
});
export type PermissionScope = z.infer<typeof permissionScope>;

export const preAuthorizedApplication = z.object({
  appId: id,
  delegatedPermissionIds: z.array(id).max(256).default([]),
});

export const api = z.object({
  acceptMappedClaims: z.boolean().nullish(),
  knownClientApplications: z.array(id).max(256).optional(),
  oauth2PermissionScopes: z.array(permissionScope).max(256).optional(),
  preAuthorizedApplications: z.array(preAuthorizedApplication).max(100).optional(),
  /** The version of access tokens for this application: 1 where nothing is said. */
  requestedAccessTokenVersion: z
    .union([z.literal(1), z.literal(2)])
    .nullable()
    .optional(),
});

export const optionalClaim = z.object({
  name: line.min(1),
  source: line.nullish(),
  essential: z.boolean().default(false),
  additionalProperties: z.array(line).max(32).default([]),
});

const claims = z.array(optionalClaim).max(64);

export const optionalClaims = z.object({
  accessToken: claims.optional(),
  idToken: claims.optional(),
  saml2Token: claims.optional(),
});

export const requiredResourceAccess = z.object({
  resourceAppId: id,
  resourceAccess: z.array(z.object({ id, type: z.enum(['Scope', 'Role']) })).max(400),
});

const redirectUriSettings = z
  .array(z.object({ uri: address, index: z.int().nullish() }))
  .max(256)
  .optional();

export const web = z.object({
  homePageUrl: address.nullish(),
  implicitGrantSettings: z
    .object({
      enableAccessTokenIssuance: z.boolean().default(false),
      enableIdTokenIssuance: z.boolean().default(false),
    })
    .optional(),
  logoutUrl: address.nullish(),
  redirectUris: addresses.optional(),
  redirectUriSettings,
});

export const spa = z.object({ redirectUris: addresses.optional() });
export const publicClient = z.object({ redirectUris: addresses.optional() });

const groupClaims = z
  .string()
  .max(128)
  .regex(
    /^(None|All|SecurityGroup|DirectoryRole|ApplicationGroup)(, ?(SecurityGroup|DirectoryRole|ApplicationGroup|All))*$/,
  );

export const addIn = z.object({
  id,
  type: line,
  properties: z.array(z.object({ key: line, value: text })).max(64),
});

const members = {
  /** Innate's own: what access tokens for the application are signed with; RS256 unless told. */
  accessTokenSigningAlgorithm: z.enum(['RS256', 'ES256']).nullish(),
  addIns: z.array(addIn).max(32).optional(),
  api: api.nullable().optional(),
  appRoles: z.array(appRole).max(256).optional(),
  defaultRedirectUri: address.nullish(),
  description: text.nullish(),
  groupMembershipClaims: groupClaims.nullish(),
  identifierUris: z.array(z.string().max(255)).max(50).optional(),
  info: z
    .object({
      logoUrl: address.nullish(),
      marketingUrl: address.nullish(),
      privacyStatementUrl: address.nullish(),
      supportUrl: address.nullish(),
      termsOfServiceUrl: address.nullish(),
    })
    .nullable()
    .optional(),
  isDeviceOnlyAuthSupported: z.boolean().nullish(),
  isFallbackPublicClient: z.boolean().nullish(),
  nativeAuthenticationApisEnabled: z.string().max(32).nullish(),
  notes: text.nullish(),
  oauth2RequirePostResponse: z.boolean().nullish(),
  optionalClaims: optionalClaims.nullable().optional(),
  parentalControlSettings: z
    .object({
      countriesBlockedForMinors: z.array(z.string().max(8)).max(300).default([]),
      legalAgeGroupRule: line.default('Allow'),
    })
    .nullable()
    .optional(),
  publicClient: publicClient.nullable().optional(),
  requiredResourceAccess: z.array(requiredResourceAccess).max(50).optional(),
  samlMetadataUrl: address.nullish(),
  serviceManagementReference: text.nullish(),
  signInAudience: z
    .enum([
      'AzureADMyOrg',
      'AzureADMultipleOrgs',
      'AzureADandPersonalMicrosoftAccount',
      'PersonalMicrosoftAccount',
    ])
    .nullish(),
  spa: spa.nullable().optional(),
  tags: values.optional(),
  tokenEncryptionKeyId: id.nullish(),
  /** Unique in the tenant; once set it stays. */
  uniqueName: z
    .string()
    .max(128)
    .regex(/^[\x21-\x7e]+$/)
    .nullish(),
  web: web.nullable().optional(),
};

/** Every member that an application holds beside its name, as rows keep them. */
export const applicationMembers = z.object(members);
export type ApplicationMembers = z.infer<typeof applicationMembers>;

/** A change of an application: a member given replaces the one there was. Members not known are refused. */
export const applicationChange = z.strictObject({ displayName: line.min(1).optional(), ...members });
export type ApplicationChange = z.infer<typeof applicationChange>;

/** References to owners, by address: `https://{graph}/v1.0/directoryObjects/{id}`. */
const ownersBind = z.array(z.string().max(512)).max(20).optional();

/** `POST /applications`. */
export const newApplicationBody = withoutAnnotations(
  applicationChange.extend({
    displayName: line.min(1),
    keyCredentials: givenKeyCredentials.optional(),
    passwordCredentials: z.array(newPasswordCredential).max(20).optional(),
    'owners@odata.bind': ownersBind,
  }),
);

/** `PATCH /applications/{id}`: lists of credentials are what remains, and certificates that are new. */
export const changedApplicationBody = withoutAnnotations(
  applicationChange.extend({
    keyCredentials: givenKeyCredentials.optional(),
    passwordCredentials: keptPasswordCredentials.optional(),
  }),
);
