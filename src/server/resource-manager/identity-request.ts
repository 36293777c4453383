import type { IdentityRequest, JsonValue } from '../../contract/arm.ts';
import { canonicalId, parseScope, ResourceIdError } from '../../contract/resource-id.ts';
import type { CanonicalId } from '../../foundation/ids.ts';
import { ArmError } from '../http/dialects/arm.ts';
import { failedIdentityOperation, invalidIdentityValues } from './identity-errors.ts';
import {
  acceptedTypes,
  type IdentityKinds,
  type IdentitySupport,
  identityKinds,
  isSupported,
} from './identity-support.ts';

/** What a write says of one user-assigned identity. */
export interface NamedIdentity {
  readonly canonical: CanonicalId;
  /** As spelled. */
  readonly id: string;
  /** `null` takes it away; `{}` or what an answer showed keeps or adds it. */
  readonly value: ShownIds | null;
}

/** The ids of an identity as a request repeats them; an empty object has none. */
export interface ShownIds {
  readonly principalId?: string;
  readonly clientId?: string;
}

/** The identities that a write asks for. */
export interface IdentityWish extends IdentityKinds {
  /** What the map says, each identity once; absent where there was no map. */
  readonly named: readonly NamedIdentity[] | undefined;
}

/**
 * What a write asks of a resource's identities: the same rules for every type (b.3, b.4). A body without the block
 * leaves them as they are, on PUT as on PATCH; only an explicit `None` takes them away.
 *
 * @param resource as errors name it: its id as displayed, its type
 * @returns `undefined` where nothing is asked
 * @throws ArmError `InvalidIdentityType`, `InvalidIdentityValues`, `LinkedInvalidPropertyId`, `FailedIdentityOperation`,
 *   `InvalidParameter` for the form that API 2017-12-01 had
 */
export function readIdentity(
  request: IdentityRequest | null | undefined,
  support: IdentitySupport | undefined,
  resource: { readonly resourceId: string; readonly type: string },
): IdentityWish | undefined {
  if (request === undefined || request === null) return undefined;
  const kinds = identityKinds(request.type);
  if (kinds === undefined || !isSupported(kinds, support)) {
    throw unsupportedType(request.type, support, resource.type);
  }
  if ((request.identityIds ?? []).length > 0) throw oldForm(kinds);
  const { userAssignedIdentities: map } = request;
  const values = Object.entries(map ?? {});
  const strange = values.filter(([, value]) => shownIds(value) === undefined);
  if (strange.length > 0) throw invalidIdentityValues(strange.map(([id]) => id));
  if (!kinds.userAssigned && values.some(([, value]) => value !== null)) {
    throw failedIdentityOperation(
      resource.resourceId,
      'BadRequest',
      'The request format was unexpected, a non-UserAssigned identity type should not contain: userAssignedIdentities',
    );
  }
  return { ...kinds, named: map === undefined || map === null ? undefined : readMap(map) };
}

type IdentityMap = Readonly<Record<string, JsonValue | undefined>>;

/** The entries of a map, in its order; one that is there in two spellings must say the same both times. */
function readMap(map: IdentityMap): readonly NamedIdentity[] {
  const named = new Map<CanonicalId, NamedIdentity>();
  for (const [id, value] of Object.entries(map)) {
    const canonical = identityId(id);
    const before = named.get(canonical);
    const read = { canonical, id, value: shownIds(value) ?? null };
    if (before !== undefined && (before.value === null) !== (read.value === null)) {
      throw invalidIdentityValues([before.id, id]);
    }
    if (before === undefined || isEmpty(before.value)) named.set(canonical, read);
  }
  return [...named.values()];
}

function isEmpty(value: ShownIds | null): boolean {
  return value !== null && Object.keys(value).length === 0;
}

/** @returns `undefined` for what no answer shows */
function shownIds(value: JsonValue | undefined): ShownIds | null | undefined {
  if (value === null) return null;
  if (typeof value !== 'object' || Array.isArray(value)) return undefined;
  const ids: { principalId?: string; clientId?: string } = {};
  for (const [member, id] of Object.entries(value)) {
    if (member !== 'principalId' && member !== 'clientId') return undefined;
    if (id === null) continue;
    if (typeof id !== 'string') return undefined;
    ids[member] = id.toLowerCase();
  }
  return ids;
}

/** @throws ArmError `LinkedInvalidPropertyId` for what is no id of a user-assigned identity */
function identityId(text: string): CanonicalId {
  const scope = parsed(text);
  if (
    scope?.kind !== 'resource' ||
    scope.parent.kind !== 'resourceGroup' ||
    scope.namespace.toLowerCase() !== 'microsoft.managedidentity' ||
    scope.types.join('/').toLowerCase() !== 'userassignedidentities'
  ) {
    throw new ArmError(
      'invalid-value',
      'LinkedInvalidPropertyId',
      `Property id '${text}' at path 'identity.userAssignedIdentities' is invalid. Expect the fully qualified id of a user-assigned identity: '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}'.`,
    );
  }
  return canonicalId(scope);
}

function parsed(text: string): ReturnType<typeof parseScope> | undefined {
  try {
    return parseScope(text);
  } catch (error) {
    if (error instanceof ResourceIdError) return undefined;
    throw error;
  }
}

function unsupportedType(given: string, support: IdentitySupport | undefined, type: string): ArmError {
  const accepted = acceptedTypes(support)
    .map((name) => `'${name}'`)
    .join(', ');
  return new ArmError(
    'invalid-value',
    'InvalidIdentityType',
    `The identity type '${given}' is not supported for the resource type '${type}', which accepts: ${accepted}.`,
  );
}

function oldForm({ userAssigned }: IdentityKinds): ArmError {
  return new ArmError(
    'invalid-value',
    'InvalidParameter',
    userAssigned
      ? 'ResourceIdentity property identityIds is deprecated. The userAssignedIdentities property should be used instead.'
      : 'ResourceIdentity identityIds should not be provided if the type is "SystemAssigned".',
    { refusedBy: 'service', target: 'identity.identityIds' },
  );
}
