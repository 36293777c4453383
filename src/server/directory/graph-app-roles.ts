import type { AppRole } from '../../contract/graph-application.ts';

/** Application permissions of Microsoft Graph that operations here ask for, by the ids that Graph gives them (h.5). */
const ids = {
  'Application.Read.All': '9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30',
  'Application.ReadWrite.All': '1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9',
  'Application.ReadWrite.OwnedBy': '18a4783c-866b-4cc7-a460-3d5e5662c884',
  'AppRoleAssignment.ReadWrite.All': '06b708a9-e830-4db3-a914-8e69da51d44f',
  'AuditLog.Read.All': 'b0afded3-3588-46d8-8b3d-9842eff778da',
  'DelegatedPermissionGrant.ReadWrite.All': '8e8e4742-1d95-4f68-9d56-6ee75648c72a',
  'Directory.Read.All': '7ab1d382-f21e-4acd-a863-ba3e13f7da61',
  'Directory.ReadWrite.All': '19dbc75e-c2e2-444c-a770-ec69d8559fc7',
  'Domain.Read.All': 'dbb9058a-0e50-45d7-ae91-66909b5d4664',
  'Group.Create': 'bf7b1a76-6e77-406b-b258-bf5c7720e98f',
  'Group.Read.All': '5b567255-7703-4780-807c-7be8301ae99b',
  'Group.ReadWrite.All': '62a82d76-70ea-41e2-9197-370581804d09',
  'GroupMember.Read.All': '98830695-27a2-44f7-8c18-0c3ebc9698f6',
  'GroupMember.ReadWrite.All': 'dbaae8cf-10b5-4b86-a4a1-f871c94c6695',
  'Organization.Read.All': '498476ce-e0fe-48b0-b801-37ba7e2685c6',
  'RoleManagement.Read.Directory': '483bed4a-2ad3-4361-a73b-c83ccdbdc53c',
  'RoleManagement.ReadWrite.Directory': '9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8',
  'User.Read.All': 'df021288-bdef-4463-88db-98f22de89214',
  'User.ReadWrite.All': '741f803b-c850-494e-b5df-cde7c675a1ca',
} as const;

/**
 * Permissions that applications are given, and what people have without one: to change groups that they own, or to say who
 * is in them. Those are our own, and no token names them.
 */
export type GraphPermission = keyof typeof ids | OwnersPermission;

export type OwnersPermission = 'Group.OwnedBy' | 'GroupMember.OwnedBy';

export const graphPermissions = Object.keys(ids) as readonly (keyof typeof ids)[];

/** The same as app roles of Graph's service principal, which every tenant knows. */
export const graphAppRoles: readonly AppRole[] = Object.entries(ids).map(([value, id]) => ({
  id,
  value,
  allowedMemberTypes: ['Application'],
  displayName: value,
  description: `Allows the application to use what ${value} opens, without a signed-in user.`,
  isEnabled: true,
  origin: 'Application',
}));
