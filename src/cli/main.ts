import { Command as CommanderCommand, CommanderError } from 'commander';
import { systemClock } from '../foundation/clock.ts';
import { processEnvironment } from '../foundation/environment.ts';
import { systemRandomness } from '../foundation/randomness.ts';
import { type CommandContext, CommandError } from './command.ts';
import { declare, usageFailure } from './command-line.ts';
import { commands } from './commands/registry.ts';
import { standardOutput } from './output.ts';
import { standardProgress } from './progress.ts';

/**
 * Runs one command line.
 *
 * @param words without the program's own name
 * @returns the exit code
 */
async function main(words: readonly string[], context: CommandContext): Promise<number> {
  // what stands behind the first `--` is another program's command line: nobody here reads it
  const separator = words.indexOf('--');
  const own = separator < 0 ? words : words.slice(0, separator);
  const command = separator < 0 ? [] : words.slice(separator + 1);
  const chosen = commands.find(({ name }) => name === own[0]);
  let exitCode = 0;
  const program = new CommanderCommand('innate')
    .description('Managed identities for any machine.')
    .exitOverride()
    .showHelpAfterError('(innate --help says more)')
    .configureOutput({ outputError: (text) => context.output.error(text.replace(/^error: /, '').trimEnd()) });
  for (const entry of commands) {
    if (entry === chosen) {
      declare(program, await entry.load(), command, context, (code) => {
        exitCode = code;
      });
    } else {
      const { name, summary, hidden = false } = entry;
      program.command(name, { hidden }).summary(summary).description(summary);
    }
  }
  try {
    await program.parseAsync([...own], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageFailure;
    return tell(error, context);
  }
}

/** What the language and the system throw: never meant for people. */
const unforeseen = new Set([
  'Error',
  'TypeError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'AggregateError',
  'AssertionError',
]);

/** One sentence for what can go wrong; everything else is a bug, and is called one. */
function tell(error: unknown, { output, environment }: CommandContext): number {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const debugging = (environment['INNATE_DEBUG'] ?? '') !== '';
  output.error(unforeseen.has(name) ? `unexpected failure: ${message}` : message);
  if (debugging) output.error(stack ?? message);
  else if (unforeseen.has(name)) output.error('INNATE_DEBUG=1 shows where it happened');
  return error instanceof CommandError ? error.exitCode : 1;
}

const output = standardOutput();
process.exitCode = await main(process.argv.slice(2), {
  environment: processEnvironment(),
  clock: systemClock,
  randomness: systemRandomness,
  output,
  progress: standardProgress(output, systemClock),
});
