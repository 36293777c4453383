/** Where time comes from. Everything that needs the time takes a `Clock`, so a test can move it. */
export interface Clock {
  /** Wall time in milliseconds since the epoch. */
  now(): number;
  /** Milliseconds on a clock that never jumps; only differences mean anything. */
  monotonic(): number;
}

/** The machine's own clock: the one place that reads it. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** Epoch seconds (the unit of JWT and of Key Vault attributes) from a clock. */
export function epochSeconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000);
}
