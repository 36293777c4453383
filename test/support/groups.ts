import { guid, type PrincipalId, type TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { deleteMember, insertMember, type MemberType } from '../../src/server/directory/group-members.ts';
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

export async function leave(
  { database, clock }: PeopleStore,
  tenantId: TenantId,
  groupId: PrincipalId,
  memberId: string,
): Promise<void> {
  const member = { tenantId, groupId, memberId, at: clock.now() };
  await database.transaction((transaction) => deleteMember(transaction, member));
}
