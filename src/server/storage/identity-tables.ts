/** Tables of identities that resources carry. */
export interface IdentityTables {
  identity_attachments: IdentityAttachmentsTable;
  identity_restrictions: IdentityRestrictionsTable;
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
