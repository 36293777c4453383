import type { JsonReader } from '../client/json-reader.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Environment } from '../foundation/environment.ts';
import type { Randomness } from '../foundation/randomness.ts';
import type { Output } from './output.ts';
import type { Progress } from './progress.ts';

interface Described {
  readonly name: string;
  readonly summary: string;
  /** More for `--help`: paragraphs, examples. */
  readonly details?: string;
}

interface Told extends Described {
  /** Positional arguments in commander's notation: `<needed>`, `[optional]`, `[several...]` last. */
  readonly arguments?: readonly CommandWord[];
  /** Options in commander's notation: `--data <dir>`, `--once`, `--ids <id...>`. */
  readonly options?: readonly CommandOption[];
}

/** A command that does something, and speaks as it goes. */
export interface RunningCommand extends Told {
  /** Whether `-- COMMAND…` may follow. */
  readonly takesCommand?: boolean;
  /** @returns the exit code; 0 where nothing is returned */
  run(input: CommandInput, context: CommandContext): Promise<number | undefined>;
}

/** A command that answers data: it is shown in one place, as `--output` and `--query` want it. */
export interface AnsweringCommand extends Told {
  answer(input: CommandInput, context: CommandContext): Promise<Answer>;
}

/** A command of `innate`: what the command line may hold, and what is done with it. */
export type Command = RunningCommand | AnsweringCommand;

/** A noun with commands below it: `innate identity` with `create`, `list`, … */
export interface CommandGroup extends Described {
  readonly commands: readonly (Command | CommandGroup)[];
}

/** A command by name; the rest is loaded when it is used, so that no command waits for another's imports. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Whether programs alone use it. */
  readonly hidden?: boolean;
  load(): Promise<Command | CommandGroup>;
}

/** What a command found or made. */
export interface Answer {
  /** Plain data for machines: objects as the API answers them; `undefined` where there is nothing to tell. */
  readonly data?: unknown;
  /** How one object of the data is a row of a table; its plain members unless told. */
  readonly columns?: Columns;
  /** What people are told instead of a table, or beside no data. */
  readonly said?: string;
  /** What people are told of an empty list. */
  readonly nothing?: string;
}

/** Cells by the heading that they stand under. */
export type Columns = Readonly<Record<string, (object: JsonReader) => string>>;

export interface CommandWord {
  readonly name: string;
  readonly summary: string;
  readonly names?: Named;
}

/** What a word or an option names, for shells that complete it: resource groups, resources, those of one type. */
export type Named = 'groups' | 'resources' | { readonly type: string };

export interface CommandOption {
  readonly flags: string;
  readonly summary: string;
  /** Values that are allowed; all unless told. */
  readonly choices?: readonly string[];
  readonly default?: string;
  readonly names?: Named;
}

/** A command line after it was checked against the command. */
export interface CommandInput {
  /** In order; several-valued ones one after another. */
  readonly words: readonly string[];
  /**
   * By the option's long name in camel case: `--ready-file x` is `readyFile`. A flag without value is `true`, an option
   * that takes several is a list.
   */
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  /** What stood behind `--`, as it stood there. */
  readonly command: readonly string[];
}

/** The machine as a command sees it. */
export interface CommandContext {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly output: Output;
  readonly progress: Progress;
}

/** A failure that is told to the user as it stands: one sentence that says what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: number;

  constructor(message: string, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Where state is, unless told otherwise. */
export const defaultDataFolder = '.innate';

/** The option that every command has which needs a server of this machine. */
export const dataOption: CommandOption = {
  flags: '--data <dir>',
  summary: 'the data folder of the server',
  default: defaultDataFolder,
};

/** The value of an option that takes one. */
export function optionText(input: CommandInput, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === 'string' ? value : undefined;
}

/** The values of an option that takes several; none where it is not there. */
export function optionList(input: CommandInput, name: string): readonly string[] {
  const value = input.options[name];
  return Array.isArray(value) ? value : [];
}

/**
 * What a command is told to do, where it knows several things.
 *
 * @throws CommandError with exit code 2 for anything else
 */
export function verbOf<Verb extends string>(
  command: string,
  verbs: readonly Verb[],
  claimed: string | undefined,
): Verb {
  const verb = verbs.find((known) => known === claimed);
  if (verb !== undefined) return verb;
  throw new CommandError(`innate ${command} knows ${verbs.join(', ')}, not '${claimed ?? ''}'`, 2);
}
