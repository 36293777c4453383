import type { Command, CommandEntry, CommandGroup, CommandOption, CommandWord, Named } from '../command.ts';
import { optionsOf } from '../command-line.ts';

/** Names of what is there, for words that name it. */
export type NamesOf = (named: Named) => Promise<readonly string[]>;

/**
 * What a word may become that is being typed.
 *
 * @param words what stands behind `innate`; the last is the one that is typed, empty where it is not begun
 * @returns whole words that begin as it does; none where a file, or nothing known, is meant
 */
export async function candidates(
  words: readonly string[],
  entries: readonly CommandEntry[],
  namesOf: NamesOf,
): Promise<readonly string[]> {
  const typed = words.at(-1) ?? '';
  const begins = (found: readonly string[]) => found.filter((one) => one.startsWith(typed)).toSorted();
  // behind it another program's command line begins
  if (words.slice(0, -1).includes('--')) return [];
  const [first, ...rest] = words;
  if (rest.length === 0) {
    return begins(entries.filter(({ hidden }) => hidden !== true).map(({ name }) => name));
  }
  let described: Command | CommandGroup | undefined = await entries
    .find(({ name }) => name === first)
    ?.load();
  let at = 1;
  while (described !== undefined && 'commands' in described) {
    if (at === words.length - 1) return begins(described.commands.map(({ name }) => name));
    described = described.commands.find(({ name }) => name === words[at]);
    at += 1;
  }
  return described === undefined ? [] : begins(await within(described, words.slice(at), namesOf));
}

async function within(
  command: Command,
  words: readonly string[],
  namesOf: NamesOf,
): Promise<readonly string[]> {
  const options = optionsOf(command);
  const typed = words.at(-1) ?? '';
  let open: CommandOption | undefined;
  let position = 0;
  for (const word of words.slice(0, -1)) {
    if (word.startsWith('-')) open = valueNeeded(options, word);
    else if (open === undefined) position += 1;
    else if (!isVariadic(open.flags)) open = undefined;
  }
  if (typed.startsWith('-')) return flagsLeft(options, words);
  if (open !== undefined) return await valuesOf(open, namesOf);
  const expected = command.arguments ?? [];
  const word = expected[position] ?? (expected.at(-1)?.name.includes('...') ? expected.at(-1) : undefined);
  const found = word === undefined ? [] : await wordsOf(word, namesOf);
  return found.length > 0 || typed !== '' || word !== undefined ? found : flagsLeft(options, words);
}

function valueNeeded(options: readonly CommandOption[], word: string): CommandOption | undefined {
  const option = options.find(({ flags }) => spellings(flags).includes(word));
  return option !== undefined && /[<[]/.test(option.flags) ? option : undefined;
}

function isVariadic(flags: string): boolean {
  return flags.includes('...');
}

/** `-g` and `--resource-group` of `-g, --resource-group <name>`. */
function spellings(flags: string): readonly string[] {
  return flags.split(/[ ,]+/).filter((part) => part.startsWith('-'));
}

/** The long options that do not stand on the line yet. */
function flagsLeft(options: readonly CommandOption[], words: readonly string[]): readonly string[] {
  const standing = new Set(words.slice(0, -1));
  return options
    .map(({ flags }) => spellings(flags))
    .filter((names) => !names.some((name) => standing.has(name)))
    .flatMap((names) => names.filter((name) => name.startsWith('--')));
}

async function valuesOf({ choices, names }: CommandOption, namesOf: NamesOf): Promise<readonly string[]> {
  if (choices !== undefined) return choices;
  return names === undefined ? [] : await namesOf(names);
}

/** A word in whose place one of several verbs stands is named after them: `<list|rotate|revoke>`. */
async function wordsOf({ name, names }: CommandWord, namesOf: NamesOf): Promise<readonly string[]> {
  if (names !== undefined) return await namesOf(names);
  const verbs = /^[<[]([a-z|-]*\|[a-z|-]*)[\]>]$/.exec(name)?.[1];
  return verbs === undefined ? [] : verbs.split('|');
}
