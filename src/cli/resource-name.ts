import type { JsonReader } from '../client/json-reader.ts';
import type { ResourceManagerClient } from '../client/resource-manager-client.ts';
import {
  canonicalId,
  formatScope,
  parseScope,
  ResourceIdError,
  resourceGroupOf,
} from '../contract/resource-id.ts';
import { CommandError } from './command.ts';

const apiVersion = '2021-04-01';
const listed = 20;

/** A type of resource, and how people say it. */
export interface WantedKind {
  readonly type: string;
  readonly noun: string;
}

interface Candidate {
  readonly id: string;
  readonly type: string;
  readonly group: string | undefined;
  readonly name: string;
  readonly carriesIdentity: boolean;
}

/**
 * The resource that a user means: an ARM id as it is, else a name (`vm1`) or group and name (`demo/vm1`) looked up
 * among all resources that the operator can list. Of several with one name, the only one with an identity is meant.
 *
 * @param kind the only type that is meant; any unless told
 * @returns its ARM id
 * @throws CommandError where nothing or several things have that name
 */
export async function resolveResource(
  resources: ResourceManagerClient,
  text: string,
  kind?: WantedKind,
): Promise<string> {
  if (text.startsWith('/')) return parseId(text);
  const [name, group, ...more] = text.split('/').reverse();
  if (name === undefined || name === '' || group === '' || more.length > 0) {
    throw new CommandError(`'${text}' is no resource: give its name, GROUP/NAME, or its whole id`);
  }
  const found = (await resourcesNamed(resources, name)).filter(
    (candidate) =>
      same(candidate.name, name) &&
      (group === undefined || same(candidate.group, group)) &&
      (kind === undefined || same(candidate.type, kind.type)),
  );
  const carrying = found.filter(({ carriesIdentity }) => carriesIdentity);
  const [only, ...others] = carrying.length === 1 ? carrying : found;
  if (only === undefined)
    throw new CommandError(
      `there is no ${kind?.noun ?? 'resource'} named '${text}' (innate resource list shows what there is)`,
    );
  if (others.length > 0) {
    const ids = found.slice(0, listed).map(({ id }) => `\n  ${id}`);
    throw new CommandError(`'${text}' names several resources; give the whole id of one:${ids.join('')}`);
  }
  return only.id;
}

function parseId(text: string): string {
  try {
    const scope = parseScope(text);
    if (scope.kind === 'resource') return formatScope(scope);
    throw new CommandError(`'${text}' is the id of no resource`);
  } catch (error) {
    if (!(error instanceof ResourceIdError)) throw error;
    throw new CommandError(`'${text}' is no resource id: ${error.message}`);
  }
}

async function resourcesNamed(resources: ResourceManagerClient, name: string): Promise<readonly Candidate[]> {
  const subscriptions = await resources.list('/subscriptions', apiVersion);
  const filter = `name eq '${name.replaceAll("'", "''")}'`;
  const lists = await Promise.all(
    subscriptions.map((subscription) =>
      resources.list(`/subscriptions/${subscription.string('subscriptionId')}/resources`, apiVersion, {
        filter,
      }),
    ),
  );
  return lists.flat().map(candidate);
}

function candidate(resource: JsonReader): Candidate {
  const id = resource.string('id');
  return {
    id,
    type: resource.string('type'),
    group: resourceGroupOf(parseScope(id)),
    name: resource.string('name'),
    carriesIdentity: resource.optionalObject('identity') !== undefined,
  };
}

/** Whether two ids are of one resource. */
export function sameResource(one: string, other: string): boolean {
  return canonicalId(parseScope(one)) === canonicalId(parseScope(other));
}

function same(one: string | undefined, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase();
}
