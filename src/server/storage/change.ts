import type { TenantId } from '../../foundation/ids.ts';

/**
 * What caches and agents follow. `key` says which one: the principal's object id, the credential's thumbprint, the
 * key id, the resource's canonical id, the machine's id.
 */
export type ChangeKind =
  | 'principal' // created, disabled, deleted, tokens_valid_from moved: key = principalId
  | 'client' // an application, its secrets, certificates or federated credentials: key = clientId
  | 'application-identifier' // an application ID URI was taken or given up: key = its canonical form
  | 'user' // created, disabled, deleted, tokens_valid_from moved: key = the user's object id
  | 'memberships' // who is in which group, anywhere in the tenant: key = tenantId
  | 'app-roles' // app-role and directory-role assignments, permission grants of a principal: key = its object id
  | 'role-assignments' // of a principal: key = principalId
  | 'management-groups' // groups of the tenant, or which one a subscription is in: key = tenantId
  | 'revoked-tokens' // access tokens revoked one by one: key = the first character of their ids
  | 'signal-streams' // made, changed or gone: key = the stream's id
  | 'signal-events' // waiting for a receiver: key = the stream's id
  | 'signing-keys' // of the tenant: key = tenantId
  | 'resource' // written or deleted: key = canonical id
  | 'machine'; // enrolled, banned, removed, or its resource's identities changed: key = the resource's canonical id

export interface Change {
  /** Its row's number. Numbers are not in commit order on every engine: wait by `ChangeFollower.position` instead. */
  readonly seq: number;
  readonly tenantId: TenantId;
  readonly kind: ChangeKind;
  readonly key: string;
}
