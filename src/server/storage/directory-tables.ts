import type { Generated } from 'kysely';

/** Rows of the directory, by the rules of `tables.ts`. */
export interface DirectoryTables {
  application_identifiers: ApplicationIdentifiersTable;
  client_certificates: ClientCertificatesTable;
  users: UsersTable;
  groups: GroupsTable;
  group_members: GroupMembersTable;
  object_owners: ObjectOwnersTable;
  app_role_assignments: AppRoleAssignmentsTable;
  permission_grants: PermissionGrantsTable;
  directory_role_assignments: DirectoryRoleAssignmentsTable;
  deleted_objects: DeletedObjectsTable;
}

/** Application ID URIs: names by which tokens for the application are asked. */
export interface ApplicationIdentifiersTable {
  tenant_id: string;
  /** Lower case, without trailing slash. */
  identifier_canonical: string;
  identifier: string;
  client_id: string;
}

/** Certificates of applications (Graph's `keyCredentials`): proof of the key is proof of being the client. */
export interface ClientCertificatesTable {
  key_id: string;
  tenant_id: string;
  client_id: string;
  /** Digests of the certificate (DER), base64url. */
  sha1: string;
  sha256: string;
  /** PEM. */
  certificate: string;
  display_name: string | null;
  not_before: number;
  not_after: number;
  created_at: number;
  /** `application` or `servicePrincipal`: the object that the certificate ends with. */
  holder: Generated<string>;
}

/** People. */
export interface UsersTable {
  /** Object id; never given to another. */
  user_id: string;
  tenant_id: string;
  user_principal_name: string;
  /** The user principal name in lower case; unique in its tenant. */
  name_canonical: string;
  display_name: string;
  /** 1 where sign-in is allowed. */
  enabled: number;
  /** Tokens issued before this time are refused. */
  tokens_valid_from: number;
  /** JSON object: mail, givenName, surname, jobTitle, … */
  profile: string;
  created_at: number;
}

export interface GroupsTable {
  group_id: string;
  tenant_id: string;
  display_name: string;
  /** JSON object: description, mailNickname, … */
  profile: string;
  created_at: number;
}

export interface GroupMembersTable {
  tenant_id: string;
  group_id: string;
  member_id: string;
  /** `User`, `Group` or `ServicePrincipal` */
  member_type: string;
  created_at: number;
}

/** Owners of applications, principals and groups. */
export interface ObjectOwnersTable {
  tenant_id: string;
  object_id: string;
  owner_id: string;
  /** `User` or `ServicePrincipal` */
  owner_type: string;
  created_at: number;
}

/** Which app role of which resource a principal has: the `roles` of its tokens. */
export interface AppRoleAssignmentsTable {
  assignment_id: string;
  tenant_id: string;
  principal_id: string;
  /** `User`, `Group` or `ServicePrincipal` */
  principal_type: string;
  /** Object id of the resource's principal. */
  resource_id: string;
  app_role_id: string;
  created_at: number;
}

/** Delegated permissions: what an application may do as a user (Graph's `oauth2PermissionGrants`). */
export interface PermissionGrantsTable {
  grant_id: string;
  tenant_id: string;
  /** Object id of the client's principal. */
  client_principal_id: string;
  /** `AllPrincipals` or `Principal` */
  consent_type: string;
  /** Null for all users. */
  user_id: string | null;
  resource_id: string;
  /** Scopes with spaces between. */
  scope: string;
  created_at: number;
}

export interface DirectoryRoleAssignmentsTable {
  assignment_id: string;
  tenant_id: string;
  principal_id: string;
  /** The role's template id, the same in every tenant. */
  role_template_id: string;
  /** `/` */
  directory_scope: string;
  created_at: number;
}

/** What was deleted and can be restored for thirty days. */
export interface DeletedObjectsTable {
  tenant_id: string;
  object_id: string;
  /** `application`, `servicePrincipal`, `user` or `group` */
  kind: string;
  display_name: string;
  /** JSON of the rows as they were. */
  snapshot: Uint8Array;
  deleted_at: number;
}
