import type { GraphPermission } from '../../directory/graph-app-roles.ts';

/** Whoever may read applications and service principals. */
export const readsApplications: readonly GraphPermission[] = [
  'Application.Read.All',
  'Application.ReadWrite.All',
  'Application.ReadWrite.OwnedBy',
  'Directory.Read.All',
  'Directory.ReadWrite.All',
];

/** Whoever may change any, and whoever may change their own. */
export const changesApplications = {
  permissions: ['Application.ReadWrite.All'],
  permissionsOfOwners: ['Application.ReadWrite.OwnedBy'],
} as const satisfies {
  readonly permissions: readonly GraphPermission[];
  readonly permissionsOfOwners: readonly GraphPermission[];
};
