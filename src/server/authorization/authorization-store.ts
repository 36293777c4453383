import type { ExpressionBuilder, ExpressionWrapper, RawBuilder, SqlBool } from 'kysely';
import { canonicalId, type Scope } from '../../contract/resource-id.ts';
import { type CanonicalId, guid, type PrincipalId, type TenantId } from '../../foundation/ids.ts';
import { selectMemberships } from '../directory/memberships.ts';
import { Hierarchy, scopeOfGroup } from '../management-groups/hierarchy.ts';
import { beginsWith, isAtOrBelow, isBelowOneOf, spanBelow } from '../storage/beginning.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import { portionsOf } from '../storage/portions.ts';
import type { RoleAssignmentsTable, Tables } from '../storage/tables.ts';
import type { RoleDefinitionId } from './role-definitions.ts';

/** What the evaluator needs of an assignment. */
export interface Grant {
  readonly assignmentId: string;
  readonly roleDefinitionId: RoleDefinitionId;
  readonly scope: string;
  readonly scopeCanonical: CanonicalId;
  /** The assignment holds under a condition. */
  readonly conditional: boolean;
}

export type PrincipalType = 'User' | 'Group' | 'ServicePrincipal';

export interface RoleAssignment {
  readonly tenantId: TenantId;
  /** The last segment of the assignment's id: a GUID, unique in the tenant. */
  readonly name: string;
  /** As displayed, without `/providers/Microsoft.Authorization/…`. */
  readonly scope: string;
  readonly scopeCanonical: CanonicalId;
  readonly roleDefinitionId: RoleDefinitionId;
  readonly principalId: PrincipalId;
  readonly principalType: PrincipalType;
  readonly description: string | null;
  readonly condition: string | null;
  readonly conditionVersion: string | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly createdBy: string;
  readonly updatedBy: string;
}

function fromRow(row: RoleAssignmentsTable): RoleAssignment {
  return {
    tenantId: guid<TenantId>(row.tenant_id),
    name: row.assignment_id,
    scope: row.scope,
    scopeCanonical: row.scope_canonical as CanonicalId,
    roleDefinitionId: row.role_definition_id as RoleDefinitionId,
    principalId: guid<PrincipalId>(row.principal_id),
    principalType: row.principal_type as PrincipalType,
    description: row.description,
    condition: row.condition,
    conditionVersion: row.condition_version,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
    createdBy: row.created_by,
    updatedBy: row.updated_by,
  };
}

/** Assignments of several principals, one list for each that has any. */
export async function loadGrants(
  queries: Queries,
  tenantId: TenantId,
  principalIds: readonly PrincipalId[],
): Promise<ReadonlyMap<PrincipalId, readonly Grant[]>> {
  const rows = await queries
    .selectFrom('role_assignments')
    .select(['principal_id', 'assignment_id', 'role_definition_id', 'scope', 'scope_canonical', 'condition'])
    .where('tenant_id', '=', tenantId)
    .where('principal_id', 'in', [...principalIds])
    .orderBy('assignment_id')
    .execute();
  const grants = new Map<PrincipalId, Grant[]>();
  for (const row of rows) {
    const principalId = guid<PrincipalId>(row.principal_id);
    const held = grants.get(principalId) ?? [];
    grants.set(principalId, held);
    held.push({
      assignmentId: row.assignment_id,
      roleDefinitionId: row.role_definition_id as RoleDefinitionId,
      scope: row.scope,
      scopeCanonical: row.scope_canonical as CanonicalId,
      conditional: row.condition !== null,
    });
  }
  return grants;
}

