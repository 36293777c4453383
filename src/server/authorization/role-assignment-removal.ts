import { canonicalId, type Scope } from '../../contract/resource-id.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import type { CanonicalId, PrincipalId, TenantId } from '../../foundation/ids.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import {
  deleteRoleAssignmentRow,
  findRoleAssignment,
  isHeldByStandingPrincipal,
  listAtOrBelow,
  listOfPrincipal,
  principalsOfResource,
  type RoleAssignment,
} from './authorization-store.ts';
import { findRoleDefinitionByName } from './role-definitions.ts';

const tenantRoot = '/' as CanonicalId;

/**
 * Removes an assignment made at exactly this scope.
 *
 * @returns what it was, or `undefined` where there is none
 * @throws DomainError `CannotDeleteLastRbacAdminAssignment` where nobody would be left as Owner of the tenant
 */
export async function deleteRoleAssignment(
  transaction: Transaction,
  request: { readonly tenantId: TenantId; readonly scope: Scope; readonly name: string; readonly at: number },
): Promise<RoleAssignment | undefined> {
  const { tenantId, scope, name, at } = request;
  const assignment = await findRoleAssignment(transaction, tenantId, name);
  if (assignment === undefined || assignment.scopeCanonical !== canonicalId(scope)) return undefined;
  await removeAll(transaction, tenantId, [assignment], at);
  return assignment;
}

/**
 * Removes every assignment of a principal that is being deleted, and tells the caches even where it had none.
 *
 * @throws DomainError `CannotDeleteLastRbacAdminAssignment` where the principal is the tenant's last Owner
 */
export async function removeRoleAssignmentsOfPrincipal(
  transaction: Transaction,
  {
    tenantId,
    principalId,
    at,
  }: { readonly tenantId: TenantId; readonly principalId: PrincipalId; readonly at: number },
): Promise<void> {
  await removeAll(transaction, tenantId, await listOfPrincipal(transaction, tenantId, principalId), at);
  await recordChange(transaction, { tenantId, kind: 'role-assignments', key: principalId, at });
}

/**
 * The part of role assignments in the deletion of a resource or group: those made at it or below it, and those of the
 * principal that it is or carries as its own. Runs before the principal is removed.
 */
export async function removeRoleAssignmentsOfResource(
  transaction: Transaction,
  resource: { readonly tenantId: TenantId; readonly resourceCanonical: CanonicalId; readonly at: number },
): Promise<void> {
  const { tenantId, resourceCanonical, at } = resource;
  await removeAll(transaction, tenantId, await listAtOrBelow(transaction, tenantId, resourceCanonical), at);
  for (const principalId of await principalsOfResource(transaction, tenantId, resourceCanonical)) {
    await removeRoleAssignmentsOfPrincipal(transaction, { tenantId, principalId, at });
  }
}

/**
 * The part of role assignments in the moving of a resource: those made at it or below it end, as Azure lets them end,
 * so that a right given at one place is none at another. What the resource's own principal holds elsewhere stays.
 */
export async function removeRoleAssignmentsOfMoved(
  transaction: Transaction,
  move: {
    readonly tenantId: TenantId;
    readonly from: { readonly canonical: CanonicalId };
    readonly at: number;
  },
): Promise<void> {
  const { tenantId, from, at } = move;
  await removeAll(transaction, tenantId, await listAtOrBelow(transaction, tenantId, from.canonical), at);
}

async function removeAll(
  transaction: Transaction,
  tenantId: TenantId,
  assignments: readonly RoleAssignment[],
  at: number,
): Promise<void> {
  for (const { name } of assignments) await deleteRoleAssignmentRow(transaction, tenantId, name);
  for (const principalId of new Set(assignments.map((assignment) => assignment.principalId))) {
    await recordChange(transaction, { tenantId, kind: 'role-assignments', key: principalId, at });
  }
  if (assignments.some(isOwnerOfTenant)) await ensureOwnerRemains(transaction, tenantId);
}

const ownerRole = findRoleDefinitionByName('Owner')?.id;

function isOwnerOfTenant(assignment: RoleAssignment): boolean {
  return assignment.scopeCanonical === tenantRoot && assignment.roleDefinitionId === ownerRole;
}

async function ensureOwnerRemains(queries: Queries, tenantId: TenantId): Promise<void> {
  if (ownerRole !== undefined && (await isHeldByStandingPrincipal(queries, tenantId, ownerRole, tenantRoot)))
    return;
  throw new DomainError('conflict', 'Cannot delete the last RBAC admin assignment', {
    code: 'CannotDeleteLastRbacAdminAssignment',
  });
}
