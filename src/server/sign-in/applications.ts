import { type ClientId, parseGuid } from '../../foundation/ids.ts';
import { selectTenantOfClient } from '../directory/client-store.ts';
import type { Directory } from '../directory/directory.ts';
import type { Tenant } from '../directory/directory-store.ts';
import { parseTenantName } from '../directory/tenants.ts';
import { aadsts } from '../http/dialects/aadsts.ts';
import type { Database } from '../storage/database.ts';
import type { RegisteredClient, RegisteredClients } from '../tokens/registered-clients.ts';

/** The application of a request, and whose people may sign in to it. */
export interface FoundApplication {
  readonly client: RegisteredClient;
  /** `undefined` for an application of every tenant where the request names none. */
  readonly tenant: Tenant | undefined;
}

/** Finds the application that a request of a browser names. */
export class Applications {
  readonly #database: Database;
  readonly #directory: Pick<Directory, 'tenant'>;
  readonly #registered: RegisteredClients;

  constructor(parts: {
    readonly database: Database;
    readonly directory: Pick<Directory, 'tenant'>;
    readonly registered: RegisteredClients;
  }) {
    this.#database = parts.database;
    this.#directory = parts.directory;
    this.#registered = parts.registered;
  }

  /**
   * @param claimedTenant the tenant's segment of the path; under "whichever", an application's own tenant is meant
   * @throws DomainError AADSTS700016, 7000112, 90002, 900023
   */
  async find(claimedTenant: string, claimedClientId: string): Promise<FoundApplication> {
    const named = await this.#namedTenant(claimedTenant);
    const clientId = parseGuid<ClientId>(claimedClientId);
    const ofEveryTenant = await this.#registered.find(undefined, claimedClientId);
    if (ofEveryTenant !== undefined) return { client: ofEveryTenant, tenant: named };
    const tenant = named ?? (clientId && (await this.#tenantOf(clientId)));
    const client = tenant && (await this.#registered.find(tenant, claimedClientId));
    if (client === undefined) {
      throw aadsts(700016, { client: claimedClientId, tenant: tenant?.displayName ?? claimedTenant });
    }
    return { client, tenant };
  }

  async #namedTenant(claimedTenant: string): Promise<Tenant | undefined> {
    const name = parseTenantName(claimedTenant);
    if (name === undefined) throw aadsts(900023, { tenant: claimedTenant });
    if (name.kind === 'alias' && name.alias !== 'consumers') return undefined;
    const tenant = name.kind === 'alias' ? undefined : await this.#directory.tenant(name);
    if (tenant === undefined) throw aadsts(90002, { tenant: claimedTenant });
    return tenant;
  }

  async #tenantOf(clientId: ClientId): Promise<Tenant | undefined> {
    const tenantId = await selectTenantOfClient(this.#database.read, clientId);
    return tenantId && (await this.#directory.tenant({ kind: 'guid', tenantId }));
  }
}
