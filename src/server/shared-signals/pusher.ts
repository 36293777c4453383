import type { Clock } from '../../foundation/clock.ts';
import type { TenantId } from '../../foundation/ids.ts';
import type { Log } from '../../foundation/log.ts';
import type { Outbound } from '../outbound/fetcher.ts';
import { OutboundError } from '../outbound/outbound-error.ts';
import type { ChangeFeed } from '../storage/change-log.ts';
import type { Database } from '../storage/database.ts';
import type { Sealer } from '../storage/sealed-column.ts';
import { claim, type Delivery, selectWaiting, settle } from './delivery-queue.ts';
import { type EventTokenParts, eventToken } from './event-token.ts';
import { deleteStream, type Stream, selectHeardTenants, selectStreams } from './stream-store.ts';

export interface PusherParts extends EventTokenParts {
  readonly database: Database;
  readonly feed: ChangeFeed;
  readonly sealer: Sealer;
  readonly outbound: Pick<Outbound, 'post'>;
  /** Whether the application of a stream still stands and may hear of its tenant. */
  readonly mayHear: (stream: Stream) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds between looks at what is due, for retries and for what other replicas left. */
const lookEvery = 1000;
/** Milliseconds that an attempt has to itself: longer than any request out. */
const attemptTime = 30_000;
const longestPause = 3_600_000;
/** Milliseconds after which an event that no attempt brought home is given up. */
const givenUpAfter = 7 * 24 * 3_600_000;
const atOnce = 20;

/** Brings events to the receivers that have them pushed (RFC 8935): until they are acknowledged, one replica at a time. */
export class EventPusher implements AsyncDisposable {
  readonly #parts: PusherParts;
  /** Streams that are being served. */
  readonly #busy = new Map<string, Promise<void>>();
  #looking: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(parts: PusherParts) {
    this.#parts = parts;
    parts.feed.onChange((changes) => {
      if (changes.some(({ kind }) => kind === 'signal-events' || kind === 'signal-streams')) this.look();
    });
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), lookEvery);
    this.#timer.unref();
  }

  /** Looks at what is due; never rejects, and returns before it is delivered. */
  look(): void {
    if (this.#disposed) return;
    if (this.#looking !== undefined) {
      this.#again = true;
      return;
    }
    this.#looking = this.#serve()
      .catch((error: unknown) => this.#parts.log.error({ err: error }, 'events could not be read'))
      .finally(() => {
        this.#looking = undefined;
        if (!this.#again) return;
        this.#again = false;
        this.look();
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    clearInterval(this.#timer);
    await this.#looking;
    await Promise.all(this.#busy.values());
  }

  async #serve(): Promise<void> {
    const { read } = this.#parts.database;
    for (const tenantId of await selectHeardTenants(read)) {
      for (const stream of await selectStreams(read, tenantId)) {
        if (stream.method !== 'push' || stream.state !== 'enabled' || this.#busy.has(stream.streamId))
          continue;
        const served = this.#drain(stream)
          .catch((error: unknown) =>
            this.#parts.log.error({ err: error, streamId: stream.streamId }, 'events could not be pushed'),
          )
          .finally(() => this.#busy.delete(stream.streamId));
        this.#busy.set(stream.streamId, served);
      }
    }
  }

  async #drain(stream: Stream): Promise<void> {
    const { database, clock, mayHear } = this.#parts;
    const due = await selectWaiting(database.read, stream, atOnce, clock.now());
    if (due.length === 0) return;
    if (!(await mayHear(stream))) {
      await database.transaction((transaction) => deleteStream(transaction, { ...stream, at: clock.now() }));
      return;
    }
    await Promise.all(due.map((delivery) => this.#attempt(stream, delivery)));
    if (due.length === atOnce) this.#again = true;
  }

  async #attempt(stream: Stream, delivery: Delivery): Promise<void> {
    const { database, clock, log } = this.#parts;
    const pause = Math.min(longestPause, 1000 * 2 ** Math.min(delivery.attempts, 20));
    const nextAt = clock.now() + attemptTime + pause;
    if (!(await claim(database, stream, delivery, nextAt))) return;
    const failure = await this.#push(stream, delivery);
    const { streamId, tenantId } = stream;
    const { jti, attempts } = delivery;
    if (failure === undefined || clock.now() - delivery.createdAt > givenUpAfter) {
      await database.transaction((transaction) => settle(transaction, stream, [jti]));
    } else {
      const claimed = { ...delivery, attempts: attempts + 1, dueAt: nextAt };
      await this.#release(stream, claimed, clock.now() + pause);
    }
    if (failure === undefined) return;
    log.warn(
      { event: 'signal-not-delivered', tenantId, streamId, jti, attempts: attempts + 1, failure },
      'not delivered',
    );
  }

  /** Ends an attempt that failed before its time was over. */
  async #release(stream: Stream, { jti, dueAt }: Delivery, nextAt: number): Promise<void> {
    await this.#parts.database.transaction((transaction) =>
      transaction
        .updateTable('signal_deliveries')
        .set({ due_at: nextAt })
        .where('tenant_id', '=', stream.tenantId)
        .where('stream_id', '=', stream.streamId)
        .where('jti', '=', jti)
        .where('due_at', '=', dueAt)
        .execute(),
    );
  }

  /** @returns why the receiver does not have it, `undefined` where it does */
  async #push(stream: Stream, delivery: Delivery): Promise<string | undefined> {
    try {
      const authorization = await openAuthorization(this.#parts.sealer, stream);
      const { status } = await this.#parts.outbound.post(
        stream.endpoint ?? '',
        await eventToken(this.#parts, stream, delivery),
        {
          contentType: 'application/secevent+jwt',
          accept: 'application/json',
          ...(authorization === undefined ? {} : { authorization }),
        },
      );
      return status === 202 || status === 200 ? undefined : `the receiver answered ${status}`;
    } catch (error) {
      if (error instanceof OutboundError) return error.message;
      throw error;
    }
  }
}

/** Where a stream's `Authorization` header is sealed. */
export function authorizationPlace(tenantId: TenantId, streamId: string) {
  return { tenantId, table: 'signal_streams', column: 'authorization_sealed', row: streamId } as const;
}

async function openAuthorization(sealer: Sealer, stream: Stream): Promise<string | undefined> {
  const { authorizationSealed, tenantId, streamId } = stream;
  if (authorizationSealed === undefined) return undefined;
  const opened = await sealer.open(authorizationPlace(tenantId, streamId), authorizationSealed);
  return Buffer.from(opened).toString('utf8');
}
