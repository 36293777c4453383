import type { JsonObject } from '../../contract/arm.ts';
import type { PresentedIdentities } from './identity-presentation.ts';
import type { Resource } from './resource-store.ts';

/** The ETag of a resource: its count of writes, quoted. */
export function entityTag(resource: Pick<Resource, 'version'>): string {
  return `"${resource.version}"`;
}

/** The members that every list and every answer shows of a resource (`spec/resource-manager.md` a.6). */
export function presentEnvelope(resource: Resource, identities: PresentedIdentities): JsonObject {
  const identity = identities.get(resource.canonical);
  return {
    id: resource.resourceId,
    name: resource.name,
    type: resource.type,
    ...(resource.location === '' ? {} : { location: resource.location }),
    ...(resource.location === '' && Object.keys(resource.tags).length === 0 ? {} : { tags: resource.tags }),
    ...(identity === undefined ? {} : { identity }),
    ...resource.extra,
  };
}

/** The name of a resource with the names of what it lies in: `site1/staging`. */
export function nestedName({
  name,
  resourceId,
  type,
}: Pick<Resource, 'name' | 'resourceId' | 'type'>): string {
  const depth = type.split('/').length - 1;
  if (depth < 2) return name;
  const ending = resourceId.split('/').slice(1 - 2 * depth);
  return ending.filter((_segment, index) => index % 2 === 0).join('/');
}

/** Who wrote something first and last, and when. */
export function presentSystemData(
  resource: Pick<Resource, 'createdAt' | 'createdBy' | 'changedAt' | 'changedBy'>,
): JsonObject {
  return {
    createdBy: resource.createdBy.principalId,
    createdByType: resource.createdBy.principalType,
    createdAt: new Date(resource.createdAt).toISOString(),
    lastModifiedBy: resource.changedBy.principalId,
    lastModifiedByType: resource.changedBy.principalType,
    lastModifiedAt: new Date(resource.changedAt).toISOString(),
  };
}
