import { formatScope, parseScope, ResourceIdError, resourceType } from '../../contract/resource-id.ts';
import { CommandError, type CommandInput, type CommandOption, optionList, optionText } from '../command.ts';
import type { Deployment } from '../deployment.ts';
import { resolveResource } from '../resource-name.ts';
import { newestVersion } from './newest-version.ts';
import { groupOption, idsOption, nameIn, nameOption } from './resource-options.ts';
import { groupIn } from './resource-target.ts';

/** A resource of whatever type. */
export interface AnyResource {
  readonly id: string;
  readonly apiVersion: string;
}

/** Options that say which resource is meant. */
export const anyResourceOptions: readonly CommandOption[] = [
  idsOption,
  { ...nameOption, summary: 'the name; PARENT/NAME of a nested type', names: 'resources' },
  groupOption,
  { flags: '--resource-type <type>', summary: 'its type: Microsoft.Storage/storageAccounts' },
  { flags: '--api-version <version>', summary: 'the newest that is served, unless told' },
];

/** The resources that a command line means. @throws CommandError where it means none */
export async function anyResourcesIn(
  input: CommandInput,
  deployment: Deployment,
): Promise<readonly AnyResource[]> {
  const given = optionList(input, 'ids');
  const ids = given.length > 0 ? given : [await namedResource(input, deployment)];
  const found: AnyResource[] = [];
  for (const text of ids) {
    const { id, type } = readId(text);
    const told = optionText(input, 'apiVersion');
    found.push({ id, apiVersion: told ?? (await newestVersion(deployment.resources, type)) });
  }
  return found;
}

async function namedResource(input: CommandInput, deployment: Deployment): Promise<string> {
  const name = nameIn(input);
  if (name === undefined) throw new CommandError('say which resource: a name, or --ids', 2);
  const type = optionText(input, 'resourceType');
  const group = await groupIn(input, deployment);
  if (name.startsWith('/')) return name;
  if (type !== undefined && group !== undefined) return typedId(group, type, name);
  const whole = group === undefined || name.includes('/') ? name : `${group.split('/').at(-1)}/${name}`;
  const kind = type === undefined ? undefined : { type, noun: `resource of the type ${type}` };
  return await resolveResource(deployment.resources, whole, kind);
}

/** The id of a resource in a group by its type and name. @throws CommandError where they do not fit */
export function typedId(group: string, type: string, name: string): string {
  const [namespace = '', ...types] = type.split('/');
  const names = name.split('/');
  if (types.length === 0 || types.length !== names.length) {
    throw new CommandError(`${type} is named by ${Math.max(1, types.length)} names with / between`, 2);
  }
  const pairs = types.map((one, at) => `${one}/${names[at]}`).join('/');
  return readId(`${group}/providers/${namespace}/${pairs}`).id;
}

function readId(text: string): { readonly id: string; readonly type: string } {
  try {
    const scope = parseScope(text);
    if (scope.kind === 'resource') return { id: formatScope(scope), type: resourceType(scope) };
  } catch (error) {
    if (!(error instanceof ResourceIdError)) throw error;
  }
  throw new CommandError(`'${text}' is the id of no resource`, 2);
}
