import type { AppRole } from '../../contract/graph-application.ts';
import type { PrincipalId, TenantId } from '../../foundation/ids.ts';
import type { ChangeFollower } from '../storage/change-log.ts';
import type { Database, Queries } from '../storage/database.ts';
import { FollowedCache } from '../storage/followed-cache.ts';
import { type Memberships, selectMemberships } from './memberships.ts';

/** Stands for "may use the application" where no role is meant. */
export const defaultAccess = '00000000-0000-0000-0000-000000000000';

/** Whose tokens are asked about: a role counts for those it is declared for. */
export type RoleHolder = 'User' | 'Application';

interface HeldRole {
  readonly resourceId: string;
  readonly appRoleId: string;
}

/** What an object may be at a resource. */
export interface RolesAtResource {
  /** Whether anything is assigned, be it default access alone. */
  readonly assigned: boolean;
  /** Values for the `roles` claim, sorted. */
  readonly values: readonly string[];
}

const cachedPrincipals = 20_000;
const noMemberships: Memberships = { direct: [], transitive: [] };

/**
 * App roles and groups of whoever asks for a token, from caches that follow `change_log`: an assignment or membership
 * taken away is missing from the next token.
 */
export class AppRoles {
  readonly #database: Database;
  readonly #held: FollowedCache<readonly HeldRole[]>;
  readonly #directoryRoles: FollowedCache<readonly string[]>;
  /** Per tenant, since a membership anywhere in it may change anybody's. */
  readonly #memberships: FollowedCache<Map<string, Promise<Memberships>>>;

  constructor(database: Database, follower: ChangeFollower) {
    this.#database = database;
    this.#held = new FollowedCache(follower, { kind: 'app-roles', capacity: cachedPrincipals });
    this.#directoryRoles = new FollowedCache(follower, { kind: 'app-roles', capacity: cachedPrincipals });
    this.#memberships = new FollowedCache(follower, { kind: 'memberships', capacity: 1024 });
  }

  /**
   * The roles of an object at a resource: its own, and those of groups that it is itself a member of (members of members
   * have none, as in Entra). A role counts while the resource declares it, enabled, for this kind of holder.
   */
  async at(
    tenantId: TenantId,
    holder: { readonly id: string; readonly kind: RoleHolder },
    resource: { readonly principalId: PrincipalId; readonly appRoles: readonly AppRole[] },
  ): Promise<RolesAtResource> {
    const groups = (await this.memberships(tenantId, holder.id)).direct;
    const held = new Set<string>();
    for (const id of [holder.id, ...groups]) {
      for (const role of await this.#heldBy(tenantId, id)) {
        if (role.resourceId === resource.principalId) held.add(role.appRoleId);
      }
    }
    const values = resource.appRoles.flatMap(({ id, isEnabled, allowedMemberTypes, value }) =>
      held.has(id) && isEnabled && allowedMemberTypes.includes(holder.kind) && value ? [value] : [],
    );
    return { assigned: held.size > 0, values: values.sort() };
  }

  /** Template ids of the directory roles that an object has, itself or as a member of a group. */
  async directoryRoles(tenantId: TenantId, principalId: string): Promise<readonly string[]> {
    const groups = (await this.memberships(tenantId, principalId)).direct;
    const held = new Set<string>();
    for (const id of [principalId, ...groups]) {
      for (const role of await this.#directoryRolesOf(tenantId, id)) held.add(role);
    }
    return [...held];
  }

  async #directoryRolesOf(tenantId: TenantId, principalId: string): Promise<readonly string[]> {
    return (
      (await this.#directoryRoles.get(tenantId, principalId, () =>
        selectDirectoryRoles(this.#database.read, tenantId, principalId),
      )) ?? []
    );
  }

  /** The groups that an object is in. */
  async memberships(tenantId: TenantId, memberId: string): Promise<Memberships> {
    const known = await this.#memberships.get(tenantId, tenantId, async () => new Map());
    if (known === undefined) return noMemberships;
    const standing = known.get(memberId);
    if (standing !== undefined) return await standing;
    if (known.size >= cachedPrincipals) known.clear();
    const loading = selectMemberships(this.#database.read, tenantId, memberId);
    known.set(memberId, loading);
    try {
      return await loading;
    } catch (error) {
      known.delete(memberId);
      throw error;
    }
  }

  async #heldBy(tenantId: TenantId, principalId: string): Promise<readonly HeldRole[]> {
    return (
      (await this.#held.get(tenantId, principalId, () =>
        selectHeldRoles(this.#database.read, tenantId, principalId),
      )) ?? []
    );
  }
}

async function selectHeldRoles(
  queries: Queries,
  tenantId: TenantId,
  principalId: string,
): Promise<readonly HeldRole[]> {
  return await queries
    .selectFrom('app_role_assignments')
    .select(['resource_id as resourceId', 'app_role_id as appRoleId'])
    .where('tenant_id', '=', tenantId)
    .where('principal_id', '=', principalId)
    .execute();
}

async function selectDirectoryRoles(
  queries: Queries,
  tenantId: TenantId,
  principalId: string,
): Promise<readonly string[]> {
  const rows = await queries
    .selectFrom('directory_role_assignments')
    .select('role_template_id')
    .where('tenant_id', '=', tenantId)
    .where('principal_id', '=', principalId)
    .where('directory_scope', '=', '/')
    .execute();
  return rows.map((row) => row.role_template_id);
}
