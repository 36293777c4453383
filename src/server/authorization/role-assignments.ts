import { canonicalId, formatScope, type Scope, subscriptionOf } from '../../contract/resource-id.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import {
  guid,
  isGuid,
  type PrincipalId,
  parseGuid,
  type TenantId,
  type UserId,
} from '../../foundation/ids.ts';
import { isStorable } from '../../foundation/storable-text.ts';
import { selectPrincipal } from '../directory/directory-store.ts';
import { selectGroup } from '../directory/group-store.ts';
import { selectUser } from '../directory/user-store.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Transaction } from '../storage/database.ts';
import {
  countAtOrBelow,
  findRoleAssignment,
  findSameAssignment,
  type PrincipalType,
  type RoleAssignment,
  saveRoleAssignment,
} from './authorization-store.ts';
import { findRoleDefinition, parseRoleDefinitionId, type RoleDefinitionId } from './role-definitions.ts';

/** Assignments at or below a subscription. */
export const maxAssignmentsPerSubscription = 4000;
/** Assignments at a management group; what it holds has its own. */
export const maxAssignmentsPerManagementGroup = 500;
const maxDescriptionLength = 2048;

/** What a client asks for; texts as they came, but of bounded size. */
export interface RoleAssignmentRequest {
  readonly tenantId: TenantId;
  readonly scope: Scope;
  /** The last segment of the path. */
  readonly name: string;
  readonly roleDefinitionId: string;
  readonly principalId: string;
  /** Given, it spares the principal's look-up: an assignment may precede its principal. */
  readonly principalType?: string | null;
  readonly description?: string | null;
  readonly condition?: string | null;
  readonly conditionVersion?: string | null;
  readonly delegatedManagedIdentityResourceId?: string | null;
  /** Object id of who asks. */
  readonly by: PrincipalId;
  readonly at: number;
}

/**
 * Makes an assignment, or updates the description of one of the same name and content
 * (`spec/resource-manager.md` d.4). Whether the caller may is decided before.
 *
 * @throws DomainError with the code that Azure gives: `InvalidRoleAssignmentId`, `BadRequestFormat`,
 *   `RoleDefinitionDoesNotExist`, `InvalidPrincipalType`, `PrincipalNotFound`, `UnmatchedPrincipalType`,
 *   `RoleAssignmentUpdateNotPermitted`, `RoleAssignmentExists`, `RoleAssignmentLimitExceeded`, and
 *   `RoleAssignmentConditionNotSupported` of our own
 */
export async function createOrUpdateRoleAssignment(
  transaction: Transaction,
  request: RoleAssignmentRequest,
): Promise<{ readonly assignment: RoleAssignment; readonly created: boolean }> {
  const { tenantId, scope, by, at } = request;
  if (!isGuid(request.name)) {
    throw new DomainError(
      'invalid-value',
      `The role assignment ID '${request.name}' is not valid. The role assignment ID must be a GUID.`,
      { code: 'InvalidRoleAssignmentId' },
    );
  }
  refuseUnsupported(request);
  const name = request.name.toLowerCase();
  const roleDefinitionId = existingRole(request.roleDefinitionId);
  const { principalId, principalType } = await assignablePrincipal(transaction, request);
  const scopeCanonical = canonicalId(scope);
  const wanted = { tenantId, principalId, roleDefinitionId, scopeCanonical };

  const existing = await findRoleAssignment(transaction, tenantId, name);
  if (existing !== undefined) {
    if (
      existing.scopeCanonical !== scopeCanonical ||
      existing.roleDefinitionId !== roleDefinitionId ||
      existing.principalId !== principalId
    ) {
      throw new DomainError(
        'conflict',
        'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
        { code: 'RoleAssignmentUpdateNotPermitted' },
      );
    }
  } else {
    const same = await findSameAssignment(transaction, wanted);
    if (same !== undefined) {
      throw new DomainError(
        'already-exists',
        `The role assignment already exists. The ID of the existing role assignment is ${dashless(same.name)}.`,
        { code: 'RoleAssignmentExists' },
      );
    }
    await ensureRoom(transaction, tenantId, scope);
  }

  const assignment: RoleAssignment = {
    ...wanted,
    name,
    scope: existing?.scope ?? formatScope(scope),
    principalType: existing?.principalType ?? principalType,
    description: request.description ?? null,
    condition: existing?.condition ?? null,
    conditionVersion: existing?.conditionVersion ?? null,
    createdAt: existing?.createdAt ?? at,
    createdBy: existing?.createdBy ?? by,
    updatedAt: at,
    updatedBy: by,
  };
  await saveRoleAssignment(transaction, assignment);
  await recordChange(transaction, { tenantId, kind: 'role-assignments', key: principalId, at });
  return { assignment, created: existing === undefined };
}

