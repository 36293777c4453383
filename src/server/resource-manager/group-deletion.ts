import { setImmediate as nextTurn } from 'node:timers/promises';
import { canonicalId, parseScope } from '../../contract/resource-id.ts';
import type { CanonicalId, TenantId } from '../../foundation/ids.ts';
import { ArmError } from '../http/dialects/arm.ts';
import { maxPageSize } from '../http/paging.ts';
import type { Database } from '../storage/database.ts';
import { portionsOf } from '../storage/portions.ts';
import type { AsyncOperations, Work } from './async-operations.ts';
import { type DeletionParticipant, deleteResources, endDependents, endedAtOnce } from './deletion.ts';
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
 * Deletes the resources in rounds until none is left or a round gets nowhere; then the group with all that hangs from it.
 * After a failure the group is as before, with the resources that remain (a.11).
 */
function deleteGroup(database: Database, participants: readonly DeletionParticipant[]): Work {
  return async ({ tenantId, target, startedAt }, renew) => {
    for (;;) {
      const resources = await resourcesOf(database, tenantId, target);
      if (resources.length === 0) break;
      const { deleted, failure } = await deleteRound(resources, renew, (resourceCanonicals) =>
        database.transaction((transaction) =>
          deleteResources(transaction, participants, { tenantId, resourceCanonicals, at: startedAt }),
        ),
      );
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

/**
 * Deletes resources in steps, each a transaction, with a turn for everybody else between two of them: on SQLite a
 * transaction has the event loop to itself. Of a step that fails each resource is tried by itself.
 */
async function deleteRound(
  resources: readonly Resource[],
  renew: () => Promise<void>,
  end: (canonicals: readonly CanonicalId[]) => Promise<readonly CanonicalId[]>,
): Promise<{ readonly deleted: number; readonly failure: unknown }> {
  const ended = new Set<CanonicalId>();
  let failure: unknown;
  const tryToEnd = async (canonicals: readonly CanonicalId[]) => {
    await renew();
    await nextTurn();
    try {
      for (const canonical of await end(canonicals)) ended.add(canonical);
      return true;
    } catch (error) {
      failure = error;
      return false;
    }
  };
  const canonicals = resources.map(({ canonical }) => canonical);
  for (const portion of portionsOf(canonicals, endedAtOnce)) {
    // some went with what they lie in
    const step = portion.filter((canonical) => !ended.has(canonical));
    if (step.length === 0 || (await tryToEnd(step)) || step.length === 1) continue;
    for (const canonical of step) if (!ended.has(canonical)) await tryToEnd([canonical]);
  }
  return { deleted: ended.size, failure };
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
    await endDependents(transaction, participants, { tenantId, resourceCanonicals: [canonical], at });
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
