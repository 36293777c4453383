import type { ClientId, PrincipalId, TenantId, UserId } from '../../foundation/ids.ts';
import type { ChangeFollower } from '../storage/change-log.ts';
import type { Database } from '../storage/database.ts';
import { FollowedCache } from '../storage/followed-cache.ts';
import { AppRoles } from './app-roles.ts';
import { canonicalIdentifier, selectIdentifierOwner } from './application-identifiers.ts';
import { type Client, selectClient } from './client-store.ts';
import { selectPrincipal, selectTenant, type Tenant } from './directory-store.ts';
import type { Principal } from './service-principals.ts';
import type { TenantName } from './tenants.ts';
import { selectUser, type User } from './user-store.ts';

const cachedTenants = 1024;
const cachedPrincipals = 20_000;

/** What every request asks of the directory, from caches that follow `change_log`. */
export class Directory {
  /** App roles and groups of whoever asks for a token. */
  readonly appRoles: AppRoles;
  readonly #database: Database;
  readonly #principals: FollowedCache<Principal>;
  readonly #clients: FollowedCache<Client>;
  readonly #users: FollowedCache<User>;
  readonly #identifiers: FollowedCache<ClientId>;
  /** By GUID and by default domain. Both are a tenant's for ever, so an entry cannot become wrong. */
  readonly #tenants = new Map<string, Tenant>();

  constructor(database: Database, follower: ChangeFollower) {
    this.#database = database;
    this.appRoles = new AppRoles(database, follower);
    this.#principals = new FollowedCache(follower, { kind: 'principal', capacity: cachedPrincipals });
    this.#clients = new FollowedCache(follower, { kind: 'client', capacity: cachedPrincipals });
    this.#identifiers = new FollowedCache(follower, {
      kind: 'application-identifier',
      capacity: cachedPrincipals,
    });
    this.#users = new FollowedCache(follower, { kind: 'user', capacity: cachedPrincipals });
  }

  async tenant(name: Exclude<TenantName, { readonly kind: 'alias' }>): Promise<Tenant | undefined> {
    const key = name.kind === 'guid' ? name.tenantId : name.defaultDomain;
    const known = this.#tenants.get(key);
    if (known !== undefined) return known;
    const tenant = await selectTenant(this.#database.read, name);
    if (tenant !== undefined) {
      if (this.#tenants.size >= cachedTenants) this.#tenants.clear();
      this.#tenants.set(key, tenant);
    }
    return tenant;
  }

  async principal(tenantId: TenantId, principalId: PrincipalId): Promise<Principal | undefined> {
    return await this.#principals.get(tenantId, principalId, () =>
      selectPrincipal(this.#database.read, tenantId, principalId),
    );
  }

  async client(tenantId: TenantId, clientId: ClientId): Promise<Client | undefined> {
    return await this.#clients.get(tenantId, clientId, () =>
      selectClient(this.#database.read, tenantId, clientId),
    );
  }

  /** The application that has declared an application ID URI, in any case, with or without its trailing slash. */
  async identifierOwner(tenantId: TenantId, identifier: string): Promise<ClientId | undefined> {
    return await this.#identifiers.get(tenantId, canonicalIdentifier(identifier), () =>
      selectIdentifierOwner(this.#database.read, tenantId, identifier),
    );
  }

  /** Object ids of the groups that an object is in, itself or through others. */
  async groupsOf(tenantId: TenantId, memberId: string): Promise<readonly string[]> {
    return (await this.appRoles.memberships(tenantId, memberId)).transitive;
  }

  async user(tenantId: TenantId, userId: UserId): Promise<User | undefined> {
    return await this.#users.get(tenantId, userId, () =>
      selectUser(this.#database.read, tenantId, { userId }),
    );
  }
}
