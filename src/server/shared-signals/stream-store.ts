import type { Selectable } from 'kysely';
import { type ClientId, guid, type TenantId } from '../../foundation/ids.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { SignalStreamsTable } from '../storage/signal-tables.ts';

export type StreamState = 'enabled' | 'paused' | 'disabled';

/** A receiver's wish to hear of a tenant. Times are milliseconds since the epoch. */
export interface Stream {
  readonly streamId: string;
  readonly tenantId: TenantId;
  readonly clientId: ClientId;
  readonly method: 'push' | 'poll';
  /** Where events are pushed to. */
  readonly endpoint: string | undefined;
  readonly authorizationSealed: Uint8Array | undefined;
  readonly events: readonly string[];
  readonly description: string | undefined;
  readonly state: StreamState;
  readonly reason: string | undefined;
  readonly verifiedAt: number;
  readonly createdAt: number;
}

/** What of a stream its receiver chooses. */
export type StreamWishes = Pick<
  Stream,
  'method' | 'endpoint' | 'authorizationSealed' | 'events' | 'description'
>;

interface StreamKey {
  readonly tenantId: TenantId;
  readonly streamId: string;
}

export async function insertStream(transaction: Transaction, stream: Stream): Promise<void> {
  const { streamId: stream_id, tenantId: tenant_id, clientId: client_id, createdAt: created_at } = stream;
  await transaction
    .insertInto('signal_streams')
    .values({
      ...{ stream_id, tenant_id, client_id, created_at },
      ...wishesOf(stream),
      status: stream.state,
      status_reason: null,
      verified_at: 0,
    })
    .execute();
  await record(transaction, stream, created_at);
}

/** @returns whether the stream stands */
export async function updateStream(
  transaction: Transaction,
  { tenantId, streamId, at }: StreamKey & { readonly at: number },
  change:
    | StreamWishes
    | { readonly state: StreamState; readonly reason: string | undefined }
    | { readonly verifiedAt: number },
): Promise<boolean> {
  const values =
    'state' in change
      ? { status: change.state, status_reason: change.reason ?? null }
      : 'verifiedAt' in change
        ? { verified_at: change.verifiedAt }
        : wishesOf(change);
  const row = await transaction
    .updateTable('signal_streams')
    .set(values)
    .where('tenant_id', '=', tenantId)
    .where('stream_id', '=', streamId)
    .returning('stream_id')
    .executeTakeFirst();
  if (row === undefined) return false;
  await record(transaction, { tenantId, streamId }, at);
  return true;
}

/** Ends a stream with all that waits for its receiver. */
export async function deleteStream(
  transaction: Transaction,
  { tenantId, streamId, at }: StreamKey & { readonly at: number },
): Promise<void> {
  for (const table of ['signal_deliveries', 'signal_exclusions', 'signal_streams'] as const) {
    await transaction
      .deleteFrom(table)
      .where('tenant_id', '=', tenantId)
      .where('stream_id', '=', streamId)
      .execute();
  }
  await record(transaction, { tenantId, streamId }, at);
}

export async function selectStreams(
  queries: Queries,
  tenantId: TenantId,
  named: { readonly clientId?: ClientId; readonly streamId?: string } = {},
): Promise<readonly Stream[]> {
  const { clientId, streamId } = named;
  const rows = await queries
    .selectFrom('signal_streams')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .$if(clientId !== undefined, (query) => query.where('client_id', '=', clientId ?? ''))
    .$if(streamId !== undefined, (query) => query.where('stream_id', '=', streamId ?? ''))
    .orderBy('created_at')
    .execute();
  return rows.map(asStream);
}

/** Tenants that somebody listens to. */
export async function selectHeardTenants(queries: Queries): Promise<readonly TenantId[]> {
  const rows = await queries.selectFrom('signal_streams').select('tenant_id').distinct().execute();
  return rows.map(({ tenant_id }) => guid<TenantId>(tenant_id));
}

export async function setExcluded(
  transaction: Transaction,
  {
    tenantId,
    streamId,
    subjectId,
    excluded,
  }: StreamKey & { readonly subjectId: string; readonly excluded: boolean },
): Promise<void> {
  const key = { tenant_id: tenantId, stream_id: streamId, subject_id: subjectId };
  if (excluded) {
    await transaction
      .insertInto('signal_exclusions')
      .values(key)
      .onConflict((conflict) => conflict.columns(['stream_id', 'subject_id']).doNothing())
      .execute();
    return;
  }
  await transaction
    .deleteFrom('signal_exclusions')
    .where('tenant_id', '=', tenantId)
    .where('stream_id', '=', streamId)
    .where('subject_id', '=', subjectId)
    .execute();
}

/** Streams that do not want to hear of a subject. */
export async function selectExclusions(
  queries: Queries,
  tenantId: TenantId,
  subjectId: string,
): Promise<ReadonlySet<string>> {
  const rows = await queries
    .selectFrom('signal_exclusions')
    .select('stream_id')
    .where('tenant_id', '=', tenantId)
    .where('subject_id', '=', subjectId)
    .execute();
  return new Set(rows.map(({ stream_id }) => stream_id));
}

async function record(transaction: Transaction, { tenantId, streamId }: StreamKey, at: number) {
  await recordChange(transaction, { tenantId, kind: 'signal-streams', key: streamId, at });
}

function wishesOf({ method, endpoint, authorizationSealed, events, description }: StreamWishes) {
  return {
    method,
    endpoint: endpoint ?? null,
    authorization_sealed: authorizationSealed ?? null,
    events: JSON.stringify(events),
    description: description ?? null,
  };
}

function asStream(row: Selectable<SignalStreamsTable>): Stream {
  return {
    streamId: row.stream_id,
    tenantId: guid<TenantId>(row.tenant_id),
    clientId: guid<ClientId>(row.client_id),
    method: row.method as Stream['method'],
    endpoint: row.endpoint ?? undefined,
    authorizationSealed: row.authorization_sealed ?? undefined,
    events: JSON.parse(row.events) as string[],
    description: row.description ?? undefined,
    state: row.status as StreamState,
    reason: row.status_reason ?? undefined,
    verifiedAt: row.verified_at,
    createdAt: row.created_at,
  };
}
