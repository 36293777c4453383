import type { JsonReader } from '../../client/json-reader.ts';
import { type AnsweringCommand, CommandError, type CommandInput, type CommandOption } from '../command.ts';
import { type Deployment, openDeployment } from '../deployment.ts';
import { flattened, type ResourceKind } from './resource-kind.ts';
import {
  groupOption,
  idsOption,
  nameOptionOf,
  nameWordOf,
  placeOptions,
  tagsOption,
  yesOption,
} from './resource-options.ts';
import { groupIn, requireResource, subscriptionIn, targetsIn } from './resource-target.ts';
import { tagsIn } from './tags.ts';

const targetOptions = (kind: ResourceKind): readonly CommandOption[] => [
  groupOption,
  nameOptionOf(kind),
  idsOption,
];

/** `list` of a kind: in a group, or in the whole subscription. */
export function listCommand(kind: ResourceKind): AnsweringCommand {
  return {
    name: 'list',
    summary: `list ${kind.plural}`,
    options: [groupOption, ...placeOptions],
    async answer(input, { clock }) {
      using deployment = openDeployment(input, clock);
      const place = (await groupIn(input, deployment)) ?? (await subscriptionIn(input, deployment));
      const found = await deployment.resources.list(`${place}/providers/${kind.type}`, kind.apiVersion);
      return { data: found.map(flattened), columns: kind.columns, nothing: `no ${kind.plural}` };
    },
  };
}

/** `show` of a kind. Exit code 3 where it is not there. */
export function showCommand(kind: ResourceKind): AnsweringCommand {
  return {
    name: 'show',
    summary: `show a ${kind.noun}`,
    arguments: [nameWordOf(kind)],
    options: [...targetOptions(kind), ...placeOptions],
    async answer(input, { clock }) {
      using deployment = openDeployment(input, clock);
      return await ofEach(input, deployment, kind, (id) => requireResource(deployment, id, kind));
    },
  };
}

/** `update` of a kind: its tags. */
export function updateCommand(kind: ResourceKind): AnsweringCommand {
  return {
    name: 'update',
    summary: `change the tags of a ${kind.noun}`,
    arguments: [nameWordOf(kind)],
    options: [...targetOptions(kind), tagsOption, ...placeOptions],
    async answer(input, { clock, progress }) {
      const tags = tagsIn(input);
      if (tags === undefined) throw new CommandError('say what to change: --tags', 2);
      using deployment = openDeployment(input, clock);
      return await ofEach(input, deployment, kind, (id) =>
        progress.during(`Updating ${id.split('/').at(-1)}`, () =>
          deployment.resources.patch(id, kind.apiVersion, { tags }),
        ),
      );
    },
  };
}

/** `delete` of a kind; waits until it is gone. */
export function deleteCommand(kind: ResourceKind, consequence = ''): AnsweringCommand {
  return {
    name: 'delete',
    summary: `delete a ${kind.noun}, and wait until it is gone`,
    arguments: [nameWordOf(kind)],
    options: [...targetOptions(kind), yesOption, ...placeOptions],
    async answer(input, { clock, progress }) {
      using deployment = openDeployment(input, clock);
      const ids = await targetsIn(input, deployment, kind);
      for (const id of ids) {
        await progress.during(`Deleting ${id.split('/').at(-1)}`, () =>
          deployment.resources.delete(id, kind.apiVersion),
        );
      }
      return { said: ids.map((id) => `${id} is deleted${consequence}`).join('\n') };
    },
  };
}

/** What is answered of each resource that is meant: one object, or a list where several are. */
export async function ofEach(
  input: CommandInput,
  deployment: Deployment,
  kind: ResourceKind,
  of: (id: string) => Promise<JsonReader>,
) {
  const ids = await targetsIn(input, deployment, kind);
  const found = [];
  for (const id of ids) found.push(flattened(await of(id)));
  return { data: ids.length === 1 ? found[0] : found, columns: kind.columns };
}
