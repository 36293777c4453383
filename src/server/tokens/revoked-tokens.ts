import type { TenantId } from '../../foundation/ids.ts';
import { type ChangeFeed, recordChange } from '../storage/change-log.ts';
import type { Database, Queries, Transaction } from '../storage/database.ts';
import { FollowedCache } from '../storage/followed-cache.ts';

/** Access tokens that were revoked one by one (RFC 7009), from a cache that follows the change log. */
export class RevokedTokens {
  readonly #database: Database;
  /** By the first character of the token's id: a revocation reloads a 64th of the tenant's. */
  readonly #cache: FollowedCache<ReadonlySet<string>>;

  constructor(database: Database, feed: ChangeFeed) {
    this.#database = database;
    this.#cache = new FollowedCache(feed, { kind: 'revoked-tokens', capacity: 65_536 });
  }

  /** @param tokenId `uti` */
  async has(tenantId: TenantId, tokenId: string): Promise<boolean> {
    const bucket = bucketOf(tokenId);
    const revoked = await this.#cache.get(tenantId, bucket, () =>
      selectBucket(this.#database.read, tenantId, bucket),
    );
    return revoked?.has(tokenId) ?? false;
  }
}

/**
 * Refuses a token from the commit on, until it has expired; forgets those of the tenant that have.
 *
 * @param token `expiresAt` and `at` are milliseconds since the epoch
 */
export async function denyToken(
  transaction: Transaction,
  token: {
    readonly tenantId: TenantId;
    readonly tokenId: string;
    readonly expiresAt: number;
    readonly at: number;
  },
): Promise<void> {
  const { tenantId, tokenId, expiresAt, at } = token;
  const bucket = bucketOf(tokenId);
  await transaction
    .deleteFrom('revoked_tokens')
    .where('tenant_id', '=', tenantId)
    .where('bucket', '=', bucket)
    .where('expires_at', '<', at - clockDifference)
    .execute();
  await transaction
    .insertInto('revoked_tokens')
    .values({ tenant_id: tenantId, token_id: tokenId, bucket, expires_at: expiresAt })
    .onConflict((conflict) => conflict.columns(['tenant_id', 'token_id']).doNothing())
    .execute();
  await recordChange(transaction, { tenantId, kind: 'revoked-tokens', key: bucket, at });
}

/** Milliseconds that a token may still be taken after its end, by a verifier whose clock is behind. */
const clockDifference = 600_000;

function bucketOf(tokenId: string): string {
  return tokenId.slice(0, 1);
}

async function selectBucket(
  queries: Queries,
  tenantId: TenantId,
  bucket: string,
): Promise<ReadonlySet<string>> {
  const rows = await queries
    .selectFrom('revoked_tokens')
    .select('token_id')
    .where('tenant_id', '=', tenantId)
    .where('bucket', '=', bucket)
    .execute();
  return new Set(rows.map(({ token_id }) => token_id));
}
