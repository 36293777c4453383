import type { CanonicalId, TenantId } from '../../foundation/ids.ts';
import type { Transaction } from '../storage/database.ts';
import { deleteResourceRow, listBelow, type Resource } from './resource-store.ts';

/**
 * A part that ends with a resource: its principal, role assignments at or below it, the host enrolled for it, what its
 * data plane holds. Called for a group as well, with the group's id, and for what the part knows nothing of.
 */
export type DeletionParticipant = (
  transaction: Transaction,
  resource: { readonly tenantId: TenantId; readonly resourceCanonical: CanonicalId; readonly at: number },
) => Promise<void>;

/** Ends everything that hangs from an id, in the transaction that ends the thing itself. */
export async function endDependents(
  transaction: Transaction,
  participants: readonly DeletionParticipant[],
  resource: { readonly tenantId: TenantId; readonly resourceCanonical: CanonicalId; readonly at: number },
): Promise<void> {
  for (const participant of participants) await participant(transaction, resource);
}

/** Deletes a resource with all that is nested below it; once this commits, nothing of it has any effect. */
export async function deleteResource(
  transaction: Transaction,
  participants: readonly DeletionParticipant[],
  resource: Pick<Resource, 'tenantId' | 'canonical'>,
  at: number,
): Promise<void> {
  const { tenantId, canonical } = resource;
  const nested = await listBelow(transaction, tenantId, canonical);
  for (const each of [...nested, resource]) {
    await endDependents(transaction, participants, { tenantId, resourceCanonical: each.canonical, at });
    await deleteResourceRow(transaction, each, at);
  }
}
