import type { GraphPermission } from '../../directory/graph-app-roles.ts';

/** Whoever may read groups and who is in them. */
export const readsGroups: readonly GraphPermission[] = [
  'Group.Read.All',
  'Group.ReadWrite.All',
  'GroupMember.Read.All',
  'GroupMember.ReadWrite.All',
  'Directory.Read.All',
  'Directory.ReadWrite.All',
];

export const makesGroups: readonly GraphPermission[] = [
  'Group.Create',
  'Group.ReadWrite.All',
  'Directory.ReadWrite.All',
];

export const changesGroups: readonly GraphPermission[] = ['Group.ReadWrite.All', 'Directory.ReadWrite.All'];

export const endsGroups: readonly GraphPermission[] = ['Group.ReadWrite.All'];

export const changesMembers: readonly GraphPermission[] = ['GroupMember.ReadWrite.All', ...changesGroups];

/** What opens groups to people who own them. */
export const ofOwners: readonly GraphPermission[] = ['Group.OwnedBy'];
