import { type GraphClient, odataText } from '../client/graph-client.ts';
import type { JsonReader } from '../client/json-reader.ts';
import { isGuid } from '../foundation/ids.ts';
import { CommandError } from './command.ts';

/**
 * The group that a user means: by object id or name.
 *
 * @throws CommandError where there is none, or several have the name
 */
export async function resolveGroup(directory: GraphClient, name: string): Promise<JsonReader> {
  const found = isGuid(name)
    ? [await directory.get(['groups', name])]
    : await directory.list(['groups'], { filter: `displayName eq ${odataText(name)}` });
  const [first, second] = found;
  if (second !== undefined) {
    throw new CommandError(`several groups are called '${name}': say which by its object id`);
  }
  if (first === undefined) throw new CommandError(`there is no group '${name}'`);
  return first;
}

export interface Principal {
  readonly id: string;
  readonly type: 'User' | 'ServicePrincipal' | 'Group';
}

/**
 * The object id of the member that a user means: a person by user name, a service principal by client id or name, a group
 * by name, any of them by object id.
 *
 * @throws CommandError where there is none, or several have the name
 */
export async function resolveMember(directory: GraphClient, name: string): Promise<string> {
  return (await resolvePrincipal(directory, name)).id;
}

/** As `resolveMember`, with what kind of principal it is. */
export async function resolvePrincipal(directory: GraphClient, name: string): Promise<Principal> {
  const found = isGuid(name) ? await byId(directory, name) : await byName(directory, name);
  const [first, second] = found.filter(({ id }, at) => found.findIndex((one) => one.id === id) === at);
  if (second !== undefined) {
    throw new CommandError(`several objects are called '${name}': say which by its object id`);
  }
  if (first === undefined) {
    throw new CommandError(`there is no person, service principal or group '${name}'`);
  }
  return first;
}

const typesOfGraph = {
  '#microsoft.graph.user': 'User',
  '#microsoft.graph.servicePrincipal': 'ServicePrincipal',
  '#microsoft.graph.group': 'Group',
} as const;

async function byId(directory: GraphClient, id: string): Promise<readonly Principal[]> {
  const object = await directory.get(['directoryObjects', id]);
  const graphType = object?.optionalString('@odata.type') ?? '';
  if (object !== undefined && graphType in typesOfGraph) {
    return [{ id: object.string('id'), type: typesOfGraph[graphType as keyof typeof typesOfGraph] }];
  }
  const found = await directory.list(['servicePrincipals'], { filter: `appId eq ${odataText(id)}` });
  return found.map((principal) => ({ id: principal.string('id'), type: 'ServicePrincipal' }));
}

async function byName(directory: GraphClient, name: string): Promise<readonly Principal[]> {
  if (name.includes('@')) {
    const person = await directory.get(['users', name]);
    return person === undefined ? [] : [{ id: person.string('id'), type: 'User' }];
  }
  const filter = `displayName eq ${odataText(name)}`;
  const [principals, groups] = [
    await directory.list(['servicePrincipals'], { filter }),
    await directory.list(['groups'], { filter }),
  ];
  return [
    ...principals.map((one) => ({ id: one.string('id'), type: 'ServicePrincipal' }) as const),
    ...groups.map((one) => ({ id: one.string('id'), type: 'Group' }) as const),
  ];
}
