import type { GraphClient } from '../../../client/graph-client.ts';
import { type JsonReader, UnexpectedAnswer } from '../../../client/json-reader.ts';
import {
  type Command,
  CommandError,
  type CommandInput,
  dataOption,
  optionText,
  verbOf,
} from '../../command.ts';
import { openDeployment } from '../../deployment.ts';
import { resolveGroup, resolveMember } from '../../member-name.ts';

const verbs = ['create', 'list', 'show', 'delete', 'add-member', 'remove-member'] as const;
type Verb = (typeof verbs)[number];

/** Groups of the directory, through Graph. */
export const group: Command = {
  name: 'group',
  summary: 'create, list, show or delete groups, and say who is in them',
  arguments: [
    { name: `<${verbs.join('|')}>`, summary: 'what to do' },
    { name: '[name]', summary: 'its name or object id' },
    {
      name: '[member]',
      summary:
        'a user name, the name or client id of a service principal, the name of a group, or an object id',
    },
  ],
  options: [
    { flags: '--description <text>', summary: 'create: what it is for' },
    { flags: '--assignable-to-roles', summary: 'create: roles of the directory may be given to it' },
    dataOption,
  ],
  details: `innate ad group create readers
innate ad group add-member readers alice@innate.internal
innate ad group remove-member readers alice@innate.internal

What is assigned to a group its members have from that moment on, and have no longer from the moment they leave.`,
  async run(input, context) {
    const [claimedVerb, name, member] = input.words;
    const verb = verbOf('ad group', verbs, claimedVerb);
    if (name === undefined && verb !== 'list')
      throw new CommandError(`innate ad group ${verb} needs a name`, 2);
    const isOfMember = verb === 'add-member' || verb === 'remove-member';
    if (isOfMember && member === undefined)
      throw new CommandError(`innate ad group ${verb} needs a member`, 2);
    using deployment = openDeployment(input, context.clock);
    const said = await perform(deployment.directory, verb, { name: name ?? '', member: member ?? '', input });
    context.output.result(said);
    return 0;
  },
};

async function perform(
  directory: GraphClient,
  verb: Verb,
  { name, member, input }: { readonly name: string; readonly member: string; readonly input: CommandInput },
): Promise<string> {
  if (verb === 'list') {
    const found = await directory.list(['groups']);
    return found.length === 0 ? 'no groups' : found.map(describe).join('\n');
  }
  if (verb === 'create') return describe(await create(directory, name, input));
  const found = await resolveGroup(directory, name);
  const [id, displayName] = [found.string('id'), found.string('displayName')];
  if (verb === 'show') {
    const members = await directory.list(['groups', id, 'members']);
    return [describe(found), ...members.map(describeMember)].join('\n');
  }
  if (verb === 'delete') {
    await directory.delete(['groups', id]);
    return `${displayName} is deleted; it can be restored for thirty days`;
  }
  const memberId = await resolveMember(directory, member);
  if (verb === 'remove-member') {
    await directory.delete(['groups', id, 'members', memberId, '$ref']);
    return `${member} is no longer in ${displayName}`;
  }
  await directory.post(['groups', id, 'members', '$ref'], { '@odata.id': `/directoryObjects/${memberId}` });
  return `${member} is in ${displayName}`;
}

async function create(directory: GraphClient, displayName: string, input: CommandInput): Promise<JsonReader> {
  const description = optionText(input, 'description');
  const made = await directory.post(['groups'], {
    displayName,
    ...(description === undefined ? {} : { description }),
    ...(input.options['assignableToRoles'] === true ? { isAssignableToRole: true } : {}),
    mailEnabled: false,
    mailNickname: nicknameOf(displayName),
    securityEnabled: true,
  });
  if (made === undefined) throw new UnexpectedAnswer('the directory made a group and did not show it');
  return made;
}

/** Graph wants one, though no mail is delivered to it. */
function nicknameOf(displayName: string): string {
  const plain = displayName.replaceAll(/[^A-Za-z0-9_-]/g, '').slice(0, 64);
  return plain === '' ? 'group' : plain;
}

function describe(found: JsonReader): string {
  return `${found.string('displayName')}  object ${found.string('id')}`;
}

function describeMember(found: JsonReader): string {
  const type = found.string('@odata.type').replace('#microsoft.graph.', '');
  return `  ${found.optionalString('userPrincipalName') ?? found.string('displayName')}  ${type}  object ${found.string('id')}`;
}
