import type { TenantId } from '../../foundation/ids.ts';
import type { Queries } from '../storage/database.ts';

/** Groups that a member's answer holds at most; whoever is in more is in too many to be listed. */
export const maxGroupsOfMember = 2000;
const maxDepth = 32;

/** Object ids of the groups that an object is itself a member of. */
export async function selectGroupsOf(
  queries: Queries,
  tenantId: TenantId,
  memberIds: readonly string[],
): Promise<readonly string[]> {
  if (memberIds.length === 0) return [];
  const rows = await queries
    .selectFrom('group_members')
    .select('group_id')
    .distinct()
    .where('tenant_id', '=', tenantId)
    .where('member_id', 'in', [...memberIds])
    .orderBy('group_id')
    .limit(maxGroupsOfMember)
    .execute();
  return rows.map((row) => row.group_id);
}

/** An object's memberships. */
export interface Memberships {
  /** Groups that it is itself a member of. */
  readonly direct: readonly string[];
  /** Those, and the groups that they are in. */
  readonly transitive: readonly string[];
}

/** An object's memberships, level by level; groups that contain each other are met once. */
export async function selectMemberships(
  queries: Queries,
  tenantId: TenantId,
  memberId: string,
): Promise<Memberships> {
  const direct = await selectGroupsOf(queries, tenantId, [memberId]);
  const met = new Set(direct);
  let level = direct;
  for (let depth = 0; level.length > 0 && depth < maxDepth && met.size < maxGroupsOfMember; depth += 1) {
    const above = await selectGroupsOf(queries, tenantId, level);
    level = above.filter((group) => !met.has(group));
    for (const group of level) met.add(group);
  }
  return { direct, transitive: [...met] };
}
