import {
  type ChangedGroup,
  changedGroupBody,
  type NewGroup,
  newGroupBody,
} from '../../../contract/graph-group.ts';
import { type PrincipalId, parseGuid } from '../../../foundation/ids.ts';
import type { Randomness } from '../../../foundation/randomness.ts';
import { type Group, selectGroup, selectGroups, updateGroup } from '../../directory/group-store.ts';
import { createGroup, deleteGroup } from '../../directory/groups.ts';
import type { Queries } from '../../storage/database.ts';
import type { ApplicationParts } from '../applications/application-operations.ts';
import type { Source } from '../collection.ts';
import { type Expand, expanded } from '../expansion.ts';
import { requiredValues } from '../filter.ts';
import { listing } from '../listing.ts';
import type { GraphOperation, GraphRequest, ReadOperation, WriteOperation } from '../operation.ts';
import { requireGovernableGroup, requireMayHoldRoles } from '../privileged-objects.ts';
import { noSuchObject } from '../targets.ts';
import { changesGroups, changesMembers, endsGroups, makesGroups, readsGroups } from './group-permissions.ts';
import { addMembers, addOwners } from './group-references.ts';
import { presentGroup } from './group-shape.ts';

const entitySet = 'groups';

/** Groups: list, count, read, make, change, delete. Who is in them has its own file. */
export function groupOperations({
  randomness,
  onPrincipalEnd,
  relations,
}: Pick<ApplicationParts, 'onPrincipalEnd'> & {
  readonly randomness: Randomness;
  /** What `$expand` shows. */
  readonly relations: Readonly<Record<string, Expand>>;
}): readonly GraphOperation[] {
  const lists = listing({ entitySet, permissions: readsGroups, relations, sourceOf: groupSource });

  const read: ReadOperation = {
    method: 'GET',
    path: `${entitySet}/{}`,
    permissions: readsGroups,
    async run(request, queries) {
      const value = presentGroup(await groupOf(request, queries));
      return await expanded(request, queries, relations, { kind: 'entity', entitySet, value });
    },
  };

  const create: WriteOperation<NewGroup> = {
    method: 'POST',
    path: entitySet,
    activity: { name: 'Add group', category: 'GroupManagement' },
    permissions: makesGroups,
    body: newGroupBody,
    async run(request, transaction) {
      const { tenantId, at, base, body, asOwner } = request;
      const {
        displayName,
        securityEnabled: _security,
        mailEnabled: _mail,
        groupTypes: _types,
        isAssignableToRole,
        'members@odata.bind': members = [],
        'owners@odata.bind': owners = [],
        ...described
      } = body;
      const profile = { ...described, ...(isAssignableToRole === true ? { isAssignableToRole } : {}) };
      requireMayHoldRoles(request, { profile });
      const group = await createGroup(transaction, tenantId, { displayName, profile }, randomness, at);
      const maker = `/directoryObjects/${asOwner.ownerId}`;
      const others = owners.filter((address) => !address.toLowerCase().endsWith(`/${asOwner.ownerId}`));
      await addOwners(transaction, group, [maker, ...others], at);
      await addMembers(transaction, group, members, at);
      const location = `${base}/${entitySet}/${group.groupId}`;
      return { kind: 'entity', status: 201, entitySet, value: presentGroup(group), location };
    },
  };

  const change: WriteOperation<ChangedGroup> = {
    method: 'PATCH',
    path: `${entitySet}/{}`,
    activity: { name: 'Update group', category: 'GroupManagement' },
    ...changesMembers,
    body: changedGroupBody,
    async run(request, transaction) {
      const group = await groupOf(request, transaction);
      const describes = Object.keys(request.body).some((name) => name !== 'members@odata.bind');
      const opening = describes ? changesGroups : changesMembers;
      await requireGovernableGroup(transaction, request, group, opening);
      const {
        displayName = group.displayName,
        securityEnabled: _security,
        mailEnabled: _mail,
        'members@odata.bind': members = [],
        ...described
      } = request.body;
      if (describes) {
        await updateGroup(transaction, group, { displayName, profile: { ...group.profile, ...described } });
      }
      await addMembers(transaction, group, members, request.at);
      return { kind: 'nothing' };
    },
  };

  const remove: WriteOperation = {
    method: 'DELETE',
    path: `${entitySet}/{}`,
    activity: { name: 'Delete group', category: 'GroupManagement' },
    ...endsGroups,
    async run(request, transaction) {
      const { tenantId, at } = request;
      const group = await groupOf(request, transaction);
      await requireGovernableGroup(transaction, request, group, endsGroups);
      const { groupId } = group;
      await onPrincipalEnd(transaction, { tenantId, principalId: groupId, at });
      await deleteGroup(transaction, { tenantId, groupId, at });
      return { kind: 'nothing' };
    },
  };

  return [...lists, read, create, change, remove];
}

/** The group that a path begins with. @throws DomainError `not-found` */
export async function groupOf(
  { tenantId, keys: [key] }: Pick<GraphRequest, 'tenantId' | 'keys'>,
  queries: Queries,
): Promise<Group> {
  const groupId = key?.by === 'id' ? parseGuid<PrincipalId>(key.value) : undefined;
  const group = groupId && (await selectGroup(queries, tenantId, groupId));
  if (group === undefined) throw noSuchObject(key?.value ?? '');
  return group;
}

/** All groups, or where the filter names some by a key, those. */
function groupSource({ tenantId, options: { filter } }: GraphRequest, queries: Queries): Source<Group> {
  const ids = requiredValues(filter, 'id');
  const [displayName, more] = requiredValues(filter, 'displayName') ?? [];
  return {
    rows: (after, limit) =>
      selectGroups(queries, tenantId, {
        ids,
        displayName: more === undefined ? displayName : undefined,
        after,
        limit,
      }),
    keyOf: ({ groupId }) => groupId,
    present: async (groups) => groups.map((group) => presentGroup(group)),
  };
}
