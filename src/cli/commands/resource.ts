import { readFileSync } from 'node:fs';
import {
  type AnsweringCommand,
  type Columns,
  CommandError,
  type CommandGroup,
  type CommandInput,
  optionList,
  optionText,
} from '../command.ts';
import { openDeployment } from '../deployment.ts';
import { anyResourceOptions, anyResourcesIn, typedId } from '../resources/any-resource.ts';
import { servedType } from '../resources/newest-version.ts';
import { identityColumns, locationColumn, nameColumns, withGroup } from '../resources/resource-kind.ts';
import {
  groupOption,
  locationOption,
  nameIn,
  nameOption,
  nameWordOf,
  placeOptions,
  tagsOption,
  yesOption,
} from '../resources/resource-options.ts';
import {
  groupIn,
  requireGroup,
  requireResource,
  segment,
  subscriptionIn,
  subscriptionVersion,
} from '../resources/resource-target.ts';
import { splitTag, tagsIn } from '../resources/tags.ts';

const typeColumn: Columns = { type: (resource) => resource.string('type') };
const listColumns: Columns = { ...nameColumns, ...typeColumn, ...locationColumn };
const columns: Columns = { ...nameColumns, ...typeColumn, ...locationColumn, ...identityColumns };
const word = nameWordOf('resources');

const list: AnsweringCommand = {
  name: 'list',
  summary: 'list resources of whatever type',
  options: [
    groupOption,
    { flags: '--resource-type <type>', summary: 'only those of a type' },
    { flags: '-n, --name <name>', summary: 'only those of a name' },
    { flags: '--tag <tag>', summary: 'only those with it: a=b, or a with any value' },
    ...placeOptions,
  ],
  async answer(input, { clock }) {
    const filter = filterOf(input);
    using deployment = openDeployment(input, clock);
    const place = (await groupIn(input, deployment)) ?? (await subscriptionIn(input, deployment));
    const found = await deployment.resources.list(
      `${place}/resources`,
      subscriptionVersion,
      filter === '' ? {} : { filter },
    );
    return { data: found.map(withGroup), columns: listColumns, nothing: 'no resources' };
  },
};

const show: AnsweringCommand = {
  name: 'show',
  summary: 'show a resource',
  arguments: [word],
  options: [...anyResourceOptions, ...placeOptions],
  async answer(input, { clock }) {
    using deployment = openDeployment(input, clock);
    const found = [];
    for (const { id, apiVersion } of await anyResourcesIn(input, deployment)) {
      found.push(withGroup(await requireResource(deployment, id, { apiVersion, noun: 'resource' })));
    }
    return { data: found.length === 1 ? found[0] : found, columns };
  },
};

const create: AnsweringCommand = {
  name: 'create',
  summary: 'make a resource of any type that is served',
  arguments: [{ name: '[name]', summary: 'its name' }],
  options: [
    nameOption,
    groupOption,
    { flags: '--resource-type <type>', summary: 'its type: Microsoft.Storage/storageAccounts' },
    { flags: '-p, --properties <json>', summary: 'its properties: JSON, or @FILE', default: '{}' },
    { flags: '--is-full-object', summary: '--properties is the whole body' },
    { flags: '--api-version <version>', summary: 'the newest that is served, unless told' },
    locationOption,
    tagsOption,
    ...placeOptions,
  ],
  async answer(input, { clock, progress }) {
    const [name, type] = [nameIn(input), optionText(input, 'resourceType')];
    if (name === undefined || type === undefined) {
      throw new CommandError('say what it is and what it is called: --resource-type TYPE -n NAME', 2);
    }
    const content = readJson(optionText(input, 'properties') ?? '{}', '--properties');
    const tags = tagsIn(input);
    using deployment = openDeployment(input, clock);
    const group = await requireGroup(input, deployment);
    const id = typedId(group.id, type, name);
    const told = optionText(input, 'apiVersion');
    const { newest, located } = await servedType(deployment.resources, type);
    const apiVersion = told ?? newest;
    const location = optionText(input, 'location') ?? (located ? group.location : undefined);
    const body = {
      ...(location === undefined ? {} : { location }),
      ...(tags === undefined ? {} : { tags }),
      ...(input.options['isFullObject'] === true ? content : { properties: content }),
    };
    const made = await progress.during(`Creating ${name}`, () =>
      deployment.resources.put(id, apiVersion, body),
    );
    return { data: withGroup(made), columns };
  },
};

const update: AnsweringCommand = {
  name: 'update',
  summary: 'change members of a resource',
  arguments: [word],
  options: [
    ...anyResourceOptions,
    { flags: '--set <member...>', summary: 'properties.a.b=VALUE; a value is JSON, or else a text' },
    tagsOption,
    ...placeOptions,
  ],
  async answer(input, { clock, progress }) {
    const tags = tagsIn(input);
    const body = { ...changesIn(input), ...(tags === undefined ? {} : { tags }) };
    if (Object.keys(body).length === 0) throw new CommandError('say what to change: --set or --tags', 2);
    using deployment = openDeployment(input, clock);
    const found = [];
    for (const { id, apiVersion } of await anyResourcesIn(input, deployment)) {
      const changed = await progress.during(`Updating ${id.split('/').at(-1)}`, () =>
        deployment.resources.patch(id, apiVersion, body),
      );
      found.push(withGroup(changed));
    }
    return { data: found.length === 1 ? found[0] : found, columns };
  },
};

