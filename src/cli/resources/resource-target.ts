import type { JsonReader } from '../../client/json-reader.ts';
import { formatScope, parseScope, ResourceIdError } from '../../contract/resource-id.ts';
import { isGuid } from '../../foundation/ids.ts';
import { CommandError, type CommandInput, optionList, optionText } from '../command.ts';
import type { Deployment } from '../deployment.ts';
import { resolveResource } from '../resource-name.ts';
import type { ResourceKind } from './resource-kind.ts';
import { nameIn } from './resource-options.ts';

export const resourceGroupVersion = '2022-09-01';
export const subscriptionVersion = '2021-04-01';

/** Exit code where what should be shown is not there, as `az` has it. */
export const missingExitCode = 3;

/** `/subscriptions/…` of the subscription that a command line means. @throws CommandError where there is none */
export async function subscriptionIn(input: CommandInput, deployment: Deployment): Promise<string> {
  const named = optionText(input, 'subscription');
  if (named === undefined) return `/subscriptions/${deployment.file.subscriptionId}`;
  if (isGuid(named)) return `/subscriptions/${named}`;
  const found = (await deployment.resources.list('/subscriptions', subscriptionVersion)).filter(
    (one) => one.string('displayName').toLowerCase() === named.toLowerCase(),
  );
  const [first, second] = found;
  if (second !== undefined)
    throw new CommandError(`several subscriptions are called '${named}': give the id of one`);
  if (first === undefined) throw new CommandError(`there is no subscription '${named}'`);
  return first.string('id');
}

/** The id of the resource group that a command line names, where it names one. */
export async function groupIn(input: CommandInput, deployment: Deployment): Promise<string | undefined> {
  const group = optionText(input, 'resourceGroup');
  if (group === undefined) return undefined;
  return `${await subscriptionIn(input, deployment)}/resourceGroups/${segment(group)}`;
}

/** The resource group in which something is made, as it stands. @throws CommandError where none is named, or there is none */
export async function requireGroup(
  input: CommandInput,
  deployment: Deployment,
): Promise<{ readonly id: string; readonly location: string }> {
  const id = await groupIn(input, deployment);
  if (id === undefined) throw new CommandError('say in which resource group: -g NAME', 2);
  const found = await deployment.resources.get(id, resourceGroupVersion);
  if (found === undefined)
    throw new CommandError(`there is no resource group '${optionText(input, 'resourceGroup')}'`);
  return { id: found.string('id'), location: found.string('location') };
}

/** A name that becomes one segment of an id. @throws CommandError where it would be more */
export function segment(name: string): string {
  if (name !== '' && !name.includes('/')) return name;
  throw new CommandError(`'${name}' is no name: it is empty or holds a slash`, 2);
}

/**
 * The ids of the resources that a command line means: those of `--ids`, or that of a name.
 *
 * @throws CommandError where nothing is named, nothing or several things have the name, or an id is of another type
 */
export async function targetsIn(
  input: CommandInput,
  deployment: Deployment,
  kind: ResourceKind,
): Promise<readonly string[]> {
  const ids = optionList(input, 'ids');
  if (ids.length > 0) return ids.map((id) => idOfKind(id, kind));
  const name = nameIn(input);
  if (name === undefined) throw new CommandError(`say which ${kind.noun}: a name, or --ids`, 2);
  return [await targetNamed(name, input, deployment, kind)];
}

/** The id of a resource of a kind by its name, `GROUP/NAME` or id. */
export async function targetNamed(
  name: string,
  input: CommandInput,
  deployment: Deployment,
  kind: ResourceKind,
): Promise<string> {
  if (name.startsWith('/')) return idOfKind(name, kind);
  const group = await groupIn(input, deployment);
  if (group !== undefined && !name.includes('/')) return `${group}/providers/${kind.type}/${segment(name)}`;
  return await resolveResource(deployment.resources, name, kind);
}

function idOfKind(text: string, { type, noun }: ResourceKind): string {
  let id: string | undefined;
  try {
    const scope = parseScope(text);
    if (
      scope.kind === 'resource' &&
      `${scope.namespace}/${scope.types.join('/')}`.toLowerCase() === type.toLowerCase()
    ) {
      id = formatScope(scope);
    }
  } catch (error) {
    if (!(error instanceof ResourceIdError)) throw error;
  }
  if (id === undefined) throw new CommandError(`'${text}' is the id of no ${noun}`);
  return id;
}

/** What stands at an id. @throws CommandError with exit code 3 where nothing does */
export async function requireResource(
  { resources }: Deployment,
  id: string,
  { apiVersion, noun }: Pick<ResourceKind, 'apiVersion' | 'noun'>,
): Promise<JsonReader> {
  const found = await resources.get(id, apiVersion);
  if (found !== undefined) return found;
  throw new CommandError(`there is no ${noun} ${id}`, missingExitCode);
}
