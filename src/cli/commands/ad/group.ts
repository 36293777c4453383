import {
  type AnsweringCommand,
  type Columns,
  CommandError,
  type CommandGroup,
  type CommandInput,
  dataOption,
  optionText,
} from '../../command.ts';
import { openDeployment } from '../../deployment.ts';
import { resolveGroup, resolveMember } from '../../member-name.ts';
import { answered, requireName } from './directory-object.ts';

const columns: Columns = {
  name: (one) => one.string('displayName'),
  object: (one) => one.string('id'),
  description: (one) => one.optionalString('description') ?? '',
};
const memberColumns: Columns = {
  name: (one) => one.optionalString('userPrincipalName') ?? one.string('displayName'),
  type: (one) => one.string('@odata.type').replace('#microsoft.graph.', ''),
  object: (one) => one.string('id'),
};
const word = { name: '[group]', summary: 'its name or object id' };
const groupOption = { flags: '-g, --group <group>', summary: 'the same' };

const create: AnsweringCommand = {
  name: 'create',
  summary: 'make a group',
  arguments: [{ name: '[name]', summary: 'what it is called' }],
  options: [
    { flags: '--display-name <text>', summary: 'what it is called; it may also stand as a word of its own' },
    { flags: '--mail-nickname <text>', summary: 'made of its name unless told' },
    { flags: '--description <text>', summary: 'what it is for' },
    { flags: '--assignable-to-roles', summary: 'roles of the directory may be given to it' },
    dataOption,
  ],
  async answer(input, { clock }) {
    const displayName = requireName(input, 'displayName', 'the group is called');
    const description = optionText(input, 'description');
    using deployment = openDeployment(input, clock);
    const made = await deployment.directory.post(['groups'], {
      displayName,
      ...(description === undefined ? {} : { description }),
      ...(input.options['assignableToRoles'] === true ? { isAssignableToRole: true } : {}),
      mailEnabled: false,
      mailNickname: optionText(input, 'mailNickname') ?? nicknameOf(displayName),
      securityEnabled: true,
    });
    return { data: answered(made).whole(), columns };
  },
};

const list: AnsweringCommand = {
  name: 'list',
  summary: 'list groups',
  options: [dataOption],
  async answer(input, { clock }) {
    using deployment = openDeployment(input, clock);
    const found = await deployment.directory.list(['groups']);
    return { data: found.map((one) => one.whole()), columns, nothing: 'no groups' };
  },
};

const show: AnsweringCommand = {
  name: 'show',
  summary: 'show a group',
  arguments: [word],
  options: [groupOption, dataOption],
  async answer(input, { clock }) {
    const name = groupNameIn(input);
    using deployment = openDeployment(input, clock);
    return { data: (await resolveGroup(deployment.directory, name)).whole(), columns };
  },
};

const remove: AnsweringCommand = {
  name: 'delete',
  summary: 'delete a group',
  arguments: [word],
  options: [groupOption, dataOption],
  async answer(input, { clock }) {
    const name = groupNameIn(input);
    using deployment = openDeployment(input, clock);
    const found = await resolveGroup(deployment.directory, name);
    await deployment.directory.delete(['groups', found.string('id')]);
    return { said: `${found.string('displayName')} is deleted; it can be restored for thirty days` };
  },
};

const listMembers: AnsweringCommand = {
  name: 'list',
  summary: 'list who is in a group',
  arguments: [word],
  options: [groupOption, dataOption],
  async answer(input, { clock }) {
    const name = groupNameIn(input);
    using deployment = openDeployment(input, clock);
    const { directory } = deployment;
    const id = (await resolveGroup(directory, name)).string('id');
    const found = await directory.list(['groups', id, 'members']);
    return { data: found.map((one) => one.whole()), columns: memberColumns, nothing: 'nobody is in it' };
  },
};

const changeMembers = (name: 'add' | 'remove'): AnsweringCommand => ({
  name,
  summary: name === 'add' ? 'put somebody into a group' : 'take somebody out of a group',
  arguments: [
    word,
    {
      name: '[member]',
      summary:
        'a user name, the name or client id of a service principal, the name of a group, or an object id',
    },
  ],
  options: [groupOption, { flags: '--member-id <member>', summary: 'the same' }, dataOption],
  async answer(input, { clock }) {
    const group = groupNameIn(input);
    const words = optionText(input, 'group') === undefined ? input.words.slice(1) : input.words;
    const member = optionText(input, 'memberId') ?? words[0];
    if (member === undefined) throw new CommandError('say which member', 2);
    using deployment = openDeployment(input, clock);
    const { directory } = deployment;
    const found = await resolveGroup(directory, group);
    const [id, displayName] = [found.string('id'), found.string('displayName')];
    const memberId = await resolveMember(directory, member);
    if (name === 'remove') {
      await directory.delete(['groups', id, 'members', memberId, '$ref']);
      return { said: `${member} is no longer in ${displayName}` };
    }
    await directory.post(['groups', id, 'members', '$ref'], { '@odata.id': `/directoryObjects/${memberId}` });
    return { said: `${member} is in ${displayName}` };
  },
});

/** Groups of the directory, through Graph. */
export const group: CommandGroup = {
  name: 'group',
  summary: 'groups of people and service principals',
  commands: [
    create,
    list,
    show,
    remove,
    {
      name: 'member',
      summary: 'who is in a group',
      commands: [changeMembers('add'), listMembers, changeMembers('remove')],
    },
  ],
  details: `innate ad group create readers
innate ad group member add readers alice@innate.internal
innate ad group member remove readers alice@innate.internal

What is assigned to a group its members have from that moment on, and have no longer from the moment they leave.`,
};

function groupNameIn(input: CommandInput): string {
  return requireName(input, 'group', 'which group');
}

/** Graph wants one, though no mail is delivered to it. */
function nicknameOf(displayName: string): string {
  const plain = displayName.replaceAll(/[^A-Za-z0-9_-]/g, '').slice(0, 64);
  return plain === '' ? 'group' : plain;
}
