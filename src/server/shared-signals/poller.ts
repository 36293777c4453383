import type { PollRequest } from '../../contract/shared-signals.ts';
import type { Log } from '../../foundation/log.ts';
import type { ChangeFollower } from '../storage/change-log.ts';
import type { Database } from '../storage/database.ts';
import { selectWaiting, settle } from './delivery-queue.ts';
import { type EventTokenParts, eventToken } from './event-token.ts';
import type { Stream } from './stream-store.ts';

export interface PollerParts extends EventTokenParts {
  readonly database: Database;
  readonly follower: Pick<ChangeFollower, 'position' | 'nextChange'>;
  readonly log: Log;
  /** Aborts when a poll that waits has waited long enough; 20 s unless told. */
  readonly patience?: () => AbortSignal;
}

export interface PollAnswer {
  /** Event tokens by `jti`. */
  readonly sets: Readonly<Record<string, string>>;
  readonly moreAvailable: boolean;
}

const mostEvents = 100;
const longestWait = 20_000;
/** Polls of one stream that may wait at once, in this process. */
const waitingAtOnce = 2;

/** Hands events to receivers that come for them (RFC 8936). What is not acknowledged is handed out again. */
export class EventPoller {
  readonly #parts: PollerParts;
  readonly #waiting = new Map<string, number>();

  constructor(parts: PollerParts) {
    this.#parts = parts;
  }

  /** @param gone aborts when the receiver has gone away */
  async poll(stream: Stream, request: PollRequest, gone: AbortSignal): Promise<PollAnswer> {
    const { database, follower, log } = this.#parts;
    const { tenantId, streamId } = stream;
    const errors = Object.entries(request.setErrs ?? {});
    for (const [jti, { err }] of errors) {
      log.warn(
        { event: 'signal-refused', tenantId, streamId, jti, err: err.slice(0, 64) },
        'refused by its receiver',
      );
    }
    const settled = [...(request.ack ?? []), ...errors.map(([jti]) => jti)];
    if (settled.length > 0) {
      await database.transaction((transaction) => settle(transaction, stream, settled));
    }
    const limit = Math.min(request.maxEvents ?? mostEvents, mostEvents);
    if (limit === 0 || stream.state !== 'enabled') return { sets: {}, moreAvailable: false };
    const position = follower.position;
    const answer = await this.#answer(stream, limit);
    if (Object.keys(answer.sets).length > 0 || request.returnImmediately === true) return answer;
    return (await this.#changed(streamId, position, gone)) ? await this.#answer(stream, limit) : answer;
  }

  async #answer(stream: Stream, limit: number): Promise<PollAnswer> {
    const found = await selectWaiting(this.#parts.database.read, stream, limit + 1);
    const given = found.slice(0, limit);
    const tokens = await Promise.all(given.map((delivery) => eventToken(this.#parts, stream, delivery)));
    return {
      sets: Object.fromEntries(given.map(({ jti }, at) => [jti, tokens[at] ?? ''])),
      moreAvailable: found.length > limit,
    };
  }

  async #changed(streamId: string, position: number, gone: AbortSignal): Promise<boolean> {
    const { follower, patience = () => AbortSignal.timeout(longestWait) } = this.#parts;
    const waiting = this.#waiting.get(streamId) ?? 0;
    if (waiting >= waitingAtOnce) return false;
    this.#waiting.set(streamId, waiting + 1);
    try {
      return await follower.nextChange(
        position,
        ({ kind, key }) => kind === 'signal-events' && key === streamId,
        AbortSignal.any([gone, patience()]),
      );
    } finally {
      const left = (this.#waiting.get(streamId) ?? 1) - 1;
      if (left === 0) this.#waiting.delete(streamId);
      else this.#waiting.set(streamId, left);
    }
  }
}
