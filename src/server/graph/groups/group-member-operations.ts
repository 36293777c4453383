import { referenceBody } from '../../../contract/odata.ts';
import { deleteMember, selectMembers, selectTransitiveMembers } from '../../directory/group-members.ts';
import { deleteOwner, selectOwners } from '../../directory/ownership.ts';
import type { DirectoryObjects } from '../directory-objects.ts';
import type { GraphOperation, WriteOperation } from '../operation.ts';
import { requireGovernableGroup } from '../privileged-objects.ts';
import { idSource, relationOperations } from '../relations.ts';
import { noSuchObject } from '../targets.ts';
import { groupOf } from './group-operations.ts';
import { changesGroups, changesMembers, type GroupOpening, readsGroups } from './group-permissions.ts';
import { addMembers, addOwners } from './group-references.ts';

const activities = {
  members: {
    add: { name: 'Add member to group', category: 'GroupManagement' },
    remove: { name: 'Remove member from group', category: 'GroupManagement' },
  },
  owners: {
    add: { name: 'Add owner to group', category: 'GroupManagement' },
    remove: { name: 'Remove owner from group', category: 'GroupManagement' },
  },
} as const;

/** Members and owners of groups: list, add, remove. */
export function groupMemberOperations({
  objects,
}: {
  readonly objects: DirectoryObjects;
}): readonly GraphOperation[] {
  const reads = [
    ...relationOperations(objects, {
      path: 'groups/{}/members',
      permissions: readsGroups,
      async ids(request, queries) {
        const { tenantId, groupId } = await groupOf(request, queries);
        return async (after, limit) => {
          const rows = await selectMembers(queries, { tenantId, groupId }, { after, limit });
          return rows.map(({ memberId }) => memberId);
        };
      },
    }),
    ...relationOperations(objects, {
      path: 'groups/{}/transitiveMembers',
      permissions: readsGroups,
      async ids(request, queries) {
        const group = await groupOf(request, queries);
        const all = await selectTransitiveMembers(queries, group);
        // a group may be in a group that is in it, and is no member of itself
        return idSource(all.map(({ memberId }) => memberId).filter((id) => id !== group.groupId));
      },
    }),
    ...relationOperations(objects, {
      path: 'groups/{}/owners',
      permissions: readsGroups,
      async ids(request, queries) {
        const { tenantId, groupId } = await groupOf(request, queries);
        const all = await selectOwners(queries, { tenantId, objectId: groupId });
        return idSource(all.map(({ ownerId }) => ownerId));
      },
    }),
  ];

  const add = (
    relation: 'members' | 'owners',
    opening: GroupOpening,
    put: typeof addMembers,
  ): WriteOperation<(typeof referenceBody)['_output']> => ({
    method: 'POST',
    path: `groups/{}/${relation}/$ref`,
    activity: activities[relation].add,
    ...opening,
    body: referenceBody,
    async run(request, transaction) {
      const group = await groupOf(request, transaction);
      await requireGovernableGroup(transaction, request, group, opening);
      await put(transaction, group, [request.body['@odata.id']], request.at);
      return { kind: 'nothing' };
    },
  });

  const remove = (relation: 'members' | 'owners', opening: GroupOpening): WriteOperation => ({
    method: 'DELETE',
    path: `groups/{}/${relation}/{}/$ref`,
    activity: activities[relation].remove,
    ...opening,
    async run(request, transaction) {
      const { tenantId, at, keys } = request;
      const group = await groupOf(request, transaction);
      await requireGovernableGroup(transaction, request, group, opening);
      const id = (keys[1]?.value ?? '').toLowerCase();
      const key = { tenantId, groupId: group.groupId, objectId: group.groupId };
      const removed =
        relation === 'members'
          ? await deleteMember(transaction, { ...key, memberId: id, at })
          : await deleteOwner(transaction, { ...key, ownerId: id });
      if (!removed) throw noSuchObject(id);
      return { kind: 'nothing' };
    },
  });

  return [
    ...reads,
    add('members', changesMembers, addMembers),
    add('owners', changesGroups, addOwners),
    remove('members', changesMembers),
    remove('owners', changesGroups),
  ];
}
