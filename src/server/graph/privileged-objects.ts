import { heldDirectoryRoles } from '../directory/directory-role-assignments.ts';
import { type Group, mayHoldRoles } from '../directory/group-store.ts';
import { owns } from '../directory/ownership.ts';
import type { Queries } from '../storage/database.ts';
import type { GraphRequest, WriteOperation } from './operation.ts';
import { denied } from './targets.ts';

/** Whoever has it may have every role of the directory, so nothing is gained by what it opens here. */
const rules = 'RoleManagement.ReadWrite.Directory';

type Asked = Pick<GraphRequest, 'tenantId' | 'permissions' | 'caller'>;

/**
 * Whoever may decide how people sign in must not become an administrator by it: over people with a role in the directory
 * decides who gives such roles, and each over themselves.
 *
 * @throws DomainError `forbidden`
 */
export async function requireGovernable(
  queries: Queries,
  { tenantId, permissions, caller }: Asked,
  objectId: string,
): Promise<void> {
  if (permissions.has(rules) || caller.principalId === objectId) return;
  if ((await heldDirectoryRoles(queries, tenantId, objectId)).length > 0) throw denied();
}

/**
 * Whether a caller may change a group: by a permission for all of them, or as one of its owners. Members and owners of
 * groups that may have roles in the directory are decided by whoever gives the roles.
 *
 * @param opening permissions for every group, and for one's own
 * @throws DomainError `forbidden`
 */
export async function requireGovernableGroup(
  queries: Queries,
  { permissions, caller }: Asked,
  group: Group,
  opening: Pick<WriteOperation, 'permissions' | 'permissionsOfOwners'>,
): Promise<void> {
  if (mayHoldRoles(group) && !permissions.has(rules)) throw denied();
  if (opening.permissions.some((permission) => permissions.has(permission))) return;
  if (opening.permissionsOfOwners?.some((permission) => permissions.has(permission)) !== true) throw denied();
  const { tenantId, groupId: objectId } = group;
  if (!(await owns(queries, { tenantId, objectId, ownerId: caller.principalId }))) throw denied();
}

/** Whether a caller may make a group of a kind. @throws DomainError `forbidden` */
export function requireMayHoldRoles(
  { permissions }: Pick<Asked, 'permissions'>,
  group: Pick<Group, 'profile'>,
): void {
  if (mayHoldRoles(group) && !permissions.has(rules)) throw denied();
}