/** An assignment by its name, wherever in the tenant it was made. */
export async function findRoleAssignment(
  queries: Queries,
  tenantId: TenantId,
  name: string,
): Promise<RoleAssignment | undefined> {
  const row = await queries
    .selectFrom('role_assignments')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('assignment_id', '=', name.toLowerCase())
    .executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

/** The assignment of a role to a principal at exactly this scope. */
export async function findSameAssignment(
  queries: Queries,
  wanted: Pick<RoleAssignment, 'tenantId' | 'principalId' | 'roleDefinitionId' | 'scopeCanonical'>,
): Promise<RoleAssignment | undefined> {
  const row = await queries
    .selectFrom('role_assignments')
    .selectAll()
    .where('tenant_id', '=', wanted.tenantId)
    .where('principal_id', '=', wanted.principalId)
    .where('role_definition_id', '=', wanted.roleDefinitionId)
    .where('scope_canonical', '=', wanted.scopeCanonical)
    .executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

export interface RoleAssignmentFilter {
  readonly tenantId: TenantId;
  readonly scope: Scope;
  /** `at-and-above` is the wire's `atScope()`; `all` adds what was assigned below the scope. */
  readonly reach: 'at-and-above' | 'all';
  readonly principalId?: PrincipalId;
  /** Only assignments that count for this principal: its own, and those of the groups it is in. */
  readonly assignedTo?: PrincipalId;
  /** Rows at most. */
  readonly limit: number;
  /** Only assignments whose name comes after this one, for paging. */
  readonly after?: string;
}

/** Assignments in the order of their names (`spec/resource-manager.md` d.2). */
export async function listRoleAssignments(
  queries: Queries,
  filter: RoleAssignmentFilter,
): Promise<readonly RoleAssignment[]> {
  const { tenantId, scope, reach, principalId, assignedTo, limit, after } = filter;
  const hierarchy = await Hierarchy.load(queries, tenantId);
  const chain = hierarchy.chain(scope).map(canonicalId);
  let query = queries
    .selectFrom('role_assignments')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where((eb) =>
      reach === 'all'
        ? eb.or([eb('scope_canonical', 'in', chain), isUnder(eb, hierarchy, scope)])
        : eb('scope_canonical', 'in', chain),
    );
  if (principalId !== undefined) query = query.where('principal_id', '=', principalId);
  if (assignedTo !== undefined) {
    query = query.where('principal_id', 'in', await holdersFor(queries, tenantId, assignedTo));
  }
  if (after !== undefined) query = query.where('assignment_id', '>', after);
  return (await query.orderBy('assignment_id').limit(limit).execute()).map(fromRow);
}

/** As `isBelow`, and for a management group what is in the groups and subscriptions that it holds. */
function isUnder(
  eb: ExpressionBuilder<Tables, 'role_assignments'>,
  hierarchy: Hierarchy,
  scope: Scope,
): ExpressionWrapper<Tables, 'role_assignments', SqlBool> {
  const group = scope.kind === 'managementGroup' ? hierarchy.group(scope.managementGroup) : undefined;
  if (group === undefined) return isBelow(eb, canonicalId(scope));
  if (group === hierarchy.root) return isBelow(eb, canonicalId({ kind: 'tenant' }));
  const groups = hierarchy.below(group).map((each) => canonicalId(scopeOfGroup(each)));
  const subscriptions = hierarchy
    .placedBelow(group)
    .map((subscriptionId) => canonicalId({ kind: 'subscription', subscriptionId }));
  // the ids of subscriptions are of one length
  const length = subscriptions[0]?.length ?? 0;
  const beginning = eb.fn<string>('substr', ['scope_canonical', eb.lit(1), eb.lit(length)]);
  return eb.or([
    ...(groups.length === 0 ? [] : [eb('scope_canonical', 'in', groups)]),
    ...(subscriptions.length === 0 ? [] : [eb(beginning, 'in', subscriptions)]),
  ]);
}

function isBelow(
  eb: ExpressionBuilder<Tables, 'role_assignments'>,
  scope: CanonicalId,
): ExpressionWrapper<Tables, 'role_assignments', SqlBool> {
  const base = scope === '/' ? '/' : `${scope}/`;
  return eb.and([beginsWith('scope_canonical', base), eb('scope_canonical', '<>', scope)]);
}

function atOrBelow(scope: CanonicalId): RawBuilder<SqlBool> {
  return scope === '/' ? beginsWith('scope_canonical', scope) : isAtOrBelow('scope_canonical', scope);
}

/** Assignments at some scopes, other than the root, or below them: what goes when the scopes go. */
export async function listAtOrBelow(
  queries: Queries,
  tenantId: TenantId,
  scopes: readonly CanonicalId[],
): Promise<readonly RoleAssignment[]> {
  const query = queries.selectFrom('role_assignments').selectAll().where('tenant_id', '=', tenantId);
  const at = await query.where('scope_canonical', 'in', [...scopes]).execute();
  const span = await query.where(spanBelow('scope_canonical', scopes)).execute();
  const above = new Set<string>(scopes);
  const below = span.filter(
    (row) => !above.has(row.scope_canonical) && isBelowOneOf(above, row.scope_canonical),
  );
  return [...at, ...below].map(fromRow);
}

export async function listOfPrincipals(
  queries: Queries,
  tenantId: TenantId,
  principalIds: readonly PrincipalId[],
): Promise<readonly RoleAssignment[]> {
  if (principalIds.length === 0) return [];
  const rows = await queries
    .selectFrom('role_assignments')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('principal_id', 'in', [...principalIds])
    .execute();
  return rows.map(fromRow);
}

/** Assignments of a principal and of the groups it is in, however deep. */
export async function listHeldBy(
  queries: Queries,
  tenantId: TenantId,
  principalId: PrincipalId,
): Promise<readonly RoleAssignment[]> {
  const rows = await queries
    .selectFrom('role_assignments')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('principal_id', 'in', await holdersFor(queries, tenantId, principalId))
    .execute();
  return rows.map(fromRow);
}

/** Whose assignments count for a principal: its own, and those of the groups it is in. */
async function holdersFor(
  queries: Queries,
  tenantId: TenantId,
  principalId: PrincipalId,
): Promise<readonly string[]> {
  return [principalId, ...(await selectMemberships(queries, tenantId, principalId)).transitive];
}

export async function countAtOrBelow(
  queries: Queries,
  tenantId: TenantId,
  scope: CanonicalId,
): Promise<number> {
  const { count } = await queries
    .selectFrom('role_assignments')
    .select((eb) => eb.fn.countAll<number | string>().as('count'))
    .where('tenant_id', '=', tenantId)
    .where(atOrBelow(scope))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Whether a role is assigned at a scope to any principal that stands. */
export async function isHeldByStandingPrincipal(
  queries: Queries,
  tenantId: TenantId,
  roleDefinitionId: RoleDefinitionId,
  scope: CanonicalId,
): Promise<boolean> {
  const row = await queries
    .selectFrom('role_assignments')
    .innerJoin('principals', (join) =>
      join
        .onRef('principals.tenant_id', '=', 'role_assignments.tenant_id')
        .onRef('principals.principal_id', '=', 'role_assignments.principal_id'),
    )
    .select('role_assignments.assignment_id')
    .where('role_assignments.tenant_id', '=', tenantId)
    .where('role_assignments.role_definition_id', '=', roleDefinitionId)
    .where('role_assignments.scope_canonical', '=', scope)
    .where('role_assignments.condition', 'is', null)
    .where('principals.enabled', '=', 1)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Writes an assignment, new or changed. */
export async function saveRoleAssignment(
  transaction: Transaction,
  assignment: RoleAssignment,
): Promise<void> {
  const changing = {
    description: assignment.description,
    updated_at: assignment.updatedAt,
    updated_by: assignment.updatedBy,
  };
  await transaction
    .insertInto('role_assignments')
    .values({
      tenant_id: assignment.tenantId,
      assignment_id: assignment.name,
      scope: assignment.scope,
      scope_canonical: assignment.scopeCanonical,
      role_definition_id: assignment.roleDefinitionId,
      principal_id: assignment.principalId,
      principal_type: assignment.principalType,
      condition: assignment.condition,
      condition_version: assignment.conditionVersion,
      created_at: assignment.createdAt,
      created_by: assignment.createdBy,
      ...changing,
    })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'assignment_id']).doUpdateSet(changing))
    .execute();
}

export async function deleteRoleAssignmentRows(
  transaction: Transaction,
  tenantId: TenantId,
  names: readonly string[],
): Promise<void> {
  for (const portion of portionsOf(names)) {
    await transaction
      .deleteFrom('role_assignments')
      .where('tenant_id', '=', tenantId)
      .where('assignment_id', 'in', portion)
      .execute();
  }
}

/** The principals (user-assigned or system-assigned) that resources are, or carry as their own. */
export async function principalsOfResources(
  queries: Queries,
  tenantId: TenantId,
  resources: readonly CanonicalId[],
): Promise<readonly PrincipalId[]> {
  const rows = await queries
    .selectFrom('principals')
    .select('principal_id')
    .where('tenant_id', '=', tenantId)
    .where('resource_canonical', 'in', [...resources])
    .execute();
  return rows.map((row) => guid<PrincipalId>(row.principal_id));
}
