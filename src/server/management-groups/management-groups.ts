import { parseScope, ResourceIdError, type Scope } from '../../contract/resource-id.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import { isStorable } from '../../foundation/storable-text.ts';
import type { Transaction } from '../storage/database.ts';
import type { Hierarchy } from './hierarchy.ts';
import {
  deleteManagementGroupRow,
  type ManagementGroup,
  saveManagementGroup,
} from './management-group-store.ts';

/** Levels of groups below the root group. */
export const maxDepth = 6;
const maxGroups = 10_000;
const maxDisplayName = 256;

/** 1-90 of letters, digits, `-_().`, beginning with a letter or digit, not ending in a dot. */
const namePattern = /^[A-Za-z0-9](?:[A-Za-z0-9_().-]{0,88}[A-Za-z0-9_()-])?$/;

export function isManagementGroupName(name: string): boolean {
  return namePattern.test(name);
}

/**
 * Reads the id of a group, as bodies name one.
 *
 * @throws DomainError `BadRequest` where it is none
 */
export function readGroupId(text: string): Extract<Scope, { kind: 'managementGroup' }> {
  try {
    const scope = parseScope(text);
    if (scope.kind === 'managementGroup') return scope;
  } catch (error) {
    if (!(error instanceof ResourceIdError)) throw error;
  }
  throw new DomainError('invalid-value', 'A management group is named by its id.', { code: 'BadRequest' });
}

export interface GroupRequest {
  readonly name: string;
  readonly displayName: string | undefined;
  /** The parent it is to have; it is of the same hierarchy. */
  readonly parent: ManagementGroup | undefined;
  /** Object id of who asks. */
  readonly by: string;
  readonly at: number;
}

/**
 * Makes a group, or changes the one of this name. Whether the caller may is decided before.
 *
 * @param hierarchy as it is in this transaction
 * @throws DomainError `InvalidManagementGroupName`, `BadRequest`, `ManagementGroupDepthExceeded`,
 *   `ManagementGroupLimitExceeded`
 */
export async function writeManagementGroup(
  transaction: Transaction,
  hierarchy: Hierarchy,
  request: GroupRequest,
): Promise<ManagementGroup> {
  const existing = hierarchy.group(request.name);
  const { at, by } = request;
  requireDisplayName(request.displayName);
  if (existing === undefined) requireRoom(hierarchy, request.name);
  else if (request.parent !== undefined) requireMovable(hierarchy, existing, request.parent);
  const parent = request.parent ?? (existing === undefined ? hierarchy.root : undefined);
  if (parent !== undefined && parent.name.toLowerCase() !== existing?.parent) {
    requireDepth(hierarchy, existing, parent);
  }
  const group = {
    tenantId: hierarchy.root.tenantId,
    name: existing?.name ?? request.name,
    displayName: request.displayName ?? existing?.displayName ?? request.name,
    parent: parent?.name.toLowerCase() ?? existing?.parent,
    version: (existing?.version ?? 0) + 1,
    createdAt: existing?.createdAt ?? at,
    changedAt: at,
    changedBy: by,
  };
  await saveManagementGroup(transaction, group);
  return group;
}

/**
 * Deletes a group that holds nothing. What hangs from it (role assignments) is the caller's to remove.
 *
 * @param subscriptions how many subscriptions are in it
 * @throws DomainError `BadRequest` for the root group, 409 `ManagementGroupNotEmpty`
 */
export async function deleteManagementGroup(
  transaction: Transaction,
  hierarchy: Hierarchy,
  group: ManagementGroup,
  { subscriptions, at }: { readonly subscriptions: number; readonly at: number },
): Promise<void> {
  if (group === hierarchy.root) {
    throw new DomainError('invalid-value', 'The root management group cannot be deleted.', {
      code: 'BadRequest',
    });
  }
  if (subscriptions > 0 || hierarchy.childrenOf(group).length > 0) {
    throw new DomainError(
      'conflict',
      `The management group '${group.name}' has children. Move or delete them first.`,
      { code: 'ManagementGroupNotEmpty' },
    );
  }
  await deleteManagementGroupRow(transaction, group, at);
}

function requireDisplayName(displayName: string | undefined): void {
  if (displayName === undefined) return;
  if (displayName !== '' && displayName.length <= maxDisplayName && isStorable(displayName)) return;
  throw new DomainError(
    'invalid-value',
    `The display name of a management group has 1 to ${maxDisplayName} characters.`,
    { code: 'BadRequest' },
  );
}

function requireRoom(hierarchy: Hierarchy, name: string): void {
  if (!isManagementGroupName(name)) {
    throw new DomainError(
      'invalid-value',
      'The name of a management group has 1 to 90 letters, digits, hyphens, underscores, parentheses and periods; it begins with a letter or digit and does not end with a period.',
      { code: 'InvalidManagementGroupName' },
    );
  }
  if (hierarchy.groups.length <= maxGroups) return;
  throw new DomainError('conflict', `A tenant has at most ${maxGroups} management groups.`, {
    code: 'ManagementGroupLimitExceeded',
  });
}

function requireMovable(hierarchy: Hierarchy, group: ManagementGroup, parent: ManagementGroup): void {
  if (group === hierarchy.root) {
    throw new DomainError('invalid-value', 'The root management group has no parent.', {
      code: 'BadRequest',
    });
  }
  if (!hierarchy.pathFrom(parent).includes(group)) return;
  throw new DomainError(
    'invalid-value',
    `The management group '${group.name}' cannot be below itself or a group below it.`,
    { code: 'BadRequest' },
  );
}

function requireDepth(
  hierarchy: Hierarchy,
  group: ManagementGroup | undefined,
  parent: ManagementGroup,
): void {
  // of the path, the root group is no level
  const levels = hierarchy.pathFrom(parent).length - 1 + heightOf(hierarchy, group);
  if (levels <= maxDepth) return;
  throw new DomainError('invalid-value', `Management groups are at most ${maxDepth} levels deep.`, {
    code: 'ManagementGroupDepthExceeded',
  });
}

function heightOf(hierarchy: Hierarchy, group: ManagementGroup | undefined): number {
  const children = group === undefined ? [] : hierarchy.childrenOf(group);
  return 1 + Math.max(0, ...children.map((child) => heightOf(hierarchy, child)));
}
