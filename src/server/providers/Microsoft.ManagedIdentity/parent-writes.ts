import type { CanonicalId } from '../../../foundation/ids.ts';
import { ArmError } from '../../http/dialects/arm.ts';

/**
 * Writes under one identity, one at a time: as in Azure, the second is refused and not kept waiting, so that templates
 * that work here work there. What several replicas write at once is the database's to put in order.
 */
export class ParentWrites {
  readonly #underWay = new Set<CanonicalId>();

  /** @throws ArmError `ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity` */
  async alone<Result>(identity: CanonicalId, work: () => Promise<Result>): Promise<Result> {
    if (this.#underWay.has(identity)) {
      throw new ArmError(
        'conflict',
        'ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity',
        `Too many Federated Identity Credentials are written concurrently for the managed identity '${identity}'. Concurrent Federated Identity Credentials writes under the same managed identity are not supported.`,
        { refusedBy: 'service' },
      );
    }
    this.#underWay.add(identity);
    try {
      return await work();
    } finally {
      this.#underWay.delete(identity);
    }
  }
}
