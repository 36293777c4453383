import type { TenantId } from '../../foundation/ids.ts';
import type { AppRoles, RoleHolder } from '../directory/app-roles.ts';
import type { ApplicationManifest } from '../directory/application-manifest.ts';
import type { Client } from '../directory/client-store.ts';
import { firstPartyPrincipal } from '../directory/first-party-principals.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import { graphAppId } from '../http/dialects/graph.ts';
import type { ResolvedResource } from './audiences.ts';
import type { TokenDecision } from './token-decision.ts';

/** Groups in a token at most (d.3); whoever is in more has none in it. */
export const maxGroupsInToken = 200;
/** Capabilities that are passed on: there is only one. */
const knownCapabilities = new Set(['CP1', 'cp1']);

/** Whom a token is about, as far as a resource's rules look at it. */
export interface Asking {
  readonly kind: RoleHolder;
  readonly tenantId: TenantId;
  /** Object id. */
  readonly id: string;
  /** Client id of the application that asks. */
  readonly clientId: string;
  readonly displayName: string;
}

/** What the resource's own declarations put into a token, or whom they keep out. */
export class ResourceClaims {
  readonly #appRoles: Pick<AppRoles, 'at' | 'memberships' | 'directoryRoles'>;

  constructor(appRoles: Pick<AppRoles, 'at' | 'memberships' | 'directoryRoles'>) {
    this.#appRoles = appRoles;
  }

  /**
   * Roles, groups and capabilities of a token for a resource (d.3).
   *
   * @throws DomainError AADSTS500014 where the resource is disabled, AADSTS501051 where it requires an assignment and
   *   there is none
   */
  async of(
    asking: Asking,
    resource: ResolvedResource,
    capabilities: readonly string[] = [],
  ): Promise<Pick<TokenDecision, 'roles' | 'groups' | 'capabilities' | 'marks'>> {
    const { application } = resource;
    if (application === undefined) {
      return { ...(await this.#atGraph(asking, resource)), ...withCapabilities(capabilities, true) };
    }
    const { principal, manifest, settings } = application;
    if (!principal.enabled) throw aadsts(500014, { resource: resource.audience });
    const { principalId, tenantId } = principal;
    const appRoles = manifest.appRoles ?? [];
    const roles = await this.#appRoles.at(tenantId, asking, { principalId, appRoles });
    if (settings.appRoleAssignmentRequired === true && !roles.assigned) {
      throw aadsts(501051, {
        client: asking.clientId,
        name: asking.displayName,
        resource: principal.clientId,
        resourceName: principal.displayName,
      });
    }
    const groups = await this.#groups(application, asking);
    const listens = manifest.optionalClaims?.accessToken?.some(({ name }) => name === 'xms_cc') === true;
    return {
      ...(roles.values.length === 0 ? {} : { roles: roles.values }),
      ...(groups === undefined ? {} : { groups }),
      ...withCapabilities(capabilities, listens),
    };
  }

  /**
   * What a token for Graph tells an application of its own rights. Graph itself asks the directory, so a right that is
   * taken away is gone although tokens still name it.
   */
  async #atGraph(
    { kind, tenantId, id }: Asking,
    { appId }: ResolvedResource,
  ): Promise<Pick<TokenDecision, 'roles' | 'marks'>> {
    const graph = appId === graphAppId ? firstPartyPrincipal(tenantId, { appId }) : undefined;
    if (kind !== 'Application' || graph === undefined) return {};
    const { values } = await this.#appRoles.at(tenantId, { id, kind }, graph);
    const wids = await this.#appRoles.directoryRoles(tenantId, id);
    return {
      ...(values.length === 0 ? {} : { roles: values }),
      ...(wids.length === 0 ? {} : { marks: { wids } }),
    };
  }

  async #groups({ principal, manifest }: Client, asking: Asking): Promise<readonly string[] | undefined> {
    if (!asksForGroups(manifest)) return undefined;
    const { transitive } = await this.#appRoles.memberships(principal.tenantId, asking.id);
    return transitive.length === 0 || transitive.length > maxGroupsInToken ? undefined : transitive;
  }
}

function asksForGroups({ groupMembershipClaims }: ApplicationManifest): boolean {
  return /\b(All|SecurityGroup)\b/.test(groupMembershipClaims ?? '');
}

function withCapabilities(
  capabilities: readonly string[],
  listens: boolean,
): Pick<TokenDecision, 'capabilities'> {
  const known = capabilities.some((capability) => knownCapabilities.has(capability));
  return listens && known ? { capabilities: ['CP1'] } : {};
}
