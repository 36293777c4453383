import { DomainError } from '../../foundation/domain-error.ts';
import type { PrincipalId, TenantId } from '../../foundation/ids.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import { maxGroupsOfMember, selectGroupsOf } from './memberships.ts';

/** Who may be in a group. */
export type MemberType = 'User' | 'Group' | 'ServicePrincipal';

export interface Member {
  readonly memberId: string;
  readonly memberType: MemberType;
}

interface GroupKey {
  readonly tenantId: TenantId;
  readonly groupId: PrincipalId;
}

const maxDepth = 32;
/** Members of members that are listed at most. */
const maxTransitive = 50_000;

/**
 * Makes an object a member of a group: what the group may, it may from the commit on.
 *
 * @param at milliseconds since the epoch
 * @throws DomainError `already-exists` where it is one, `conflict` where it is in too many groups
 */
export async function insertMember(
  transaction: Transaction,
  { tenantId, groupId, memberId, memberType, at }: GroupKey & Member & { readonly at: number },
): Promise<void> {
  const standing = await selectGroupsOf(transaction, tenantId, [memberId]);
  if (standing.includes(groupId)) {
    throw new DomainError(
      'already-exists',
      "One or more added object references already exist for the following modified properties: 'members'.",
      { code: 'Request_BadRequest' },
    );
  }
  if (standing.length >= maxGroupsOfMember) {
    throw new DomainError('conflict', `An object is a member of at most ${maxGroupsOfMember} groups.`, {
      code: 'Directory_QuotaExceeded',
    });
  }
  await transaction
    .insertInto('group_members')
    .values({
      tenant_id: tenantId,
      group_id: groupId,
      member_id: memberId,
      member_type: memberType,
      created_at: at,
    })
    .execute();
  await recordChange(transaction, { tenantId, kind: 'memberships', key: tenantId, at });
}

/** Ends a membership: what came with it is refused from the commit on. @returns whether there was one */
export async function deleteMember(
  transaction: Transaction,
  { tenantId, groupId, memberId, at }: GroupKey & { readonly memberId: string; readonly at: number },
): Promise<boolean> {
  const row = await transaction
    .deleteFrom('group_members')
    .where('tenant_id', '=', tenantId)
    .where('group_id', '=', groupId)
    .where('member_id', '=', memberId)
    .returning('member_id')
    .executeTakeFirst();
  if (row === undefined) return false;
  await recordChange(transaction, { tenantId, kind: 'memberships', key: tenantId, at });
  return true;
}

/** A group's own members, by object id. */
export async function selectMembers(
  queries: Queries,
  { tenantId, groupId }: GroupKey,
  {
    memberType,
    after,
    limit,
  }: {
    readonly memberType?: MemberType | undefined;
    /** Only members whose object id sorts behind this one. */
    readonly after?: string | undefined;
    readonly limit: number;
  },
): Promise<readonly Member[]> {
  const rows = await queries
    .selectFrom('group_members')
    .select(['member_id', 'member_type'])
    .where('tenant_id', '=', tenantId)
    .where('group_id', '=', groupId)
    .$if(memberType !== undefined, (q) => q.where('member_type', '=', memberType ?? ''))
    .$if(after !== undefined, (q) => q.where('member_id', '>', after ?? ''))
    .orderBy('member_id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ memberId: row.member_id, memberType: row.member_type as MemberType }));
}

/**
 * Members of a group and of the groups in it, each once: groups that contain each other are met once as well.
 *
 * @throws DomainError `unsupported` where there are too many to be listed
 */
export async function selectTransitiveMembers(
  queries: Queries,
  { tenantId, groupId }: GroupKey,
): Promise<readonly Member[]> {
  const met = new Map<string, Member>();
  let level: readonly string[] = [groupId];
  for (let depth = 0; level.length > 0 && depth < maxDepth; depth += 1) {
    const rows = await queries
      .selectFrom('group_members')
      .select(['member_id', 'member_type'])
      .distinct()
      .where('tenant_id', '=', tenantId)
      .where('group_id', 'in', [...level])
      .limit(maxTransitive + 1)
      .execute();
    const found = rows.filter(({ member_id }) => !met.has(member_id));
    for (const { member_id: memberId, member_type } of found) {
      met.set(memberId, { memberId, memberType: member_type as MemberType });
    }
    if (met.size > maxTransitive) throw new DomainError('unsupported', 'The group has too many members.');
    level = found.flatMap((row) => (row.member_type === 'Group' ? [row.member_id] : []));
  }
  return [...met.values()];
}
