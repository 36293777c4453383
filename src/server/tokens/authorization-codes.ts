import { z } from 'zod';
import { type ClientId, guid, type TenantId, type UserId } from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import { mintOpaque } from './opaque-token.ts';
import { endFamily } from './refresh-tokens.ts';

/** Milliseconds in which a code is good (c.4). */
const codeLife = 600_000;
/** Milliseconds for which a redeemed code is remembered, so that its second use is told from nonsense. */
const rememberedFor = 24 * 3_600_000;

const codeRequest = z.object({
  redirectUri: z.string(),
  /** What the redirect is registered as: it says how the code is redeemed. */
  redirectKind: z.enum(['web', 'spa', 'publicClient']),
  scope: z.string(),
  /** The resource of a v1 request. */
  resource: z.string().optional(),
  nonce: z.string().optional(),
  /** PKCE (RFC 7636). */
  challenge: z.object({ method: z.enum(['S256', 'plain']), value: z.string() }).optional(),
  methods: z.array(z.string()),
  /** Milliseconds since the epoch. */
  signedInAt: z.number(),
});

/** What a code was given out for. */
export type CodeRequest = z.infer<typeof codeRequest>;

export interface AuthorizationCode {
  readonly tenantId: TenantId;
  readonly clientId: ClientId;
  readonly userId: UserId;
  readonly familyId: string;
  readonly request: CodeRequest;
}

/** Gives out a code. @returns its text, which nothing keeps */
export async function issueCode(
  transaction: Transaction,
  code: Omit<AuthorizationCode, 'familyId'> & { readonly at: number },
  randomness: Randomness,
): Promise<string> {
  const { text, digest } = mintOpaque('c', code.tenantId, randomness);
  await transaction
    .deleteFrom('authorization_codes')
    .where('tenant_id', '=', code.tenantId)
    .where('expires_at', '<', code.at - rememberedFor)
    .execute();
  await transaction
    .insertInto('authorization_codes')
    .values({
      code_hash: digest,
      tenant_id: code.tenantId,
      client_id: code.clientId,
      user_id: code.userId,
      request: JSON.stringify(code.request),
      family_id: randomness.uuid(),
      expires_at: code.at + codeLife,
      redeemed_at: null,
    })
    .execute();
  return text;
}

/** The code of a digest, redeemed or not; `undefined` where none was given out. */
export async function findCode(queries: Queries, key: CodeKey): Promise<AuthorizationCode | undefined> {
  const row = await selectCode(queries, key);
  return (
    row && {
      tenantId: key.tenantId,
      clientId: guid<ClientId>(row.client_id),
      userId: guid<UserId>(row.user_id),
      familyId: row.family_id,
      request: codeRequest.parse(JSON.parse(row.request)),
    }
  );
}

/**
 * Redeems a code, once (T12): of any number of requests one gets `redeemed`. A second one ends what the first was
 * given (RFC 6749 §4.1.2); the transaction must be committed for that, whatever is answered.
 */
export async function redeemCode(
  transaction: Transaction,
  { tenantId, digest, at }: CodeKey & { readonly at: number },
): Promise<'redeemed' | 'unknown' | 'expired' | 'again'> {
  const redeemed = await transaction
    .updateTable('authorization_codes')
    .set({ redeemed_at: at })
    .where('tenant_id', '=', tenantId)
    .where('code_hash', '=', digest)
    .where('redeemed_at', 'is', null)
    .where('expires_at', '>', at)
    .returning('code_hash')
    .executeTakeFirst();
  if (redeemed !== undefined) return 'redeemed';
  const row = await selectCode(transaction, { tenantId, digest });
  if (row === undefined) return 'unknown';
  if (row.redeemed_at === null) return 'expired';
  await endFamily(transaction, tenantId, row.family_id);
  return 'again';
}

interface CodeKey {
  readonly tenantId: TenantId;
  readonly digest: string;
}

async function selectCode(queries: Queries, { tenantId, digest }: CodeKey) {
  return await queries
    .selectFrom('authorization_codes')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('code_hash', '=', digest)
    .executeTakeFirst();
}
