/** A time as Graph writes it: to the second, in UTC. @param at milliseconds since the epoch */
export function graphTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
