import { ancestors, canonicalId, type Scope } from '../../contract/resource-id.ts';
import {
  type CanonicalId,
  guid,
  type PrincipalId,
  type TenantId,
  type UserId,
} from '../../foundation/ids.ts';
import { selectPrincipal } from '../directory/directory-store.ts';
import { selectMemberships } from '../directory/memberships.ts';
import type { Principal } from '../directory/service-principals.ts';
import { selectUser, type User } from '../directory/user-store.ts';
import { Hierarchy } from '../management-groups/hierarchy.ts';
import type { ChangeFollower } from '../storage/change-log.ts';
import type { Database, Queries } from '../storage/database.ts';
import { FollowedCache } from '../storage/followed-cache.ts';
import { type CanonicalAction, canonicalAction } from './action-pattern.ts';
import { type Grant, loadGrants } from './authorization-store.ts';
import { type CompiledRule, findRoleDefinition, type RoleDefinitionId } from './role-definitions.ts';

export type Plane = 'control' | 'data';

export interface AuthorizationQuestion {
  readonly tenantId: TenantId;
  readonly principalId: PrincipalId;
  /** `Microsoft.KeyVault/vaults/secrets/getSecret/action`, in any case. */
  readonly action: string;
  readonly scope: Scope;
  readonly plane: Plane;
}

/** Which assignment allowed it, for the audit and for the answer's headers; or how many were looked at in vain. */
export type Decision =
  | {
      readonly allowed: true;
      readonly assignmentId: string;
      readonly roleDefinitionId: RoleDefinitionId;
      readonly roleName: string;
      /** The scope the assignment was made at, as displayed. */
      readonly assignmentScope: string;
    }
  | { readonly allowed: false; readonly considered: number };

export interface Authorizer {
  /** Whether a principal may perform an action at a scope, now (`spec/resource-manager.md` d.3). */
  decide(question: AuthorizationQuestion): Promise<Decision>;
}

/** A principal's assignments, by the canonical scope they were made at: a question costs by depth, not by count. */
export type Grants = ReadonlyMap<CanonicalId, readonly Grant[]>;

/**
 * The decision over given assignments: an action is allowed where, at the scope or above it, an assigned role has a
 * permission object that includes it and does not exclude it. Anything else is refused: an unknown role, an
 * assignment under a condition, an action name that can be none.
 *
 * @param chain the scope and what it inherits from; without one, the management groups above are left out
 */
export function evaluate(
  grants: Grants,
  question: AuthorizationQuestion,
  chain: readonly CanonicalId[] = ancestors(question.scope).map(canonicalId),
): Decision {
  const action = canonicalAction(question.action);
  let considered = 0;
  if (action === undefined) return { allowed: false, considered };
  for (const scope of chain) {
    for (const grant of grants.get(scope) ?? []) {
      considered += 1;
      const role = findRoleDefinition(grant.roleDefinitionId);
      if (role === undefined || grant.conditional) continue;
      if (role.compiled.some((permission) => includes(permission[question.plane], action))) {
        return {
          allowed: true,
          assignmentId: grant.assignmentId,
          roleDefinitionId: role.id,
          roleName: role.name,
          assignmentScope: grant.scope,
        };
      }
    }
  }
  return { allowed: false, considered };
}

function includes(rule: CompiledRule, action: CanonicalAction): boolean {
  return (
    rule.includes.some((matches) => matches(action)) && !rule.excludes.some((matches) => matches(action))
  );
}

/**
 * The decision from the rows themselves. Writes that change who has which rights ask this within their transaction,
 * so that no right revoked meanwhile is used.
 */
export async function decideFromRows(queries: Queries, question: AuthorizationQuestion): Promise<Decision> {
  const { tenantId, principalId } = question;
  const source: Sources = {
    principal: () => selectPrincipal(queries, tenantId, principalId),
    user: (_, userId) => selectUser(queries, tenantId, { userId }),
    groupsOf: async (_, memberId) => (await selectMemberships(queries, tenantId, memberId)).transitive,
    hierarchy: () => Hierarchy.load(queries, tenantId),
  };
  return await decideFor(source, question, (holders) => grantsOf(queries, tenantId, holders));
}

/**
 * The decision over a principal's own assignments and those of the groups it is in, however deep. The first that allows
 * it decides.
 *
 * @param grants what some principals have, in their order
 */
async function decideFor(
  source: Sources,
  question: AuthorizationQuestion,
  grants: (holders: readonly PrincipalId[]) => Promise<readonly (Grants | undefined)[]>,
): Promise<Decision> {
  const { tenantId, principalId } = question;
  if (!(await stands(source, tenantId, principalId))) return { allowed: false, considered: 0 };
  const chain = await inheritedFrom(source, question);
  const own = evaluateAll(await grants([principalId]), question, chain);
  if (own.allowed) return own;
  const groups = await source.groupsOf(tenantId, principalId);
  if (groups.length === 0) return own;
  const holders = groups.map((group) => guid<PrincipalId>(group));
  const through = evaluateAll(await grants(holders), question, chain);
  return through.allowed ? through : { allowed: false, considered: own.considered + through.considered };
}

