import type { TenantId } from '../../foundation/ids.ts';
import { recordChange, recordChanges } from '../storage/change-log.ts';
import type { Transaction } from '../storage/database.ts';
import { portionsOf } from '../storage/portions.ts';

/**
 * Removes every row that names one of the objects which are being deleted: their memberships and members, owners and what
 * they own, app roles they have or give, permissions granted to them or for them, their roles in the directory. Nothing is
 * left for an object of the same name to inherit, and nothing comes back by itself with a restored one.
 *
 * A statement for each column that names objects, since each has an index of its own.
 *
 * @param at milliseconds since the epoch
 */
export async function removeReferences(
  transaction: Transaction,
  {
    tenantId,
    objectIds,
    at,
  }: { readonly tenantId: TenantId; readonly objectIds: readonly string[]; readonly at: number },
): Promise<void> {
  const changed = { memberships: false, holders: new Set<string>() };
  for (const portion of portionsOf(objectIds)) {
    for (const column of ['group_id', 'member_id'] as const) {
      const { numDeletedRows } = await transaction
        .deleteFrom('group_members')
        .where('tenant_id', '=', tenantId)
        .where(column, 'in', portion)
        .executeTakeFirst();
      if (numDeletedRows > 0n) changed.memberships = true;
    }
    for (const column of ['object_id', 'owner_id'] as const) {
      await transaction
        .deleteFrom('object_owners')
        .where('tenant_id', '=', tenantId)
        .where(column, 'in', portion)
        .execute();
    }
    for (const holder of await removeRights(transaction, tenantId, portion)) changed.holders.add(holder);
  }
  if (changed.memberships)
    await recordChange(transaction, { tenantId, kind: 'memberships', key: tenantId, at });
  await recordChanges(
    transaction,
    Array.from(changed.holders, (key) => ({ tenantId, kind: 'app-roles', key, at }) as const),
  );
}

/** @returns whose rights they were */
async function removeRights(
  transaction: Transaction,
  tenantId: TenantId,
  objectIds: readonly string[],
): Promise<readonly string[]> {
  const holders: string[] = [];
  for (const column of ['principal_id', 'resource_id'] as const) {
    const rows = await transaction
      .deleteFrom('app_role_assignments')
      .where('tenant_id', '=', tenantId)
      .where(column, 'in', objectIds)
      .returning('principal_id as holder')
      .execute();
    holders.push(...rows.map(({ holder }) => holder));
  }
  for (const column of ['client_principal_id', 'resource_id', 'user_id'] as const) {
    const rows = await transaction
      .deleteFrom('permission_grants')
      .where('tenant_id', '=', tenantId)
      .where(column, 'in', objectIds)
      .returning('client_principal_id as holder')
      .execute();
    holders.push(...rows.map(({ holder }) => holder));
  }
  const roles = await transaction
    .deleteFrom('directory_role_assignments')
    .where('tenant_id', '=', tenantId)
    .where('principal_id', 'in', objectIds)
    .returning('principal_id as holder')
    .execute();
  return [...holders, ...roles.map(({ holder }) => holder)];
}
