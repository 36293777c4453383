import type { Selectable } from 'kysely';
import type { GroupProfile } from '../../contract/graph-group.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import { guid, type PrincipalId, type TenantId } from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Transaction } from '../storage/database.ts';
import type { GroupMembersTable, GroupsTable, ObjectOwnersTable } from '../storage/directory-tables.ts';
import { insertDeletedObject, selectDeletedObject, takeDeletedObject } from './deleted-objects.ts';
import { selectPrincipal } from './directory-store.ts';
import { insertMember, type Member, type MemberType } from './group-members.ts';
import { asGroup, type Group, insertGroup, mayHoldRoles, selectGroup } from './group-store.ts';
import { insertOwner, type OwnerType } from './ownership.ts';
import { removeReferences } from './references.ts';
import { selectUser } from './user-store.ts';

/** What is kept of a deleted group: its members come back with it; what it was allowed does not. */
export interface GroupSnapshot {
  readonly group: Selectable<GroupsTable>;
  readonly members: readonly Selectable<GroupMembersTable>[];
  readonly owners: readonly Selectable<ObjectOwnersTable>[];
}

interface GroupAt {
  readonly tenantId: TenantId;
  readonly groupId: PrincipalId;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Makes a group without members. @param at milliseconds since the epoch */
export async function createGroup(
  transaction: Transaction,
  tenantId: TenantId,
  members: { readonly displayName: string; readonly profile: GroupProfile },
  randomness: Randomness,
  at: number,
): Promise<Group> {
  const group = { tenantId, groupId: guid<PrincipalId>(randomness.uuid()), ...members, createdAt: at };
  await insertGroup(transaction, group);
  return group;
}

/**
 * Deletes a group: its members have nothing through it from the commit on. It is kept for thirty days.
 *
 * @returns the group as it was, `undefined` where the tenant has none of that id
 */
export async function deleteGroup(
  transaction: Transaction,
  { tenantId, groupId, at }: GroupAt,
): Promise<Group | undefined> {
  const row = await transaction
    .deleteFrom('groups')
    .where('tenant_id', '=', tenantId)
    .where('group_id', '=', groupId)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const members = await transaction
    .selectFrom('group_members')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('group_id', '=', groupId)
    .execute();
  const owners = await transaction
    .selectFrom('object_owners')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('object_id', '=', groupId)
    .execute();
  await removeReferences(transaction, { tenantId, objectIds: [groupId], at });
  const snapshot: GroupSnapshot = { group: row, members, owners };
  await insertDeletedObject(transaction, {
    tenantId,
    objectId: groupId,
    kind: 'group',
    displayName: row.display_name,
    snapshot,
    deletedAt: at,
  });
  return asGroup(row);
}

/**
 * Brings a deleted group back with those of its members and owners that still stand. Rights are given anew.
 *
 * @returns `undefined` where the tenant has no deleted group of that id
 */
export async function restoreGroup(
  transaction: Transaction,
  { tenantId, groupId, at }: GroupAt,
): Promise<Group | undefined> {
  const key = { tenantId, objectId: groupId, now: at };
  const found = await selectDeletedObject(transaction, key);
  if (found?.kind !== 'group') return undefined;
  await takeDeletedObject(transaction, key);
  const { group: row, members, owners } = found.snapshot as GroupSnapshot;
  const group = asGroup(row);
  await insertGroup(transaction, group);
  for (const { member_id: memberId } of members) {
    const memberType = await memberTypeOf(transaction, tenantId, memberId);
    if (memberType !== undefined) await addMember(transaction, group, { memberId, memberType }, at);
  }
  for (const { owner_id: ownerId } of owners) {
    const ownerType = await memberTypeOf(transaction, tenantId, ownerId);
    if (ownerType !== undefined && ownerType !== 'Group') {
      const owner: { readonly ownerId: string; readonly ownerType: OwnerType } = { ownerId, ownerType };
      await insertOwner(transaction, { tenantId, objectId: groupId, ...owner, at });
    }
  }
  await recordChange(transaction, { tenantId, kind: 'memberships', key: tenantId, at });
  return group;
}

/**
 * Makes somebody a member. Groups may contain each other; a group that may have roles in the directory contains none.
 *
 * @param at milliseconds since the epoch
 * @throws DomainError `invalid-value` where they cannot be one, and as `insertMember` does
 */
export async function addMember(
  transaction: Transaction,
  group: Group,
  member: Member,
  at: number,
): Promise<void> {
  const { tenantId, groupId } = group;
  if (member.memberId === groupId || (member.memberType === 'Group' && mayHoldRoles(group))) {
    throw new DomainError(
      'invalid-value',
      "One or more properties of the reference 'members' is not valid.",
      { target: 'members' },
    );
  }
  await insertMember(transaction, { tenantId, groupId, ...member, at });
}

/** What kind of member an object id is; `undefined` where nothing of the tenant that could be one has it. */
export async function memberTypeOf(
  queries: Transaction,
  tenantId: TenantId,
  objectId: string,
): Promise<MemberType | undefined> {
  if (await selectPrincipal(queries, tenantId, guid<PrincipalId>(objectId))) return 'ServicePrincipal';
  if (await selectUser(queries, tenantId, { userId: guid(objectId) })) return 'User';
  return (await selectGroup(queries, tenantId, objectId)) && 'Group';
}
