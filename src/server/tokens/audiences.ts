import type { CloudProfile } from '../../contract/cloud-profile.ts';
import { type ClientId, isGuid, parseGuid, type TenantId } from '../../foundation/ids.ts';
import { graphAppId } from '../http/dialects/graph.ts';
import { type FirstPartyResource, firstPartyResources } from './first-party-resources.ts';
import type { TokenVersion } from './issuers.ts';

/** What a surface's own resource is called, and under which names tokens for it are accepted. */
export type GuardedSurface = 'management' | 'graph' | 'vault';

const guardedAppIds = {
  management: '797f4846-ba00-4fd7-ba43-dac1f8f63013',
  graph: graphAppId,
  vault: 'cfa8b339-82a2-471a-a3c9-0fc0be7a4093',
} as const satisfies Record<GuardedSurface, string>;

function ownIdentifiers(profile: CloudProfile): Readonly<Record<string, string>> {
  return {
    [guardedAppIds.management]: `https://${profile.management}`,
    [guardedAppIds.graph]: `https://${profile.graph}`,
    [guardedAppIds.vault]: `https://${profile.vaultSuffix}`,
  };
}

/**
 * The audiences a surface answers to, without trailing slash, its application id included. Beside Azure's names these
 * are the deployment's own.
 */
export function audiencesOf(profile: CloudProfile, surface: GuardedSurface): readonly string[] {
  const appId = guardedAppIds[surface];
  const resource = firstPartyResources.find((known) => known.appId === appId);
  const own = ownIdentifiers(profile)[appId];
  return [...new Set([...(own === undefined ? [] : [own]), ...(resource?.identifiers ?? []), appId])];
}

/** What a token will be for. */
export interface ResolvedResource {
  readonly appId: string;
  /** The `aud` of the token: as asked for in v1, the application id in v2. */
  readonly audience: string;
  readonly version: TokenVersion;
}

/** Whether a tenant has an application of its own under a client id. */
export type KnowsApplication = (tenantId: TenantId, clientId: ClientId) => Promise<boolean>;

/** Longest resource identifier looked at. */
const maxLength = 255;

/** Finds the resource that a caller names, among those every tenant knows and the tenant's own applications. */
export class Audiences {
  readonly #exact = new Map<string, FirstPartyResource>();
  readonly #byAppId = new Map<string, FirstPartyResource>();
  /** Behind the first label of the host → resource. */
  readonly #wildcards = new Map<string, FirstPartyResource>();
  readonly #knowsApplication: KnowsApplication;

  constructor(profile: CloudProfile, knowsApplication: KnowsApplication) {
    this.#knowsApplication = knowsApplication;
    for (const resource of firstPartyResources) {
      this.#byAppId.set(resource.appId, resource);
      const own = ownIdentifiers(profile)[resource.appId];
      for (const identifier of own === undefined ? resource.identifiers : [own, ...resource.identifiers]) {
        if (identifier.startsWith('https://*')) this.#wildcards.set(identifier.slice(9), resource);
        else this.#exact.set(identifier, resource);
      }
    }
  }

  /**
   * Matches identifiers with and without a trailing slash, without regard to case, then `{guid}` and `api://{guid}`
   * (d.5 rule 2). In a v1 token the audience is the caller's own spelling (rule 1).
   *
   * @returns `undefined` where the tenant knows no such resource
   */
  async resolve(tenantId: TenantId, requested: string): Promise<ResolvedResource | undefined> {
    if (requested.length === 0 || requested.length > maxLength) return undefined;
    const name = requested.toLowerCase().replace(/\/$/, '');
    const known = this.#exact.get(name) ?? this.#byAppId.get(name) ?? this.#wildcard(name);
    if (known !== undefined) {
      const version = known.version ?? 'v1';
      return { appId: known.appId, audience: version === 'v2' ? known.appId : requested, version };
    }
    const clientId = parseGuid<ClientId>(name.startsWith('api://') ? name.slice(6) : name);
    if (clientId === undefined || !(await this.#knowsApplication(tenantId, clientId))) return undefined;
    return { appId: clientId, audience: isGuid(requested) ? clientId : requested, version: 'v1' };
  }

  #wildcard(name: string): FirstPartyResource | undefined {
    const rest = /^https:\/\/[a-z0-9][a-z0-9-]{0,62}(\.[a-z0-9.-]+)$/.exec(name)?.[1];
    return rest === undefined ? undefined : this.#wildcards.get(rest);
  }
}
