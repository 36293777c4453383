import type { Clock } from '../../foundation/clock.ts';
import type { Log } from '../../foundation/log.ts';
import type { Change } from './change.ts';
import { type ChangeReader, changeReader, type PlacedChange } from './change-reader.ts';
import { ChangeWaiters } from './change-waiters.ts';
import type { Database, Transaction } from './database.ts';
import { portionsOf } from './portions.ts';

export type { Change, ChangeKind } from './change.ts';

/** A change to be recorded. */
export interface NewChange extends Omit<Change, 'seq'> {
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Records a change in the transaction that makes it, so that neither exists without the other. */
export async function recordChange(transaction: Transaction, change: NewChange): Promise<void> {
  await recordChanges(transaction, [change]);
}

/** Records changes in the transaction that makes them, in this order. */
export async function recordChanges(transaction: Transaction, changes: readonly NewChange[]): Promise<void> {
  for (const portion of portionsOf(changes)) {
    await transaction
      .insertInto('change_log')
      .values(portion.map(({ tenantId, kind, key, at }) => ({ tenant_id: tenantId, kind, key, at })))
      .execute();
  }
}

/** The changes of the log as they are committed, for what keeps copies of rows. */
export interface ChangeFeed {
  /** Called with each change exactly once; changes of one row come in the order of their commits. */
  onChange(listener: (changes: readonly Change[]) => void): void;
  /** Called instead of `onChange` where changes may have been missed: whatever was copied is to be forgotten. */
  onReset(listener: () => void): void;
  /** Whether every change committed more than half a second ago has certainly been given to the listeners. */
  isConfirmed(): boolean;
}

const pollEvery = 100;
const confirmedFor = 500;
const keptFor = 24 * 3_600_000;
const pruneEvery = 3_600_000;
/** Soon after a start as well, where a process never lives for an hour; not at once, when it has other work. */
const firstPrune = 60_000;
/** Well below `keptFor`: who was away longer (a suspended machine) may find rows pruned, and starts afresh. */
const longestAbsence = 12 * 3_600_000;

/**
 * Follows the change log of one database. What this process commits is given to the listeners before
 * `database.transaction()` returns; what others commit (PostgreSQL), within 100 ms of their commit. Failing reads are
 * logged and tried again; meanwhile `isConfirmed()` turns false.
 */
export class ChangeFollower implements ChangeFeed, AsyncDisposable {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #reader: ChangeReader;
  readonly #waiters = new ChangeWaiters();
  readonly #listeners: ((changes: readonly Change[]) => void)[] = [];
  readonly #resetListeners: (() => void)[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  #running: Promise<void> | undefined;
  #following: Promise<void> | undefined;
  #stopListening: (() => void) | undefined;
  #confirmedAt = Number.NEGATIVE_INFINITY;
  #confirmedAtWall = 0;
  #failing = false;
  #disposed = false;

  constructor(database: Database, clock: Clock, log: Log) {
    this.#database = database;
    this.#clock = clock;
    this.#log = log;
    this.#reader = changeReader(database);
  }

