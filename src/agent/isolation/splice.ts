import type { Duplex } from 'node:stream';

/**
 * Joins two connections until both directions have ended. A half-closed side stays open for the answer; an error or
 * an early end on either side takes down both, and is nobody's failure.
 */
export function splice(one: Duplex, other: Duplex): void {
  const end = () => {
    one.destroy();
    other.destroy();
  };
  for (const side of [one, other]) {
    side.on('error', end);
    side.on('close', () => {
      if (!side.readableEnded || !side.writableFinished) end();
    });
  }
  one.pipe(other);
  other.pipe(one);
}
