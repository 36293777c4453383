import type { Selectable } from 'kysely';
import type { GroupProfile } from '../../contract/graph-group.ts';
import { guid, type PrincipalId, type TenantId } from '../../foundation/ids.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { GroupsTable } from '../storage/directory-tables.ts';

/** A group of the directory. The object id is never given to another. */
export interface Group {
  readonly tenantId: TenantId;
  readonly groupId: PrincipalId;
  readonly displayName: string;
  /** What Graph shows beside: description, mailNickname, isAssignableToRole, … */
  readonly profile: GroupProfile;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

interface GroupKey {
  readonly tenantId: TenantId;
  readonly groupId: PrincipalId;
}

/** Whether roles of the directory may be given to the group; said when it is made, and never changed. */
export function mayHoldRoles({ profile }: Pick<Group, 'profile'>): boolean {
  return profile.isAssignableToRole === true;
}

export async function insertGroup(transaction: Transaction, group: Group): Promise<void> {
  await transaction
    .insertInto('groups')
    .values({
      group_id: group.groupId,
      tenant_id: group.tenantId,
      display_name: group.displayName,
      profile: JSON.stringify(group.profile),
      created_at: group.createdAt,
    })
    .execute();
}

/** @returns whether the tenant has the group */
export async function updateGroup(
  transaction: Transaction,
  { tenantId, groupId }: GroupKey,
  change: Partial<Pick<Group, 'displayName' | 'profile'>>,
): Promise<boolean> {
  const row = await transaction
    .updateTable('groups')
    .set({
      // a statement that sets nothing is none
      group_id: groupId,
      ...(change.displayName === undefined ? {} : { display_name: change.displayName }),
      ...(change.profile === undefined ? {} : { profile: JSON.stringify(change.profile) }),
    })
    .where('tenant_id', '=', tenantId)
    .where('group_id', '=', groupId)
    .returning('group_id')
    .executeTakeFirst();
  return row !== undefined;
}

export async function selectGroup(
  queries: Queries,
  tenantId: TenantId,
  groupId: string,
): Promise<Group | undefined> {
  const row = await queries
    .selectFrom('groups')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('group_id', '=', groupId)
    .executeTakeFirst();
  return row && asGroup(row);
}

/** A tenant's groups by object id: all of them, or those that a filter names outright. */
export async function selectGroups(
  queries: Queries,
  tenantId: TenantId,
  {
    ids,
    displayName,
    after,
    limit,
  }: {
    readonly ids?: readonly string[] | undefined;
    /** Compared without regard to case. */
    readonly displayName?: string | undefined;
    /** Only groups whose object id sorts behind this one. */
    readonly after?: string | undefined;
    readonly limit: number;
  },
): Promise<readonly Group[]> {
  if (ids?.length === 0) return [];
  const rows = await queries
    .selectFrom('groups')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .$if(ids !== undefined, (q) => q.where('group_id', 'in', [...(ids ?? [])]))
    .$if(displayName !== undefined, (q) =>
      q.where((e) => e(e.fn<string>('lower', ['display_name']), '=', (displayName ?? '').toLowerCase())),
    )
    .$if(after !== undefined, (q) => q.where('group_id', '>', after ?? ''))
    .orderBy('group_id')
    .limit(limit)
    .execute();
  return rows.map(asGroup);
}

export function asGroup(row: Selectable<GroupsTable>): Group {
  return {
    tenantId: guid<TenantId>(row.tenant_id),
    groupId: guid<PrincipalId>(row.group_id),
    displayName: row.display_name,
    profile: JSON.parse(row.profile) as GroupProfile,
    createdAt: row.created_at,
  };
}
