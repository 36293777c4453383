import { appRoleAssignmentBody } from '../../../contract/graph-permissions.ts';
import { DomainError } from '../../../foundation/domain-error.ts';
import {
  type ClientId,
  guid,
  type PrincipalId,
  type TenantId,
  type UserId,
} from '../../../foundation/ids.ts';
import type { Randomness } from '../../../foundation/randomness.ts';
import {
  type AppRoleAssignment,
  type AssigneeType,
  assignAppRole,
  deleteAppRoleAssignment,
  selectAssignmentsOf,
  selectAssignmentsTo,
} from '../../directory/app-role-assignments.ts';
import { selectManifest } from '../../directory/application-manifest.ts';
import { selectPrincipal } from '../../directory/directory-store.ts';
import { firstPartyPrincipal } from '../../directory/first-party-principals.ts';
import { findUser, selectUser } from '../../directory/user-store.ts';
import type { Queries } from '../../storage/database.ts';
import { inMemory, listPage, type Source } from '../collection.ts';
import { graphTime } from '../graph-time.ts';
import type { GraphOperation, GraphRequest, ReadOperation, WriteOperation } from '../operation.ts';
import { noSuchObject } from '../targets.ts';
import { readsApplications } from './application-permissions.ts';
import { objectIdOf } from './owner-operations.ts';

const entitySet = 'appRoleAssignments';
const gives = ['AppRoleAssignment.ReadWrite.All'] as const;

/** Whose assignments a collection holds, or which resource's. */
interface Side {
  readonly path: string;
  readonly side: 'principal' | 'resource';
  idOf(request: GraphRequest, queries: Queries): Promise<string>;
}

const sides: readonly Side[] = [
  {
    path: 'servicePrincipals/{}/appRoleAssignments',
    side: 'principal',
    idOf: (request, queries) => objectIdOf(request, queries, 'servicePrincipal'),
  },
  {
    path: 'servicePrincipals/{}/appRoleAssignedTo',
    side: 'resource',
    idOf: (request, queries) => objectIdOf(request, queries, 'servicePrincipal'),
  },
  { path: 'users/{}/appRoleAssignments', side: 'principal', idOf: userIdOf },
  { path: 'groups/{}/appRoleAssignments', side: 'principal', idOf: groupIdOf },
];

/** Who is given a role, as audits call them. */
function assigneeNoun(path: string): string {
  if (path.startsWith('users')) return 'user';
  return path.startsWith('groups') ? 'group' : 'service principal';
}

/** App roles: who has which of what (h.3). */
export function appRoleOperations({
  randomness,
}: {
  readonly randomness: Randomness;
}): readonly GraphOperation[] {
  return sides.flatMap(({ path, side, idOf }): GraphOperation[] => {
    const list: ReadOperation = {
      method: 'GET',
      path,
      permissions: [...readsApplications, ...gives],
      async run(request, queries) {
        const id = await idOf(request, queries);
        const source = await sourceOf(queries, request.tenantId, side, id);
        return await listPage(request, { entitySet, path: path.replace('{}', id) }, source);
      },
    };
    const read: ReadOperation = {
      method: 'GET',
      path: `${path}/{}`,
      permissions: [...readsApplications, ...gives],
      async run(request, queries) {
        const id = await idOf(request, queries);
        const wanted = request.keys[1]?.value ?? '';
        const source = await sourceOf(queries, request.tenantId, side, id);
        const rows = await source.rows(undefined, Number.MAX_SAFE_INTEGER);
        const found = rows.find(({ assignmentId }) => assignmentId === wanted);
        if (found === undefined) throw noSuchObject(wanted);
        const [value = {}] = await source.present([found]);
        return { kind: 'entity', entitySet, value };
      },
    };
    const give: WriteOperation<(typeof appRoleAssignmentBody)['_output']> = {
      method: 'POST',
      path,
      activity: {
        name: `Add app role assignment to ${assigneeNoun(path)}`,
        category: 'ApplicationManagement',
        shows: ['id', 'appRoleId'],
      },
      permissions: gives,
      body: appRoleAssignmentBody,
      async run(request, transaction) {
        const { tenantId, body, at, base } = request;
        const id = await idOf(request, transaction);
        if (id !== (side === 'principal' ? body.principalId : body.resourceId)) {
          throw new DomainError('invalid-value', `The body names another object than the path, '${id}'.`, {
            target: side === 'principal' ? 'principalId' : 'resourceId',
          });
        }
        const principal = await assigneeOf(transaction, tenantId, body.principalId);
        const resource = await resourceOf(transaction, tenantId, body.resourceId);
        const made = await assignAppRole(
          transaction,
          { tenantId, principal, resource, appRoleId: body.appRoleId, at },
          randomness,
        );
        const [value = {}] = await presentAssignments(transaction, tenantId, [made]);
        const location = `${base}/${path.replace('{}', id)}/${made.assignmentId}`;
        return { kind: 'entity', status: 201, entitySet, value, location };
      },
    };
    const take: WriteOperation = {
      method: 'DELETE',
      path: `${path}/{}`,
      activity: {
        name: `Remove app role assignment from ${assigneeNoun(path)}`,
        category: 'ApplicationManagement',
      },
      permissions: gives,
      async run(request, transaction) {
        const { tenantId, at, keys } = request;
        const id = await idOf(request, transaction);
        const assignmentId = keys[1]?.value ?? '';
        const of = side === 'principal' ? { principalId: id } : { resourceId: id };
        const taken = await deleteAppRoleAssignment(transaction, { tenantId, assignmentId, of, at });
        if (taken === undefined) throw noSuchObject(assignmentId);
        return { kind: 'nothing' };
      },
    };
    return [list, read, give, take];
  });
}

