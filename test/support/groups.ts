import { guid, type PrincipalId, type TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import {
  deleteMember,
  insertMember,
  type Member,
  type MemberType,
} from '../../src/server/directory/group-members.ts';
import { insertGroup } from '../../src/server/directory/group-store.ts';
import type { PeopleStore } from './people.ts';

export async function makeGroup(
  { database, clock }: PeopleStore,
  tenantId: TenantId,
  displayName = 'readers',
): Promise<PrincipalId> {
  const groupId = guid<PrincipalId>(systemRandomness.uuid());
  const group = { tenantId, groupId, displayName, profile: {}, createdAt: clock.now() };
  await database.transaction((transaction) => insertGroup(transaction, group));
  return groupId;
}

export async function join(
  { database, clock }: PeopleStore,
  tenantId: TenantId,
  groupId: PrincipalId,
  memberId: string,
  memberType: MemberType = 'ServicePrincipal',
): Promise<void> {
  const member = { tenantId, groupId, memberId, memberType, at: clock.now() };
  await database.transaction((transaction) => insertMember(transaction, member));
}

/** Groups that have one member. */
export async function makeGroupsOf(
  { database, clock }: PeopleStore,
  tenantId: TenantId,
  memberId: string,
  count: number,
): Promise<readonly PrincipalId[]> {
  const groups = Array.from({ length: count }, () => guid<PrincipalId>(systemRandomness.uuid()));
  await database.transaction(async (transaction) => {
    for (const groupId of groups) {
      const of = { tenantId, groupId };
      await insertGroup(transaction, { ...of, displayName: 'one', profile: {}, createdAt: clock.now() });
      const member: Member = { memberId, memberType: 'ServicePrincipal' };
      await insertMember(transaction, { ...of, ...member, at: clock.now() });
    }
  });
  return groups;
}

export async function leave(
  { database, clock }: PeopleStore,
  tenantId: TenantId,
  groupId: PrincipalId,
  memberId: string,
): Promise<void> {
  const member = { tenantId, groupId, memberId, at: clock.now() };
  await database.transaction((transaction) => deleteMember(transaction, member));
}
