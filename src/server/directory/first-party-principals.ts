import { hash } from 'node:crypto';
import type { AppRole } from '../../contract/graph-application.ts';
import { guid, guidText, type PrincipalId, type TenantId } from '../../foundation/ids.ts';
import { graphAppId } from '../http/dialects/graph.ts';
import { type FirstPartyResource, firstPartyResources } from './first-party-resources.ts';
import { graphAppRoles } from './graph-app-roles.ts';

/** The service principal of a resource that every tenant knows. It has no row: its id follows from tenant and resource. */
export interface FirstPartyPrincipal {
  readonly tenantId: TenantId;
  readonly principalId: PrincipalId;
  readonly resource: FirstPartyResource;
  readonly appRoles: readonly AppRole[];
}

/** An object id that is the same each time (RFC 9562 §5.8), and another one in each tenant. */
function derivedId(tenantId: TenantId, appId: string): PrincipalId {
  const octets = hash('sha256', `first-party|${tenantId}|${appId}`, 'buffer').subarray(0, 16);
  octets[6] = ((octets[6] ?? 0) & 0x0f) | 0x80;
  octets[8] = ((octets[8] ?? 0) & 0x3f) | 0x80;
  return guid<PrincipalId>(guidText(octets));
}

const kept = new Map<TenantId, readonly FirstPartyPrincipal[]>();
const maxTenants = 1024;

/** All of a tenant's. */
export function firstPartyPrincipals(tenantId: TenantId): readonly FirstPartyPrincipal[] {
  const known = kept.get(tenantId);
  if (known !== undefined) return known;
  const made = firstPartyResources.map((resource) => ({
    tenantId,
    principalId: derivedId(tenantId, resource.appId),
    resource,
    appRoles: resource.appId === graphAppId ? graphAppRoles : [],
  }));
  if (kept.size >= maxTenants) kept.clear();
  kept.set(tenantId, made);
  return made;
}

/** The one of an application id or of an object id; `undefined` where it is none's. */
export function firstPartyPrincipal(
  tenantId: TenantId,
  name: { readonly appId: string } | { readonly principalId: string },
): FirstPartyPrincipal | undefined {
  return firstPartyPrincipals(tenantId).find((one) =>
    'appId' in name ? one.resource.appId === name.appId : one.principalId === name.principalId,
  );
}
