import type {
  managementGroupPatchSchema,
  managementGroupSchema,
} from '../../../contract/Microsoft.Management.ts';
import { canonicalId, type Scope } from '../../../contract/resource-id.ts';
import { removeRoleAssignmentsOfResources } from '../../authorization/role-assignment-removal.ts';
import { Hierarchy, scopeOfGroup } from '../../management-groups/hierarchy.ts';
import type { ManagementGroup } from '../../management-groups/management-group-store.ts';
import {
  deleteManagementGroup,
  readGroupId,
  writeManagementGroup,
} from '../../management-groups/management-groups.ts';
import { managementGroupNotFound } from '../../resource-manager/arm-errors.ts';
import { type Answer, type OperationContext, parameter } from '../../resource-manager/provider.ts';
import { requireRight } from '../../resource-manager/required-right.ts';
import { listSubscriptions } from '../../resource-manager/subscription-store.ts';
import type { Database, Transaction } from '../../storage/database.ts';
import { requireMove, writeGroups } from './moves.ts';
import { groupType, idOfGroup, presentGroup } from './presentation.ts';

export type Put = OperationContext<(typeof managementGroupSchema)['_output']>;
export type Patch = OperationContext<(typeof managementGroupPatchSchema)['_output']>;

/** Makes a group below its parent, or changes it; in both cases it is done when it is answered. */
export async function put(database: Database, context: Put): Promise<Answer> {
  const { properties } = context.body;
  return await write(database, context, {
    displayName: properties?.displayName ?? undefined,
    parentId: properties?.details?.parent?.id ?? undefined,
    makes: true,
  });
}

export async function patch(database: Database, context: Patch): Promise<Answer> {
  const { displayName, parentGroupId } = context.body;
  return await write(database, context, {
    displayName: displayName ?? undefined,
    parentId: parentGroupId ?? undefined,
    makes: false,
  });
}

async function write(
  database: Database,
  context: OperationContext<unknown>,
  asked: {
    readonly displayName: string | undefined;
    readonly parentId: string | undefined;
    readonly makes: boolean;
  },
): Promise<Answer> {
  const { caller, at } = context;
  const { displayName } = asked;
  const name = parameter(context, 'groupId');
  const parentScope = asked.parentId === undefined ? undefined : readGroupId(asked.parentId);
  const body = await database.transaction(async (transaction) => {
    const hierarchy = await Hierarchy.load(transaction, caller.tenantId);
    const existing = hierarchy.group(name);
    if (existing === undefined && !asked.makes) throw managementGroupNotFound(name);
    const parent = await placeFor(transaction, { hierarchy, existing, parentScope, caller });
    const by = caller.principalId;
    await writeManagementGroup(transaction, hierarchy, { name, displayName, parent, by, at });
    const written = await Hierarchy.load(transaction, caller.tenantId);
    return presentGroup(written, written.group(name) ?? written.root);
  });
  return { status: 200, body };
}

/**
 * The parent a group is to have, where that changes, with all the rights it takes: to write the group itself, or the
 * parent of a new one.
 */
async function placeFor(
  transaction: Transaction,
  {
    hierarchy,
    existing,
    parentScope,
    caller,
  }: Pick<OperationContext, 'caller'> & {
    readonly hierarchy: Hierarchy;
    readonly existing: ManagementGroup | undefined;
    readonly parentScope: Extract<Scope, { kind: 'managementGroup' }> | undefined;
  },
): Promise<ManagementGroup | undefined> {
  if (existing !== undefined) {
    await requireRight(transaction, caller, writeGroups, scopeOfGroup(existing));
    if (parentScope === undefined) return undefined;
    const to = hierarchy.group(parentScope.managementGroup);
    if (to?.name.toLowerCase() === existing.parent) return undefined;
    // the right first: who has it not learns nothing of which groups there are
    if (to === undefined) {
      await requireRight(transaction, caller, writeGroups, parentScope);
      throw managementGroupNotFound(parentScope.managementGroup);
    }
    const from = hierarchy.pathFrom(existing)[1] ?? hierarchy.root;
    await requireMove(transaction, caller, { moved: scopeOfGroup(existing), from, to });
    return to;
  }
  const scope = parentScope ?? scopeOfGroup(hierarchy.root);
  await requireRight(transaction, caller, writeGroups, scope);
  const parent = parentScope === undefined ? hierarchy.root : hierarchy.group(parentScope.managementGroup);
  if (parent === undefined) throw managementGroupNotFound(parentScope?.managementGroup ?? '');
  return parent;
}

/** Deletes a group that holds nothing, with the role assignments made at it. */
export async function remove(database: Database, context: OperationContext): Promise<Answer> {
  const { caller, at, origin, apiVersion } = context;
  const { tenantId } = caller;
  const name = parameter(context, 'groupId');
  const deleted = await database.transaction(async (transaction) => {
    const hierarchy = await Hierarchy.load(transaction, tenantId);
    const group = hierarchy.group(name);
    if (group === undefined) return undefined;
    const all = await listSubscriptions(transaction, tenantId);
    const subscriptions = all.filter(
      ({ subscriptionId }) => hierarchy.placeOf(subscriptionId) === group,
    ).length;
    await deleteManagementGroup(transaction, hierarchy, group, { subscriptions, at });
    const resourceCanonicals = [canonicalId(scopeOfGroup(group))];
    await removeRoleAssignmentsOfResources(transaction, { tenantId, resourceCanonicals, at });
    return group;
  });
  if (deleted === undefined) return { status: 204 };
  const address = `${origin}/providers/Microsoft.Management/operationResults/delete/managementGroups/${deleted.name}?api-version=${encodeURIComponent(apiVersion)}`;
  return {
    status: 202,
    headers: { Location: address, 'Azure-AsyncOperation': address, 'Retry-After': '1' },
    body: presentDeletion(deleted.name),
  };
}

/** The state of a deletion: one that was accepted has been done. */
export function presentDeletion(name: string): object {
  return { id: idOfGroup({ name }), type: groupType, name, status: 'Succeeded' };
}
