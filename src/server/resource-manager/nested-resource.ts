import { canonicalId, type ResourceScope } from '../../contract/resource-id.ts';
import type { TenantId } from '../../foundation/ids.ts';
import type { Queries } from '../storage/database.ts';
import { parentResourceNotFound } from './arm-errors.ts';
import { findResource, type Resource } from './resource-store.ts';

export type ParentVerb = 'read' | 'write' | 'delete';

/** The resource that a nested one lies in; `undefined` where the scope is not nested. */
export function parentOf(scope: ResourceScope): ResourceScope | undefined {
  if (scope.types.length < 2) return undefined;
  return { ...scope, types: scope.types.slice(0, -1), names: scope.names.slice(0, -1) };
}

/**
 * What is stored of the parent of a nested resource; `undefined` where the scope is not nested.
 *
 * @throws ArmError `ParentResourceNotFound`
 */
export async function requireParent(
  queries: Queries,
  tenantId: TenantId,
  scope: ResourceScope,
  verb: ParentVerb,
): Promise<Resource | undefined> {
  const parent = parentOf(scope);
  if (parent === undefined) return undefined;
  return await requireThere(queries, tenantId, scope.types.join('/'), parent, verb);
}

/**
 * The parent of a collection of nested resources.
 *
 * @param type of what is nested, without its namespace
 * @throws ArmError `ParentResourceNotFound`
 */
export async function requireThere(
  queries: Queries,
  tenantId: TenantId,
  type: string,
  parent: ResourceScope,
  verb: ParentVerb,
): Promise<Resource> {
  const resource = await findResource(queries, tenantId, canonicalId(parent));
  if (resource === undefined) throw parentResourceNotFound(type, parent, verb);
  return resource;
}
