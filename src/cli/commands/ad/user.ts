import { readFileSync } from 'node:fs';
import { type JsonReader, UnexpectedAnswer } from '../../../client/json-reader.ts';
import { type Randomness, randomText } from '../../../foundation/randomness.ts';
import {
  type Command,
  CommandError,
  type CommandInput,
  dataOption,
  optionText,
  verbOf,
} from '../../command.ts';
import { openDeployment } from '../../deployment.ts';

const verbs = ['create', 'list', 'show', 'delete', 'set-password'] as const;
type Verb = (typeof verbs)[number];
/** Random octets of a password that is made up: 120 bits. */
const passwordOctets = 15;
const longestPasswordFile = 4096;

/** People of the directory, through Graph. */
export const user: Command = {
  name: 'user',
  summary: 'create, list, show or delete people, and set their passwords',
  arguments: [
    { name: '<create|list|show|delete|set-password>', summary: 'what to do' },
    { name: '[name]', summary: 'the user name, such as alice@innate.internal' },
  ],
  options: [
    { flags: '--display-name <text>', summary: 'create: the name that is shown; the user name unless told' },
    {
      flags: '--password-file <file>',
      summary: 'the password, first line of a file; one is made up and printed unless told',
    },
    { flags: '--keep', summary: 'the person need not choose another password at the next sign-in' },
    dataOption,
  ],
  details: `innate ad user create alice@innate.internal --display-name "Alice Example"
innate ad user set-password alice@innate.internal --password-file password

Setting a password ends everything that was signed in with the one before.`,
  async run(input, context) {
    const [claimedVerb, name] = input.words;
    const verb = verbOf('ad user', verbs, claimedVerb);
    using deployment = openDeployment(input, context.clock);
    const { directory } = deployment;
    if (verb === 'list') {
      const found = await directory.list(['users']);
      context.output.result(found.length === 0 ? 'no people' : found.map(describe).join('\n'));
      return 0;
    }
    if (verb === 'show' || verb === 'delete') {
      const userName = readName(verb, name);
      const found = await directory.get(['users', userName]);
      if (found === undefined) throw new CommandError(`there is nobody called '${userName}'`);
      if (verb === 'delete') await directory.delete(['users', found.string('id')]);
      context.output.result(
        verb === 'show' ? describe(found) : `${userName} is deleted, and can be restored for thirty days`,
      );
      return 0;
    }
    const { userPrincipalName, passwordProfile, printed } = readWish(verb, name, input, context.randomness);
    if (verb === 'set-password') {
      await directory.patch(['users', userPrincipalName], { passwordProfile });
      context.output.result([`${userPrincipalName} has a new password`, ...printed].join('\n'));
      return 0;
    }
    const made = await directory.post(['users'], {
      accountEnabled: true,
      displayName: optionText(input, 'displayName') ?? userPrincipalName,
      mailNickname: userPrincipalName.slice(0, userPrincipalName.indexOf('@')),
      userPrincipalName,
      passwordProfile,
    });
    if (made === undefined) throw new UnexpectedAnswer('the directory made a user and did not show it');
    context.output.result([describe(made), ...printed].join('\n'));
    return 0;
  },
};

function readWish(verb: Verb, name: string | undefined, input: CommandInput, randomness: Randomness) {
  const userPrincipalName = readName(verb, name);
  const file = optionText(input, 'passwordFile');
  const password = file === undefined ? randomText(randomness, passwordOctets) : readPassword(file);
  const forceChangePasswordNextSignIn = input.options['keep'] !== true;
  return {
    userPrincipalName,
    passwordProfile: { password, forceChangePasswordNextSignIn },
    printed: file === undefined ? [`password: ${password}`] : [],
  };
}

function readName(verb: Verb, name: string | undefined): string {
  if (name !== undefined && /^[^@]+@[^@]+$/.test(name)) return name;
  throw new CommandError(`innate ad user ${verb} needs a user name, such as alice@innate.internal`, 2);
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

function describe(found: JsonReader): string {
  return `${found.string('userPrincipalName')}  ${found.string('displayName')}  object ${found.string('id')}`;
}
