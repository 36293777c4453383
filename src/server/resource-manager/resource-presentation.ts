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
