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
