import {
  type AnsweringCommand,
  CommandError,
  type CommandGroup,
  type CommandInput,
  type CommandOption,
  optionList,
  optionText,
} from '../command.ts';
import { type Deployment, openDeployment } from '../deployment.ts';
import { type Principal, resolvePrincipal } from '../member-name.ts';
import { sameResource } from '../resource-name.ts';
import { flattened } from '../resources/resource-kind.ts';
import { groupOption, placeOptions, yesOption } from '../resources/resource-options.ts';
import { assignmentColumns, describeAssignments } from '../roles/assignment-listing.ts';
import { assignRole, roleAssignmentPath, roleAssignmentVersion } from '../roles/role-grant.ts';
import { resolveRole, roleDefinitionPath, roleDefinitionVersion } from '../roles/role-name.ts';
import { scopeIn } from '../roles/scope-name.ts';

const principalTypes = ['User', 'Group', 'ServicePrincipal'];
const roleOption: CommandOption = { flags: '--role <role>', summary: 'name, GUID or id of the role' };
const assigneeOption: CommandOption = {
  flags: '--assignee <who>',
  summary: 'user name; name or client id of a service principal or managed identity; group; object id',
};
const scopeOptions: readonly CommandOption[] = [
  {
    flags: '--scope <scope>',
    summary: 'an id, or the name of a resource; the subscription unless told',
    names: 'resources',
  },
  groupOption,
];

const create: AnsweringCommand = {
  name: 'create',
  summary: 'give somebody a role at a scope',
  options: [
    roleOption,
    assigneeOption,
    { flags: '--assignee-object-id <id>', summary: 'the object id alone: the directory is not asked' },
    {
      flags: '--assignee-principal-type <type>',
      summary: 'with --assignee-object-id: what it is',
      choices: principalTypes,
    },
    ...scopeOptions,
    { flags: '-n, --name <guid>', summary: "the assignment's name; one is made up unless told" },
    { flags: '--description <text>', summary: 'what it is for' },
    { flags: '--condition <expression>', summary: 'where it holds' },
    ...placeOptions,
  ],
  async answer(input, { clock, randomness }) {
    const wanted = optionText(input, 'role');
    if (wanted === undefined) throw new CommandError('say which role: --role', 2);
    const [description, condition] = [optionText(input, 'description'), optionText(input, 'condition')];
    using deployment = openDeployment(input, clock);
    const principal = await assigneeIn(input, deployment);
    if (principal === undefined) throw new CommandError('say who gets the role: --assignee', 2);
    const scope = await scopeIn(input, deployment);
    const role = await resolveRole(deployment.resources, wanted, scope);
    const made = await assignRole(deployment, {
      scope,
      role,
      principal,
      name: optionText(input, 'name') ?? randomness.uuid(),
      ...(description === undefined ? {} : { description }),
      ...(condition === undefined ? {} : { condition }),
    });
    return { data: (await describeAssignments(deployment, [made]))[0], columns: assignmentColumns };
  },
};

const list: AnsweringCommand = {
  name: 'list',
  summary: 'list role assignments at a scope',
  options: [
    assigneeOption,
    roleOption,
    ...scopeOptions,
    { flags: '--all', summary: 'those of everything below too' },
    { flags: '--include-inherited', summary: 'those of what is above too' },
    { flags: '--include-groups', summary: 'of --assignee: those of its groups too' },
    ...placeOptions,
  ],
  async answer(input, { clock }) {
    using deployment = openDeployment(input, clock);
    const found = await matching(input, deployment, input.options['all'] === true);
    return {
      data: await describeAssignments(deployment, found),
      columns: assignmentColumns,
      nothing: 'no role assignments',
    };
  },
};

