import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import type { Database } from '../storage/database.ts';

const day = 86_400_000;
/** Milliseconds for which sign-in log and directory audits are kept unless told otherwise; as long as Entra keeps them. */
export const defaultSignInRetention = 30 * day;

const pruneEvery = 10 * 60_000;
/** Rows of one write: others get their turn between two. */
const batch = 2000;

/** Forgets sign-ins and directory audits whose time has passed, and assertions that have expired. Replicas may do so side by side. */
export class SignInRetention implements Disposable {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #keptFor: number;
  #timer: NodeJS.Timeout | undefined;

  /** @param keptFor milliseconds */
  constructor(
    parts: { readonly database: Database; readonly clock: Clock; readonly log: Log },
    keptFor: number,
  ) {
    this.#database = parts.database;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#keptFor = keptFor;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#pruneQuietly(), pruneEvery);
    this.#timer.unref();
  }

  /** Forgets everything whose time has passed now. */
  async prune(): Promise<void> {
    const now = this.#clock.now();
    for (const log of ['sign_ins', 'directory_audits'] as const) {
      while ((await this.#forget(log, now - this.#keptFor)) === batch);
    }
    await this.#forgetAssertions(now);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #pruneQuietly(): Promise<void> {
    try {
      await this.prune();
    } catch (error) {
      this.#log.warn({ event: 'retention', err: error }, 'old records could not be removed');
    }
  }

  async #forget(log: 'sign_ins' | 'directory_audits', before: number): Promise<number> {
    const gone = await this.#database.transaction((transaction) =>
      transaction
        .deleteFrom(log)
        .where('sequence', 'in', (old) =>
          old.selectFrom(log).select('sequence').where('at', '<', before).orderBy('sequence').limit(batch),
        )
        .executeTakeFirst(),
    );
    return Number(gone.numDeletedRows);
  }

  async #forgetAssertions(now: number): Promise<void> {
    await this.#database.transaction((transaction) =>
      transaction.deleteFrom('spent_assertions').where('expires_at', '<=', now).execute(),
    );
  }
}
