import { ApiError } from '../../client/agents-client.ts';
import { CommandError } from '../command.ts';
import { type Principal, resolvePrincipal } from '../member-name.ts';
import { resolveResource, sameResource } from '../resource-name.ts';
import { roleAssignmentPath, roleAssignmentVersion } from '../roles/role-grant.ts';
import { resolveRole } from '../roles/role-name.ts';
import type { Outcome, World } from './step.ts';

/** Who gets a role: a resource of the files by its id, or somebody whom the directory knows by a name. */
export type WantedPrincipal =
  | {
      readonly kind: 'resource';
      readonly id: string;
      readonly type: string;
      readonly apiVersion?: string | undefined;
    }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'operator' };

export interface WantedRole {
  readonly role: string;
  readonly principal: WantedPrincipal;
  /** An id, or the name of a resource that the deployment has. */
  readonly scope: string;
  readonly description?: string | undefined;
}

/** Gives a role, unless it is given already. */
export async function ensureRole(wanted: WantedRole, world: World): Promise<Outcome> {
  const { resources } = world.deployment;
  const scope = wanted.scope.startsWith('/') ? wanted.scope : await resolveResource(resources, wanted.scope);
  const principal = await principalOf(wanted.principal, world);
  const role = await resolveRole(resources, wanted.role, scope);
  const place = `${scope}${roleAssignmentPath}`;
  const given = await resources.list(place, roleAssignmentVersion, {
    filter: `principalId eq '${principal.id}'`,
  });
  const standing = given
    .map((one) => one.object('properties'))
    .some(
      (one) =>
        sameResource(one.string('scope'), scope) &&
        lastOf(one.string('roleDefinitionId')) === lastOf(role.id),
    );
  if (standing) return 'unchanged';
  const { description } = wanted;
  const content = {
    roleDefinitionId: role.id,
    principalId: principal.id,
    principalType: principal.type,
    ...(description === undefined ? {} : { description }),
  };
  try {
    await resources.put(`${place}/${world.randomness.uuid()}`, roleAssignmentVersion, {
      properties: content,
    });
  } catch (error) {
    // another replica that starts with the same file was first
    if (error instanceof ApiError && error.code === 'RoleAssignmentExists') return 'unchanged';
    throw error;
  }
  return 'created';
}

async function principalOf(wanted: WantedPrincipal, world: World): Promise<Principal> {
  const { directory, resources, operatorClientId } = world.deployment;
  if (wanted.kind === 'name') return await resolvePrincipal(directory, wanted.name);
  if (wanted.kind === 'operator') return await resolvePrincipal(directory, operatorClientId);
  const version = wanted.apiVersion ?? (await world.servedType(wanted.type)).newest;
  const resource = await resources.get(wanted.id, version);
  const id =
    resource?.optionalObject('identity')?.optionalString('principalId') ??
    resource?.optionalObject('properties')?.optionalString('principalId');
  if (id === undefined || id === null) {
    throw new CommandError(`${wanted.id} has no identity of its own that could get a role`);
  }
  return { id, type: 'ServicePrincipal' };
}

function lastOf(id: string): string {
  return id.split('/').at(-1)?.toLowerCase() ?? '';
}
