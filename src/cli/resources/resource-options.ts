import {
  type CommandInput,
  type CommandOption,
  type CommandWord,
  dataOption,
  type Named,
  optionText,
} from '../command.ts';

/** Options that commands over resources share, named as `az` names them. */
export const groupOption: CommandOption = {
  flags: '-g, --resource-group <name>',
  summary: 'the resource group',
  names: 'groups',
};
export const nameOption: CommandOption = {
  flags: '-n, --name <name>',
  summary: 'the name; it may also stand as a word of its own',
};
export const idsOption: CommandOption = {
  flags: '--ids <id...>',
  summary: 'whole ids, in place of group and name',
};
export const locationOption: CommandOption = {
  flags: '-l, --location <location>',
  summary: 'where it is; where its group is, unless told',
};
export const tagsOption: CommandOption = {
  flags: '--tags <tag...>',
  summary: "a=b c=d; '' takes all away",
};
export const subscriptionOption: CommandOption = {
  flags: '--subscription <subscription>',
  summary: "id or name; the deployment's first, unless told",
};
export const yesOption: CommandOption = {
  flags: '-y, --yes',
  summary: 'nothing is asked anyway; scripts written for az say it',
};
/** Where the deployment is, and in which subscription: what every such command takes. */
export const placeOptions: readonly CommandOption[] = [subscriptionOption, dataOption];

/** The name of a resource of a type, as a word of its own. */
export function nameWordOf(names: Named): CommandWord {
  return { name: '[name]', summary: 'its name, GROUP/NAME, or its whole id', names };
}

/** The name of a resource of a type, as an option. */
export function nameOptionOf(names: Named): CommandOption {
  return { ...nameOption, names };
}

/** The name that a command line gives, by option or as its first word. */
export function nameIn(input: CommandInput): string | undefined {
  return optionText(input, 'name') ?? input.words[0];
}
