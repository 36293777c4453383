import { canonicalId, type Scope } from '../../contract/resource-id.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import type { CanonicalId, PrincipalId, TenantId } from '../../foundation/ids.ts';
import { recordChanges } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import {
  deleteRoleAssignmentRows,
  findRoleAssignment,
  isHeldByStandingPrincipal,
  listAtOrBelow,
  listOfPrincipals,
  principalsOfResources,
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
  await removeAll(transaction, tenantId, [assignment], { principals: [], at });
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
  const held = await listOfPrincipals(transaction, tenantId, [principalId]);
  await removeAll(transaction, tenantId, held, { principals: [principalId], at });
}

/**
 * The part of role assignments in the deletion of resources or groups: those made at them or below them, and those of
 * the principals that they are or carry as their own. Runs before the principals are removed.
 */
export async function removeRoleAssignmentsOfResources(
  transaction: Transaction,
  ending: {
    readonly tenantId: TenantId;
    readonly resourceCanonicals: readonly CanonicalId[];
    readonly at: number;
  },
): Promise<void> {
  const { tenantId, resourceCanonicals, at } = ending;
  const made = await listAtOrBelow(transaction, tenantId, resourceCanonicals);
  const principals = await principalsOfResources(transaction, tenantId, resourceCanonicals);
  const held = await listOfPrincipals(transaction, tenantId, principals);
  await removeAll(transaction, tenantId, [...made, ...held], { principals, at });
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
  const made = await listAtOrBelow(transaction, tenantId, [from.canonical]);
  await removeAll(transaction, tenantId, made, { principals: [], at });
}

/** @param principals that the caches are told of even where they had none */
async function removeAll(
  transaction: Transaction,
  tenantId: TenantId,
  assignments: readonly RoleAssignment[],
  { principals, at }: { readonly principals: readonly PrincipalId[]; readonly at: number },
): Promise<void> {
  const names = new Set(assignments.map(({ name }) => name));
  await deleteRoleAssignmentRows(transaction, tenantId, [...names]);
  const keys = new Set<string>([...assignments.map(({ principalId }) => principalId), ...principals]);
  await recordChanges(
    transaction,
    Array.from(keys, (key) => ({ tenantId, kind: 'role-assignments', key, at }) as const),
  );
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
