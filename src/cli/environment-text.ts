import type { EnvironmentChanges } from '../agent/isolation/program-environment.ts';

export type EnvironmentFormat = 'shell' | 'dotenv' | 'json';

/**
 * Changes of an environment as text. `shell` is for `eval` in a POSIX shell: whatever a value holds, it is data there.
 * `dotenv` and `json` are for tools; `dotenv` cannot take a variable away, `json` does so with `null`.
 */
export function formatEnvironment(changes: EnvironmentChanges, format: EnvironmentFormat): string {
  const entries = Object.entries(changes).sort(([one], [other]) => (one < other ? -1 : 1));
  for (const [name] of entries) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new TypeError(`'${name}' is no name of a variable`);
  }
  switch (format) {
    case 'shell':
      return entries
        .map(([name, value]) =>
          value === undefined ? `unset ${name}` : `export ${name}=${quoteForShell(value)}`,
        )
        .join('\n');
    case 'dotenv':
      return entries
        .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${quoteForDotenv(value)}`]))
        .join('\n');
    case 'json':
      return JSON.stringify(
        Object.fromEntries(entries.map(([name, value]) => [name, value ?? null])),
        undefined,
        2,
      );
  }
}

/** POSIX 2.2.2: between single quotes everything stands for itself, and only a single quote cannot stand there. */
function quoteForShell(value: string): string {
  return /^[A-Za-z0-9_.,:/@%+=-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

/** The many readers of `.env` files agree on plain values and on single quotes without escapes. */
function quoteForDotenv(value: string): string {
  if (/^[A-Za-z0-9_.,:/@%+=-]*$/.test(value)) return value;
  if (!/['\r\n]/.test(value)) return `'${value}'`;
  const escaped = value
    .replace(/["\\$]/g, '\\$&')
    .replaceAll('\r', '\\r')
    .replaceAll('\n', '\\n');
  return `"${escaped}"`;
}
