import { z } from 'zod';
import { type CloudProfile, identityHost } from './cloud-profile.ts';

/** Of the managed identity service that resource providers ask (`msi-credentials-data-plane.openapi.v2.json`). */
export const identityServiceVersion = '2024-01-01';

const resourceId = z.string().min(1).max(2048);

/** What the provider asserts of the resource; it is written into the certificate. */
const customClaims = z.object({
  xms_az_tm: z.enum(['azureinfra', 'user']).optional(),
  xms_az_nwperimid: z.array(z.guid()).max(5).optional(),
});

export type CustomClaims = z.infer<typeof customClaims>;

/** Body of `POST {identity url}`. */
export const credentialsOfResource = z.object({
  /** Ids of user-assigned identities that the resource carries. */
  identityIds: z.array(resourceId).max(50).optional(),
  /** `internal_id` of further resources, whose own identities are wanted as well. */
  delegatedResources: z.array(resourceId).max(10).optional(),
  customClaims: customClaims.optional(),
});

export type CredentialsOfResource = z.infer<typeof credentialsOfResource>;

/** Body of `POST {identity url}/proxy/move`. */
export const identityMove = z.object({ targetResourceId: resourceId });

/** A certificate of one identity, with its key. Times are RFC 3339. */
export interface CredentialMembers {
  readonly client_id: string;
  /** PKCS #12 without a password, base64. */
  readonly client_secret: string;
  /** Where this credential alone is renewed. */
  readonly client_secret_url: string;
  readonly tenant_id: string;
  readonly object_id: string;
  readonly authentication_endpoint: string;
  readonly mtls_authentication_endpoint: string;
  readonly not_before: string;
  readonly not_after: string;
  readonly renew_after: string;
  readonly cannot_renew_after: string;
  readonly custom_claims?: CustomClaims;
}

export interface UserAssignedIdentityCredentials extends CredentialMembers {
  readonly resource_id: string;
}

export interface DelegatedResource {
  readonly internal_id: string;
  readonly resource_id: string;
  readonly explicit_identities: readonly UserAssignedIdentityCredentials[];
  readonly implicit_identity?: UserAssignedIdentityCredentials;
}

/** The members of a resource's own identity are there where it has one and the URL names it. */
export interface ManagedIdentityCredentials extends Partial<CredentialMembers> {
  readonly internal_id: string;
  readonly explicit_identities: readonly UserAssignedIdentityCredentials[];
  readonly delegated_resources?: readonly DelegatedResource[];
}

/** What an identity URL is about. */
export interface IdentityAddress {
  readonly tenantId: string;
  /** ARM id of the resource that carries the identity. */
  readonly resourceId: string;
  readonly location: string;
}

/** The URL of a resource's own identity (`spec/resource-manager.md` c.1); with it begins what is asked of the resource. */
export function systemAssignedUrl(
  profile: CloudProfile,
  { tenantId, resourceId, location }: IdentityAddress,
  { principalId, clientId }: { readonly principalId: string; readonly clientId: string },
): string {
  const query = new URLSearchParams({ tid: tenantId, oid: principalId, aid: clientId });
  return `https://${identityHost(profile, location)}${encodeURI(resourceId)}/credentials?${query}`;
}

/** The URL where one user-assigned identity on a resource is renewed. */
export function userAssignedUrl(
  profile: CloudProfile,
  { tenantId, resourceId, location }: IdentityAddress,
  clientId: string,
): string {
  const query = new URLSearchParams({ tid: tenantId, uaid: clientId });
  return `https://${identityHost(profile, location)}${encodeURI(resourceId)}/credentials/v2/userassigned?${query}`;
}
