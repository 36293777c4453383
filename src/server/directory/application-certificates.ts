import type { ClientId, TenantId } from '../../foundation/ids.ts';
import type { ChangeFeed } from '../storage/change-log.ts';
import type { Database } from '../storage/database.ts';
import { FollowedCache } from '../storage/followed-cache.ts';
import { type ApplicationCertificate, selectClientCertificates } from './client-certificate-store.ts';

const cachedClients = 10_000;

/** The look-up of the token service: all certificates of a client are kept ready until the client changes. */
export class ApplicationCertificates {
  readonly #database: Database;
  readonly #clients: FollowedCache<readonly ApplicationCertificate[]>;

  constructor(database: Database, feed: ChangeFeed) {
    this.#database = database;
    this.#clients = new FollowedCache(feed, { kind: 'client', capacity: cachedClients });
  }

  /** The client's certificate of a thumbprint (base64url), expired or not; a client without any costs no query again. */
  async find(
    tenantId: TenantId,
    clientId: ClientId,
    { algorithm, value }: { readonly algorithm: 'sha-1' | 'sha-256'; readonly value: string },
  ): Promise<ApplicationCertificate | undefined> {
    const certificates = await this.#clients.get(tenantId, clientId, () =>
      selectClientCertificates(this.#database.read, tenantId, clientId),
    );
    return certificates?.find(({ sha1, sha256 }) => (algorithm === 'sha-256' ? sha256 : sha1) === value);
  }
}
