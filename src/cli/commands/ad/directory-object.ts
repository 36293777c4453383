import { type JsonReader, UnexpectedAnswer } from '../../../client/json-reader.ts';
import { CommandError, type CommandInput, type CommandOption, optionText } from '../../command.ts';

/** The object that is meant, as `az` has it beside a word of its own. */
export const objectOption: CommandOption = {
  flags: '--id <id>',
  summary: 'the same as the word: a name or an id',
};

/** A name that a command line gives by an option or as its first word. @throws CommandError where it gives none */
export function requireName(input: CommandInput, option: string, what: string): string {
  const name = optionText(input, option) ?? input.words[0];
  if (name === undefined) throw new CommandError(`say ${/^which/.test(what) ? what : `what ${what}`}`, 2);
  return name;
}

/** @throws UnexpectedAnswer where the directory did not show what it made */
export function answered(answer: JsonReader | undefined): JsonReader {
  if (answer === undefined) throw new UnexpectedAnswer('the directory answered nothing');
  return answer;
}
