import { setImmediate } from 'node:timers/promises';

/** Milliseconds after which a token that is still accepted counts as never refused. */
const longest = 5000;
/** A use refused this often in a row stays refused. */
const settled = 8;

/** A token in use, again and again, while somebody takes something away. */
export interface InUse {
  /** Begins to count: what was done is acknowledged. @returns milliseconds from then to the start of the last use that went well */
  acknowledged(): Promise<number>;
}

/**
 * Uses a token in a loop. Resolves once it was accepted.
 *
 * @param use whether the token was accepted
 */
export async function inUse(use: () => Promise<boolean>): Promise<InUse> {
  let lastAccepted = Number.NEGATIVE_INFINITY;
  let acknowledgedAt: number | undefined;
  let refusals = 0;
  const first = Promise.withResolvers<void>();
  const loop = async () => {
    const started = performance.now();
    while (refusals < settled && performance.now() - (acknowledgedAt ?? started + 60_000) < longest) {
      const begun = performance.now();
      if (await use()) {
        lastAccepted = Math.max(lastAccepted, begun);
        refusals = 0;
        first.resolve();
      } else if (acknowledgedAt !== undefined) {
        refusals += 1;
      }
      await setImmediate();
    }
  };
  const looping = Promise.all([loop(), loop()]);
  looping.catch(first.reject);
  await first.promise;
  return {
    async acknowledged() {
      acknowledgedAt = performance.now();
      await looping;
      return refusals < settled ? Number.POSITIVE_INFINITY : Math.max(0, lastAccepted - acknowledgedAt);
    },
  };
}
