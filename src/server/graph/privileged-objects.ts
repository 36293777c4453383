import { heldDirectoryRoles } from '../directory/directory-role-assignments.ts';
import type { Group } from '../directory/group-store.ts';
import type { Queries } from '../storage/database.ts';
import type { GraphRequest } from './operation.ts';
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
 * The same of groups that may have roles in the directory: their members and owners are decided by who gives the roles.
 *
 * @throws DomainError `forbidden`
 */
export function requireGovernableGroup({ permissions }: Asked, { profile }: Pick<Group, 'profile'>): void {
  if (profile.isAssignableToRole === true && !permissions.has(rules)) throw denied();
}
