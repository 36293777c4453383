import type { Generated } from 'kysely';
import type { AuditTables } from './audit-tables.ts';
import type { DeploymentTables } from './deployment-tables.ts';
import type { DirectoryTables } from './directory-tables.ts';
import type { FederationTables } from './federation-tables.ts';
import type { IdentityTables } from './identity-tables.ts';
import type { PeopleTables } from './people-tables.ts';
import type { RegistrationTables } from './registration-tables.ts';
import type { ScopeTables } from './scope-tables.ts';
import type { SignalTables } from './signal-tables.ts';
import type { TagTables } from './tag-tables.ts';

/**
 * Rows as both databases hold them. Times are milliseconds since the epoch, JSON is text, truth values are 0 and 1,
 * `*_sealed` columns hold what `sealed-column` makes. Ids are lower-case GUIDs, `*_canonical` are `CanonicalId`s.
 * Every table of a tenant has `tenant_id` in its key or in a unique index, and every query names it.
 */
export interface Tables
  extends AuditTables,
    DeploymentTables,
    DirectoryTables,
    FederationTables,
    IdentityTables,
    PeopleTables,
    RegistrationTables,
    ScopeTables,
    SignalTables,
    TagTables {
  meta: MetaTable;
  tenants: TenantsTable;
  tenant_keys: TenantKeysTable;
  subscriptions: SubscriptionsTable;
  principals: PrincipalsTable;
  applications: ApplicationsTable;
  client_secrets: ClientSecretsTable;
  signing_keys: SigningKeysTable;
  machines: MachinesTable;
  join_tokens: JoinTokensTable;
  proof_replays: ProofReplaysTable;
  identity_credentials: IdentityCredentialsTable;
  resource_groups: ResourceGroupsTable;
  resources: ResourcesTable;
  resource_secrets: ResourceSecretsTable;
  async_operations: AsyncOperationsTable;
  role_assignments: RoleAssignmentsTable;
  vault_secrets: VaultSecretsTable;
  vault_secret_versions: VaultSecretVersionsTable;
  change_log: ChangeLogTable;
}

/** Facts about the database itself: schema version, the check value of the key-encryption key. */
export interface MetaTable {
  key: string;
  value: string;
}

export interface TenantsTable {
  tenant_id: string;
  display_name: string;
  /** The initial domain, e.g. `innate.onmicrosoft.com`-style; unique, lower case. */
  default_domain: string;
  created_at: number;
}

/** Data keys of a tenant, wrapped by the key-encryption key; the highest version seals, all open. */
export interface TenantKeysTable {
  tenant_id: string;
  version: number;
  wrapped_key: Uint8Array;
  created_at: number;
}

export interface SubscriptionsTable {
  subscription_id: string;
  tenant_id: string;
  display_name: string;
  /** `Enabled`, `Disabled`, `Deleted` */
  state: string;
  /** The `Microsoft.Subscription/aliases` name it was created under, lower case; unique in its tenant. */
  alias: string | null;
  created_at: number;
}

/** Service principals: `ManagedIdentity` (born and ended with `resource_canonical`) and `Application`. */
export interface PrincipalsTable {
  principal_id: string;
  tenant_id: string;
  client_id: string;
  /** `ManagedIdentity` or `Application` */
  principal_type: string;
  display_name: string;
  /** 1 where sign-in is allowed. */
  enabled: number;
  /** Tokens issued before this time are refused. */
  tokens_valid_from: number;
  /** `SystemAssigned` or `UserAssigned` for a managed identity, null otherwise. */
  identity_kind: string | null;
  /** ARM id of the resource (system-assigned) or of the identity (user-assigned), as displayed. */
  resource_id: string | null;
  resource_canonical: string | null;
  created_at: number;
  /** JSON object: what administrators may set on the principal beside what has a column (tags, notes, …). */
  manifest: Generated<string>;
}

export interface ApplicationsTable {
  client_id: string;
  tenant_id: string;
  display_name: string;
  created_at: number;
  /** The application's own id in Graph; null on rows of before, where the client id stands in for it. */
  object_id: string | null;
  /** JSON object: what the application declares (redirect addresses, app roles, scopes, token version, …). */
  manifest: Generated<string>;
  /** A name the caller chose, unique in its tenant, or null. */
  unique_name: string | null;
}

export interface ClientSecretsTable {
  secret_id: string;
  tenant_id: string;
  client_id: string;
  salt: Uint8Array;
  /** SHA-256 over salt and secret; secrets are 256 random bits. */
  hash: Uint8Array;
  /** The first three characters, for people to tell secrets apart. */
  hint: string;
  expires_at: number;
  created_at: number;
  display_name: string | null;
  /** `application` or `servicePrincipal`: the object that the secret ends with. */
  holder: Generated<string>;
  /** Null: good from its creation on. */
  starts_at: number | null;
}

/** Keys that sign: `purpose` is `access-token` or `instance-ca` (the issuer of identity credentials). */
export interface SigningKeysTable {
  tenant_id: string;
  kid: string;
  purpose: string;
  /** `prepared`, `active`, `retired` or `revoked` */
  state: string;
  alg: string;
  /** Self-signed certificate, PEM; carries the public key. */
  certificate: string;
  /** PKCS#8 DER, sealed by the holder; the one octet 0 once the key signs nothing any more. */
  private_key_sealed: Uint8Array;
  created_at: number;
  activated_at: number | null;
  /** When it stopped signing, or was revoked. */
  retired_at: number | null;
  /** Who opens the private half: `server`, or `signer`, a process of its own. */
  holder: Generated<string>;
}

