import type { ClientId, PrincipalId, TenantId, UserId } from '../../foundation/ids.ts';
import { guid } from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { PermissionScope } from '../directory/application-manifest.ts';
import type { Directory } from '../directory/directory.ts';
import type { Principal } from '../directory/service-principals.ts';
import { graphAppId } from '../http/dialects/graph.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Database, Transaction } from '../storage/database.ts';
import { firstPartyClient, firstPartyScopes } from './first-party-clients.ts';
import { firstPartyResources } from './first-party-resources.ts';

/** Who wants to act as whom, and where. */
export interface DelegationQuestion {
  readonly tenantId: TenantId;
  readonly client: { readonly clientId: ClientId; readonly principal: Principal | undefined };
  readonly userId: UserId;
  /** Application id of the resource. */
  readonly appId: string;
}

/** What everybody lets a registered application see of themselves. */
const ownProfile = 'User.Read';

/**
 * What applications may do as people. The tools that every tenant knows may use the resources that every tenant knows;
 * all else takes a grant: an administrator's, or for an API of the tenant that leaves it to people, their own.
 */
export class DelegatedPermissions {
  readonly #database: Database;
  readonly #directory: Pick<Directory, 'client'>;

  constructor(parts: {
    readonly database: Database;
    readonly directory: Pick<Directory, 'client'>;
  }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
  }

  /** The permissions that stand, by name. */
  async granted(question: DelegationQuestion): Promise<readonly string[]> {
    const { tenantId, client, appId } = question;
    const own = firstPartyResources.some((resource) => resource.appId === appId);
    if (own && firstPartyClient(client.clientId) !== undefined) return firstPartyScopes(appId);
    const granted = new Set(appId === graphAppId ? [ownProfile] : []);
    for (const scope of await this.#fromRows(question)) granted.add(scope);
    if (own) return [...granted];
    const declared = await this.#declared(tenantId, appId);
    const before = await this.#preAuthorized(tenantId, appId, client.clientId);
    const ofItself = client.clientId === appId;
    return declared
      .filter(({ id, value }) => ofItself || granted.has(value) || before.has(id))
      .map(({ value }) => value);
  }

  /** Permissions of an API that each person may give for themselves. */
  async leftToPeople(tenantId: TenantId, appId: string): Promise<readonly PermissionScope[]> {
    return (await this.#declared(tenantId, appId)).filter(({ type }) => type === 'User');
  }

  async #declared(tenantId: TenantId, appId: string): Promise<readonly PermissionScope[]> {
    const client = await this.#directory.client(tenantId, guid<ClientId>(appId));
    return client?.manifest.api.oauth2PermissionScopes.filter(({ isEnabled }) => isEnabled) ?? [];
  }

  async #preAuthorized(tenantId: TenantId, appId: string, clientId: ClientId): Promise<ReadonlySet<string>> {
    const client = await this.#directory.client(tenantId, guid<ClientId>(appId));
    const entries = client?.manifest.api.preAuthorizedApplications ?? [];
    return new Set(
      entries
        .filter((entry) => entry.appId.toLowerCase() === clientId)
        .flatMap((entry) => entry.delegatedPermissionIds),
    );
  }

  async #fromRows({ tenantId, client, userId, appId }: DelegationQuestion): Promise<readonly string[]> {
    if (client.principal === undefined) return [];
    const resourceId = await this.#resourceId(tenantId, appId);
    const rows = await this.#database.read
      .selectFrom('permission_grants')
      .select(['scope', 'user_id', 'consent_type'])
      .where('tenant_id', '=', tenantId)
      .where('client_principal_id', '=', client.principal.principalId)
      .where('resource_id', '=', resourceId)
      .execute();
    return rows
      .filter((row) => row.consent_type === 'AllPrincipals' || row.user_id === userId)
      .flatMap((row) => row.scope.split(' ').filter((scope) => scope !== ''));
  }

  /** Records that a person lets an application use permissions of an API. */
  async consent(
    transaction: Transaction,
    question: DelegationQuestion & { readonly scopes: readonly string[]; readonly at: number },
    randomness: Randomness,
  ): Promise<void> {
    const { tenantId, client, userId, appId, at } = question;
    if (client.principal === undefined)
      throw new TypeError('an application without a principal takes no consent');
    const clientPrincipalId = client.principal.principalId;
    const resourceId = await this.#resourceId(tenantId, appId);
    const standing = await transaction
      .deleteFrom('permission_grants')
      .where('tenant_id', '=', tenantId)
      .where('client_principal_id', '=', clientPrincipalId)
      .where('resource_id', '=', resourceId)
      .where('consent_type', '=', 'Principal')
      .where('user_id', '=', userId)
      .returning('scope')
      .execute();
    const scopes = new Set([...standing.flatMap(({ scope }) => scope.split(' ')), ...question.scopes]);
    await transaction
      .insertInto('permission_grants')
      .values({
        grant_id: randomness.uuid(),
        tenant_id: tenantId,
        client_principal_id: clientPrincipalId,
        consent_type: 'Principal',
        user_id: userId,
        resource_id: resourceId,
        scope: [...scopes].filter((scope) => scope !== '').join(' '),
        created_at: at,
      })
      .execute();
    await recordChange(transaction, { tenantId, kind: 'app-roles', key: clientPrincipalId, at });
  }

  /** Object id of the resource's principal; a resource that every tenant knows has its application id in its place. */
  async #resourceId(tenantId: TenantId, appId: string): Promise<PrincipalId> {
    const resource = await this.#directory.client(tenantId, guid<ClientId>(appId));
    return resource?.principal.principalId ?? guid<PrincipalId>(appId);
  }
}
