import type { TenantId } from '../../foundation/ids.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Database, Queries, Transaction } from '../storage/database.ts';
import type { Stream } from './stream-store.ts';

/** An event on its way to one receiver. */
export interface Delivery {
  readonly jti: string;
  /** Members of the event token beside those that every one has. */
  readonly claims: { readonly sub_id: object; readonly events: object; readonly txn?: string };
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly attempts: number;
  readonly dueAt: number;
}

/** Events that wait for one receiver at most; one that takes none for so long is given up. */
export const longestQueue = 10_000;

export async function enqueue(
  transaction: Transaction,
  { tenantId, streamId }: Pick<Stream, 'tenantId' | 'streamId'>,
  { jti, claims, at }: Pick<Delivery, 'jti' | 'claims'> & { readonly at: number },
): Promise<void> {
  await transaction
    .insertInto('signal_deliveries')
    .values({
      jti,
      stream_id: streamId,
      tenant_id: tenantId,
      claims: JSON.stringify(claims),
      created_at: at,
      attempts: 0,
      due_at: at,
    })
    .execute();
  await recordChange(transaction, { tenantId, kind: 'signal-events', key: streamId, at });
}

export async function countWaiting(
  queries: Queries,
  { tenantId, streamId }: Pick<Stream, 'tenantId' | 'streamId'>,
): Promise<number> {
  const row = await queries
    .selectFrom('signal_deliveries')
    .select(({ fn }) => fn.countAll<number | string>().as('count'))
    .where('tenant_id', '=', tenantId)
    .where('stream_id', '=', streamId)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** The oldest events that wait for a receiver. */
export async function selectWaiting(
  queries: Queries,
  { tenantId, streamId }: Pick<Stream, 'tenantId' | 'streamId'>,
  limit: number,
  dueBefore?: number,
): Promise<readonly Delivery[]> {
  const rows = await queries
    .selectFrom('signal_deliveries')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('stream_id', '=', streamId)
    .$if(dueBefore !== undefined, (query) => query.where('due_at', '<=', dueBefore ?? 0))
    .orderBy('created_at')
    .orderBy('jti')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    jti: row.jti,
    claims: JSON.parse(row.claims) as Delivery['claims'],
    createdAt: row.created_at,
    attempts: row.attempts,
    dueAt: row.due_at,
  }));
}

/** Takes an event for one attempt. @returns false where another replica was first */
export async function claim(
  database: Database,
  { tenantId, streamId }: Pick<Stream, 'tenantId' | 'streamId'>,
  { jti, attempts, dueAt }: Delivery,
  nextAt: number,
): Promise<boolean> {
  return await database.transaction(async (transaction) => {
    const row = await transaction
      .updateTable('signal_deliveries')
      .set({ attempts: attempts + 1, due_at: nextAt })
      .where('tenant_id', '=', tenantId)
      .where('stream_id', '=', streamId)
      .where('jti', '=', jti)
      .where('attempts', '=', attempts)
      .where('due_at', '=', dueAt)
      .returning('jti')
      .executeTakeFirst();
    return row !== undefined;
  });
}

/** Forgets events that the receiver has, or refuses. */
export async function settle(
  transaction: Transaction,
  { tenantId, streamId }: { readonly tenantId: TenantId; readonly streamId: string },
  jtis: readonly string[],
): Promise<void> {
  if (jtis.length === 0) return;
  await transaction
    .deleteFrom('signal_deliveries')
    .where('tenant_id', '=', tenantId)
    .where('stream_id', '=', streamId)
    .where('jti', 'in', [...jtis])
    .execute();
}
