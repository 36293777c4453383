import { type Scope, subscriptionOf } from '../../../contract/resource-id.ts';
import {
  findRoleDefinition,
  listRoleDefinitions,
  parseRoleDefinitionId,
  type RoleDefinition,
} from '../../authorization/role-definitions.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import { readFilter } from '../../resource-manager/filter.ts';
import { type OperationContext, parameter, type ResourceType } from '../../resource-manager/provider.ts';
import { roleDefinitionApiVersions } from './api-versions.ts';

const type = 'Microsoft.Authorization/roleDefinitions';
const path = `/{scope}/providers/${type}`;

/** Role definitions at any scope: the same ones everywhere, named under the subscription that is asked (d.1, d.2). */
export function roleDefinitions(): ResourceType {
  return {
    namespace: 'Microsoft.Authorization',
    type: 'roleDefinitions',
    apiVersions: roleDefinitionApiVersions,
    owner: 'provider',
    tracked: false,
    operations: [
      {
        method: 'GET',
        path,
        action: `${type}/read`,
        run: async (context) => ({
          status: 200,
          body: { value: matching(context).map((role) => present(role, context.target)) },
        }),
      },
      {
        method: 'GET',
        path: `${path}/{roleDefinitionId}`,
        action: `${type}/read`,
        async run(context) {
          const name = parameter(context, 'roleDefinitionId');
          const id = parseRoleDefinitionId(name);
          const role = id === undefined ? undefined : findRoleDefinition(id);
          if (role === undefined) throw notFound(name);
          return { status: 200, body: present(role, context.target) };
        },
      },
    ],
  };
}

function matching({ query }: OperationContext): readonly RoleDefinition[] {
  const text = query.get('$filter') ?? '';
  if (/^\s*atScopeAndBelow\(\)\s*$/i.test(text)) return listRoleDefinitions();
  const filter = readFilter(text, ['rolename', 'type']);
  const name = filter.get('rolename')?.toLowerCase();
  const kind = filter.get('type')?.toLowerCase();
  return listRoleDefinitions().filter(
    (role) =>
      (name === undefined || role.name.toLowerCase() === name) &&
      (kind === undefined || role.kind.toLowerCase() === kind),
  );
}

/** The id of a role as it is given out at a scope. */
export function roleDefinitionPath(id: string, scope: Scope): string {
  const subscriptionId = subscriptionOf(scope);
  const place = subscriptionId === undefined ? '' : `/subscriptions/${subscriptionId}`;
  return `${place}/providers/${type}/${id}`;
}

/** Built-in roles carry a date; they are as old as the roles of the cloud they come from. */
const since = '2015-02-02T21:55:09.8806423Z';

function present(role: RoleDefinition, scope: Scope): object {
  return {
    id: roleDefinitionPath(role.id, scope),
    name: role.id,
    type,
    properties: {
      roleName: role.name,
      description: role.description,
      type: role.kind,
      permissions: role.permissions.map((permission) => ({
        actions: permission.actions ?? [],
        notActions: permission.notActions ?? [],
        dataActions: permission.dataActions ?? [],
        notDataActions: permission.notDataActions ?? [],
      })),
      assignableScopes: role.assignableScopes,
      createdOn: since,
      updatedOn: since,
      createdBy: null,
      updatedBy: null,
    },
  };
}

function notFound(name: string): ArmError {
  return new ArmError(
    'not-found',
    'RoleDefinitionDoesNotExist',
    `The specified role definition with ID '${name.replaceAll('-', '')}' does not exist.`,
    { refusedBy: 'service' },
  );
}
