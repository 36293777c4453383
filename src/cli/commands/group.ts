import type { JsonReader } from '../../client/json-reader.ts';
import {
  type AnsweringCommand,
  type Columns,
  CommandError,
  type CommandGroup,
  type CommandInput,
  optionText,
} from '../command.ts';
import { type Deployment, openDeployment } from '../deployment.ts';
import { removeGroup } from '../resources/group-removal.ts';
import { nameIn, nameOption, placeOptions, tagsOption, yesOption } from '../resources/resource-options.ts';
import {
  missingExitCode,
  resourceGroupVersion,
  segment,
  subscriptionIn,
} from '../resources/resource-target.ts';
import { splitTag, tagsIn } from '../resources/tags.ts';

const defaultLocation = 'westeurope';

const columns: Columns = {
  name: (group) => group.string('name'),
  location: (group) => group.string('location'),
  status: (group) => group.object('properties').optionalString('provisioningState') ?? '',
};

/** `az` takes `-g` as well as `-n` here. */
const groupNameOptions = [
  { ...nameOption, summary: 'the name', names: 'groups' as const },
  { flags: '-g, --resource-group <name>', summary: 'the same', names: 'groups' as const },
];
const groupNameWord = { name: '[name]', summary: 'its name', names: 'groups' as const };

const create: AnsweringCommand = {
  name: 'create',
  summary: 'make a resource group, or change its tags',
  arguments: [groupNameWord],
  options: [
    ...groupNameOptions,
    { flags: '-l, --location <location>', summary: 'where it is', default: defaultLocation },
    tagsOption,
    { flags: '--managed-by <id>', summary: 'the resource that manages it' },
    ...placeOptions,
  ],
  async answer(input, { clock }) {
    const tags = tagsIn(input);
    const managedBy = optionText(input, 'managedBy');
    using deployment = openDeployment(input, clock);
    const made = await deployment.resources.put(await groupId(input, deployment), resourceGroupVersion, {
      location: optionText(input, 'location') ?? defaultLocation,
      ...(tags === undefined ? {} : { tags }),
      ...(managedBy === undefined ? {} : { managedBy }),
    });
    return { data: made.whole(), columns };
  },
};

const list: AnsweringCommand = {
  name: 'list',
  summary: 'list resource groups',
  options: [
    { flags: '--tag <tag>', summary: 'only those with it: a=b, or a with any value' },
    ...placeOptions,
  ],
  async answer(input, { clock }) {
    const tag = optionText(input, 'tag');
    const filter = tag === undefined ? {} : { filter: tagFilter(tag) };
    using deployment = openDeployment(input, clock);
    const path = `${await subscriptionIn(input, deployment)}/resourceGroups`;
    const found = await deployment.resources.list(path, resourceGroupVersion, filter);
    return { data: found.map((group) => group.whole()), columns, nothing: 'no resource groups' };
  },
};

const show: AnsweringCommand = {
  name: 'show',
  summary: 'show a resource group',
  arguments: [groupNameWord],
  options: [...groupNameOptions, ...placeOptions],
  async answer(input, { clock }) {
    using deployment = openDeployment(input, clock);
    return { data: (await requireFound(input, deployment)).whole(), columns };
  },
};

const exists: AnsweringCommand = {
  name: 'exists',
  summary: 'say true or false',
  arguments: [groupNameWord],
  options: [...groupNameOptions, ...placeOptions],
  async answer(input, { clock }) {
    using deployment = openDeployment(input, clock);
    const found = await deployment.resources.get(await groupId(input, deployment), resourceGroupVersion);
    return { data: found !== undefined, said: String(found !== undefined) };
  },
};

const update: AnsweringCommand = {
  name: 'update',
  summary: 'change the tags of a resource group',
  arguments: [groupNameWord],
  options: [...groupNameOptions, tagsOption, ...placeOptions],
  async answer(input, { clock }) {
    const tags = tagsIn(input);
    if (tags === undefined) throw new CommandError('say what to change: --tags', 2);
    using deployment = openDeployment(input, clock);
    const found = await requireFound(input, deployment);
    const changed = await deployment.resources.patch(found.string('id'), resourceGroupVersion, { tags });
    return { data: changed.whole(), columns };
  },
};

const remove: AnsweringCommand = {
  name: 'delete',
  summary: 'delete a resource group with all that it holds, and wait until it is gone',
  arguments: [groupNameWord],
  options: [...groupNameOptions, yesOption, ...placeOptions],
  async answer(input, { clock, progress }) {
    using deployment = openDeployment(input, clock);
    const found = await requireFound(input, deployment);
    await removeGroup(deployment, progress, found.string('id'));
    return { said: `resource group ${found.string('name')} is deleted, with all that it held` };
  },
};

/** Resource groups, with `az`'s words. */
export const group: CommandGroup = {
  name: 'group',
  summary: 'resource groups',
  commands: [create, list, show, exists, update, remove],
  details: `innate group create -n demo -l westeurope --tags env=test
innate group delete -n demo

Groups of people and service principals are innate ad group.`,
};

async function groupId(input: CommandInput, deployment: Deployment): Promise<string> {
  const name = nameIn(input) ?? optionText(input, 'resourceGroup');
  if (name === undefined) throw new CommandError('say which resource group: -n NAME', 2);
  return `${await subscriptionIn(input, deployment)}/resourceGroups/${segment(name)}`;
}

async function requireFound(input: CommandInput, deployment: Deployment): Promise<JsonReader> {
  const id = await groupId(input, deployment);
  const found = await deployment.resources.get(id, resourceGroupVersion);
  if (found !== undefined) return found;
  throw new CommandError(`there is no resource group '${id.split('/').at(-1)}'`, missingExitCode);
}

function tagFilter(tag: string): string {
  const [name, value] = splitTag(tag);
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
  return tag.includes('=')
    ? `tagName eq ${quoted(name)} and tagValue eq ${quoted(value)}`
    : `tagName eq ${quoted(name)}`;
}
