import {
  pollMethod,
  pushMethod,
  type StreamChange,
  streamUpdatedEvent,
  supportedEvents,
  verificationEvent,
} from '../../contract/shared-signals.ts';
import type { Clock } from '../../foundation/clock.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import type { TenantId } from '../../foundation/ids.ts';
import type { Log } from '../../foundation/log.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { Caller } from '../http/bearer.ts';
import type { Database, Queries, Transaction } from '../storage/database.ts';
import type { Sealer } from '../storage/sealed-column.ts';
import { enqueue } from './delivery-queue.ts';
import { authorizationPlace } from './pusher.ts';
import {
  deleteStream,
  insertStream,
  type Stream,
  type StreamState,
  type StreamWishes,
  selectStreams,
  setExcluded,
  updateStream,
} from './stream-store.ts';
import { beginHearing } from './watcher.ts';

export interface StreamsParts {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  /** The issuer of a tenant's event tokens. */
  readonly issuerOf: (tenantId: TenantId) => string;
  /** Where the receiver of a stream polls. */
  readonly pollUrl: (tenantId: TenantId, streamId: string) => string;
}

const streamsOfClient = 10;
const streamsOfTenant = 100;
/** Seconds between verification events that a receiver may ask for. */
const verificationInterval = 60;

type Wishes = Omit<StreamChange, 'stream_id'>;

/** Streams as their receivers manage them (SSF 1.0 §8.1); each application sees its own, and no other exists for it. */
export class Streams {
  readonly #parts: StreamsParts;

  constructor(parts: StreamsParts) {
    this.#parts = parts;
  }

