import type { ResourceType } from '../../resource-manager/provider.ts';
import { identityApiVersions } from './api-versions.ts';

const namespace = 'Microsoft.ManagedIdentity';
const identities = 'User assigned identities';
const credentials = 'Federated identity credentials';

/** Every right of the namespace, as roles name it, with what it is about and what it allows. */
const rights: readonly (readonly [string, string, string])[] = [
  ['identities/read', 'System assigned identities', 'Read the identity that a resource has of its own'],
  ['operations/read', 'Managed identity operations', 'List the rights of this namespace'],
  ['register/action', 'Managed identity resource provider', 'Register a subscription'],
  ['userAssignedIdentities/assign/action', identities, 'Assign an identity to a resource'],
  ['userAssignedIdentities/delete', identities, 'Delete an identity'],
  ['userAssignedIdentities/federatedIdentityCredentials/read', credentials, 'Read or list credentials'],
  ['userAssignedIdentities/federatedIdentityCredentials/write', credentials, 'Make or change a credential'],
  ['userAssignedIdentities/federatedIdentityCredentials/delete', credentials, 'Delete a credential'],
  ['userAssignedIdentities/listAssociatedResources/action', identities, 'List resources with an identity'],
  ['userAssignedIdentities/read', identities, 'Read or list identities'],
  ['userAssignedIdentities/revokeTokens/action', identities, 'Refuse all tokens that an identity has'],
  ['userAssignedIdentities/write', identities, 'Make or change an identity'],
];

/** The rights of the namespace (b.2), for whoever writes roles. */
export function identityOperations(): ResourceType {
  return {
    namespace,
    type: 'operations',
    apiVersions: identityApiVersions,
    owner: 'provider',
    tracked: false,
    operations: [
      {
        method: 'GET',
        path: '/providers/Microsoft.ManagedIdentity/operations',
        action: 'Microsoft.ManagedIdentity/operations/read',
        async run() {
          const value = rights.map(([right, resource, description]) => ({
            name: `${namespace}/${right}`,
            display: { provider: 'Managed identity', resource, operation: description, description },
          }));
          return { status: 200, body: { value } };
        },
      },
    ],
  };
}
