import { type Command as CommanderCommand, Option } from 'commander';
import {
  type AnsweringCommand,
  type Command,
  type CommandContext,
  CommandError,
  type CommandGroup,
  type CommandInput,
  type CommandOption,
} from './command.ts';
import { presentationOptions } from './presentation-options.ts';

/** Wrong usage, as in the shells' own tools. */
export const usageFailure = 2;

/** What is told when a command has ended. */
export type Ended = (exitCode: number) => void;

/**
 * Declares a command, or a noun with all its commands, to the reader of command lines.
 *
 * @param program what it stands below
 * @param behind what stood behind `--`
 */
export function declare(
  program: CommanderCommand,
  described: Command | CommandGroup,
  behind: readonly string[],
  context: CommandContext,
  ended: Ended,
  path: readonly string[] = ['innate'],
): void {
  const { name, summary, details } = described;
  const listed = program.command(name).summary(summary).description(summary);
  const words = [...path, name];
  listed.showHelpAfterError(`(${words.join(' ')} --help says more)`);
  if (details !== undefined) listed.addHelpText('after', `\n${details}`);
  if ('commands' in described) {
    for (const inner of described.commands) declare(listed, inner, behind, context, ended, words);
    return;
  }
  for (const { name: word, summary: meaning } of described.arguments ?? []) listed.argument(word, meaning);
  for (const option of optionsOf(described)) listed.addOption(optionFrom(option));
  const takesCommand = 'run' in described && described.takesCommand === true;
  if (takesCommand) listed.usage('[options] RESOURCE -- COMMAND...');
  listed.action(async () => {
    if (behind.length > 0 && !takesCommand) {
      throw new CommandError(`${words.join(' ')} takes nothing behind --`, usageFailure);
    }
    const input = { words: listed.args, options: listed.opts(), command: behind };
    ended(
      'run' in described
        ? ((await described.run(input, context)) ?? 0)
        : await tellAnswer(described, input, context),
    );
  });
}

/** Every option of a command, those of its presentation included. */
export function optionsOf(command: Command): readonly CommandOption[] {
  const own = command.options ?? [];
  return 'run' in command ? own : [...own, ...presentationOptions];
}

async function tellAnswer(
  command: AnsweringCommand,
  input: CommandInput,
  context: CommandContext,
): Promise<number> {
  // what runs programs does not wait for readers of YAML and queries
  const { readPresentation } = await import('./presentation.ts');
  const presentation = readPresentation(input);
  const text = presentation(await command.answer(input, context));
  if (text !== undefined) context.output.result(text);
  return 0;
}

function optionFrom({ flags, summary, choices, default: value }: CommandOption): Option {
  const option = new Option(flags, summary);
  if (choices !== undefined) option.choices(choices);
  if (value !== undefined) option.default(value);
  return option;
}