  /** @throws DomainError `conflict` where there are too many */
  async create({ tenantId, clientId }: Caller, wishes: Wishes): Promise<object> {
    const { database, clock, randomness, log } = this.#parts;
    const streamId = randomness.uuid();
    const at = clock.now();
    const stream: Stream = {
      ...{ streamId, tenantId, clientId },
      ...(await this.#wishes(tenantId, streamId, wishes)),
      state: 'enabled',
      reason: undefined,
      verifiedAt: 0,
      createdAt: at,
    };
    await database.transaction(async (transaction) => {
      const all = await selectStreams(transaction, tenantId);
      const own = all.filter((other) => other.clientId === clientId);
      if (own.length >= streamsOfClient || all.length >= streamsOfTenant) {
        throw new DomainError('conflict', 'There are as many streams as there may be; delete one first.');
      }
      await beginHearing(transaction, tenantId);
      await insertStream(transaction, stream);
    });
    log.info({ audit: true, event: 'signal-stream-created', tenantId, clientId, streamId }, 'stream created');
    return this.present(stream);
  }

  async list({ tenantId, clientId }: Caller): Promise<readonly object[]> {
    const streams = await selectStreams(this.#parts.database.read, tenantId, { clientId });
    return streams.map((stream) => this.present(stream));
  }

  /** @throws DomainError `not-found` */
  async find({ tenantId, clientId }: Caller, streamId: string, queries?: Queries): Promise<Stream> {
    const from = queries ?? this.#parts.database.read;
    const [stream] = await selectStreams(from, tenantId, { clientId, streamId });
    if (stream === undefined) throw new DomainError('not-found', 'There is no such stream.');
    return stream;
  }

  /** @param whole whether what is not named goes back to what it is without a wish (PUT), or stays (PATCH) */
  async change(caller: Caller, { stream_id, ...wishes }: StreamChange, whole: boolean): Promise<object> {
    const { database, clock } = this.#parts;
    const before = await this.find(caller, stream_id);
    const wished = await this.#wishes(caller.tenantId, stream_id, wishes, whole ? undefined : before);
    return await database.transaction(async (transaction) => {
      const stream = await this.find(caller, stream_id, transaction);
      await updateStream(transaction, { ...stream, at: clock.now() }, wished);
      return this.present({ ...stream, ...wished });
    });
  }

  async remove(caller: Caller, streamId: string): Promise<void> {
    const { database, clock, log } = this.#parts;
    const { tenantId, clientId } = await this.find(caller, streamId);
    await database.transaction((transaction) =>
      deleteStream(transaction, { tenantId, streamId, at: clock.now() }),
    );
    log.info({ audit: true, event: 'signal-stream-deleted', tenantId, clientId, streamId }, 'stream deleted');
  }

  async setState(caller: Caller, streamId: string, state: StreamState, reason: string | undefined) {
    const { database, clock } = this.#parts;
    const at = clock.now();
    return await database.transaction(async (transaction) => {
      const stream = await this.find(caller, streamId, transaction);
      await updateStream(transaction, { ...stream, at }, { state, reason });
      if (state === 'disabled') {
        await transaction
          .deleteFrom('signal_deliveries')
          .where('tenant_id', '=', stream.tenantId)
          .where('stream_id', '=', streamId)
          .execute();
      } else if (stream.state !== state) {
        await this.#say(
          transaction,
          stream,
          { [streamUpdatedEvent]: { status: state, ...(reason === undefined ? {} : { reason }) } },
          at,
        );
      }
      return { stream_id: streamId, status: state, ...(reason === undefined ? {} : { reason }) };
    });
  }

  /** Whether the stream hears of a subject; it does of all until told otherwise. */
  async setSubject(caller: Caller, streamId: string, subjectId: string, heard: boolean): Promise<void> {
    await this.#parts.database.transaction(async (transaction) => {
      const { tenantId } = await this.find(caller, streamId, transaction);
      await setExcluded(transaction, {
        tenantId,
        streamId,
        subjectId: subjectId.toLowerCase(),
        excluded: !heard,
      });
    });
  }

  /** Sends a verification event (SSF 1.0 §8.1.4). @throws DomainError `throttled` where the last one was just now */
  async verify(caller: Caller, streamId: string, state: string | undefined): Promise<void> {
    const { database, clock } = this.#parts;
    const at = clock.now();
    await database.transaction(async (transaction) => {
      const stream = await this.find(caller, streamId, transaction);
      const wait = stream.verifiedAt + verificationInterval * 1000 - at;
      if (wait > 0) {
        throw new DomainError('throttled', 'The stream was verified just now.', {
          retryAfter: Math.ceil(wait / 1000),
        });
      }
      await updateStream(transaction, { ...stream, at }, { verifiedAt: at });
      await this.#say(transaction, stream, { [verificationEvent]: state === undefined ? {} : { state } }, at);
    });
  }

  /** SSF 1.0 §8.1.1, without the receiver's secret. */
  present(stream: Stream): object {
    const { issuerOf, pollUrl } = this.#parts;
    const { streamId, tenantId, clientId, method, endpoint, events, description } = stream;
    return {
      stream_id: streamId,
      iss: issuerOf(tenantId),
      aud: clientId,
      delivery:
        method === 'push'
          ? { method: pushMethod, endpoint_url: endpoint }
          : { method: pollMethod, endpoint_url: pollUrl(tenantId, streamId) },
      events_supported: supportedEvents,
      events_requested: events,
      events_delivered: events.filter((type) => supportedEvents.includes(type)),
      min_verification_interval: verificationInterval,
      ...(description === undefined ? {} : { description }),
    };
  }

  async #say(transaction: Transaction, stream: Stream, events: object, at: number): Promise<void> {
    const sub_id = { format: 'opaque', id: stream.streamId };
    const jti = this.#parts.randomness.uuid();
    await enqueue(transaction, stream, { jti, claims: { sub_id, events }, at });
  }

  async #wishes(
    tenantId: TenantId,
    streamId: string,
    { delivery, events_requested, description }: Wishes,
    before?: Stream,
  ): Promise<StreamWishes> {
    const { sealer } = this.#parts;
    const kept = {
      events: events_requested ?? before?.events ?? supportedEvents,
      description: description ?? before?.description,
    };
    if (delivery == null && before !== undefined) {
      const { method, endpoint, authorizationSealed } = before;
      return { method, endpoint, authorizationSealed, ...kept };
    }
    if (delivery?.method !== pushMethod) {
      return { method: 'poll', endpoint: undefined, authorizationSealed: undefined, ...kept };
    }
    const { endpoint_url: endpoint, authorization_header: header } = delivery;
    const authorizationSealed =
      header == null
        ? undefined
        : await sealer.seal(authorizationPlace(tenantId, streamId), Buffer.from(header, 'utf8'));
    return { method: 'push', endpoint, authorizationSealed, ...kept };
  }
}
