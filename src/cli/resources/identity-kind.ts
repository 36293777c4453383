import { nameColumns, type ResourceKind } from './resource-kind.ts';

/** User-assigned identities. */
export const identityKind: ResourceKind = {
  noun: 'user-assigned identity',
  plural: 'user-assigned identities',
  type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
  apiVersion: '2024-11-30',
  columns: {
    ...nameColumns,
    location: (identity) => identity.string('location'),
    principal: (identity) => identity.optionalString('principalId') ?? '',
    client: (identity) => identity.optionalString('clientId') ?? '',
  },
};