function refuseUnsupported(request: RoleAssignmentRequest): void {
  if ((request.condition ?? '') !== '' || (request.conditionVersion ?? '') !== '') {
    throw new DomainError('invalid-value', 'Conditions on role assignments are not supported.', {
      code: 'RoleAssignmentConditionNotSupported',
    });
  }
  if ((request.delegatedManagedIdentityResourceId ?? '') !== '') {
    throw new DomainError('invalid-value', 'Delegated managed identities are not supported.', {
      code: 'DelegatedManagedIdentityNotSupported',
    });
  }
  if (!isStorable(request.description ?? '')) {
    throw new DomainError('invalid-value', 'The description has characters that no text here has.', {
      code: 'BadRequestFormat',
    });
  }
  if ((request.description ?? '').length > maxDescriptionLength) {
    throw new DomainError(
      'invalid-value',
      `The description is longer than ${maxDescriptionLength} characters.`,
      {
        code: 'BadRequestFormat',
      },
    );
  }
}

function existingRole(text: string): RoleDefinitionId {
  const id = parseRoleDefinitionId(text);
  if (id === undefined) {
    throw new DomainError('invalid-value', 'The request was incorrectly formatted.', {
      code: 'BadRequestFormat',
    });
  }
  if (findRoleDefinition(id) === undefined) {
    throw new DomainError(
      'invalid-value',
      `The specified role definition with ID '${dashless(id)}' does not exist.`,
      {
        code: 'RoleDefinitionDoesNotExist',
      },
    );
  }
  return id;
}

const principalTypes: readonly PrincipalType[] = ['User', 'Group', 'ServicePrincipal'];

async function assignablePrincipal(
  transaction: Transaction,
  { tenantId, principalId: text, principalType: claimedType }: RoleAssignmentRequest,
): Promise<{ readonly principalId: PrincipalId; readonly principalType: PrincipalType }> {
  const principalId = parseGuid<PrincipalId>(text);
  if (principalId === undefined) {
    throw new DomainError('invalid-value', 'The request was incorrectly formatted.', {
      code: 'BadRequestFormat',
    });
  }
  const claimed =
    claimedType === undefined || claimedType === null
      ? undefined
      : principalTypes.find((type) => type.toLowerCase() === claimedType.toLowerCase());
  if (claimed === undefined && claimedType !== undefined && claimedType !== null) {
    throw new DomainError(
      'invalid-value',
      `The PrincipalType property '${claimedType}' is not valid. It must be 'User', 'Group' or 'ServicePrincipal'.`,
      { code: 'InvalidPrincipalType' },
    );
  }
  const actual = await principalTypeOf(transaction, tenantId, principalId);
  if (actual === undefined) {
    if (claimed !== undefined) return { principalId, principalType: claimed };
    throw new DomainError(
      'invalid-value',
      `Principal ${dashless(principalId)} does not exist in the directory ${tenantId}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype`,
      { code: 'PrincipalNotFound' },
    );
  }
  if (claimed !== undefined && claimed !== actual) {
    throw new DomainError(
      'invalid-value',
      `The PrincipalId '${dashless(principalId)}' has type '${actual}' , which is different from specified PrinciaplType '${claimed}'.`,
      { code: 'UnmatchedPrincipalType' },
    );
  }
  return { principalId, principalType: actual };
}

/** What the directory has under an object id. */
async function principalTypeOf(
  transaction: Transaction,
  tenantId: TenantId,
  principalId: PrincipalId,
): Promise<PrincipalType | undefined> {
  if ((await selectPrincipal(transaction, tenantId, principalId)) !== undefined) return 'ServicePrincipal';
  const user = await selectUser(transaction, tenantId, { userId: guid<UserId>(principalId) });
  if (user !== undefined) return 'User';
  return (await selectGroup(transaction, tenantId, principalId)) && 'Group';
}

async function ensureRoom(transaction: Transaction, tenantId: TenantId, scope: Scope): Promise<void> {
  if (scope.kind === 'managementGroup') {
    if ((await countAtOrBelow(transaction, tenantId, canonicalId(scope))) < maxAssignmentsPerManagementGroup)
      return;
    throw new DomainError(
      'invalid-value',
      `No more role assignments can be created at this management group: it has ${maxAssignmentsPerManagementGroup}.`,
      { code: 'RoleAssignmentLimitExceeded' },
    );
  }
  const subscriptionId = subscriptionOf(scope);
  if (subscriptionId === undefined) return;
  const subscription = canonicalId({ kind: 'subscription', subscriptionId });
  if ((await countAtOrBelow(transaction, tenantId, subscription)) < maxAssignmentsPerSubscription) return;
  throw new DomainError(
    'invalid-value',
    `No more role assignments can be created in this subscription: it has ${maxAssignmentsPerSubscription}.`,
    { code: 'RoleAssignmentLimitExceeded' },
  );
}

/** GUIDs inside Azure's messages about assignments come without dashes. */
function dashless(id: string): string {
  return id.replaceAll('-', '');
}