const remove: AnsweringCommand = {
  name: 'delete',
  summary: 'take roles away; where no scope is said, in the whole subscription',
  options: [
    { flags: '--ids <id...>', summary: 'whole ids of assignments' },
    assigneeOption,
    roleOption,
    ...scopeOptions,
    yesOption,
    ...placeOptions,
  ],
  async answer(input, { clock }) {
    const ids = optionList(input, 'ids');
    const narrowed = ['assignee', 'role', 'scope', 'resourceGroup'].some(
      (name) => optionText(input, name) !== undefined,
    );
    if (ids.length === 0 && !narrowed) {
      throw new CommandError('say which: --ids, or --assignee, --role, --scope, -g', 2);
    }
    const scoped = ['scope', 'resourceGroup'].some((name) => optionText(input, name) !== undefined);
    using deployment = openDeployment(input, clock);
    const meant =
      ids.length > 0 ? ids : (await matching(input, deployment, !scoped)).map((one) => one.string('id'));
    for (const id of meant) await deployment.resources.delete(id, roleAssignmentVersion);
    const count = meant.length === 1 ? '1 role assignment is' : `${meant.length} role assignments are`;
    return { said: meant.length === 0 ? 'there is no such role assignment' : `${count} deleted` };
  },
};

const listDefinitions: AnsweringCommand = {
  name: 'list',
  summary: 'list roles',
  options: [
    { flags: '-n, --name <name>', summary: 'only the one of this name' },
    { flags: '--custom-role-only', summary: "only roles of one's own" },
    ...scopeOptions,
    ...placeOptions,
  ],
  async answer(input, { clock }) {
    using deployment = openDeployment(input, clock);
    const name = optionText(input, 'name');
    const filters = [
      name === undefined ? undefined : `roleName eq '${name.replaceAll("'", "''")}'`,
      input.options['customRoleOnly'] === true ? "type eq 'CustomRole'" : undefined,
    ].filter((part) => part !== undefined);
    const found = await deployment.resources.list(
      `${await scopeIn(input, deployment)}${roleDefinitionPath}`,
      roleDefinitionVersion,
      filters.length === 0 ? {} : { filter: filters.join(' and ') },
    );
    return {
      data: found.map(flattened),
      columns: {
        role: (one) => one.string('roleName'),
        id: (one) => one.string('name'),
        kind: (one) => one.optionalString('type') ?? '',
      },
      nothing: 'no such role',
    };
  },
};

/** Roles and who has them, with `az`'s words. */
export const role: CommandGroup = {
  name: 'role',
  summary: 'roles, and who has them',
  commands: [
    { name: 'assignment', summary: 'who has which role where', commands: [create, list, remove] },
    { name: 'definition', summary: 'which roles there are', commands: [listDefinitions] },
  ],
  details: `innate role assignment create --role "Key Vault Secrets User" --assignee vm1 --scope demo-kv
innate role assignment list --assignee vm1 --all
innate role assignment delete --assignee vm1 --role "Key Vault Secrets User" --scope demo-kv`,
};

async function assigneeIn(
  input: CommandInput,
  { directory }: Deployment,
): Promise<Principal | { readonly id: string; readonly type?: string } | undefined> {
  const objectId = optionText(input, 'assigneeObjectId');
  const type = optionText(input, 'assigneePrincipalType');
  if (objectId !== undefined) return type === undefined ? { id: objectId } : { id: objectId, type };
  const name = optionText(input, 'assignee');
  return name === undefined ? undefined : await resolvePrincipal(directory, name);
}

/** The assignments that a command line means: at its scope alone, unless it asks for those above or below. */
async function matching(input: CommandInput, deployment: Deployment, alsoBelow: boolean) {
  const scope = await scopeIn(input, deployment);
  const who = await assigneeIn(input, deployment);
  const wanted = optionText(input, 'role');
  const role = wanted === undefined ? undefined : await resolveRole(deployment.resources, wanted, scope);
  const filter =
    who === undefined
      ? {}
      : {
          filter:
            input.options['includeGroups'] === true
              ? `assignedTo('${who.id}')`
              : `principalId eq '${who.id}'`,
        };
  const place = `${scope === '/' ? '' : scope}${roleAssignmentPath}`;
  const found = await deployment.resources.list(place, roleAssignmentVersion, filter);
  return found.filter((one) => {
    const properties = one.object('properties');
    const at = properties.string('scope');
    const isRole = role === undefined || lastOf(properties.string('roleDefinitionId')) === lastOf(role.id);
    if (!isRole) return false;
    if (sameResource(at, scope)) return true;
    const below = scope === '/' || at.toLowerCase().startsWith(`${scope.toLowerCase()}/`);
    return below ? alsoBelow : input.options['includeInherited'] === true;
  });
}

function lastOf(id: string): string {
  return id.split('/').at(-1)?.toLowerCase() ?? '';
}