  /** Learns where the log ends now, and follows it from there. Rejects where the database cannot be read. */
  async start(): Promise<void> {
    const asked = this.#clock.monotonic();
    await this.#reader.start();
    this.#waiters.forgetBelow(this.#reader.ceiling);
    this.#confirm(asked);
    this.#stopListening = this.#database.onCommit(() => this.catchUp());
    // what was committed between the two lines above is read by this
    await this.catchUp();
    if (this.#database.engine === 'postgres') this.#every(pollEvery, () => this.catchUp());
    this.#every(pruneEvery, () => this.prune());
    this.#once(firstPrune, () => this.prune());
  }

  onChange(listener: (changes: readonly Change[]) => void): void {
    this.#listeners.push(listener);
  }

  onReset(listener: () => void): void {
    this.#resetListeners.push(listener);
  }

  /** Every change below this position has been given to the listeners. It only grows; replicas share its meaning. */
  get position(): number {
    return this.#reader.position;
  }

  /** When the position was last known to be current: milliseconds of the monotonic clock, or -Infinity. */
  get confirmedAt(): number {
    return this.#confirmedAt;
  }

  isConfirmed(): boolean {
    // nobody else writes an embedded database: it is current until a read of our own commit fails
    if (this.#database.engine === 'sqlite') return this.#confirmedAt !== Number.NEGATIVE_INFINITY;
    return this.#clock.monotonic() - this.#confirmedAt <= confirmedFor;
  }

  /**
   * Waits for a change that matches, committed at or after the position (one that `position` gave, here or on another
   * replica, before the state in question was read). True where there may be one, which is also the answer for a
   * position this process cannot judge; false where the signal ended the wait. Read the state again after true.
   */
  async nextChange(
    after: number,
    matches: (change: Change) => boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (after > this.#reader.ceiling) await this.catchUp();
    if (after > this.#reader.ceiling) return true;
    if (this.#disposed) return false;
    return this.#waiters.wait(after, matches, signal);
  }

  /** Gives the listeners everything committed before the call; never rejects. */
  catchUp(): Promise<void> {
    if (this.#running === undefined) {
      this.#running = this.#read().finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    // the read under way may have begun before the caller's commit; one more serves all who ask meanwhile
    this.#following ??= this.#running.then(() => {
      this.#following = undefined;
      return this.catchUp();
    });
    return this.#following;
  }

  /** Removes changes that nobody can still be waiting for; never rejects. */
  async prune(): Promise<void> {
    try {
      await this.#database.transaction((transaction) =>
        transaction
          .deleteFrom('change_log')
          .where('at', '<', this.#clock.now() - keptFor)
          .execute(),
      );
    } catch (error) {
      this.#log.warn({ err: error }, 'old changes could not be removed from the change log');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    this.#stopListening?.();
    for (const timer of this.#timers) clearInterval(timer);
    this.#waiters.endAll(false);
    await this.#following;
    await this.#running;
    this.#confirmedAt = Number.NEGATIVE_INFINITY;
  }

  async #read(): Promise<void> {
    if (this.#disposed) return;
    const asked = this.#clock.monotonic();
    try {
      if (this.#wasAwayTooLong()) {
        await this.#reader.start();
        this.#forgetEverything();
      }
      const { changes, overflow } = await this.#reader.read();
      if (overflow) this.#forgetEverything();
      else if (changes.length > 0) this.#give(changes);
      this.#confirm(asked);
    } catch (error) {
      this.#confirmedAt = Number.NEGATIVE_INFINITY;
      this.#reportFailure(error);
    }
  }

  #wasAwayTooLong(): boolean {
    return this.#database.engine === 'postgres' && this.#clock.now() - this.#confirmedAtWall > longestAbsence;
  }

  #give(changes: readonly PlacedChange[]): void {
    try {
      for (const listener of this.#listeners) listener(changes);
    } catch (error) {
      this.#log.error({ err: error }, 'a listener of the change log failed; every copy is forgotten');
      this.#forgetEverything();
    }
    this.#waiters.give(changes);
  }

  #forgetEverything(): void {
    for (const listener of this.#resetListeners) listener();
    this.#waiters.forgetBelow(this.#reader.ceiling);
    this.#waiters.endAll(true);
  }

  #confirm(asked: number): void {
    this.#confirmedAt = asked;
    this.#confirmedAtWall = this.#clock.now();
    if (!this.#failing) return;
    this.#failing = false;
    this.#log.info({}, 'the change log is read again');
  }

  #reportFailure(error: unknown): void {
    if (!this.#failing)
      this.#log.error({ err: error }, 'the change log cannot be read; caches are passed by');
    this.#failing = true;
    // an embedded database is not polled: a read that failed is tried again by itself
    if (this.#database.engine === 'sqlite') this.#once(pollEvery, () => this.catchUp());
  }

  #once(milliseconds: number, work: () => Promise<void>): void {
    if (this.#disposed) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void work();
    }, milliseconds);
    this.#timers.add(timer.unref());
  }

  #every(milliseconds: number, work: () => Promise<void>): void {
    let busy = false;
    const timer = setInterval(async () => {
      if (busy) return;
      busy = true;
      await work();
      busy = false;
    }, milliseconds);
    this.#timers.add(timer.unref());
  }
}
