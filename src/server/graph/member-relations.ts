import { guid, type PrincipalId } from '../../foundation/ids.ts';
import { selectMembers } from '../directory/group-members.ts';
import { selectMemberships } from '../directory/memberships.ts';
import { selectOwned, selectOwners } from '../directory/ownership.ts';
import type { DirectoryObjects } from './directory-objects.ts';
import type { Expand } from './expansion.ts';

/** Related objects that are read at most; fewer are shown. */
const limit = 20;

/** What a person leads to (`$expand`). */
export function userRelations(objects: DirectoryObjects): Readonly<Record<string, Expand>> {
  return {
    ...memberships(objects),
    async ownedObjects(queries, tenantId, objectId, permissions) {
      const owned = await selectOwned(queries, tenantId, objectId);
      return await objects.present(queries, tenantId, owned.slice(0, limit), permissions);
    },
  };
}

/** What a group leads to. */
export function groupRelations(objects: DirectoryObjects): Readonly<Record<string, Expand>> {
  return {
    ...memberships(objects),
    async members(queries, tenantId, objectId, permissions) {
      const key = { tenantId, groupId: guid<PrincipalId>(objectId) };
      const members = await selectMembers(queries, key, { limit });
      return await objects.present(
        queries,
        tenantId,
        members.map(({ memberId }) => memberId),
        permissions,
      );
    },
    async owners(queries, tenantId, objectId, permissions) {
      const owners = await selectOwners(queries, { tenantId, objectId });
      return await objects.present(
        queries,
        tenantId,
        owners.slice(0, limit).map(({ ownerId }) => ownerId),
        permissions,
      );
    },
  };
}

function memberships(objects: DirectoryObjects) {
  return {
    async memberOf(queries, tenantId, objectId, permissions) {
      const { direct } = await selectMemberships(queries, tenantId, objectId);
      return await objects.present(queries, tenantId, direct.slice(0, limit), permissions);
    },
    async transitiveMemberOf(queries, tenantId, objectId, permissions) {
      const { transitive } = await selectMemberships(queries, tenantId, objectId);
      return await objects.present(queries, tenantId, transitive.slice(0, limit), permissions);
    },
  } satisfies Readonly<Record<string, Expand>>;
}
