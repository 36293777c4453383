import type { IdentityRequest } from '../../contract/arm.ts';
import type { CanonicalId, ClientId, PrincipalId, TenantId } from '../../foundation/ids.ts';
import { removeRoleAssignmentsOfPrincipal } from '../authorization/role-assignment-removal.ts';
import { ArmError } from '../http/dialects/arm.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { Resource } from './resource-store.ts';

/** Which identities a resource type may carry (`spec/resource-manager.md` b.2, f). */
export interface IdentitySupport {
  readonly systemAssigned: boolean;
  readonly userAssigned: boolean;
}

/** The principal of a resource's own identity. */
export interface SystemIdentity {
  readonly principalId: PrincipalId;
  readonly clientId: ClientId;
}

/** The life of system-assigned identities, as `managed-identities` keeps it. */
export interface SystemIdentities {
  /** Makes the principal; its display name is the resource's. */
  create(
    transaction: Transaction,
    resource: {
      readonly tenantId: TenantId;
      readonly resourceId: string;
      readonly resourceCanonical: CanonicalId;
      readonly displayName: string;
      readonly at: number;
    },
  ): Promise<SystemIdentity>;
  remove(
    transaction: Transaction,
    resource: {
      readonly tenantId: TenantId;
      readonly resourceCanonical: CanonicalId;
      readonly at: number;
    },
  ): Promise<void>;
  of(
    queries: Queries,
    tenantId: TenantId,
    resourceCanonical: CanonicalId,
  ): Promise<SystemIdentity | undefined>;
}

/** The identities that a resource shall have after a write. */
export interface WantedIdentity {
  readonly systemAssigned: boolean;
}

/**
 * What a write asks of a resource's identities: the same rules for every type (b.3, b.4). A body without the block
 * leaves them as they are, on PUT as on PATCH; only an explicit `None` takes them away.
 *
 * @param resourceId as displayed, for messages
 * @returns `undefined` where nothing is asked
 * @throws ArmError `InvalidIdentityType`, `InvalidIdentityValues`, `FailedIdentityOperation`
 */
export function readIdentity(
  request: IdentityRequest | null | undefined,
  support: IdentitySupport | undefined,
  resourceId: string,
  type: string,
): WantedIdentity | undefined {
  if (request === undefined || request === null) return undefined;
  const kinds = kindsOf(request.type);
  if (kinds === undefined) throw invalidType(request.type, support, type);
  const entries = Object.entries(request.userAssignedIdentities ?? {});
  const strange = entries.filter(([, value]) => !isPlainObject(value) && value !== null);
  if (strange.length > 0) throw invalidValues(strange.map(([id]) => id));
  if (kinds.systemAssigned && support?.systemAssigned !== true) {
    throw invalidType(request.type, support, type);
  }
  if (kinds.userAssigned) throw invalidType(request.type, support, type);
  if (entries.some(([, value]) => value !== null)) {
    throw failedOperation(
      resourceId,
      'BadRequest',
      'The request format was unexpected, a non-UserAssigned identity type should not contain: userAssignedIdentities',
    );
  }
  return { systemAssigned: kinds.systemAssigned };
}

interface IdentityKinds {
  readonly systemAssigned: boolean;
  readonly userAssigned: boolean;
}

/** Any case, with or without space after the comma; one type runs the two words together. */
const kindsByName: ReadonlyMap<string, IdentityKinds> = new Map([
  ['none', { systemAssigned: false, userAssigned: false }],
  ['systemassigned', { systemAssigned: true, userAssigned: false }],
  ['userassigned', { systemAssigned: false, userAssigned: true }],
  ['systemassigned,userassigned', { systemAssigned: true, userAssigned: true }],
  ['userassigned,systemassigned', { systemAssigned: true, userAssigned: true }],
  ['systemassigneduserassigned', { systemAssigned: true, userAssigned: true }],
]);

function kindsOf(type: string): IdentityKinds | undefined {
  return kindsByName.get(type.toLowerCase().replaceAll(' ', ''));
}

/** The `identity.type` under which a resource with these identities is stored and shown. */
export function identityType(wanted: WantedIdentity): string | undefined {
  return wanted.systemAssigned ? 'SystemAssigned' : undefined;
}

/**
 * Makes it so, in the transaction of the write. A principal that goes takes its role assignments with it; one that
 * comes again is a new one.
 */
export async function applyIdentity(
  transaction: Transaction,
  identities: SystemIdentities,
  resource: Resource,
  wanted: WantedIdentity,
  at: number,
): Promise<void> {
  const { tenantId, resourceId, canonical: resourceCanonical, name: displayName } = resource;
  const current = await identities.of(transaction, tenantId, resourceCanonical);
  if (wanted.systemAssigned && current === undefined) {
    await identities.create(transaction, { tenantId, resourceId, resourceCanonical, displayName, at });
  }
  if (!wanted.systemAssigned && current !== undefined) {
    await removeRoleAssignmentsOfPrincipal(transaction, { tenantId, principalId: current.principalId, at });
    await identities.remove(transaction, { tenantId, resourceCanonical, at });
  }
}

export interface IdentityBody {
  readonly type: string;
  readonly principalId?: string;
  readonly tenantId?: string;
}

/** The `identity` member of an answer; absent where the resource has none. */
export async function presentIdentity(
  queries: Queries,
  identities: SystemIdentities,
  resource: Resource,
): Promise<IdentityBody | undefined> {
  const { identityType: type, tenantId, canonical } = resource;
  if (type === undefined) return undefined;
  const system = await identities.of(queries, tenantId, canonical);
  return system === undefined ? { type } : { type, principalId: system.principalId, tenantId };
}

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalidType(given: string, support: IdentitySupport | undefined, type: string): ArmError {
  const accepted = support?.systemAssigned ? "'SystemAssigned' and 'None'" : "'None'";
  return new ArmError(
    'invalid-value',
    'InvalidIdentityType',
    `The identity type '${given}' is not supported for the resource type '${type}', which accepts ${accepted}.`,
  );
}

function invalidValues(ids: readonly string[]): ArmError {
  return new ArmError(
    'invalid-value',
    'InvalidIdentityValues',
    `Invalid value for the identities '${ids.join(',')}'. The 'UserAssignedIdentities' property keys should only be empty json objects, null or the resource existing property.`,
  );
}

/** How ARM wraps what went wrong with an identity (b.5). */
export function failedOperation(resourceId: string, status: string, message: string): ArmError {
  const inner = JSON.stringify({ error: { code: status, message } });
  return new ArmError(
    status === 'Conflict' ? 'conflict' : 'invalid-value',
    'FailedIdentityOperation',
    `Identity operation for resource '${resourceId}' failed with error 'Failed to perform resource identity operation. Status: '${status}'. Response: '${inner}'.'.`,
  );
}
