import type { JsonReader } from '../../client/json-reader.ts';
import type { Columns } from '../command.ts';
import type { Deployment } from '../deployment.ts';
import { groupNameOf, shortScope } from '../resources/resource-kind.ts';
import { roleDefinitionPath, roleDefinitionVersion } from './role-name.ts';

export const assignmentColumns: Columns = {
  principal: (one) => one.optionalString('principalName') ?? one.string('principalId'),
  role: (one) => one.optionalString('roleDefinitionName') ?? one.string('roleDefinitionId'),
  scope: (one) => shortScope(one.string('scope')),
};

/** How many ids Graph names at once. */
const idsAtOnce = 1000;

/** Role assignments as `az` shows them: flat, with names of roles and principals beside their ids. */
export async function describeAssignments(
  { resources, directory }: Deployment,
  found: readonly JsonReader[],
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const read = found.map((one) => ({ whole: one.whole(), properties: one.object('properties') }));
  const roles = new Map<string, string>();
  for (const { properties } of read) {
    const id = properties.string('roleDefinitionId');
    const guid = id.split('/').at(-1) ?? '';
    if (roles.has(guid)) continue;
    // by the id that stands in the assignment: there a role of one's own is found too
    const at = id.startsWith('/') ? id : `${roleDefinitionPath}/${guid}`;
    const role = await resources.get(at, roleDefinitionVersion);
    roles.set(guid, role?.object('properties').string('roleName') ?? '');
  }
  const principals = await namesOf(directory, [
    ...new Set(read.map(({ properties }) => properties.string('principalId'))),
  ]);
  return read.map(({ whole, properties }) => {
    const { properties: _, ...rest } = whole;
    const roleId = properties.string('roleDefinitionId');
    const group = groupNameOf(properties.string('scope'));
    return {
      ...rest,
      ...properties.whole(),
      principalName: principals.get(properties.string('principalId')) ?? null,
      roleDefinitionName: roles.get(roleId.split('/').at(-1) ?? '') || null,
      ...(group === undefined ? {} : { resourceGroup: group }),
    };
  });
}

/** What principals are called, people by their user names; those that are gone are not in it. */
async function namesOf(
  directory: Deployment['directory'],
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>();
  for (let at = 0; at < ids.length; at += idsAtOnce) {
    const answer = await directory.post(['directoryObjects', 'getByIds'], {
      ids: ids.slice(at, at + idsAtOnce),
      types: ['user', 'group', 'servicePrincipal'],
    });
    for (const object of answer?.list('value', (one) => one) ?? []) {
      const name = object.optionalString('userPrincipalName') ?? object.optionalString('displayName');
      if (name !== null) names.set(object.string('id'), name);
    }
  }
  return names;
}
