import type { Scope } from '../../../contract/resource-id.ts';
import type { Caller } from '../../http/bearer.ts';
import { scopeOfGroup } from '../../management-groups/hierarchy.ts';
import type { ManagementGroup } from '../../management-groups/management-group-store.ts';
import { requireRight } from '../../resource-manager/required-right.ts';
import type { Transaction } from '../../storage/database.ts';

export const writeGroups = 'Microsoft.Management/managementGroups/write';
const assignRoles = 'Microsoft.Authorization/roleAssignments/write';

/**
 * Whoever moves a group or a subscription gives those of the new place rights in it, and takes them from those of the
 * old one. So it takes what giving rights takes, in what is moved, and to write both places; the root group alone needs
 * no right, as at Azure: everything is below it in any case.
 *
 * @throws ArmError 403 `AuthorizationFailed`
 */
export async function requireMove(
  transaction: Transaction,
  caller: Caller,
  move: { readonly moved: Scope; readonly from: ManagementGroup; readonly to: ManagementGroup },
): Promise<void> {
  await requireRight(transaction, caller, writeGroups, move.moved);
  await requireRight(transaction, caller, assignRoles, move.moved);
  for (const place of [move.from, move.to]) {
    if (place.parent === undefined) continue;
    await requireRight(transaction, caller, writeGroups, scopeOfGroup(place));
  }
}
