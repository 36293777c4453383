import type { CanonicalId, TenantId } from '../../foundation/ids.ts';
import type { Transaction } from '../storage/database.ts';
import { portionsOf } from '../storage/portions.ts';
import { deleteResourceRows, nestedBelow } from './resource-store.ts';

/** Resources that participants are given at once at most: what they do for one, they do for so many in as many statements. */
export const endedAtOnce = 50;

/** Resources or groups that end together, in one transaction. */
export interface Ending {
  readonly tenantId: TenantId;
  /** At least one. */
  readonly resourceCanonicals: readonly CanonicalId[];
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * A part that ends with resources: their principals, role assignments at or below them, the hosts enrolled for them, what
 * their data planes hold. Works on the whole set at once, in statements whose number does not grow with it. Called for a
 * group as well, with the group's id, and for what the part knows nothing of. What is nested comes before what it lies
 * in, or with it.
 */
export type DeletionParticipant = (transaction: Transaction, ending: Ending) => Promise<void>;

/** Ends everything that hangs from ids, in the transaction that ends the things themselves. */
export async function endDependents(
  transaction: Transaction,
  participants: readonly DeletionParticipant[],
  ending: Ending,
): Promise<void> {
  for (const participant of participants) await participant(transaction, ending);
}

/**
 * Deletes resources with all that is nested below them; once this commits, nothing of them has any effect.
 *
 * @returns the ids of all that is gone
 */
export async function deleteResources(
  transaction: Transaction,
  participants: readonly DeletionParticipant[],
  { tenantId, resourceCanonicals, at }: Ending,
): Promise<readonly CanonicalId[]> {
  const nested = await nestedBelow(transaction, tenantId, resourceCanonicals);
  // one that is both named and nested goes with what it lies in
  const ended = [...new Set([...nested, ...resourceCanonicals])];
  for (const portion of portionsOf(ended, endedAtOnce)) {
    await endDependents(transaction, participants, { tenantId, resourceCanonicals: portion, at });
    await deleteResourceRows(transaction, tenantId, portion, at);
  }
  return ended;
}
