import type { CanonicalId, ClientId, PrincipalId, TenantId } from '../../foundation/ids.ts';

/** What a managed identity stands for: a resource (system-assigned), or a resource of its own (user-assigned). */
export interface IdentityOf {
  readonly kind: 'SystemAssigned' | 'UserAssigned';
  /** ARM id as displayed: of the resource that carries the identity, or of the user-assigned identity itself. */
  readonly resourceId: string;
  readonly resourceCanonical: CanonicalId;
}

interface PrincipalFacts {
  readonly tenantId: TenantId;
  readonly principalId: PrincipalId;
  readonly clientId: ClientId;
  readonly displayName: string;
  readonly enabled: boolean;
  /** Milliseconds since the epoch; tokens issued before are refused. */
  readonly tokensValidFrom: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** A service principal: who a token is about. Its `principalId` is never given to another. */
export type Principal =
  | (PrincipalFacts & { readonly principalType: 'Application' })
  | (PrincipalFacts & { readonly principalType: 'ManagedIdentity'; readonly identity: IdentityOf });

/** A principal to be made. It is born enabled, and no token older than it is accepted. */
export type NewPrincipal = {
  readonly tenantId: TenantId;
  readonly principalId: PrincipalId;
  readonly clientId: ClientId;
  readonly displayName: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
} & (
  | { readonly principalType: 'Application' }
  | { readonly principalType: 'ManagedIdentity'; readonly identity: IdentityOf }
);

/**
 * An ARM id as tokens (`xms_mirid`, `xms_az_rid`) and Graph (`alternativeNames`) spell it: the segment
 * `resourceGroups` in lower case, names as displayed (`spec/token-service-and-directory.md` d.3, h.1).
 */
export function directorySpelling(resourceId: string): string {
  return resourceId.replace(/^(\/subscriptions\/[^/]+\/)resourceGroups\//i, '$1resourcegroups/');
}