/** The scope and all that it inherits from, management groups among them. */
async function inheritedFrom(
  source: Sources,
  { tenantId, scope }: AuthorizationQuestion,
): Promise<readonly CanonicalId[]> {
  const chain = scope.kind === 'tenant' ? [scope] : (await source.hierarchy(tenantId)).chain(scope);
  return chain.map(canonicalId);
}

function evaluateAll(
  held: readonly (Grants | undefined)[],
  question: AuthorizationQuestion,
  chain: readonly CanonicalId[],
): Decision {
  let considered = 0;
  for (const grants of held) {
    if (grants === undefined) continue;
    const decision = evaluate(grants, question, chain);
    if (decision.allowed) return decision;
    considered += decision.considered;
  }
  return { allowed: false, considered };
}

async function grantsOf(
  queries: Queries,
  tenantId: TenantId,
  holders: readonly PrincipalId[],
): Promise<readonly Grants[]> {
  const grants = await loadGrants(queries, tenantId, holders);
  return holders.map((holder) => Map.groupBy(grants.get(holder) ?? [], (grant) => grant.scopeCanonical));
}

/** Where the authorizer learns whether a principal or a person stands, and in which groups; `Directory` is one. */
export interface PrincipalSource {
  principal(tenantId: TenantId, principalId: PrincipalId): Promise<Principal | undefined>;
  user(tenantId: TenantId, userId: UserId): Promise<User | undefined>;
  /** Object ids of the groups that an object is in, itself or through others. */
  groupsOf(tenantId: TenantId, memberId: string): Promise<readonly string[]>;
}

interface Sources extends PrincipalSource {
  hierarchy(tenantId: TenantId): Promise<Hierarchy>;
}

/** Only a principal or a person of the resource's own tenant, enabled, has rights there. Object ids are of one kind only. */
async function stands(
  source: PrincipalSource,
  tenantId: TenantId,
  principalId: PrincipalId,
): Promise<boolean> {
  const account =
    (await source.principal(tenantId, principalId)) ??
    (await source.user(tenantId, guid<UserId>(principalId)));
  return account?.enabled === true;
}

/** Tenants whose hierarchy of management groups is kept at most. */
const maxTenants = 1000;

export interface AuthorizerOptions {
  readonly database: Database;
  readonly follower: ChangeFollower;
  readonly principals: PrincipalSource;
  /** Principals whose assignments are kept at most. */
  readonly capacity?: number;
}

/**
 * Decides from caches that follow the change log: a removed assignment, a membership that ended, a subscription that went
 * to another management group and a deleted or disabled principal are refused from the first question after the commit.
 */
export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { database, follower, principals, capacity = 10_000 } = options;
  const assigned = new FollowedCache<Grants>(follower, { kind: 'role-assignments', capacity });
  const hierarchies = new FollowedCache<Hierarchy>(follower, {
    kind: 'management-groups',
    capacity: maxTenants,
  });
  const load = (tenantId: TenantId) => Hierarchy.load(database.read, tenantId);
  const sources: Sources = {
    principal: (...asked) => principals.principal(...asked),
    user: (...asked) => principals.user(...asked),
    groupsOf: (...asked) => principals.groupsOf(...asked),
    hierarchy: async (tenantId) =>
      (await hierarchies.get(tenantId, tenantId, () => load(tenantId))) ?? (await load(tenantId)),
  };

  /**
   * From the cache, and what it lacks in one query. All look-ups begin before the query does, so that a change which it
   * may not see is known to concern them.
   */
  async function cached(
    tenantId: TenantId,
    holders: readonly PrincipalId[],
  ): Promise<readonly (Grants | undefined)[]> {
    const missing: PrincipalId[] = [];
    let loading: Promise<ReadonlyMap<PrincipalId, Grants>> | undefined;
    const load = async (holder: PrincipalId): Promise<Grants | undefined> => {
      missing.push(holder);
      loading ??= Promise.resolve().then(async () => {
        const found = await grantsOf(database.read, tenantId, missing);
        return new Map(missing.map((one, index) => [one, found[index] ?? new Map()]));
      });
      return (await loading).get(holder);
    };
    return await Promise.all(holders.map((holder) => assigned.get(tenantId, holder, () => load(holder))));
  }

  return {
    decide: (question) => decideFor(sources, question, (holders) => cached(question.tenantId, holders)),
  };
}
