const forwarded: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];

/** Hands the signals that ask this process to end to somebody else, until disposed of. */
export function forwardSignals(to: (signal: NodeJS.Signals) => void): Disposable {
  for (const signal of forwarded) process.on(signal, to);
  return {
    [Symbol.dispose]() {
      for (const signal of forwarded) process.off(signal, to);
    },
  };
}

/** Milliseconds in which a second signal is taken for the first one, come another way (process group and launcher). */
const sameWish = 1000;

/**
 * Resolves with the first signal that asks this process to end. Everything still ends in order then; who asks again
 * later ends it at once.
 */
export async function endRequested(): Promise<void> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const { promise, resolve } = Promise.withResolvers<void>();
  const listener = () => resolve();
  for (const signal of signals) process.on(signal, listener);
  await promise;
  setTimeout(() => {
    for (const signal of signals) process.off(signal, listener);
  }, sameWish).unref();
}
