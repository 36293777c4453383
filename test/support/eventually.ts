import { setImmediate } from 'node:timers/promises';

/**
 * Looks again and again, as fast as other work allows, until there is something to see.
 *
 * @throws after ten seconds
 */
export async function eventually<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > deadline) throw new Error('it did not happen within ten seconds');
    await setImmediate();
  }
}
