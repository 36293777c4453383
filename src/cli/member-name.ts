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

/**
 * The object id of the member that a user means: a person by user name, a service principal by client id or name, a group
 * by name, any of them by object id.
 *
 * @throws CommandError where there is none, or several have the name
 */
export async function resolveMember(directory: GraphClient, name: string): Promise<string> {
  const found = isGuid(name) ? await byId(directory, name) : await byName(directory, name);
  const ids = new Set(found.map((object) => object.string('id')));
  const [first, second] = [...ids];
  if (second !== undefined) {
    throw new CommandError(`several objects are called '${name}': say which by its object id`);
  }
  if (first === undefined) {
    throw new CommandError(`there is no person, service principal or group '${name}'`);
  }
  return first;
}

async function byId(directory: GraphClient, id: string): Promise<readonly JsonReader[]> {
  const object = await directory.get(['directoryObjects', id]);
  if (object !== undefined) return [object];
  return await directory.list(['servicePrincipals'], { filter: `appId eq ${odataText(id)}` });
}

async function byName(directory: GraphClient, name: string): Promise<readonly JsonReader[]> {
  if (name.includes('@')) {
    const person = await directory.get(['users', name]);
    return person === undefined ? [] : [person];
  }
  const filter = `displayName eq ${odataText(name)}`;
  return [
    ...(await directory.list(['servicePrincipals'], { filter })),
    ...(await directory.list(['groups'], { filter })),
  ];
}
