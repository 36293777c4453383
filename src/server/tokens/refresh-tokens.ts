import { z } from 'zod';
import { type ClientId, guid, type TenantId, type UserId } from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import { mintOpaque, type OpaqueToken } from './opaque-token.ts';

const day = 24 * 3_600_000;
/** Milliseconds that a refresh token lives unused. */
const idleLife = 90 * day;
/** Milliseconds from sign-in to the end of a browser program's refresh tokens; renewing does not prolong it. */
const browserLife = day;
/**
 * Milliseconds for which a token that was replaced still works. Clients of one cache refresh at the same time, for
 * several resources or from several processes, and some answers are lost on the way.
 */
const grace = 120_000;
/** Milliseconds for which a replaced token is remembered, so that its reuse is seen. */
const rememberedFor = 7 * day;
/** Milliseconds for which a replaced token of a client that proves itself still works: its servers share a cache. */
const confidentialGrace = day;

const refreshFacts = z.object({
  /** What a request must show beside the token: the client's proof, a browser's `Origin`, or nothing more. */
  binding: z.enum(['confidential', 'spa', 'public']),
  /** Whether other clients of the family may redeem it. */
  shared: z.boolean(),
  /** Scopes and resource of the last request, for one that names none. */
  scope: z.string(),
  resource: z.string().optional(),
  methods: z.array(z.string()),
  /** Milliseconds since the epoch. */
  signedInAt: z.number(),
});
export type RefreshFacts = z.infer<typeof refreshFacts>;

export interface RefreshToken {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  readonly clientId: ClientId;
  readonly familyId: string;
  readonly facts: RefreshFacts;
}

export interface IssuedRefreshToken {
  readonly text: string;
  /** Seconds. */
  readonly expiresIn: number;
}

/** Gives out a refresh token, the first of its family or a further one. */
export async function issueRefreshToken(
  transaction: Transaction,
  token: RefreshToken & { readonly at: number },
  randomness: Randomness,
): Promise<IssuedRefreshToken> {
  const { tenantId, at } = token;
  const { text, digest }: OpaqueToken = mintOpaque('r', tenantId, randomness);
  const expiresAt = token.facts.binding === 'spa' ? token.facts.signedInAt + browserLife : at + idleLife;
  await transaction
    .deleteFrom('refresh_tokens')
    .where('tenant_id', '=', tenantId)
    .where('expires_at', '<', at)
    .execute();
  await transaction
    .insertInto('refresh_tokens')
    .values({
      token_hash: digest,
      family_id: token.familyId,
      tenant_id: tenantId,
      user_id: token.userId,
      client_id: token.clientId,
      facts: JSON.stringify(token.facts),
      issued_at: at,
      expires_at: expiresAt,
      replaced_at: null,
    })
    .execute();
  return { text, expiresIn: Math.max(1, Math.floor((expiresAt - at) / 1000)) };
}

/** The refresh token of a digest, whatever became of it; `undefined` where none stands. */
export async function findRefreshToken(queries: Queries, key: TokenKey): Promise<RefreshToken | undefined> {
  const row = await selectToken(queries, key);
  return (
    row && {
      tenantId: key.tenantId,
      userId: guid<UserId>(row.user_id),
      clientId: guid<ClientId>(row.client_id),
      familyId: row.family_id,
      facts: refreshFacts.parse(JSON.parse(row.facts)),
    }
  );
}

/**
 * Takes a refresh token to be replaced by the next of its family. One that was replaced before its grace is a copy in
 * other hands: the whole family ends (RFC 9700 §4.14.2), for which the transaction must be committed.
 */
export async function takeRefreshToken(
  transaction: Transaction,
  { tenantId, digest, at }: TokenKey & { readonly at: number },
): Promise<'good' | 'unknown' | 'expired' | 'reused'> {
  const row = await selectToken(transaction, { tenantId, digest });
  if (row === undefined) return 'unknown';
  if (row.expires_at <= at) return 'expired';
  const { binding } = refreshFacts.parse(JSON.parse(row.facts));
  if (row.replaced_at !== null) {
    if (binding === 'confidential' || at - row.replaced_at <= grace) return 'good';
    await endFamily(transaction, tenantId, row.family_id);
    return 'reused';
  }
  const kept = binding === 'confidential' ? confidentialGrace : rememberedFor;
  await transaction
    .updateTable('refresh_tokens')
    .set({ replaced_at: at, expires_at: Math.min(row.expires_at, at + kept) })
    .where('tenant_id', '=', tenantId)
    .where('token_hash', '=', digest)
    .execute();
  return 'good';
}

interface TokenKey {
  readonly tenantId: TenantId;
  readonly digest: string;
}

async function selectToken(queries: Queries, { tenantId, digest }: TokenKey) {
  return await queries
    .selectFrom('refresh_tokens')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('token_hash', '=', digest)
    .executeTakeFirst();
}

/** Ends all refresh tokens that descend from one sign-in at one client. */
export async function endFamily(
  transaction: Transaction,
  tenantId: TenantId,
  familyId: string,
): Promise<void> {
  await transaction
    .deleteFrom('refresh_tokens')
    .where('tenant_id', '=', tenantId)
    .where('family_id', '=', familyId)
    .execute();
}
