import {
  ancestors,
  canonicalId,
  formatScope,
  type Scope,
  subscriptionOf,
} from '../../contract/resource-id.ts';
import type { TenantId } from '../../foundation/ids.ts';
import { ArmError } from '../http/dialects/arm.ts';
import type { Queries } from '../storage/database.ts';
import type { DeletionParticipant } from './deletion.ts';
import { deleteLocksAtOrBelow, type Lock, listLocks } from './lock-store.ts';
import type { Effect, Operation } from './provider.ts';

/** Locked scopes that a refusal names at most. */
const maxNamed = 20;

/**
 * The rule of locks (a.12): `ReadOnly` forbids writing and deleting, `CanNotDelete` deleting. A lock holds for what it
 * is made at and all below; and what has something locked below is not deleted either. What runs through the pipeline
 * is held against it there; whoever writes or deletes by other ways (the moving of resources, a deployment that deletes
 * what its template has not) asks this for each scope, in the transaction of the write or before anything is written.
 *
 * @param scope what is written or deleted; for an extension, the extension itself: it inherits what its resource does
 * @throws ArmError 409 `ScopeLocked`, which names the locked scopes
 */
export async function requireUnlocked(
  queries: Queries,
  {
    tenantId,
    scope,
    effect,
  }: { readonly tenantId: TenantId; readonly scope: Scope; readonly effect: Effect },
): Promise<void> {
  const subscriptionId = subscriptionOf(scope);
  // locks are made in subscriptions alone
  if (effect === 'read' || subscriptionId === undefined) return;
  const locks = await listLocks(queries, {
    tenantId,
    subscriptionId,
    at: ancestors(scope).map(canonicalId),
    ...(effect === 'delete' ? { below: canonicalId(scope) } : { level: 'ReadOnly' }),
    limit: maxNamed,
  });
  if (locks.length > 0) throw scopeLocked(scope, effect, locks);
}

function scopeLocked(scope: Scope, effect: Effect, locks: readonly Lock[]): ArmError {
  const locked = [...new Set(locks.map((lock) => lock.scope))].join(',');
  return new ArmError(
    'conflict',
    'ScopeLocked',
    `The scope '${formatScope(scope)}' cannot perform ${effect} operation because following scope(s) are locked: '${locked}'. Please remove the lock and try again.`,
  );
}

/**
 * What an operation does to its target, unless it declares an effect of its own: what its method says; a POST writes,
 * whatever it is called, but where its action is named `read`.
 */
export function effectOf({ effect, method, action }: Operation): Effect | 'none' {
  if (effect !== undefined) return effect;
  switch (method) {
    case 'GET':
    case 'HEAD':
      return 'read';
    case 'DELETE':
      return 'delete';
    case 'PUT':
    case 'PATCH':
      return 'write';
    case 'POST':
      return action.toLowerCase().endsWith('/read') ? 'read' : 'write';
  }
}

/** The part of locks in a deletion: those at the resources or groups, and below them. */
export const removeLocksOfResources: DeletionParticipant = async (transaction, ending) => {
  await deleteLocksAtOrBelow(transaction, ending.tenantId, ending.resourceCanonicals);
};
