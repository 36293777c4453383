import type { Attachment } from '../managed-identities/attachments.ts';
import { failedIdentityOperation, invalidIdentityValues, missingIdentityIds } from './identity-errors.ts';
import type { IdentityWish, NamedIdentity, ShownIds } from './identity-request.ts';

/** Identities that one request may add, and that it may take away by name. */
export const maxChanges = 150;

/** What a write changes of the user-assigned identities of a resource. */
export interface IdentityChange {
  /** Not attached so far; or what was attached under their ids is gone. */
  readonly added: readonly NamedIdentity[];
  readonly removed: readonly Attachment[];
  /** How many are taken away by name. */
  readonly taken: number;
  /** How many there will be. */
  readonly total: number;
}

/**
 * What a write means for a resource that has `attached` (b.3): a kind that is not asked for takes its identities away;
 * a map replaces what was there, or merges into it, and its `null` takes one away.
 *
 * @param resourceId as displayed, for messages
 * @throws ArmError `InvalidIdentityValues`, `MissingIdentityIds`, `FailedIdentityOperation`
 */
export function planIdentities(
  wish: IdentityWish,
  attached: readonly Attachment[],
  how: 'replace' | 'merge',
  resourceId: string,
): IdentityChange {
  const named = wish.named ?? [];
  const before = new Map(attached.map((each) => [each.identityCanonical, each]));
  const wanted = named.filter(({ value }) => value !== null);
  const strange = wanted.filter(({ canonical, value }) => !isShown(value ?? {}, before.get(canonical)));
  if (strange.length > 0) throw invalidIdentityValues(strange.map(({ id }) => id));

  const after = new Set(wanted.map(({ canonical }) => canonical));
  const taken = new Set(named.flatMap(({ canonical, value }) => (value === null ? [canonical] : [])));
  const isKept = ({ identityCanonical: id }: Attachment) =>
    wish.userAssigned && (after.has(id) || (how === 'merge' && !taken.has(id)));
  const kept = attached.filter(isKept);
  const added = wanted.filter(({ canonical }) => before.get(canonical)?.identity === undefined);
  const total = kept.length + added.filter(({ canonical }) => !before.has(canonical)).length;
  if (wish.userAssigned && total === 0) {
    if (taken.size === 0) throw missingIdentityIds();
    throw failedIdentityOperation(
      resourceId,
      'BadRequest',
      'The request format was unexpected : Request requires identities to be assigned.',
    );
  }
  const removed = attached.filter((each) => !isKept(each));
  return { added, removed, taken: removed.filter((each) => taken.has(each.identityCanonical)).length, total };
}

/** Whether a value is what answers show, or showed while the identity was there. */
function isShown({ principalId, clientId }: ShownIds, attachment: Attachment | undefined): boolean {
  if (principalId === undefined && clientId === undefined) return true;
  if (attachment === undefined || principalId !== attachment.principalId) return false;
  return attachment.identity === undefined || clientId === attachment.identity.clientId;
}
