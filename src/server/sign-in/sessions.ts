import { guid, type TenantId, type UserId } from '../../foundation/ids.ts';
import { type Randomness, randomText } from '../../foundation/randomness.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import { digestOf } from '../tokens/opaque-token.ts';

/** A browser that has a person signed in. */
export interface Session {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  /** How (`amr`). */
  readonly methods: readonly string[];
  /** Milliseconds since the epoch. */
  readonly signedInAt: number;
  /** Names the session towards applications (OpenID Connect Session Management), and opens nothing. */
  readonly state: string;
}

/** Milliseconds from sign-in to the end. */
const life = 12 * 3_600_000;
/** Milliseconds unused. */
const idleLife = 2 * 3_600_000;
/** Milliseconds between two marks of use, so that not each request writes. */
const markEvery = 300_000;
const idOctets = 32;

/** Starts a session under a new id, whatever the browser had before (C14). @returns the id, for the cookie */
export async function startSession(
  transaction: Transaction,
  session: Omit<Session, 'state'>,
  randomness: Randomness,
): Promise<string> {
  const id = randomText(randomness, idOctets);
  const { tenantId, userId, signedInAt } = session;
  await transaction
    .deleteFrom('sign_in_sessions')
    .where('tenant_id', '=', tenantId)
    .where('expires_at', '<', signedInAt)
    .execute();
  await transaction
    .insertInto('sign_in_sessions')
    .values({
      session_hash: digestOf(id),
      tenant_id: tenantId,
      user_id: userId,
      methods: JSON.stringify(session.methods),
      signed_in_at: signedInAt,
      last_used_at: signedInAt,
      expires_at: signedInAt + life,
    })
    .execute();
  return id;
}

/** The session of a cookie, which names no tenant: 256 random bits find one row. Whether its person stands is to be asked. */
export async function findSession(
  queries: Queries,
  id: string,
  at: number,
): Promise<(Session & { readonly stale: boolean }) | undefined> {
  const row = await queries
    .selectFrom('sign_in_sessions')
    .selectAll()
    .where('session_hash', '=', digestOf(id))
    .where('expires_at', '>', at)
    .where('last_used_at', '>', at - idleLife)
    .executeTakeFirst();
  return (
    row && {
      tenantId: guid<TenantId>(row.tenant_id),
      userId: guid<UserId>(row.user_id),
      methods: JSON.parse(row.methods) as readonly string[],
      signedInAt: row.signed_in_at,
      state: digestOf(`state.${row.session_hash}`).slice(0, 22),
      stale: at - row.last_used_at > markEvery,
    }
  );
}

/** Marks a session as used. */
export async function markSession(transaction: Transaction, id: string, at: number): Promise<void> {
  await transaction
    .updateTable('sign_in_sessions')
    .set({ last_used_at: at })
    .where('session_hash', '=', digestOf(id))
    .execute();
}

export async function endSession(transaction: Transaction, id: string): Promise<void> {
  await transaction.deleteFrom('sign_in_sessions').where('session_hash', '=', digestOf(id)).execute();
}
