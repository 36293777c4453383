/** Environment variables as a plain map; the programs' entry points read the real one and pass it on. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The process's environment: the one place that reads it. */
export function processEnvironment(): Environment {
  return { ...process.env };
}
