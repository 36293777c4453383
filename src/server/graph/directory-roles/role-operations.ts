import { activatedRoleBody, directoryRoleAssignmentBody } from '../../../contract/graph-directory-role.ts';
import { referenceBody, referencedId } from '../../../contract/odata.ts';
import { DomainError } from '../../../foundation/domain-error.ts';
import type { Randomness } from '../../../foundation/randomness.ts';
import {
  type DirectoryRoleAssignment,
  removeDirectoryRole,
  selectRoleAssignments,
} from '../../directory/directory-role-assignments.ts';
import {
  type DirectoryRole,
  directoryRole,
  directoryRoles,
  globalAdministrator as keptRole,
} from '../../directory/directory-roles.ts';
import type { GraphPermission } from '../../directory/graph-app-roles.ts';
import { inMemory, listPage, type Source } from '../collection.ts';
import type { DirectoryObjects } from '../directory-objects.ts';
import { requiredValues } from '../filter.ts';
import type { GraphOperation, PathKey, ReadOperation, WriteOperation } from '../operation.ts';
import { idSource, relationOperations } from '../relations.ts';
import { noSuchObject } from '../targets.ts';
import { giveRole } from './role-assignments.ts';

const changes: readonly GraphPermission[] = ['RoleManagement.ReadWrite.Directory'];
const reads: readonly GraphPermission[] = [
  ...changes,
  'RoleManagement.Read.Directory',
  'Directory.Read.All',
  'Directory.ReadWrite.All',
];
const unified = 'roleManagement/directory';
const added = { name: 'Add member to role', category: 'RoleManagement' } as const;
const removed = { name: 'Remove member from role', category: 'RoleManagement' } as const;

/** Members of a role that are listed at most. */
const maxMembers = 10_000;

interface Parts {
  readonly objects: DirectoryObjects;
  readonly randomness: Randomness;
}

/**
 * Roles of the directory, by both of their models: `directoryRoles` with members, and `roleManagement` with assignments.
 * A role's id is its template's, in every tenant.
 */
export function roleOperations(parts: Parts): readonly GraphOperation[] {
  return [...definitions(), ...members(parts), ...assignments(parts)];
}

/** Everything that is only read: roles, their templates, their definitions. */
function definitions(): readonly GraphOperation[] {
  const shapes: readonly (readonly [string, (role: DirectoryRole) => object])[] = [
    ['directoryRoles', presentRole],
    ['directoryRoleTemplates', presentTemplate],
    [`${unified}/roleDefinitions`, presentDefinition],
  ];
  return shapes.flatMap(([path, present]): ReadOperation[] => [
    {
      method: 'GET',
      path,
      permissions: reads,
      run: (request) =>
        listPage(
          request,
          { entitySet: path, path },
          inMemory(
            directoryRoles,
            ({ templateId }) => templateId,
            async (rows) => rows.map(present),
          ),
        ),
    },
    {
      method: 'GET',
      path: `${path}/{}`,
      permissions: reads,
      run: async ({ keys: [key] }) => ({ kind: 'entity', entitySet: path, value: present(roleOf(key)) }),
    },
  ]);
}

function members({ objects, randomness }: Parts): readonly GraphOperation[] {
  const activate: WriteOperation<(typeof activatedRoleBody)['_output']> = {
    method: 'POST',
    path: 'directoryRoles',
    activity: { name: 'Add role', category: 'RoleManagement', shows: ['roleTemplateId'] },
    permissions: changes,
    body: activatedRoleBody,
    // roles stand here without being activated
    async run({ body: { roleTemplateId }, base }) {
      const value = presentRole(roleOf({ by: 'id', value: roleTemplateId }));
      const location = `${base}/directoryRoles/${roleTemplateId}`;
      return { kind: 'entity', status: 201, entitySet: 'directoryRoles', value, location };
    },
  };

  const lists = relationOperations(objects, {
    path: 'directoryRoles/{}/members',
    permissions: reads,
    async ids({ tenantId, keys: [key] }, queries) {
      const { templateId: roleTemplateId } = roleOf(key);
      const held = await selectRoleAssignments(queries, tenantId, { roleTemplateId, limit: maxMembers });
      return idSource(held.map(({ principalId }) => principalId));
    },
  });

  const add: WriteOperation<(typeof referenceBody)['_output']> = {
    method: 'POST',
    path: 'directoryRoles/{}/members/$ref',
    activity: added,
    permissions: changes,
    body: referenceBody,
    async run({ tenantId, body, at, keys: [key] }, transaction) {
      const { templateId: roleTemplateId } = roleOf(key);
      const principalId = referencedId(body['@odata.id']);
      if (principalId === undefined) {
        throw new DomainError('malformed', 'Invalid entity reference for @odata.id.', {
          target: '@odata.id',
        });
      }
      await giveRole(transaction, { tenantId, principalId, roleTemplateId, at }, randomness);
      return { kind: 'nothing' };
    },
  };

  const remove: WriteOperation = {
    method: 'DELETE',
    path: 'directoryRoles/{}/members/{}/$ref',
    activity: removed,
    permissions: changes,
    async run({ tenantId, at, keys: [key, member] }, transaction) {
      const { templateId: roleTemplateId } = roleOf(key);
      const principalId = (member?.value ?? '').toLowerCase();
      const [held] = await selectRoleAssignments(transaction, tenantId, {
        roleTemplateId,
        principalIds: [principalId],
        limit: 1,
      });
      if (held === undefined) throw noSuchObject(principalId);
      await removeDirectoryRole(transaction, { tenantId, assignmentId: held.assignmentId, keptRole, at });
      return { kind: 'nothing' };
    },
  };

  return [activate, ...lists, add, remove];
}