const remove: AnsweringCommand = {
  name: 'delete',
  summary: 'delete a resource, and wait until it is gone',
  arguments: [word],
  options: [...anyResourceOptions, yesOption, ...placeOptions],
  async answer(input, { clock, progress }) {
    using deployment = openDeployment(input, clock);
    const meant = await anyResourcesIn(input, deployment);
    for (const { id, apiVersion } of meant) {
      await progress.during(`Deleting ${id.split('/').at(-1)}`, () =>
        deployment.resources.delete(id, apiVersion),
      );
    }
    return { said: meant.map(({ id }) => `${id} is deleted`).join('\n') };
  },
};

const move: AnsweringCommand = {
  name: 'move',
  summary: 'move resources of one group to another',
  options: [
    { flags: '--ids <id...>', summary: 'whole ids of the resources' },
    { flags: '--destination-group <name>', summary: 'the group that they move to', names: 'groups' },
    ...placeOptions,
  ],
  async answer(input, { clock, progress }) {
    const [ids, destination] = [optionList(input, 'ids'), optionText(input, 'destinationGroup')];
    if (ids.length === 0 || destination === undefined) {
      throw new CommandError('say what moves and where to: --ids and --destination-group', 2);
    }
    const groups = [...new Set(ids.map((id) => id.replace(/\/providers\/.*$/i, '').toLowerCase()))];
    if (groups.length > 1) throw new CommandError('what moves together is in one group', 2);
    using deployment = openDeployment(input, clock);
    const target = `${await subscriptionIn(input, deployment)}/resourceGroups/${segment(destination)}`;
    await progress.during(`Moving to ${destination}`, () =>
      deployment.resources.post(`${groups[0]}/moveResources`, subscriptionVersion, {
        resources: ids,
        targetResourceGroup: target,
      }),
    );
    return {
      said: `${ids.length === 1 ? '1 resource is' : `${ids.length} resources are`} in ${destination} now`,
    };
  },
};

/** Resources of whatever type, with `az`'s words. */
export const resource: CommandGroup = {
  name: 'resource',
  summary: 'resources of whatever type',
  commands: [create, list, show, update, remove, move],
  details: `innate resource create -g demo -n logs --resource-type Microsoft.Storage/storageAccounts -p '{"a": 1}'
innate resource list --resource-type Microsoft.Compute/virtualMachines --query '[].identity.principalId'
innate resource update -n logs --set properties.allowBlobPublicAccess=false`,
};

function filterOf(input: CommandInput): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const [type, name, tag] = ['resourceType', 'name', 'tag'].map((one) => optionText(input, one));
  if (tag !== undefined && (type !== undefined || name !== undefined)) {
    throw new CommandError('--tag stands without --resource-type and --name', 2);
  }
  if (tag !== undefined) {
    const [tagName, value] = splitTag(tag);
    const ofName = `tagName eq ${quoted(tagName)}`;
    return tag.includes('=') ? `${ofName} and tagValue eq ${quoted(value)}` : ofName;
  }
  return [
    type === undefined ? '' : `resourceType eq ${quoted(type)}`,
    name === undefined ? '' : `name eq ${quoted(name)}`,
  ]
    .filter((part) => part !== '')
    .join(' and ');
}

function readJson(text: string, option: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text);
  } catch {
    throw new CommandError(`${option} is no JSON, and no readable @FILE of it`, 2);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new CommandError(`${option} is no JSON object`, 2);
}

/** `--set a.b=1` as the body of a PATCH: `{ a: { b: 1 } }`. */
function changesIn(input: CommandInput): Readonly<Record<string, unknown>> {
  const body: Record<string, unknown> = {};
  for (const text of optionList(input, 'set')) {
    const at = text.indexOf('=');
    const path = text.slice(0, Math.max(0, at)).split('.');
    const last = path.pop();
    if (last === undefined || last === '' || path.includes('')) {
      throw new CommandError(`'${text}' sets nothing: write member.member=value`, 2);
    }
    let place = body;
    for (const step of path) {
      const inner = Object.hasOwn(place, step) ? place[step] : undefined;
      const next = typeof inner === 'object' && inner !== null ? inner : {};
      Object.defineProperty(place, step, {
        value: next,
        enumerable: true,
        configurable: true,
        writable: true,
      });
      place = next as Record<string, unknown>;
    }
    Object.defineProperty(place, last, {
      value: jsonOrText(text.slice(at + 1)),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return body;
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
