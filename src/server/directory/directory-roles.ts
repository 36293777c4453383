import type { GraphPermission } from './graph-app-roles.ts';
import { graphPermissions } from './graph-app-roles.ts';

/** A role of the directory: what it opens at Graph. Its template id is the same in every tenant. */
export interface DirectoryRole {
  readonly templateId: string;
  readonly displayName: string;
  readonly permissions: readonly GraphPermission[];
}

const reading = graphPermissions.filter((name) => /\.Read\.(All|Directory)$/.test(name));
const directoryReading = reading.filter((name) => name !== 'AuditLog.Read.All');
/** Not app roles: whoever gives Graph's could give themselves everything. */
const applications: readonly GraphPermission[] = [
  ...directoryReading,
  'Application.ReadWrite.All',
  'DelegatedPermissionGrant.ReadWrite.All',
];

export const globalAdministrator = '62e90394-69f5-4237-9190-012177145e10';

/** Entra's built-in roles that open something here. */
export const directoryRoles: readonly DirectoryRole[] = [
  { templateId: globalAdministrator, displayName: 'Global Administrator', permissions: graphPermissions },
  {
    templateId: 'f2ef992c-3afb-46b9-b7cf-a126ee74c451',
    displayName: 'Global Reader',
    permissions: reading,
  },
  {
    templateId: '88d8e3e3-8f55-4a1e-953a-9b9898b8876b',
    displayName: 'Directory Readers',
    permissions: directoryReading,
  },
  {
    templateId: '9360feb5-f418-4baa-8175-e2a00bac4301',
    displayName: 'Directory Writers',
    permissions: [...directoryReading, 'Group.ReadWrite.All', 'Group.Create', 'GroupMember.ReadWrite.All'],
  },
  {
    templateId: '9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3',
    displayName: 'Application Administrator',
    permissions: applications,
  },
  {
    templateId: '158c047a-c907-4556-b7ef-446551a6b5f7',
    displayName: 'Cloud Application Administrator',
    permissions: applications,
  },
  {
    templateId: 'fe930be7-5e62-47db-91af-98c3a49a38b1',
    displayName: 'User Administrator',
    permissions: [
      ...directoryReading,
      'User.ReadWrite.All',
      'Group.ReadWrite.All',
      'Group.Create',
      'GroupMember.ReadWrite.All',
    ],
  },
  {
    templateId: 'fdd7a751-b60b-444a-984c-02652fe8fa1c',
    displayName: 'Groups Administrator',
    permissions: [...directoryReading, 'Group.ReadWrite.All', 'Group.Create', 'GroupMember.ReadWrite.All'],
  },
  {
    templateId: 'e8611ab8-c189-46e8-94e1-60213ab1f814',
    displayName: 'Privileged Role Administrator',
    permissions: [
      ...directoryReading,
      'RoleManagement.ReadWrite.Directory',
      'AppRoleAssignment.ReadWrite.All',
      'DelegatedPermissionGrant.ReadWrite.All',
    ],
  },
];

export function directoryRole(templateId: string): DirectoryRole | undefined {
  return directoryRoles.find((role) => role.templateId === templateId);
}
