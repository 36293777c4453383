import type { AppRoles, RoleHolder } from '../directory/app-roles.ts';
import type { ApplicationManifest } from '../directory/application-manifest.ts';
import type { Client } from '../directory/client-store.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import type { ResolvedResource } from './audiences.ts';
import type { TokenDecision } from './token-decision.ts';

/** Groups in a token at most (d.3); whoever is in more has none in it. */
export const maxGroupsInToken = 200;
/** Capabilities that are passed on: there is only one. */
const knownCapabilities = new Set(['CP1', 'cp1']);

/** Whom a token is about, as far as a resource's rules look at it. */
export interface Asking {
  readonly kind: RoleHolder;
  /** Object id. */
  readonly id: string;
  /** Client id of the application that asks. */
  readonly clientId: string;
  readonly displayName: string;
}

/** What the resource's own declarations put into a token, or whom they keep out. */
export class ResourceClaims {
  readonly #appRoles: Pick<AppRoles, 'at' | 'memberships'>;

  constructor(appRoles: Pick<AppRoles, 'at' | 'memberships'>) {
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
  ): Promise<Pick<TokenDecision, 'roles' | 'groups' | 'capabilities'>> {
    const { application } = resource;
    // what every tenant knows challenges for itself, and its roles are its pipeline's to read from the directory
    if (application === undefined) return withCapabilities(capabilities, true);
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
