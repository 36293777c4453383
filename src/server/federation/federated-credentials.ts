import type { ChangeFollower } from '../storage/change-log.ts';
import type { Database } from '../storage/database.ts';
import { FollowedCache } from '../storage/followed-cache.ts';
import { type CredentialParent, selectFederatedCredentials } from './credential-store.ts';
import type { FederatedCredential } from './federated-credential.ts';

const cachedClients = 10_000;

/** The credentials of clients as tokens are asked for, from a cache that follows the change log (V8). */
export class FederatedCredentials {
  readonly #database: Database;
  readonly #cache: FollowedCache<readonly FederatedCredential[]>;

  constructor(database: Database, follower: ChangeFollower) {
    this.#database = database;
    this.#cache = new FollowedCache(follower, { kind: 'client', capacity: cachedClients });
  }

  /** Empty for a client that has none. */
  async of(parent: CredentialParent): Promise<readonly FederatedCredential[]> {
    const found = await this.#cache.get(parent.tenantId, parent.clientId, () =>
      selectFederatedCredentials(this.#database.read, parent),
    );
    return found ?? [];
  }
}
