import { canonicalId, parseScope } from '../../contract/resource-id.ts';
import type { CanonicalId, TenantId } from '../../foundation/ids.ts';
import { ArmError } from '../http/dialects/arm.ts';
import { maxPageSize } from '../http/paging.ts';
import type { Database } from '../storage/database.ts';
import type { AsyncOperations, Work } from './async-operations.ts';
import { type DeletionParticipant, deleteResource, endDependents } from './deletion.ts';
import { deleteResourceGroupRow, findResourceGroup, saveResourceGroup } from './resource-group-store.ts';
import { listResources, type Resource } from './resource-store.ts';

export const groupDeletionKind = 'resource-group-deletion';

export interface GroupDeletionOptions {
  readonly database: Database;
  readonly operations: AsyncOperations;
  readonly participants: readonly DeletionParticipant[];
}

/** Defines what ends a group that was marked `Deleting`. */
export function defineGroupDeletion({ database, operations, participants }: GroupDeletionOptions): void {
  operations.define(groupDeletionKind, deleteGroup(database, participants));
}

/**
 * Deletes the resources in rounds, each in its own transaction, until none is left or a round gets nowhere; then the
 * group with all that hangs from it. After a failure the group is as before, with the resources that remain (a.11).
 */
function deleteGroup(database: Database, participants: readonly DeletionParticipant[]): Work {
  return async ({ tenantId, target, startedAt }, renew) => {
    for (;;) {
      const resources = await resourcesOf(database, tenantId, target);
      if (resources.length === 0) break;
      let deleted = 0;
      let failure: unknown;
      for (const resource of resources) {
        await renew();
        try {
          await database.transaction((transaction) =>
            deleteResource(transaction, participants, resource, startedAt),
          );
          deleted += 1;
        } catch (error) {
          failure = error;
        }
      }
      if (deleted === 0) {
        await setState(database, tenantId, target, 'Succeeded', startedAt);
        throw remaining(target, resources, failure);
      }
    }
    await renew();
    try {
      await deleteEmptyGroup(database, participants, tenantId, target, startedAt);
    } catch (error) {
      await setState(database, tenantId, target, 'Succeeded', startedAt);
      throw error;
    }
  };
}

async function deleteEmptyGroup(
  database: Database,
  participants: readonly DeletionParticipant[],
  tenantId: TenantId,
  canonical: CanonicalId,
  at: number,
): Promise<void> {
  await database.transaction(async (transaction) => {
    if ((await findResourceGroup(transaction, tenantId, canonical)) === undefined) return;
    await endDependents(transaction, participants, { tenantId, resourceCanonical: canonical, at });
    await deleteResourceGroupRow(transaction, tenantId, canonical, at);
  });
}

async function resourcesOf(
  database: Database,
  tenantId: TenantId,
  group: CanonicalId,
): Promise<readonly Resource[]> {
  const scope = parseScope(group);
  if (scope.kind !== 'resourceGroup') throw new TypeError('the operation is not about a group');
  const page = await listResources(
    database.read,
    { tenantId, subscriptionId: scope.subscriptionId, groupCanonical: canonicalId(scope) },
    { size: maxPageSize, after: undefined },
  );
  return page.items;
}

async function setState(
  database: Database,
  tenantId: TenantId,
  canonical: CanonicalId,
  provisioningState: 'Succeeded' | 'Deleting',
  at: number,
): Promise<void> {
  await database.transaction(async (transaction) => {
    const group = await findResourceGroup(transaction, tenantId, canonical);
    if (group !== undefined) await saveResourceGroup(transaction, { ...group, provisioningState }, at);
  });
}

function remaining(group: CanonicalId, resources: readonly Resource[], cause: unknown): ArmError {
  const ids = resources.map(({ resourceId }) => resourceId);
  return new ArmError(
    'conflict',
    'ResourceGroupDeletionBlocked',
    `Deletion of resource group '${group.split('/').at(-1)}' failed as resources with identifiers '${ids.join(',')}' could not be deleted.`,
    { cause },
  );
}
