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

/** Whoever may do something to every group, and what lets people do it to groups that they own. */
export interface GroupOpening {
  readonly permissions: readonly GraphPermission[];
  readonly permissionsOfOwners: readonly GraphPermission[];
}

export const changesGroups: GroupOpening = {
  permissions: ['Group.ReadWrite.All', 'Directory.ReadWrite.All'],
  permissionsOfOwners: ['Group.OwnedBy'],
};

export const endsGroups: GroupOpening = {
  permissions: ['Group.ReadWrite.All'],
  permissionsOfOwners: ['Group.OwnedBy'],
};

export const changesMembers: GroupOpening = {
  permissions: ['GroupMember.ReadWrite.All', ...changesGroups.permissions],
  permissionsOfOwners: ['GroupMember.OwnedBy', 'Group.OwnedBy'],
};
