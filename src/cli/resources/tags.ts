import { CommandError, type CommandInput, optionList } from '../command.ts';

export type Tags = Readonly<Record<string, string>>;

/**
 * What `--tags a=b c=d` says: a tag without `=` has an empty value, `''` alone is no tags at all; `undefined` where the
 * option is not there.
 *
 * @throws CommandError where a tag has no name, or one name stands twice
 */
export function tagsIn(input: CommandInput): Tags | undefined {
  const texts = optionList(input, 'tags');
  if (texts.length === 0) return undefined;
  const tags = new Map<string, string>();
  for (const text of texts) {
    if (text === '' && texts.length === 1) continue;
    const [name, value] = splitTag(text);
    if (tags.has(name)) throw new CommandError(`the tag '${name}' is given twice`, 2);
    tags.set(name, value);
  }
  return Object.fromEntries(tags);
}

/** A tag as it is written, `name=value` or `name`. @throws CommandError where it has no name */
export function splitTag(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  const name = at < 0 ? text : text.slice(0, at);
  if (name === '') throw new CommandError(`'${text}' is no tag: write name=value`, 2);
  return [name, at < 0 ? '' : text.slice(at + 1)];
}