function assignments({ randomness }: Parts): readonly GraphOperation[] {
  const path = `${unified}/roleAssignments`;

  const list: ReadOperation = {
    method: 'GET',
    path,
    permissions: reads,
    async run(request, queries) {
      const principalIds = requiredValues(request.options.filter, 'principalId');
      const [role, more] = requiredValues(request.options.filter, 'roleDefinitionId') ?? [];
      const roleTemplateId = more === undefined ? role : undefined;
      const source: Source<DirectoryRoleAssignment> = {
        rows: (after, limit) =>
          selectRoleAssignments(queries, request.tenantId, { principalIds, roleTemplateId, after, limit }),
        keyOf: ({ assignmentId }) => assignmentId,
        present: async (rows) => rows.map(presentAssignment),
      };
      return await listPage(request, { entitySet: path, path }, source);
    },
  };

  const read: ReadOperation = {
    method: 'GET',
    path: `${path}/{}`,
    permissions: reads,
    async run({ tenantId, keys: [key] }, queries) {
      const assignmentId = key?.value ?? '';
      const [found] = await selectRoleAssignments(queries, tenantId, { assignmentId, limit: 1 });
      if (found === undefined) throw noSuchObject(assignmentId);
      return { kind: 'entity', entitySet: path, value: presentAssignment(found) };
    },
  };

  const give: WriteOperation<(typeof directoryRoleAssignmentBody)['_output']> = {
    method: 'POST',
    path,
    activity: { ...added, shows: ['roleDefinitionId'] },
    permissions: changes,
    body: directoryRoleAssignmentBody,
    async run({ tenantId, body, at, base }, transaction) {
      const { principalId, roleDefinitionId: roleTemplateId } = body;
      const made = await giveRole(transaction, { tenantId, principalId, roleTemplateId, at }, randomness);
      const location = `${base}/${path}/${made.assignmentId}`;
      return { kind: 'entity', status: 201, entitySet: path, value: presentAssignment(made), location };
    },
  };

  const take: WriteOperation = {
    method: 'DELETE',
    path: `${path}/{}`,
    activity: removed,
    permissions: changes,
    async run({ tenantId, at, keys: [key] }, transaction) {
      const assignmentId = key?.value ?? '';
      const taken = await removeDirectoryRole(transaction, { tenantId, assignmentId, keptRole, at });
      if (taken === undefined) throw noSuchObject(assignmentId);
      return { kind: 'nothing', about: [taken.principalId] };
    },
  };

  return [list, read, give, take];
}

/** The role that a path names: `{id}`, `roleTemplateId='…'`. @throws DomainError `not-found` */
function roleOf(key: PathKey | undefined): DirectoryRole {
  const named = key?.by === 'id' || key?.by === 'roletemplateid';
  const role = named ? directoryRole(key.value.toLowerCase()) : undefined;
  if (role === undefined) throw noSuchObject(key?.value ?? '');
  return role;
}

function presentTemplate({ templateId, displayName }: DirectoryRole) {
  return { id: templateId, deletedDateTime: null, description: displayName, displayName };
}

function presentRole(role: DirectoryRole) {
  return { ...presentTemplate(role), roleTemplateId: role.templateId };
}

function presentDefinition({ templateId, displayName }: DirectoryRole) {
  return {
    id: templateId,
    description: displayName,
    displayName,
    isBuiltIn: true,
    isEnabled: true,
    resourceScopes: ['/'],
    rolePermissions: [],
    templateId,
    version: null,
  };
}

function presentAssignment({ assignmentId, principalId, roleTemplateId }: DirectoryRoleAssignment) {
  return { id: assignmentId, directoryScopeId: '/', principalId, roleDefinitionId: roleTemplateId };
}