/** Which user-assigned identities a resource carries. A system-assigned one is its principal's own `resource_canonical`. */
/** A host enrolled for one resource. */
export interface MachinesTable {
  machine_id: string;
  tenant_id: string;
  resource_id: string;
  resource_canonical: string;
  /** SHA-256 of the public key (SPKI), base64url: what its proofs are checked against. */
  key_thumbprint: string;
  /** SPKI, PEM. */
  public_key: string;
  /** `active` or `banned` */
  state: string;
  created_at: number;
}

export interface JoinTokensTable {
  /** SHA-256 of the token, hex; the token itself is shown once and not kept. */
  token_hash: string;
  tenant_id: string;
  resource_id: string;
  resource_canonical: string;
  expires_at: number;
  used_at: number | null;
}

/** Proofs of machines already used, for as long as they would hold. */
export interface ProofReplaysTable {
  machine_id: string;
  jti: string;
  expires_at: number;
}

/** A certificate provisioned onto a host for one identity; dead when its row is gone or `not_after` passed. */
export interface IdentityCredentialsTable {
  /** SHA-256 of the certificate (DER), base64url. */
  thumbprint: string;
  tenant_id: string;
  client_id: string;
  principal_id: string;
  machine_id: string;
  /** ARM id of the resource that carries the identity, as displayed. */
  resource_id: string;
  resource_canonical: string;
  /** PEM. */
  certificate: string;
  not_before: number;
  not_after: number;
}

export interface ResourceGroupsTable {
  /** Canonical ARM id. */
  canonical: string;
  tenant_id: string;
  subscription_id: string;
  name: string;
  location: string;
  /** JSON object or null. */
  tags: string | null;
  managed_by: string | null;
  /** `Succeeded` or `Deleting` */
  provisioning_state: string;
  created_at: number;
}

export interface ResourcesTable {
  /** Canonical ARM id. */
  canonical: string;
  tenant_id: string;
  subscription_id: string;
  /** Canonical id of the resource group; null where it lies in none. */
  group_canonical: string | null;
  /** ARM id as displayed. */
  resource_id: string;
  /** `Microsoft.Compute/virtualMachines`, in the provider's spelling. */
  type: string;
  /** Lower-case type, for look-ups. */
  type_canonical: string;
  name: string;
  location: string;
  /** JSON object or null. */
  tags: string | null;
  /** JSON: the `properties` member. */
  properties: string;
  /** JSON: envelope members beside the common ones (`sku`, `kind`, `zones`, …), or null. */
  extra: string | null;
  /** The `identity.type` as displayed, or null. */
  identity_type: string | null;
  provisioning_state: string;
  /** Counts the writes; the ETag is made of it. */
  version: number;
  created_at: number;
  /** `Application:<object id>` or `ManagedIdentity:<object id>`. */
  created_by: string;
  changed_at: number;
  changed_by: string;
  /** A name unique beyond the resource group (a vault's host name), lower case, or null. Unique with `type_canonical`. */
  global_name: string | null;
  /** JSON: what the provider knows of the resource and takes from nobody (whether a machine runs), or null. */
  state: string | null;
}

/** Values that a resource was given and shows to those alone who may list them: application settings. */
export interface ResourceSecretsTable {
  tenant_id: string;
  resource_canonical: string;
  /** The type's name for them: `appsettings`. */
  kind: string;
  /** A JSON object of texts. */
  values_sealed: Uint8Array;
}

export interface AsyncOperationsTable {
  operation_id: string;
  tenant_id: string;
  subscription_id: string;
  /** Names the work that ends it. */
  kind: string;
  /** Canonical id of what it works on. */
  target_canonical: string;
  /** Object id of the caller who started it. */
  started_by: string;
  /** `InProgress`, `Succeeded`, `Failed`, `Canceled` */
  status: string;
  /** JSON of the ARM error, or null. */
  error: string | null;
  started_at: number;
  ended_at: number | null;
  /** Until then one process has it to itself; null once ended. */
  lease_until: number | null;
  /** JSON: what it answers once it has succeeded, or null. */
  result: string | null;
}

export interface RoleAssignmentsTable {
  /** The assignment's name; a GUID unique in its tenant. */
  assignment_id: string;
  tenant_id: string;
  /** As displayed. */
  scope: string;
  scope_canonical: string;
  /** The role definition's GUID. */
  role_definition_id: string;
  principal_id: string;
  principal_type: string;
  description: string | null;
  condition: string | null;
  condition_version: string | null;
  created_at: number;
  updated_at: number;
  created_by: string;
  updated_by: string;
}

export interface VaultSecretsTable {
  tenant_id: string;
  vault_canonical: string;
  /** Lower case; unique in the vault. */
  name_canonical: string;
  name: string;
  /** Version that an unversioned request means. */
  current_version: string;
  /** Null while live. */
  deleted_at: number | null;
  scheduled_purge_at: number | null;
}

export interface VaultSecretVersionsTable {
  tenant_id: string;
  vault_canonical: string;
  name_canonical: string;
  version: string;
  value_sealed: Uint8Array;
  content_type: string | null;
  /** JSON object or null. */
  tags: string | null;
  enabled: number;
  /** Epoch seconds, as Key Vault counts. */
  not_before: number | null;
  expires: number | null;
  created: number;
  updated: number;
  /** Orders versions made within one second. */
  sequence: Generated<number>;
}

/** What changed, in commit order; written in the transaction of the change. */
export interface ChangeLogTable {
  seq: Generated<number>;
  tenant_id: string;
  kind: string;
  key: string;
  at: number;
}
