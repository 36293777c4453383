import { type GraphClient, odataText } from '../client/graph-client.ts';
import type { JsonReader } from '../client/json-reader.ts';
import { isGuid } from '../foundation/ids.ts';
import { CommandError } from './command.ts';

/**
 * The application that a user means: by client id, object id, identifier or name.
 *
 * @throws CommandError where there is none, or several have the name
 */
export async function resolveApplication(directory: GraphClient, name: string): Promise<JsonReader> {
  return await resolve(directory, 'applications', name, `identifierUris/any(x:x eq ${odataText(name)})`);
}

/**
 * The service principal that a user means: by client id, object id, service principal name or display name.
 *
 * @throws CommandError where there is none, or several have the name
 */
export async function resolveServicePrincipal(directory: GraphClient, name: string): Promise<JsonReader> {
  const filter = `servicePrincipalNames/any(x:x eq ${odataText(name)})`;
  return await resolve(directory, 'servicePrincipals', name, filter);
}

async function resolve(
  directory: GraphClient,
  collection: 'applications' | 'servicePrincipals',
  name: string,
  identifierFilter: string,
): Promise<JsonReader> {
  const noun = collection === 'applications' ? 'application' : 'service principal';
  const find = (filter: string) => directory.list([collection], { filter });
  if (isGuid(name)) {
    const found = (await find(`appId eq ${odataText(name)}`))[0] ?? (await directory.get([collection, name]));
    if (found === undefined) throw new CommandError(`there is no ${noun} '${name}'`);
    return found;
  }
  const filters = name.includes(':') ? [identifierFilter] : [`displayName eq ${odataText(name)}`];
  for (const filter of filters) {
    const [first, second] = await find(filter);
    if (second !== undefined) {
      throw new CommandError(`several ${noun}s are called '${name}': say which by its client id`);
    }
    if (first !== undefined) return first;
  }
  throw new CommandError(`there is no ${noun} '${name}'`);
}
