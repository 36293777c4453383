import type { Selectable } from 'kysely';
import { DomainError } from '../../foundation/domain-error.ts';
import { guid, type TenantId } from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { DirectoryRoleAssignmentsTable } from '../storage/directory-tables.ts';
import { selectGroupsOf } from './memberships.ts';

/** That an object has a role of the directory, over the whole of it. */
export interface DirectoryRoleAssignment {
  readonly assignmentId: string;
  readonly tenantId: TenantId;
  readonly principalId: string;
  readonly roleTemplateId: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

interface Wanted {
  readonly tenantId: TenantId;
  readonly principalId: string;
  readonly roleTemplateId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Gives an object a role of the directory, over the whole of it.
 *
 * @returns the assignment, `undefined` where the object has the role already
 */
export async function assignDirectoryRole(
  transaction: Transaction,
  { tenantId, principalId, roleTemplateId, at }: Wanted,
  randomness: Randomness,
): Promise<DirectoryRoleAssignment | undefined> {
  const made = await transaction
    .insertInto('directory_role_assignments')
    .values({
      assignment_id: randomness.uuid(),
      tenant_id: tenantId,
      principal_id: principalId,
      role_template_id: roleTemplateId,
      directory_scope: '/',
      created_at: at,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (made === undefined) return undefined;
  await recordChange(transaction, { tenantId, kind: 'app-roles', key: principalId, at });
  return asAssignment(made);
}

/**
 * Takes a role of the directory away: what it opened is refused from the commit on.
 *
 * @returns what it was, `undefined` where there is none
 * @throws DomainError `conflict` for the last assignment of a role that must not be nobody's
 */
export async function removeDirectoryRole(
  transaction: Transaction,
  {
    tenantId,
    assignmentId,
    keptRole,
    at,
  }: {
    readonly tenantId: TenantId;
    readonly assignmentId: string;
    /** Template id of the role that somebody must have. */
    readonly keptRole: string;
    readonly at: number;
  },
): Promise<DirectoryRoleAssignment | undefined> {
  const row = await transaction
    .deleteFrom('directory_role_assignments')
    .where('tenant_id', '=', tenantId)
    .where('assignment_id', '=', assignmentId)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (row.role_template_id === keptRole) {
    const left = await selectRoleAssignments(transaction, tenantId, { roleTemplateId: keptRole, limit: 1 });
    if (left.length === 0) {
      throw new DomainError('conflict', 'Somebody must have this role: it is the last assignment.', {
        code: 'Request_BadRequest',
      });
    }
  }
  await recordChange(transaction, { tenantId, kind: 'app-roles', key: row.principal_id, at });
  return asAssignment(row);
}

/** Assignments of roles of the directory, by their ids; what is absent does not narrow. */
export async function selectRoleAssignments(
  queries: Queries,
  tenantId: TenantId,
  wanted: {
    readonly assignmentId?: string | undefined;
    readonly principalIds?: readonly string[] | undefined;
    readonly roleTemplateId?: string | undefined;
    readonly after?: string | undefined;
    readonly limit: number;
  },
): Promise<readonly DirectoryRoleAssignment[]> {
  const { assignmentId, principalIds, roleTemplateId, after, limit } = wanted;
  if (principalIds?.length === 0) return [];
  const rows = await queries
    .selectFrom('directory_role_assignments')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('directory_scope', '=', '/')
    .$if(assignmentId !== undefined, (q) => q.where('assignment_id', '=', assignmentId ?? ''))
    .$if(principalIds !== undefined, (q) => q.where('principal_id', 'in', [...(principalIds ?? [])]))
    .$if(roleTemplateId !== undefined, (q) => q.where('role_template_id', '=', roleTemplateId ?? ''))
    .$if(after !== undefined, (q) => q.where('assignment_id', '>', after ?? ''))
    .orderBy('assignment_id')
    .limit(limit)
    .execute();
  return rows.map(asAssignment);
}

const heldAtMost = 10_000;

/** Template ids of the roles that an object has in the directory, itself or as a member of a group. */
export async function heldDirectoryRoles(
  queries: Queries,
  tenantId: TenantId,
  objectId: string,
): Promise<readonly string[]> {
  const groups = await selectGroupsOf(queries, tenantId, [objectId]);
  const held = await selectRoleAssignments(queries, tenantId, {
    principalIds: [objectId, ...groups],
    limit: heldAtMost,
  });
  return [...new Set(held.map(({ roleTemplateId }) => roleTemplateId))];
}

function asAssignment(row: Selectable<DirectoryRoleAssignmentsTable>): DirectoryRoleAssignment {
  return {
    assignmentId: row.assignment_id,
    tenantId: guid<TenantId>(row.tenant_id),
    principalId: row.principal_id,
    roleTemplateId: row.role_template_id,
    createdAt: row.created_at,
  };
}
