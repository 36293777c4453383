import type { Change } from './change.ts';
import type { PlacedChange } from './change-reader.ts';

interface Waiter {
  readonly after: number;
  readonly matches: (change: Change) => boolean;
  readonly end: (found: boolean) => void;
}

const kept = 4096;

/** Who waits for a change, and the latest changes, for who asks a moment after one. */
export class ChangeWaiters {
  readonly #waiters = new Set<Waiter>();
  #recent: PlacedChange[] = [];
  /** Changes at or above it are all in `#recent`. */
  #floor = 0;

  give(changes: readonly PlacedChange[]): void {
    for (const change of changes) this.#recent.push(change);
    if (this.#recent.length > 2 * kept) {
      const dropped = this.#recent.splice(0, this.#recent.length - kept);
      for (const change of dropped) this.#floor = Math.max(this.#floor, change.position + 1);
    }
    for (const waiter of this.#waiters) {
      if (changes.some((change) => waiter.matches(change))) waiter.end(true);
    }
  }

  /** True at the first matching change at or after the position, false when the signal ends the wait. */
  wait(after: number, matches: (change: Change) => boolean, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (after < this.#floor) return Promise.resolve(true);
    if (this.#recent.some((change) => change.position >= after && matches(change))) {
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const aborted = () => waiter.end(false);
      const waiter: Waiter = {
        after,
        matches,
        end: (found) => {
          this.#waiters.delete(waiter);
          signal.removeEventListener('abort', aborted);
          resolve(found);
        },
      };
      signal.addEventListener('abort', aborted);
      this.#waiters.add(waiter);
    });
  }

  /** Nothing below the position can be judged any more. */
  forgetBelow(position: number): void {
    this.#recent = [];
    this.#floor = Math.max(this.#floor, position);
  }

  endAll(found: boolean): void {
    for (const waiter of [...this.#waiters]) waiter.end(found);
  }
}
