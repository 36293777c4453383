import { removeRoleAssignmentsOfResources } from './authorization/role-assignment-removal.ts';
import { removeDeploymentsOf } from './deployments/deployment-store.ts';
import { removeFederatedCredentialsOfResources } from './federation/credential-store.ts';
import { removeMachinesOf } from './machines/machine-store.ts';
import { removeIdentitiesOfResources } from './managed-identities/identity-end.ts';
import type { DeletionParticipant } from './resource-manager/deletion.ts';
import { releaseHeld } from './resource-manager/holding.ts';
import { removeLocksOfResources } from './resource-manager/locks.ts';
import { removeResourceSecrets } from './resource-manager/resource-secrets.ts';
import { removeVaultContents } from './targets/key-vault/secrets.ts';

/** What ends with resources or a group, in the transaction that ends them. */
export const resourceEndings: readonly DeletionParticipant[] = [
  // role assignments and federated credentials are found through the resource's principal, so they go first
  removeRoleAssignmentsOfResources,
  removeFederatedCredentialsOfResources,
  removeIdentitiesOfResources,
  removeLocksOfResources,
  removeMachinesOf,
  releaseHeld,
  removeResourceSecrets,
  removeVaultContents,
  removeDeploymentsOf,
];
