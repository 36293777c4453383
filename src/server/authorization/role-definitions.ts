import { type Branded, isGuid } from '../../foundation/ids.ts';
import { type ActionMatcher, compilePattern } from './action-pattern.ts';
import type { Permission } from './built-in-role.ts';
import { builtInRoles } from './built-in-roles.ts';

/** The GUID at the end of a role definition's id: the same role under whatever scope it is named. */
export type RoleDefinitionId = Branded<'RoleDefinitionId'>;

export interface RoleDefinition {
  readonly id: RoleDefinitionId;
  readonly name: string;
  readonly description: string;
  readonly kind: 'BuiltInRole';
  readonly permissions: readonly Permission[];
  /** Scopes at or below which the role may be assigned, canonical. */
  readonly assignableScopes: readonly string[];
  readonly compiled: readonly CompiledPermission[];
}

export interface CompiledPermission {
  readonly control: CompiledRule;
  readonly data: CompiledRule;
}

export interface CompiledRule {
  readonly includes: readonly ActionMatcher[];
  readonly excludes: readonly ActionMatcher[];
}

/** Permissions ready for the evaluator. */
export function compilePermissions(permissions: readonly Permission[]): readonly CompiledPermission[] {
  return permissions.map((permission) => ({
    control: rule(permission.actions, permission.notActions),
    data: rule(permission.dataActions, permission.notDataActions),
  }));
}

function rule(includes: readonly string[] = [], excludes: readonly string[] = []): CompiledRule {
  return { includes: includes.map(compilePattern), excludes: excludes.map(compilePattern) };
}

const definitions: ReadonlyMap<RoleDefinitionId, RoleDefinition> = new Map(
  builtInRoles.map(({ id, name, description, permissions }) => [
    id as RoleDefinitionId,
    {
      id: id as RoleDefinitionId,
      name,
      description,
      kind: 'BuiltInRole',
      permissions,
      assignableScopes: ['/'],
      compiled: compilePermissions(permissions),
    },
  ]),
);

const idsByName: ReadonlyMap<string, RoleDefinitionId> = new Map(
  builtInRoles.map(({ id, name }) => [name.toLowerCase(), id as RoleDefinitionId]),
);

/** All role definitions, in the order of the table. */
export function listRoleDefinitions(): readonly RoleDefinition[] {
  return [...definitions.values()];
}

export function findRoleDefinition(id: RoleDefinitionId): RoleDefinition | undefined {
  return definitions.get(id);
}

/** The role of a name, compared without regard to case. */
export function findRoleDefinitionByName(name: string): RoleDefinition | undefined {
  const id = idsByName.get(name.toLowerCase());
  return id === undefined ? undefined : definitions.get(id);
}

const idPath =
  /^(?:\/providers\/microsoft\.management\/managementgroups\/[^/]+|\/subscriptions\/[0-9a-f-]{36}(?:\/resourcegroups\/[^/]+)?)?\/providers\/microsoft\.authorization\/roledefinitions\/([0-9a-f-]{36})$/i;

/**
 * The GUID of a role definition's id as clients write it: below a management group, a subscription, a group or the tenant, or bare.
 * `undefined` where the text is no such id.
 */
export function parseRoleDefinitionId(text: string): RoleDefinitionId | undefined {
  const id = idPath.exec(text)?.[1] ?? text;
  return isGuid(id) ? (id.toLowerCase() as RoleDefinitionId) : undefined;
}
