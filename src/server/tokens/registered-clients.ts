import { type ClientId, parseGuid } from '../../foundation/ids.ts';
import type { ApplicationManifest } from '../directory/application-manifest.ts';
import type { Directory } from '../directory/directory.ts';
import type { Tenant } from '../directory/directory-store.ts';
import type { Principal } from '../directory/service-principals.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import { firstPartyClient } from './first-party-clients.ts';

/** How a redirect is registered: it says how the code that it carries is redeemed. */
export type RedirectKind = 'web' | 'spa' | 'publicClient';

/** An application as people's programs know it: what it may be redirected to, and whether it keeps a credential. */
export interface RegisteredClient {
  readonly clientId: ClientId;
  readonly displayName: string;
  /** `undefined` for an application that every tenant knows without one. */
  readonly principal: Principal | undefined;
  readonly redirects: readonly { readonly uri: string; readonly kind: RedirectKind }[];
  /** Whether it may act for people without a redirect and without a credential: device codes. */
  readonly fallbackPublic: boolean;
  /** Whether the authorisation endpoint gives it id tokens. */
  readonly idTokens: boolean;
}

/** Finds applications that people sign in to. */
export class RegisteredClients {
  readonly #directory: Pick<Directory, 'client'>;

  constructor(directory: Pick<Directory, 'client'>) {
    this.#directory = directory;
  }

  /**
   * @param tenant without one, only applications that every tenant knows are found
   * @returns `undefined` where the tenant knows no such application
   * @throws DomainError AADSTS7000112 where it is disabled
   */
  async find(tenant: Tenant | undefined, claimedClientId: string): Promise<RegisteredClient | undefined> {
    const clientId = parseGuid<ClientId>(claimedClientId);
    if (clientId === undefined) return undefined;
    const firstParty = firstPartyClient(clientId);
    if (firstParty !== undefined) {
      return {
        clientId,
        displayName: firstParty.displayName,
        principal: undefined,
        redirects: firstParty.redirectUris.map((uri) => ({ uri, kind: 'publicClient' })),
        fallbackPublic: true,
        idTokens: false,
      };
    }
    if (tenant === undefined) return undefined;
    const client = await this.#directory.client(tenant.tenantId, clientId);
    if (client === undefined) return undefined;
    const { manifest, principal } = client;
    const { displayName } = principal;
    if (!principal.enabled) throw aadsts(7000112, { client: clientId, name: displayName });
    const redirects = redirectsOf(manifest);
    return {
      clientId,
      displayName,
      principal,
      redirects,
      fallbackPublic:
        manifest.isFallbackPublicClient === true || redirects.some(({ kind }) => kind === 'publicClient'),
      idTokens: manifest.web.implicitGrantSettings?.enableIdTokenIssuance === true,
    };
  }
}

function redirectsOf({ web, spa, publicClient }: ApplicationManifest): RegisteredClient['redirects'] {
  const of = (kind: RedirectKind, uris: readonly string[]) => uris.map((uri) => ({ uri, kind }));
  return [
    ...of('web', web.redirectUris),
    ...of('spa', spa.redirectUris),
    ...of('publicClient', publicClient.redirectUris),
  ];
}

/** Whether the application keeps no credential for at least one of its uses. */
export function isPublic(client: RegisteredClient): boolean {
  return client.fallbackPublic || client.redirects.some(({ kind }) => kind === 'spa');
}
