import {
  type AnsweringCommand,
  type Columns,
  CommandError,
  type CommandGroup,
  type CommandInput,
  optionList,
  optionText,
} from '../command.ts';
import { type Deployment, openDeployment } from '../deployment.ts';
import { resolveResource } from '../resource-name.ts';
import { flattened, shortScope } from '../resources/resource-kind.ts';
import { groupOption, idsOption, nameIn, nameOption, placeOptions } from '../resources/resource-options.ts';
import { groupIn, requireResource, segment, subscriptionIn } from '../resources/resource-target.ts';

const apiVersion = '2020-05-01';
const levels = ['CanNotDelete', 'ReadOnly'];
const columns: Columns = {
  name: (lock) => lock.string('name'),
  level: (lock) => lock.string('level'),
  of: (lock) =>
    shortScope(lock.string('id').replace(/\/providers\/Microsoft\.Authorization\/locks\/[^/]+$/i, '')),
  notes: (lock) => lock.optionalString('notes') ?? '',
};
const word = { name: '[name]', summary: "the lock's name" };
const placeOfLock = [
  groupOption,
  {
    flags: '--resource <resource>',
    summary: 'the resource: its name, GROUP/NAME or id',
    names: 'resources' as const,
  },
  ...placeOptions,
];

const create: AnsweringCommand = {
  name: 'create',
  summary: 'lock a resource, a group (-g) or the subscription',
  arguments: [word],
  options: [
    nameOption,
    { flags: '-t, --lock-type <level>', summary: 'what it forbids', choices: levels },
    { flags: '--notes <text>', summary: 'what it is for' },
    ...placeOfLock,
  ],
  async answer(input, { clock }) {
    const [level, notes] = [optionText(input, 'lockType'), optionText(input, 'notes')];
    if (level === undefined) throw new CommandError(`say what it forbids: -t ${levels.join(' or -t ')}`, 2);
    using deployment = openDeployment(input, clock);
    const made = await deployment.resources.put(await lockIn(input, deployment), apiVersion, {
      properties: { level, ...(notes === undefined ? {} : { notes }) },
    });
    return { data: flattened(made), columns };
  },
};

const list: AnsweringCommand = {
  name: 'list',
  summary: 'list the locks of a resource, a group (-g) or the subscription, and what is below',
  options: placeOfLock,
  async answer(input, { clock }) {
    using deployment = openDeployment(input, clock);
    const found = await deployment.resources.list(
      `${await lockedIn(input, deployment)}/providers/Microsoft.Authorization/locks`,
      apiVersion,
    );
    return { data: found.map(flattened), columns, nothing: 'no locks' };
  },
};

const show: AnsweringCommand = {
  name: 'show',
  summary: 'show a lock',
  arguments: [word],
  options: [nameOption, ...placeOfLock],
  async answer(input, { clock }) {
    using deployment = openDeployment(input, clock);
    const id = await lockIn(input, deployment);
    return { data: flattened(await requireResource(deployment, id, { apiVersion, noun: 'lock' })), columns };
  },
};

const remove: AnsweringCommand = {
  name: 'delete',
  summary: 'take a lock away',
  arguments: [word],
  options: [nameOption, idsOption, ...placeOfLock],
  async answer(input, { clock }) {
    using deployment = openDeployment(input, clock);
    const given = optionList(input, 'ids');
    const ids = given.length > 0 ? given : [await lockIn(input, deployment)];
    for (const id of ids) await deployment.resources.delete(id, apiVersion);
    return { said: ids.map((id) => `the lock ${id.split('/').at(-1)} is gone`).join('\n') };
  },
};

/** Locks, with `az`'s words. */
export const lock: CommandGroup = {
  name: 'lock',
  summary: 'locks, which keep resources from being deleted or changed',
  commands: [create, list, show, remove],
  details: `innate lock create -n keep -g demo -t CanNotDelete
innate lock create -n still --resource demo-kv -t ReadOnly`,
};

async function lockedIn(input: CommandInput, deployment: Deployment): Promise<string> {
  const resource = optionText(input, 'resource');
  const group = await groupIn(input, deployment);
  if (resource === undefined) return group ?? (await subscriptionIn(input, deployment));
  const name =
    group === undefined || resource.includes('/') ? resource : `${group.split('/').at(-1)}/${resource}`;
  return await resolveResource(deployment.resources, name);
}

async function lockIn(input: CommandInput, deployment: Deployment): Promise<string> {
  const name = nameIn(input);
  if (name === undefined) throw new CommandError('say what the lock is called: -n NAME', 2);
  return `${await lockedIn(input, deployment)}/providers/Microsoft.Authorization/locks/${segment(name)}`;
}
