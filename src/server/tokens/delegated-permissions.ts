import type { ClientId, PrincipalId, TenantId, UserId } from '../../foundation/ids.ts';
import { guid } from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { PermissionScope } from '../directory/application-manifest.ts';
import type { Directory } from '../directory/directory.ts';
import { firstPartyPrincipal } from '../directory/first-party-principals.ts';
import { firstPartyResources } from '../directory/first-party-resources.ts';
import { auditConsent } from '../directory/people-audits.ts';
import {
  insertPermissionGrant,
  selectPermissionGrants,
  updatePermissionGrant,
} from '../directory/permission-grants.ts';
import type { Principal } from '../directory/service-principals.ts';
import { graphAppId } from '../http/dialects/graph.ts';
import type { Database, Transaction } from '../storage/database.ts';
import { firstPartyClient, firstPartyScopes } from './first-party-clients.ts';

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
    const grants = await selectPermissionGrants(this.#database.read, tenantId, {
      clientId: client.principal.principalId,
      resourceId,
    });
    return grants
      .filter((grant) => grant.consentType === 'AllPrincipals' || grant.userId === userId)
      .flatMap(({ scope }) => scopesOf(scope));
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
    const standing = await selectPermissionGrants(transaction, tenantId, {
      ...{ clientId: clientPrincipalId, resourceId, userId },
    });
    const principalIds = [clientPrincipalId, resourceId];
    await auditConsent(transaction, { tenantId, at, userId, principalIds, scopes: question.scopes });
    const own = standing.find(({ consentType }) => consentType === 'Principal');
    const scope = [...new Set([...(own === undefined ? [] : scopesOf(own.scope)), ...question.scopes])].join(
      ' ',
    );
    if (own !== undefined) {
      await updatePermissionGrant(transaction, { tenantId, grantId: own.grantId, at }, scope);
      return;
    }
    await insertPermissionGrant(
      transaction,
      { tenantId, clientId: clientPrincipalId, consentType: 'Principal', userId, resourceId, scope },
      randomness,
      at,
    );
  }

  /** Object id of the resource's principal. */
  async #resourceId(tenantId: TenantId, appId: string): Promise<PrincipalId> {
    const resource = await this.#directory.client(tenantId, guid<ClientId>(appId));
    const known = firstPartyPrincipal(tenantId, { appId })?.principalId;
    return resource?.principal.principalId ?? known ?? guid<PrincipalId>(appId);
  }
}

function scopesOf(text: string): readonly string[] {
  return text.split(' ').filter((scope) => scope !== '');
}
