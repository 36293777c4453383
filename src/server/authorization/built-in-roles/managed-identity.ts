import type { BuiltInRole } from '../built-in-role.ts';

/** Roles on user-assigned identities. */
export const managedIdentityRoles: readonly BuiltInRole[] = [
  {
    id: 'f1a07417-d97a-45cb-824c-7a7467783830',
    name: 'Managed Identity Operator',
    description: 'Sees user-assigned identities and attaches them to resources.',
    permissions: [
      {
        actions: [
          'Microsoft.ManagedIdentity/userAssignedIdentities/*/read',
          'Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action',
          'Microsoft.Authorization/*/read',
          'Microsoft.Insights/alertRules/*',
          'Microsoft.Resources/subscriptions/resourceGroups/read',
          'Microsoft.Resources/deployments/*',
          'Microsoft.Support/*',
        ],
      },
    ],
  },
  {
    id: 'e40ec5ca-96e0-45a2-b4ff-59039f2c2b59',
    name: 'Managed Identity Contributor',
    description: 'Creates, changes and deletes user-assigned identities.',
    permissions: [
      {
        actions: [
          'Microsoft.ManagedIdentity/userAssignedIdentities/read',
          'Microsoft.ManagedIdentity/userAssignedIdentities/write',
          'Microsoft.ManagedIdentity/userAssignedIdentities/delete',
          'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read',
          'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write',
          'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete',
          'Microsoft.ManagedIdentity/userAssignedIdentities/revokeTokens/action',
          'Microsoft.Authorization/*/read',
          'Microsoft.Insights/alertRules/*',
          'Microsoft.Resources/subscriptions/resourceGroups/read',
          'Microsoft.Resources/deployments/*',
          'Microsoft.Support/*',
        ],
      },
    ],
  },
  {
    id: '7e559ce2-48d7-4b27-9128-fa1b247f1308',
    name: 'Managed Identity Federated Identity Credential Contributor',
    description: 'Manages the federated credentials of user-assigned identities.',
    permissions: [
      {
        actions: [
          'Microsoft.ManagedIdentity/userAssignedIdentities/read',
          'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write',
          'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/read',
          'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/delete',
          'Microsoft.Authorization/*/read',
          'Microsoft.Insights/alertRules/*',
          'Microsoft.Resources/subscriptions/resourceGroups/read',
          'Microsoft.Resources/deployments/*',
        ],
      },
    ],
  },
];
