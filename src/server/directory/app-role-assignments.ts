import type { Selectable } from 'kysely';
import type { AppRole } from '../../contract/graph-application.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import type { TenantId } from '../../foundation/ids.ts';
import { type Randomness, randomText } from '../../foundation/randomness.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { AppRoleAssignmentsTable } from '../storage/directory-tables.ts';
import { defaultAccess } from './app-roles.ts';

/** Who may have an app role. */
export type AssigneeType = 'User' | 'Group' | 'ServicePrincipal';

/** That somebody has an app role of a resource (Graph's `appRoleAssignment`, h.3). */
export interface AppRoleAssignment {
  readonly assignmentId: string;
  readonly tenantId: TenantId;
  readonly principalId: string;
  readonly principalType: AssigneeType;
  /** Object id of the resource's service principal. */
  readonly resourceId: string;
  readonly appRoleId: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** Assignments that one principal has at most (Entra's own limit). */
export const maxAssignments = 1500;
const idOctets = 24;

/**
 * Gives an app role. The role must be declared by the resource, enabled, and meant for this kind of assignee; the
 * all-zero id stands for access without a role.
 *
 * @throws DomainError `invalid-value` for a role that cannot be given, `already-exists` where it is given already,
 *   `conflict` at the assignee's bound
 */
export async function assignAppRole(
  transaction: Transaction,
  request: {
    readonly tenantId: TenantId;
    readonly principal: { readonly id: string; readonly type: AssigneeType };
    readonly resource: { readonly principalId: string; readonly appRoles: readonly AppRole[] };
    /** Lower case. */
    readonly appRoleId: string;
    /** Milliseconds since the epoch. */
    readonly at: number;
  },
  randomness: Randomness,
): Promise<AppRoleAssignment> {
  const { tenantId, principal, resource, appRoleId, at } = request;
  const members = principal.type === 'ServicePrincipal' ? 'Application' : 'User';
  const role = resource.appRoles.find(({ id }) => id === appRoleId);
  if (
    appRoleId !== defaultAccess &&
    !(role?.isEnabled === true && role.allowedMemberTypes.includes(members))
  ) {
    throw new DomainError(
      'invalid-value',
      `Permission being assigned was not found on application '${resource.principalId}'.`,
    );
  }
  const standing = await selectAssignmentsOf(transaction, tenantId, principal.id);
  if (standing.some((known) => known.resourceId === resource.principalId && known.appRoleId === appRoleId)) {
    throw new DomainError('already-exists', 'Permission being assigned already exists on the object', {
      code: 'Request_BadRequest',
    });
  }
  if (standing.length >= maxAssignments) {
    throw new DomainError('conflict', `An object has at most ${maxAssignments} app role assignments.`, {
      code: 'Directory_QuotaExceeded',
    });
  }
  const assignment: AppRoleAssignment = {
    assignmentId: randomText(randomness, idOctets),
    tenantId,
    principalId: principal.id,
    principalType: principal.type,
    resourceId: resource.principalId,
    appRoleId,
    createdAt: at,
  };
  await transaction
    .insertInto('app_role_assignments')
    .values({
      assignment_id: assignment.assignmentId,
      tenant_id: tenantId,
      principal_id: assignment.principalId,
      principal_type: assignment.principalType,
      resource_id: assignment.resourceId,
      app_role_id: appRoleId,
      created_at: at,
    })
    .execute();
  await recordChange(transaction, { tenantId, kind: 'app-roles', key: principal.id, at });
  return assignment;
}

/**
 * Takes an app role away: it is missing from the next token.
 *
 * @param of whose or which resource's assignment it must be
 * @returns what it was, `undefined` where there is none
 */
export async function deleteAppRoleAssignment(
  transaction: Transaction,
  {
    tenantId,
    assignmentId,
    of,
    at,
  }: {
    readonly tenantId: TenantId;
    readonly assignmentId: string;
    readonly of: { readonly principalId: string } | { readonly resourceId: string };
    readonly at: number;
  },
): Promise<AppRoleAssignment | undefined> {
  const query = transaction
    .deleteFrom('app_role_assignments')
    .where('tenant_id', '=', tenantId)
    .where('assignment_id', '=', assignmentId);
  const row = await ('principalId' in of
    ? query.where('principal_id', '=', of.principalId)
    : query.where('resource_id', '=', of.resourceId)
  )
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return undefined;
  await recordChange(transaction, { tenantId, kind: 'app-roles', key: row.principal_id, at });
  return asAssignment(row);
}

/** What a principal has, oldest first. */
export async function selectAssignmentsOf(
  queries: Queries,
  tenantId: TenantId,
  principalId: string,
): Promise<readonly AppRoleAssignment[]> {
  const rows = await queries
    .selectFrom('app_role_assignments')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('principal_id', '=', principalId)
    .orderBy('created_at')
    .orderBy('assignment_id')
    .execute();
  return rows.map(asAssignment);
}

/** Who has what of a resource, by assignment id. */
export async function selectAssignmentsTo(
  queries: Queries,
  tenantId: TenantId,
  resourceId: string,
  { after, limit }: { readonly after?: string; readonly limit: number },
): Promise<readonly AppRoleAssignment[]> {
  const rows = await queries
    .selectFrom('app_role_assignments')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('resource_id', '=', resourceId)
    .$if(after !== undefined, (q) => q.where('assignment_id', '>', after ?? ''))
    .orderBy('assignment_id')
    .limit(limit)
    .execute();
  return rows.map(asAssignment);
}

function asAssignment(row: Selectable<AppRoleAssignmentsTable>): AppRoleAssignment {
  return {
    assignmentId: row.assignment_id,
    tenantId: row.tenant_id as TenantId,
    principalId: row.principal_id,
    principalType: row.principal_type as AssigneeType,
    resourceId: row.resource_id,
    appRoleId: row.app_role_id,
    createdAt: row.created_at,
  };
}
