import type { JsonObject, JsonValue } from '../../contract/arm.ts';
import { canonicalId } from '../../contract/resource-id.ts';
import type { Queries } from '../storage/database.ts';
import { resourceNotFound } from './arm-errors.ts';
import { type PresentedIdentities, presentIdentities } from './identity-presentation.ts';
import { requireParent } from './nested-resource.ts';
import type { Answer, OperationContext } from './provider.ts';
import { entityTag, nestedName, presentEnvelope, presentSystemData } from './resource-presentation.ts';
import { findResource, type Resource } from './resource-store.ts';
import type { Tracked, TrackedDeclaration } from './tracked-type.ts';

/** The resource that the path names. @throws ArmError `ResourceNotFound`, `ParentResourceNotFound` */
export async function requireResource(
  { dependencies, declaration }: Pick<Tracked, 'dependencies'> & Partial<Pick<Tracked, 'declaration'>>,
  context: Pick<OperationContext, 'target' | 'caller'>,
): Promise<Resource> {
  const { target, caller } = context;
  if (target.kind !== 'resource') throw new TypeError('the path names no resource');
  const { read } = dependencies.database;
  const resource = await findResource(read, caller.tenantId, canonicalId(target));
  if (resource !== undefined) return resource;
  if (!declaration?.unparented) await requireParent(read, caller.tenantId, target, 'read');
  throw resourceNotFound(target);
}

/** A resource as its own answer, with its ETag. */
export async function answerWith(
  { declaration }: Pick<Tracked, 'declaration'>,
  queries: Queries,
  context: Pick<OperationContext, 'query'>,
  resource: Resource,
  status: number,
): Promise<Answer> {
  return {
    status,
    body: presentTracked(declaration, context, resource, await presentIdentities(queries, [resource])),
    ...(declaration.entityTags ? { headers: { ETag: entityTag(resource) } } : {}),
  };
}

/** A resource as answers and lists show it. */
export function presentTracked(
  declaration: TrackedDeclaration,
  { query }: Pick<OperationContext, 'query'>,
  resource: Resource,
  identities: PresentedIdentities,
): JsonObject {
  const body: Record<string, JsonValue> = {
    ...presentEnvelope(resource, identities),
    ...(declaration.showsNestedName === true ? { name: nestedName(resource) } : {}),
    properties: declaration.present(resource, query),
  };
  if (declaration.systemData) body['systemData'] = presentSystemData(resource);
  if (declaration.entityTags) body['etag'] = entityTag(resource);
  return body;
}
