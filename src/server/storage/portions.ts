/** Rows or ids in one statement: engines bound its parameters, of which a row may need a dozen. */
const atOnce = 500;

/** A set of any size in portions that a statement can take; none of an empty set. */
export function* portionsOf<T>(all: readonly T[], size = atOnce): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}
