import { ApiError } from '../../client/agents-client.ts';
import { type JsonReader, UnexpectedAnswer } from '../../client/json-reader.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import { CommandError, type CommandInput, type CommandOption, optionText } from '../command.ts';
import type { Deployment } from '../deployment.ts';
import type { Principal } from '../member-name.ts';
import { sameResource } from '../resource-name.ts';
import { type Role, resolveRole } from './role-name.ts';
import { scopeIn } from './scope-name.ts';

export const roleAssignmentVersion = '2022-04-01';
export const roleAssignmentPath = '/providers/Microsoft.Authorization/roleAssignments';

/** Options by which what gets an identity of its own gets a role with it. */
export const grantOptions: readonly CommandOption[] = [
  { flags: '--role <role>', summary: "a role for the resource's own identity: name or id" },
  {
    flags: '--scope <scope>',
    summary: 'where it has the role: an id, or the name of a resource',
    names: 'resources',
  },
];

/** Whether a role is asked for. @throws CommandError where a scope alone is */
export function givesRole(input: CommandInput): boolean {
  const [role, scope] = [optionText(input, 'role'), optionText(input, 'scope')];
  if (role === undefined && scope !== undefined) throw new CommandError('--scope needs --role', 2);
  if (role !== undefined && scope === undefined) throw new CommandError('--role needs --scope', 2);
  return role !== undefined;
}

/** Gives a principal that has just been made the role of `--role` at `--scope`. */
export async function grantRole(
  input: CommandInput,
  deployment: Deployment,
  randomness: Randomness,
  principalId: string,
): Promise<void> {
  const scope = await scopeIn(input, deployment);
  const role = await resolveRole(deployment.resources, optionText(input, 'role') ?? '', scope);
  const principal = { id: principalId, type: 'ServicePrincipal' } as const;
  await assignRole(deployment, { scope, role, principal, name: randomness.uuid() });
}

export interface Grant {
  readonly scope: string;
  readonly role: Role;
  readonly principal: Principal | { readonly id: string; readonly type?: string };
  /** A GUID: what the assignment is called. */
  readonly name: string;
  readonly description?: string;
  readonly condition?: string;
}

/** Makes a role assignment, or answers the one that is there already with the same principal, role and scope. */
export async function assignRole({ resources }: Deployment, grant: Grant): Promise<JsonReader> {
  const { scope, role, principal, name, description, condition } = grant;
  const place = `${scope === '/' ? '' : scope}${roleAssignmentPath}`;
  try {
    return await resources.put(`${place}/${name}`, roleAssignmentVersion, {
      properties: {
        roleDefinitionId: role.id,
        principalId: principal.id,
        ...(principal.type === undefined ? {} : { principalType: principal.type }),
        ...(description === undefined ? {} : { description }),
        ...(condition === undefined ? {} : { condition, conditionVersion: '2.0' }),
      },
    });
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 'RoleAssignmentExists')) throw error;
    const filter = `principalId eq '${principal.id}'`;
    const found = (await resources.list(place, roleAssignmentVersion, { filter })).find((one) => {
      const properties = one.object('properties');
      return (
        sameResource(properties.string('scope'), scope) &&
        properties.string('roleDefinitionId').split('/').at(-1) === role.id.split('/').at(-1)
      );
    });
    if (found === undefined) throw new UnexpectedAnswer('the role assignment exists, and is not shown');
    return found;
  }
}
