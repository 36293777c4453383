import type { FastifyRequest } from 'fastify';
import { canonicalId, parseScope, ResourceIdError, type ResourceScope } from '../../contract/resource-id.ts';
import {
  type CanonicalId,
  type ClientId,
  type PrincipalId,
  parseGuid,
  type TenantId,
} from '../../foundation/ids.ts';

/** An identity URL as it was asked (`spec/resource-manager.md` c.1): nothing of it is proven. */
export interface ClaimedAddress {
  readonly scope: ResourceScope;
  readonly canonical: CanonicalId;
  /** Of the resource's own identity; both or neither. */
  readonly own: { readonly principalId: PrincipalId; readonly clientId: ClientId } | undefined;
  /** The one user-assigned identity that the URL is of. */
  readonly userAssigned: ClientId | undefined;
  readonly part: 'credentials' | 'move';
}

const pathPattern = /^(?<resource>\/.+)\/credentials(?<one>\/v2\/userassigned)?(?<move>\/proxy\/move)?$/i;

/** The tenant that a request names; its challenge sends the client there. */
export function claimedTenant(request: FastifyRequest): TenantId | undefined {
  return guidIn<TenantId>(request, 'tid');
}

/** Reads an identity URL; `undefined` for what is none. */
export function claimedAddress(request: FastifyRequest): ClaimedAddress | undefined {
  const [path = ''] = request.url.split('?');
  const { resource, one, move } = pathPattern.exec(path)?.groups ?? {};
  const scope = resource === undefined ? undefined : resourceOf(resource);
  if (scope === undefined) return undefined;
  const query = request.query as Readonly<Record<string, unknown>>;
  const principalId = guidIn<PrincipalId>(request, 'oid');
  const clientId = guidIn<ClientId>(request, 'aid');
  const userAssigned = guidIn<ClientId>(request, 'uaid');
  const isOfOne = one !== undefined;
  const namesOwn = query['oid'] !== undefined || query['aid'] !== undefined;
  const own = principalId === undefined || clientId === undefined ? undefined : { principalId, clientId };
  if (isOfOne ? userAssigned === undefined || namesOwn : query['uaid'] !== undefined) return undefined;
  if (namesOwn && own === undefined) return undefined;
  const part = move === undefined ? 'credentials' : 'move';
  return { scope, canonical: canonicalId(scope), own, userAssigned, part };
}

/** A resource by its id; `undefined` for a text that is none. */
export function resourceOf(id: string): ResourceScope | undefined {
  try {
    const scope = parseScope(id);
    return scope.kind === 'resource' ? scope : undefined;
  } catch (error) {
    if (error instanceof ResourceIdError) return undefined;
    throw error;
  }
}

function guidIn<Id extends string>(request: FastifyRequest, parameter: string): Id | undefined {
  const value = (request.query as Readonly<Record<string, unknown>>)[parameter];
  return typeof value === 'string' ? (parseGuid(value) as Id | undefined) : undefined;
}
