import type { ResourceManagerClient } from '../../client/resource-manager-client.ts';
import { isGuid } from '../../foundation/ids.ts';
import { CommandError } from '../command.ts';

export const roleDefinitionVersion = '2022-04-01';
export const roleDefinitionPath = '/providers/Microsoft.Authorization/roleDefinitions';

export interface Role {
  /** As it stands in assignments of the scope. */
  readonly id: string;
  readonly name: string;
}

/**
 * The role that a user means: by name, GUID or id.
 *
 * @param scope where it is looked for: roles of one's own are there where they may be assigned
 * @throws CommandError where there is none
 */
export async function resolveRole(
  resources: ResourceManagerClient,
  name: string,
  scope: string,
): Promise<Role> {
  const guid = name.split('/').at(-1) ?? '';
  const place = `${scope === '/' ? '' : scope}${roleDefinitionPath}`;
  const found = isGuid(guid)
    ? await resources.get(`${place}/${guid}`, roleDefinitionVersion)
    : (
        await resources.list(place, roleDefinitionVersion, {
          filter: `roleName eq '${name.replaceAll("'", "''")}'`,
        })
      )[0];
  if (found === undefined) {
    throw new CommandError(`there is no role '${name}' (innate role definition list shows those there are)`);
  }
  return { id: found.string('id'), name: found.object('properties').string('roleName') };
}
