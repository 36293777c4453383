import type { CloudProfile } from '../../contract/cloud-profile.ts';
import { type ClientId, isGuid, parseGuid, type TenantId } from '../../foundation/ids.ts';
import type { Client } from '../directory/client-store.ts';
import type { Directory } from '../directory/directory.ts';
import {
  type FirstPartyResource,
  firstPartyResources,
  identityServiceAppId,
} from '../directory/first-party-resources.ts';
import { graphAppId } from '../http/dialects/graph.ts';
import type { TokenVersion } from './issuers.ts';

/** What a surface's own resource is called, and under which names tokens for it are accepted. */
export type GuardedSurface = 'management' | 'graph' | 'vault' | 'identity';

const guardedAppIds = {
  management: '797f4846-ba00-4fd7-ba43-dac1f8f63013',
  graph: graphAppId,
  vault: 'cfa8b339-82a2-471a-a3c9-0fc0be7a4093',
  identity: identityServiceAppId,
} as const satisfies Record<GuardedSurface, string>;

function ownIdentifiers(profile: CloudProfile): Readonly<Record<string, string>> {
  return {
    [guardedAppIds.management]: `https://${profile.management}`,
    [guardedAppIds.graph]: `https://${profile.graph}`,
    [guardedAppIds.vault]: `https://${profile.vaultSuffix}`,
    [guardedAppIds.identity]: `https://${profile.identitySuffix}`,
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
  /** The tenant's own application; `undefined` for a resource that every tenant knows. */
  readonly application?: Client;
  /** The `aud` of the token: as asked for in v1, the application id in v2. */
  readonly audience: string;
  readonly version: TokenVersion;
}

/** Longest resource identifier looked at. */
const maxLength = 255;

/** Finds the resource that a caller names, among those every tenant knows and the tenant's own applications. */
export class Audiences {
  readonly #exact = new Map<string, FirstPartyResource>();
  readonly #byAppId = new Map<string, FirstPartyResource>();
  /** Behind the first label of the host → resource. */
  readonly #wildcards = new Map<string, FirstPartyResource>();
  readonly #directory: Pick<Directory, 'client' | 'identifierOwner'>;

  constructor(profile: CloudProfile, directory: Pick<Directory, 'client' | 'identifierOwner'>) {
    this.#directory = directory;
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
   * Matches what every tenant knows, then the application ID URIs of the tenant's applications, then `{guid}` and
   * `api://{guid}`: with and without a trailing slash, without regard to case (d.5 rule 2). In a v1 token the audience
   * is the caller's own spelling (rule 1), in a v2 token the application id (d.1).
   *
   * @returns `undefined` where the tenant knows no such resource
   */
  async resolve(tenantId: TenantId, requested: string): Promise<ResolvedResource | undefined> {
    if (requested.length === 0 || requested.length > maxLength) return undefined;
    const name = requested.toLowerCase().replace(/\/$/, '');
    const known = this.#known(name);
    if (known !== undefined) {
      const version = known.version ?? 'v1';
      return { appId: known.appId, audience: version === 'v2' ? known.appId : requested, version };
    }
    const clientId =
      (await this.#directory.identifierOwner(tenantId, requested)) ??
      parseGuid<ClientId>(name.startsWith('api://') ? name.slice(6) : name);
    const application = clientId && (await this.#directory.client(tenantId, clientId));
    if (clientId === undefined || application?.principal.principalType !== 'Application') return undefined;
    const version = application.manifest.api?.requestedAccessTokenVersion === 2 ? 'v2' : 'v1';
    const audience = version === 'v2' || isGuid(requested) ? clientId : requested;
    return { appId: clientId, application, audience, version };
  }

  /** Whether an identifier (canonical) names a resource that every tenant knows: no application may take it. */
  isReserved(canonical: string): boolean {
    return this.#known(canonical) !== undefined;
  }

  #known(name: string): FirstPartyResource | undefined {
    return this.#exact.get(name) ?? this.#byAppId.get(name) ?? this.#wildcard(name);
  }

  #wildcard(name: string): FirstPartyResource | undefined {
    const rest = /^https:\/\/[a-z0-9][a-z0-9-]{0,62}(\.[a-z0-9.-]+)$/.exec(name)?.[1];
    return rest === undefined ? undefined : this.#wildcards.get(rest);
  }
}