async function sourceOf(
  queries: Queries,
  tenantId: TenantId,
  side: Side['side'],
  id: string,
): Promise<Source<AppRoleAssignment>> {
  const present = (rows: readonly AppRoleAssignment[]) => presentAssignments(queries, tenantId, rows);
  const keyOf = ({ assignmentId }: AppRoleAssignment) => assignmentId;
  if (side === 'principal') return inMemory(await selectAssignmentsOf(queries, tenantId, id), keyOf, present);
  return {
    rows: (after, limit) =>
      selectAssignmentsTo(queries, tenantId, id, { ...(after === undefined ? {} : { after }), limit }),
    keyOf,
    present,
  };
}

/** App role assignments as Graph shows them, in the order given. */
export async function presentAssignments(
  queries: Queries,
  tenantId: TenantId,
  assignments: readonly AppRoleAssignment[],
): Promise<readonly object[]> {
  const names = await namesOf(queries, tenantId, [
    ...new Set(assignments.flatMap(({ principalId, resourceId }) => [principalId, resourceId])),
  ]);
  return assignments.map((assignment) => ({
    id: assignment.assignmentId,
    deletedDateTime: null,
    appRoleId: assignment.appRoleId,
    createdDateTime: graphTime(assignment.createdAt),
    principalDisplayName: names.get(assignment.principalId) ?? null,
    principalId: assignment.principalId,
    principalType: assignment.principalType,
    resourceDisplayName: names.get(assignment.resourceId) ?? null,
    resourceId: assignment.resourceId,
  }));
}

/** Display names of objects that have roles or give them. */
async function namesOf(
  queries: Queries,
  tenantId: TenantId,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  if (ids.length === 0) return names;
  for (const [table, column] of [
    ['principals', 'principal_id'],
    ['users', 'user_id'],
    ['groups', 'group_id'],
  ] as const) {
    const rows = await queries
      .selectFrom(table)
      .select([`${column} as id`, 'display_name'])
      .where('tenant_id', '=', tenantId)
      .where(column as never, 'in', ids as never)
      .execute();
    for (const row of rows as readonly { readonly id: string; readonly display_name: string }[]) {
      names.set(row.id, row.display_name);
    }
  }
  for (const id of ids) {
    const known = firstPartyPrincipal(tenantId, { principalId: id });
    if (known !== undefined) names.set(id, known.resource.name);
  }
  return names;
}

async function assigneeOf(
  queries: Queries,
  tenantId: TenantId,
  id: string,
): Promise<{ readonly id: string; readonly type: AssigneeType }> {
  if (await selectPrincipal(queries, tenantId, guid<PrincipalId>(id)))
    return { id, type: 'ServicePrincipal' };
  if (await selectUser(queries, tenantId, { userId: guid<UserId>(id) })) return { id, type: 'User' };
  if (await groupExists(queries, tenantId, id)) return { id, type: 'Group' };
  throw noSuchObject(id);
}

async function resourceOf(queries: Queries, tenantId: TenantId, id: string) {
  const known = firstPartyPrincipal(tenantId, { principalId: id });
  if (known !== undefined) return known;
  const principal = await selectPrincipal(queries, tenantId, guid<PrincipalId>(id));
  if (principal === undefined) throw noSuchObject(id);
  const manifest = await selectManifest(queries, tenantId, guid<ClientId>(principal.clientId));
  return { principalId: principal.principalId, appRoles: manifest?.appRoles ?? [] };
}

async function userIdOf({ tenantId, keys: [key] }: GraphRequest, queries: Queries): Promise<string> {
  const user = key?.by === 'id' ? await findUser(queries, tenantId, key.value) : undefined;
  if (user === undefined) throw noSuchObject(key?.value ?? '');
  return user.userId;
}

async function groupIdOf({ tenantId, keys: [key] }: GraphRequest, queries: Queries): Promise<string> {
  const id = key?.by === 'id' ? key.value.toLowerCase() : '';
  if (!(await groupExists(queries, tenantId, id))) throw noSuchObject(key?.value ?? '');
  return id;
}

async function groupExists(queries: Queries, tenantId: TenantId, groupId: string): Promise<boolean> {
  const row = await queries
    .selectFrom('groups')
    .select('group_id')
    .where('tenant_id', '=', tenantId)
    .where('group_id', '=', groupId)
    .executeTakeFirst();
  return row !== undefined;
}
