import { type GraphClient, odataText } from '../client/graph-client.ts';
import type { JsonReader } from '../client/json-reader.ts';
import type { Clock } from '../foundation/clock.ts';
import { isGuid } from '../foundation/ids.ts';
import { resolveServicePrincipal } from './application-name.ts';
import { CommandError, type CommandInput, type CommandOption, optionText } from './command.ts';

/** Options that every command has which shows a log. */
export const logOptions: readonly CommandOption[] = [
  { flags: '--since <time>', summary: 'only what is no older: 30m, 12h, 7d' },
  { flags: '--top <count>', summary: 'how many, the latest', default: '50' },
];

const mostEntries = 100_000;
const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** How far back, and how much: what `--since` and `--top` say. */
export function readExtent(
  input: CommandInput,
  clock: Clock,
): { readonly since: string | undefined; readonly top: number } {
  const top = Number(optionText(input, 'top') ?? '50');
  if (!Number.isInteger(top) || top < 1 || top > mostEntries) {
    throw new CommandError(`--top is a whole number from 1 to ${mostEntries}`, 2);
  }
  const text = optionText(input, 'since');
  if (text === undefined) return { since: undefined, top };
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  if (match === null) throw new CommandError('--since is a number with s, m, h or d: 30m, 12h, 7d', 2);
  const ago = Number(match[1]) * units[match[2] as keyof typeof units];
  return { since: new Date(Math.max(0, clock.now() - ago)).toISOString(), top };
}

/** The latest entries of a log that hold for all parts of a filter. */
export async function readLog(
  directory: GraphClient,
  path: readonly string[],
  filters: readonly (string | undefined)[],
  top: number,
): Promise<readonly JsonReader[]> {
  const filter = filters.filter((part) => part !== undefined).join(' and ');
  const query = { top: String(Math.min(top, 1000)), ...(filter === '' ? {} : { filter }) };
  return await directory.list(path, query, top);
}

/** The object id of whom a user means: an id as it is, of whoever it was; a person's name; a service principal's. */
export async function objectIdOf(name: string, directory: GraphClient): Promise<string> {
  if (name.includes('@')) {
    const person = await directory.get(['users', name]);
    if (person === undefined) throw new CommandError(`there is no user '${name}'`);
    return person.string('id');
  }
  if (!isGuid(name)) return (await resolveServicePrincipal(directory, name)).string('id');
  // a client id stands for its principal; any other is taken as it is, since logs outlive who they are about
  const [principal] = await directory.list(['servicePrincipals'], { filter: `appId eq ${odataText(name)}` });
  return principal?.string('id') ?? name;
}

/** A time to the second, as it is written in tables. */
export function shortTime(text: string): string {
  return text.replace('T', ' ').replace(/(?:\.\d+)?Z$/, 'Z');
}
