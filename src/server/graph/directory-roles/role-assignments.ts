import { DomainError } from '../../../foundation/domain-error.ts';
import { guid, type PrincipalId, type TenantId, type UserId } from '../../../foundation/ids.ts';
import type { Randomness } from '../../../foundation/randomness.ts';
import {
  assignDirectoryRole,
  type DirectoryRoleAssignment,
} from '../../directory/directory-role-assignments.ts';
import { type DirectoryRole, directoryRole } from '../../directory/directory-roles.ts';
import { selectPrincipal } from '../../directory/directory-store.ts';
import { mayHoldRoles, selectGroup } from '../../directory/group-store.ts';
import { selectUser } from '../../directory/user-store.ts';
import type { Transaction } from '../../storage/database.ts';
import { noSuchObject } from '../targets.ts';

/**
 * Gives a person, a principal, or a group that is made for it a role of the directory.
 *
 * @throws DomainError `not-found` for an object that the tenant has not, `invalid-value` for a role that is none here or a
 *   group of another kind, `already-exists` where the object has the role
 */
export async function giveRole(
  transaction: Transaction,
  wanted: {
    readonly tenantId: TenantId;
    readonly principalId: string;
    readonly roleTemplateId: string;
    readonly at: number;
  },
  randomness: Randomness,
): Promise<DirectoryRoleAssignment> {
  knownRole(wanted.roleTemplateId);
  await requireHolder(transaction, wanted.tenantId, wanted.principalId);
  const made = await assignDirectoryRole(transaction, wanted, randomness);
  if (made !== undefined) return made;
  throw new DomainError(
    'already-exists',
    'A conflicting object with one or more of the specified property values is present in the directory.',
    { code: 'Request_BadRequest' },
  );
}

/** @throws DomainError `invalid-value` where no role here has the template id */
function knownRole(templateId: string): DirectoryRole {
  const role = directoryRole(templateId);
  if (role !== undefined) return role;
  throw new DomainError('invalid-value', `The role definition '${templateId}' does not exist.`, {
    target: 'roleDefinitionId',
  });
}

async function requireHolder(transaction: Transaction, tenantId: TenantId, id: string): Promise<void> {
  if (await selectUser(transaction, tenantId, { userId: guid<UserId>(id) })) return;
  if (await selectPrincipal(transaction, tenantId, guid<PrincipalId>(id))) return;
  const group = await selectGroup(transaction, tenantId, id);
  if (group === undefined) throw noSuchObject(id);
  // whoever says who is in another group could give the role
  if (mayHoldRoles(group)) return;
  throw new DomainError(
    'invalid-value',
    "The group cannot be assigned a role: its property 'isAssignableToRole' is not true.",
    { target: 'principalId' },
  );
}
