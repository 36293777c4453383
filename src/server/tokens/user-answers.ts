import type { CloudProfile } from '../../contract/cloud-profile.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { UserId } from '../../foundation/ids.ts';
import type { Directory } from '../directory/directory.ts';
import type { Tenant } from '../directory/directory-store.ts';
import type { User } from '../directory/user-store.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import { graphAppId } from '../http/dialects/graph.ts';
import { requireAssignment } from './assignment-required.ts';
import type { Audiences, ResolvedResource } from './audiences.ts';
import type { AuthenticatedClient, PublicClient } from './client-authentication.ts';
import type { DelegatedPermissions } from './delegated-permissions.ts';
import { type DelegatedScope, parseDelegatedScope } from './delegated-scope.ts';
import { firstPartyClient } from './first-party-clients.ts';
import { clientInfoOf, idTokenClaims } from './id-token.ts';
import type { TokenVersion } from './issuers.ts';
import type { ResourceClaims } from './resource-claims.ts';
import type { TokenDecision } from './token-decision.ts';

/** A client that acts as a person. */
export type ActingClient = AuthenticatedClient | PublicClient;

/** What each person of a directory is, as a role: its template (d.3, `wids`). */
const defaultRole = 'b79fbf4d-3ef9-4689-8143-76b194e85509';

/** What is asked for in a person's name. */
export interface UserQuestion {
  readonly tenant: Tenant;
  readonly client: ActingClient;
  readonly user: User;
  readonly version: TokenVersion;
  readonly scope: string;
  /** The `resource` of a v1 request. */
  readonly resource: string | undefined;
  readonly methods: readonly string[];
  /** Milliseconds since the epoch. */
  readonly signedInAt: number;
  readonly nonce?: string | undefined;
  /** Whether the answer names the account (`client_info=1`). */
  readonly clientInfo: boolean;
  /** Capabilities of the client, out of its claims request. */
  readonly capabilities: readonly string[];
}

/** Makes decisions about people: the same for every grant that a person stands behind. */
export class UserAnswers {
  readonly #profile: CloudProfile;
  readonly #clock: Clock;
  readonly #directory: Pick<Directory, 'user' | 'client' | 'appRoles'>;
  readonly #audiences: Audiences;
  readonly #permissions: DelegatedPermissions;
  readonly #resourceClaims: ResourceClaims;

  constructor(parts: {
    readonly profile: CloudProfile;
    readonly clock: Clock;
    readonly directory: Pick<Directory, 'user' | 'client' | 'appRoles'>;
    readonly audiences: Audiences;
    readonly permissions: DelegatedPermissions;
    readonly resourceClaims: ResourceClaims;
  }) {
    this.#profile = parts.profile;
    this.#clock = parts.clock;
    this.#directory = parts.directory;
    this.#audiences = parts.audiences;
    this.#permissions = parts.permissions;
    this.#resourceClaims = parts.resourceClaims;
  }

  /**
   * The person behind a code or refresh token, while what was given out still stands.
   *
   * @param signedInAt milliseconds since the epoch
   * @throws DomainError AADSTS50034, 50057, 50173
   */
  async standing(tenant: Tenant, userId: UserId, signedInAt: number): Promise<User> {
    const user = await this.#directory.user(tenant.tenantId, userId);
    if (user === undefined) throw aadsts(50034, {});
    if (!user.enabled) throw aadsts(50057, {});
    if (signedInAt < user.tokensValidFrom) {
      const [issued, valid] = [signedInAt, user.tokensValidFrom].map((at) => new Date(at).toISOString());
      throw aadsts(50173, { issued: issued as string, valid: valid as string });
    }
    return user;
  }

