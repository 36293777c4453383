/**
 * From when on tokens hold after a revocation: milliseconds since the epoch. Tokens count in whole seconds, and one made
 * in the second of the last revocation is dated at the next; whatever clocks say, it must not outlive this one.
 *
 * @param before what held until now
 * @param at the time of the revocation
 */
export function validFromAfter(before: number, at: number): number {
  return Math.max(at, Math.ceil(before / 1000) * 1000 + 1);
}
