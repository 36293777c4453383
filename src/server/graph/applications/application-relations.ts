import { type ClientId, guid, type PrincipalId } from '../../../foundation/ids.ts';
import { selectAssignmentsOf, selectAssignmentsTo } from '../../directory/app-role-assignments.ts';
import { selectApplication } from '../../directory/application-store.ts';
import { selectPrincipal } from '../../directory/directory-store.ts';
import { selectMemberships } from '../../directory/memberships.ts';
import { selectOwned, selectOwners } from '../../directory/ownership.ts';
import { selectPermissionGrants } from '../../directory/permission-grants.ts';
import { selectFederatedCredentials } from '../../federation/credential-store.ts';
import type { DirectoryObjects } from '../directory-objects.ts';
import type { Expand } from '../expansion.ts';
import { presentAssignments } from './app-role-operations.ts';
import { presentFederatedCredential } from './federated-credential-operations.ts';
import { presentGrant } from './permission-grant-operations.ts';

/** Related objects that are read at most; fewer are shown. */
const limit = 20;

/** What an application leads to (`$expand`). */
export function applicationRelations(objects: DirectoryObjects): Readonly<Record<string, Expand>> {
  return {
    owners: ownersOf(objects),
    async federatedIdentityCredentials(queries, tenantId, objectId) {
      const application = await selectApplication(queries, tenantId, {
        objectId: guid<PrincipalId>(objectId),
      });
      if (application === undefined) return [];
      const { clientId } = application;
      const credentials = await selectFederatedCredentials(queries, { tenantId, clientId });
      return credentials.map((credential) => presentFederatedCredential(credential, 'v1.0'));
    },
  };
}

/** What a service principal leads to. */
export function principalRelations(objects: DirectoryObjects): Readonly<Record<string, Expand>> {
  return {
    owners: ownersOf(objects),
    async appRoleAssignments(queries, tenantId, objectId) {
      const held = await selectAssignmentsOf(queries, tenantId, objectId);
      return await presentAssignments(queries, tenantId, held.slice(0, limit));
    },
    async appRoleAssignedTo(queries, tenantId, objectId) {
      const given = await selectAssignmentsTo(queries, tenantId, objectId, { limit });
      return await presentAssignments(queries, tenantId, given);
    },
    async memberOf(queries, tenantId, objectId, permissions) {
      const { direct } = await selectMemberships(queries, tenantId, objectId);
      return await objects.present(queries, tenantId, direct.slice(0, limit), permissions);
    },
    async transitiveMemberOf(queries, tenantId, objectId, permissions) {
      const { transitive } = await selectMemberships(queries, tenantId, objectId);
      return await objects.present(queries, tenantId, transitive.slice(0, limit), permissions);
    },
    async ownedObjects(queries, tenantId, objectId, permissions) {
      const owned = await selectOwned(queries, tenantId, objectId);
      return await objects.present(queries, tenantId, owned.slice(0, limit), permissions);
    },
    async oauth2PermissionGrants(queries, tenantId, clientId) {
      return (await selectPermissionGrants(queries, tenantId, { clientId, limit })).map(presentGrant);
    },
    async federatedIdentityCredentials(queries, tenantId, objectId) {
      const principal = await selectPrincipal(queries, tenantId, guid<PrincipalId>(objectId));
      if (principal?.principalType !== 'ManagedIdentity') return [];
      const parent = { tenantId, clientId: guid<ClientId>(principal.clientId) };
      const credentials = await selectFederatedCredentials(queries, parent);
      return credentials.map((credential) => presentFederatedCredential(credential, 'v1.0'));
    },
  };
}

function ownersOf(objects: DirectoryObjects): Expand {
  return async (queries, tenantId, objectId, permissions) => {
    const owners = await selectOwners(queries, { tenantId, objectId });
    return await objects.present(
      queries,
      tenantId,
      owners.slice(0, limit).map(({ ownerId }) => ownerId),
      permissions,
    );
  };
}