  /**
   * The decision, without a refresh token.
   *
   * @throws DomainError AADSTS28003, 50105, 500011, 65001, 70011
   */
  async decide(question: UserQuestion): Promise<TokenDecision> {
    const { tenant, client, user, version, methods, nonce } = question;
    await requireAssignment(this.#directory, client.principal, user.userId);
    const scope = requestedScope(question);
    const requested = scope.resource ?? `https://${this.#profile.graph}`;
    const resource = await this.#audiences.resolve(tenant.tenantId, requested);
    if (resource === undefined) throw aadsts(500011, { resource: requested, tenant: tenant.displayName });
    const scopes = await this.#scopes(question, resource, scope);
    const { clientId, displayName } = clientOf(client);
    const { tenantId } = tenant;
    const asking = { kind: 'User', tenantId, id: user.userId, clientId, displayName } as const;
    const family = firstPartyClient(clientId) === undefined ? undefined : '1';
    const signedInAt = Math.floor(question.signedInAt / 1000);
    const withIdToken = scope.openid.has('openid') || version === 'v1';
    return {
      ...(await this.#resourceClaims.of(asking, resource, question.capabilities)),
      subject: {
        ...{ kind: 'user', user, scopes, methods, signedInAt },
        client: { clientId, displayName, tokensValidFrom: client.principal?.tokensValidFrom ?? 0 },
      },
      resource,
      requested,
      proof: client.proof,
      ...(resource.application === undefined ? { marks: { wids: await this.#roles(user) } } : {}),
      alongside: {
        scope: answeredScope(scope, scopes),
        ...(withIdToken
          ? {
              idToken: idTokenClaims(this.#profile, {
                ...{ user, clientId, version, nonce, methods },
                openid: scope.openid,
                signedInAt: question.signedInAt,
                now: this.#clock.now(),
              }),
            }
          : {}),
        ...(question.clientInfo ? { clientInfo: clientInfoOf(user) } : {}),
        ...(family === undefined ? {} : { family }),
      },
    };
  }

  /** Directory roles of a person, by template, and what everybody has. */
  async #roles({ tenantId, userId }: User): Promise<readonly string[]> {
    return [...(await this.#directory.appRoles.directoryRoles(tenantId, userId)), defaultRole];
  }

  async #scopes(
    { tenant, client, user }: UserQuestion,
    { appId }: ResolvedResource,
    scope: DelegatedScope,
  ): Promise<readonly string[]> {
    const { clientId, displayName } = clientOf(client);
    const granted = await this.#permissions.granted({
      tenantId: tenant.tenantId,
      client: { clientId, principal: client.principal },
      userId: user.userId,
      appId,
    });
    const openid = appId === graphAppId ? [...scope.openid].filter((name) => name !== 'offline_access') : [];
    if (missingPermissions(granted, scope).length > 0) {
      throw aadsts(65001, { client: clientId, name: displayName });
    }
    return [...openid, ...pick(granted, scope)];
  }
}

/** Who names no permission asks who the person is, of Graph. */
const leastPermission = 'User.Read';

function namedPermissions({ permissions }: DelegatedScope): readonly string[] {
  return permissions.length === 0 ? [leastPermission] : permissions;
}

function isNamed(granted: readonly string[], name: string): boolean {
  return granted.some((permission) => permission.toLowerCase() === name.toLowerCase());
}

/** What is asked for and does not stand; `.default` where nothing stands at all. */
export function missingPermissions(granted: readonly string[], scope: DelegatedScope): readonly string[] {
  if (scope.everything) return granted.length === 0 ? ['.default'] : [];
  return namedPermissions(scope).filter((name) => !isNamed(granted, name));
}

/** Of what stands, what is asked for. */
function pick(granted: readonly string[], scope: DelegatedScope): readonly string[] {
  const names = namedPermissions(scope);
  return scope.everything ? granted : granted.filter((permission) => isNamed(names, permission));
}

/** A v1 request names a resource and means all that was granted there. */
function requestedScope({ version, scope, resource }: UserQuestion): DelegatedScope {
  const parsed = parseDelegatedScope(scope);
  if (version === 'v2' || resource === undefined) return parsed;
  return { openid: parsed.openid, resource, everything: true, permissions: [] };
}

/**
 * Whether a refresh token goes with the answer: v2 asks for it, v1 always gets one (c.3).
 *
 * @throws DomainError AADSTS70011, 28003
 */
export function wantsOffline(version: TokenVersion, scope: string): boolean {
  return version === 'v1' || parseDelegatedScope(scope).openid.has('offline_access');
}

/** The scopes in the spelling they were asked for, since clients find their tokens again by it. */
function answeredScope(scope: DelegatedScope, scopes: readonly string[]): string {
  const openid = [...scope.openid].filter((name) => name !== 'offline_access');
  const prefix = scope.resource === undefined ? '' : `${scope.resource}/`;
  const names = scopes.filter((name) => !openid.includes(name as 'openid'));
  const asked = scope.everything ? ['.default'] : scope.permissions;
  const spelled = new Set([...names, ...asked].map((name) => name.toLowerCase()));
  const unique = [...asked, ...names].filter((name) => spelled.delete(name.toLowerCase()));
  return [...openid, ...unique.map((name) => `${prefix}${name}`)].join(' ');
}

export function clientOf(client: ActingClient) {
  if (client.proof === 'none') return { clientId: client.clientId, displayName: client.displayName };
  const { clientId, displayName } = client.principal;
  return { clientId, displayName };
}
