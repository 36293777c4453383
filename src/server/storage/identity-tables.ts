/** Tables of identities that resources carry. */
export interface IdentityTables {
  identity_attachments: IdentityAttachmentsTable;
  identity_restrictions: IdentityRestrictionsTable;
  provider_credentials: ProviderCredentialsTable;
}

export interface IdentityAttachmentsTable {
  tenant_id: string;
  resource_canonical: string;
  /** Canonical ARM id of the user-assigned identity; may dangle after that is deleted, as Azure's do. */
  identity_canonical: string;
  /** The map key as the caller spelled it. */
  identity_id: string;
  /** Of the identity that was attached. Another one under the same id is not attached. */
  principal_id: string;
  created_at: number;
}

/** Where user-assigned identities may be used; one without a row may be used everywhere. */
export interface IdentityRestrictionsTable {
  tenant_id: string;
  principal_id: string;
  /** The location, canonical, that its resources have to be in; or null. */
  isolated_to: string | null;
  /** JSON array of namespaces and types, as given, to which alone it may be assigned; or null. */
  assignable_to: string | null;
}

/** A certificate of an identity on a resource that a resource provider holds. Its private key is kept nowhere here. */
export interface ProviderCredentialsTable {
  /** SHA-256 and SHA-1 of the certificate (DER), base64url. */
  sha256: string;
  sha1: string;
  tenant_id: string;
  client_id: string;
  principal_id: string;
  /** Principal of the application that it was issued to. */
  provider_id: string;
  /** ARM id of the resource that carries the identity, as displayed. */
  resource_id: string;
  resource_canonical: string;
  /** PEM. */
  certificate: string;
  not_before: number;
  not_after: number;
  issued_at: number;
}
