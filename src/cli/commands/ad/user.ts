import { readFileSync } from 'node:fs';
import { type Randomness, randomText } from '../../../foundation/randomness.ts';
import {
  type AnsweringCommand,
  type Columns,
  CommandError,
  type CommandGroup,
  type CommandInput,
  type CommandOption,
  dataOption,
  optionText,
} from '../../command.ts';
import { type Deployment, openDeployment } from '../../deployment.ts';
import { answered, objectOption } from './directory-object.ts';

/** Random octets of a password that is made up: 120 bits. */
const passwordOctets = 15;
const longestPasswordFile = 4096;
const columns: Columns = {
  user: (one) => one.string('userPrincipalName'),
  name: (one) => one.string('displayName'),
  object: (one) => one.string('id'),
};
const word = { name: '[name]', summary: 'the user name, such as alice@innate.internal' };
const passwordOptions: readonly CommandOption[] = [
  {
    flags: '--password-file <file>',
    summary: 'the password, first line of a file; one is made up and printed unless told',
  },
  { flags: '--keep', summary: 'the person need not choose another password at the next sign-in' },
];

const create: AnsweringCommand = {
  name: 'create',
  summary: 'make a person',
  arguments: [word],
  options: [
    {
      flags: '--user-principal-name <name>',
      summary: 'the user name; it may also stand as a word of its own',
    },
    { flags: '--display-name <text>', summary: 'the name that is shown; the user name unless told' },
    ...passwordOptions,
    dataOption,
  ],
  async answer(input, { clock, randomness }) {
    const userPrincipalName = userNameIn(input, 'userPrincipalName');
    const { passwordProfile, madeUp } = passwordIn(input, randomness);
    using deployment = openDeployment(input, clock);
    const made = answered(
      await deployment.directory.post(['users'], {
        accountEnabled: true,
        displayName: optionText(input, 'displayName') ?? userPrincipalName,
        mailNickname: userPrincipalName.slice(0, userPrincipalName.indexOf('@')),
        userPrincipalName,
        passwordProfile,
      }),
    );
    const shown = { ...columns, ...(madeUp ? { password: () => passwordProfile.password } : {}) };
    return {
      data: { ...made.whole(), ...(madeUp ? { password: passwordProfile.password } : {}) },
      columns: shown,
    };
  },
};

const list: AnsweringCommand = {
  name: 'list',
  summary: 'list people',
  options: [dataOption],
  async answer(input, { clock }) {
    using deployment = openDeployment(input, clock);
    const found = await deployment.directory.list(['users']);
    return { data: found.map((one) => one.whole()), columns, nothing: 'no people' };
  },
};

const show: AnsweringCommand = {
  name: 'show',
  summary: 'show a person',
  arguments: [word],
  options: [objectOption, dataOption],
  async answer(input, { clock }) {
    const name = userNameIn(input, 'id');
    using deployment = openDeployment(input, clock);
    return { data: (await requireUser(deployment, name)).whole(), columns };
  },
};

const remove: AnsweringCommand = {
  name: 'delete',
  summary: 'delete a person',
  arguments: [word],
  options: [objectOption, dataOption],
  async answer(input, { clock }) {
    const name = userNameIn(input, 'id');
    using deployment = openDeployment(input, clock);
    const found = await requireUser(deployment, name);
    await deployment.directory.delete(['users', found.string('id')]);
    return { said: `${name} is deleted, and can be restored for thirty days` };
  },
};

const setPassword: AnsweringCommand = {
  name: 'set-password',
  summary: 'set the password of a person, and end what was signed in with the one before',
  arguments: [word],
  options: [objectOption, ...passwordOptions, dataOption],
  async answer(input, { clock, randomness }) {
    const name = userNameIn(input, 'id');
    const { passwordProfile, madeUp } = passwordIn(input, randomness);
    using deployment = openDeployment(input, clock);
    await deployment.directory.patch(['users', name], { passwordProfile });
    const told = `${name} has a new password`;
    if (!madeUp) return { said: told };
    const { password } = passwordProfile;
    return { data: { userPrincipalName: name, password }, said: `${told}\npassword: ${password}` };
  },
};

/** People of the directory, through Graph. */
export const user: CommandGroup = {
  name: 'user',
  summary: 'people, and their passwords',
  commands: [create, list, show, remove, setPassword],
  details: `innate ad user create alice@innate.internal --display-name "Alice Example"
innate ad user set-password alice@innate.internal --password-file password

Setting a password ends everything that was signed in with the one before.`,
};

/** The password of a person, and whether it was made up here: then it is printed, once. */
function passwordIn(input: CommandInput, randomness: Randomness) {
  const file = optionText(input, 'passwordFile');
  const password = file === undefined ? randomText(randomness, passwordOctets) : readPassword(file);
  const forceChangePasswordNextSignIn = input.options['keep'] !== true;
  return { passwordProfile: { password, forceChangePasswordNextSignIn }, madeUp: file === undefined };
}

async function requireUser({ directory }: Deployment, name: string) {
  const found = await directory.get(['users', name]);
  if (found === undefined) throw new CommandError(`there is nobody called '${name}'`);
  return found;
}

function userNameIn(input: CommandInput, option: string): string {
  const name = optionText(input, option) ?? input.words[0];
  if (name !== undefined && /^[^@]+@[^@]+$/.test(name)) return name;
  throw new CommandError('say which user name, such as alice@innate.internal', 2);
}

function readPassword(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`the password can't be read: ${(error as Error).message}`);
  }
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line === '' || text.length > longestPasswordFile) {
    throw new CommandError(`${file} holds no password in its first line`);
  }
  return line;
}
