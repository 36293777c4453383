import type { BuiltInRole } from '../built-in-role.ts';

/** Roles on the hierarchy above subscriptions. */
export const managementGroupRoles: readonly BuiltInRole[] = [
  {
    id: '5d58bcaf-24a5-4b20-bdb6-eed9f69fbe4c',
    name: 'Management Group Contributor',
    description: 'Manages management groups and which subscriptions are in them.',
    permissions: [
      {
        actions: [
          'Microsoft.Management/managementGroups/delete',
          'Microsoft.Management/managementGroups/read',
          'Microsoft.Management/managementGroups/subscriptions/delete',
          'Microsoft.Management/managementGroups/subscriptions/write',
          'Microsoft.Management/managementGroups/write',
          'Microsoft.Management/managementGroups/subscriptions/read',
          'Microsoft.Authorization/*/read',
        ],
      },
    ],
  },
  {
    id: 'ac63b705-f282-497d-ac71-919bf39d939d',
    name: 'Management Group Reader',
    description: 'Reads management groups and which subscriptions are in them.',
    permissions: [
      {
        actions: [
          'Microsoft.Management/managementGroups/read',
          'Microsoft.Management/managementGroups/subscriptions/read',
          'Microsoft.Authorization/*/read',
        ],
      },
    ],
  },
];
