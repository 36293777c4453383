import type { TenantId } from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Transaction } from '../storage/database.ts';

/**
 * Gives an object a role of the directory, over the whole of it; nothing happens where it has the role.
 *
 * @param at milliseconds since the epoch
 */
export async function assignDirectoryRole(
  transaction: Transaction,
  {
    tenantId,
    principalId,
    roleTemplateId,
    at,
  }: {
    readonly tenantId: TenantId;
    readonly principalId: string;
    readonly roleTemplateId: string;
    readonly at: number;
  },
  randomness: Randomness,
): Promise<void> {
  const made = await transaction
    .insertInto('directory_role_assignments')
    .values({
      assignment_id: randomness.uuid(),
      tenant_id: tenantId,
      principal_id: principalId,
      role_template_id: roleTemplateId,
      directory_scope: '/',
      created_at: at,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('assignment_id')
    .executeTakeFirst();
  if (made !== undefined)
    await recordChange(transaction, { tenantId, kind: 'app-roles', key: principalId, at });
}
