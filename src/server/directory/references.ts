import type { TenantId } from '../../foundation/ids.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Transaction } from '../storage/database.ts';

/**
 * Removes every row that names an object which is being deleted: its memberships and members, owners and what it owns,
 * app roles it has or gives, permissions granted to it or for it, its roles in the directory. Nothing is left for an
 * object of the same name to inherit, and nothing comes back by itself with a restored one.
 *
 * @param at milliseconds since the epoch
 */
export async function removeReferences(
  transaction: Transaction,
  { tenantId, objectId, at }: { readonly tenantId: TenantId; readonly objectId: string; readonly at: number },
): Promise<void> {
  const members = await transaction
    .deleteFrom('group_members')
    .where('tenant_id', '=', tenantId)
    .where((e) => e.or([e('group_id', '=', objectId), e('member_id', '=', objectId)]))
    .returning('group_id')
    .execute();
  if (members.length > 0)
    await recordChange(transaction, { tenantId, kind: 'memberships', key: tenantId, at });
  await transaction
    .deleteFrom('object_owners')
    .where('tenant_id', '=', tenantId)
    .where((e) => e.or([e('object_id', '=', objectId), e('owner_id', '=', objectId)]))
    .execute();
  const assignments = await transaction
    .deleteFrom('app_role_assignments')
    .where('tenant_id', '=', tenantId)
    .where((e) => e.or([e('principal_id', '=', objectId), e('resource_id', '=', objectId)]))
    .returning('principal_id as holder')
    .execute();
  const grants = await transaction
    .deleteFrom('permission_grants')
    .where('tenant_id', '=', tenantId)
    .where((e) =>
      e.or([
        e('client_principal_id', '=', objectId),
        e('resource_id', '=', objectId),
        e('user_id', '=', objectId),
      ]),
    )
    .returning('client_principal_id as holder')
    .execute();
  const roles = await transaction
    .deleteFrom('directory_role_assignments')
    .where('tenant_id', '=', tenantId)
    .where('principal_id', '=', objectId)
    .returning('principal_id as holder')
    .execute();
  const holders = new Set([...assignments, ...grants, ...roles].map(({ holder }) => holder));
  for (const key of holders) await recordChange(transaction, { tenantId, kind: 'app-roles', key, at });
}
