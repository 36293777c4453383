import { readFileSync } from 'node:fs';
import {
  type AnsweringCommand,
  CommandError,
  type CommandGroup,
  type CommandInput,
  type CommandOption,
  dataOption,
  optionText,
} from '../command.ts';
import { openDeployment } from '../deployment.ts';
import { nameIn, nameOption } from '../resources/resource-options.ts';
import { missingExitCode, segment } from '../resources/resource-target.ts';
import { vaultKind } from '../resources/vault-kind.ts';

/** Longest value of a secret, in octets, as Key Vault has it. */
const longestValue = 25_600;
const vaultOption: CommandOption = {
  flags: '--vault-name <name>',
  summary: 'the vault',
  names: vaultKind,
};
const word = { name: '[name]', summary: "the secret's name" };

const set: AnsweringCommand = {
  name: 'set',
  summary: 'set a secret to what a file holds',
  arguments: [word],
  options: [
    vaultOption,
    nameOption,
    {
      flags: '-f, --file <file>',
      summary: 'the value; a newline at its end is left out. - is standard input',
    },
    dataOption,
  ],
  async answer(input, { clock }) {
    const { vault, name } = secretIn(input);
    const value = readValue(optionText(input, 'file'));
    using deployment = openDeployment(input, clock);
    await deployment.vault(vault).setSecret(name, value);
    return { data: { vault, name }, said: `${vault}/${name} is set` };
  },
};

const show: AnsweringCommand = {
  name: 'show',
  summary: 'show the value of a secret',
  arguments: [word],
  options: [vaultOption, nameOption, dataOption],
  async answer(input, { clock }) {
    const { vault, name } = secretIn(input);
    using deployment = openDeployment(input, clock);
    const value = await deployment.vault(vault).getSecret(name);
    if (value === undefined) throw new CommandError(`there is no secret ${vault}/${name}`, missingExitCode);
    return { data: { vault, name, value } };
  },
};

/** Secrets of vaults. A value is never a word of a command line: every process of the machine could read it there. */
export const keyVaultSecret: CommandGroup = {
  name: 'secret',
  summary: 'secrets of a vault',
  commands: [set, show],
};

function secretIn(input: CommandInput): { readonly vault: string; readonly name: string } {
  const [vault, name] = [optionText(input, 'vaultName'), nameIn(input)];
  if (vault === undefined || name === undefined) {
    throw new CommandError('say which secret: --vault-name VAULT -n NAME', 2);
  }
  return { vault: segment(vault), name: segment(name) };
}

function readValue(file: string | undefined): string {
  if (file === undefined) throw new CommandError('say where its value is: -f FILE', 2);
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new CommandError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  const value = text.replace(/\r?\n$/, '');
  if (Buffer.byteLength(value) > longestValue) {
    throw new CommandError(`${file} holds more than ${longestValue} octets`);
  }
  return value;
}
