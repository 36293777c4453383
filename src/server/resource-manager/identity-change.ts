import type { IdentityRequest } from '../../contract/arm.ts';
import { parseScope, subscriptionOf } from '../../contract/resource-id.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import { removeRoleAssignmentsOfPrincipal } from '../authorization/role-assignment-removal.ts';
import {
  type Attachment,
  attachIdentities,
  attachmentsOfEach,
  detachIdentities,
} from '../managed-identities/attachments.ts';
import { removeSystemAssigned } from '../managed-identities/identity-end.ts';
import { systemAssignedOf } from '../managed-identities/identity-store.ts';
import { type Assignable, assignableIdentities } from '../managed-identities/restrictions.ts';
import { createSystemAssigned } from '../managed-identities/system-assigned.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import { failedIdentityOperation, linkedSubscriptionRefused, tooManyIdentities } from './identity-errors.ts';
import { type IdentityChange, maxChanges, planIdentities } from './identity-plan.ts';
import { type NamedIdentity, readIdentity } from './identity-request.ts';
import { type IdentityKinds, type IdentitySupport, identityTypeOf } from './identity-support.ts';
import { linkedAuthorizationFailed } from './linked-access.ts';
import type { OperationContext } from './provider.ts';
import type { Resource } from './resource-store.ts';
import { findSubscription } from './subscription-store.ts';

/** Identities of one resource, where Azure names no bound: each costs its hosts a key. */
const mostAttached = 1000;

const assignAction = 'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action';

/** A write of a resource, as far as its identities go. */
export interface IdentityWrite {
  readonly request: IdentityRequest | null | undefined;
  /** PUT replaces the map of identities, PATCH merges into it. */
  readonly how: 'replace' | 'merge';
  readonly support: IdentitySupport | undefined;
  /** As it was, or as it is about to be stored for the first time. */
  readonly resource: Resource;
  readonly context: Pick<OperationContext, 'caller' | 'target' | 'may' | 'at'>;
  readonly randomness: Randomness;
}

/**
 * Makes the identities of a resource what a write asks for, in the write's transaction (b.4). A principal that goes
 * takes its role assignments with it; one that comes again is a new one. Each identity that is added has to be one that
 * the caller may assign; those that stay or go are not asked about.
 *
 * @returns the `identity.type` under which the resource is stored and shown
 * @throws ArmError as `readIdentity`, and `MissingIdentityIds`, `LinkedAuthorizationFailed`, `FailedIdentityOperation`
 */
export async function writeIdentity(
  transaction: Transaction,
  write: IdentityWrite,
): Promise<string | undefined> {
  const { support, resource, how } = write;
  const wish = readIdentity(write.request, support, resource);
  if (wish === undefined) return resource.identityType;
  const { tenantId, canonical } = resource;
  const attachments = await attachmentsOfEach(transaction, tenantId, [canonical]);
  const change = planIdentities(wish, attachments.get(canonical) ?? [], how, resource.resourceId);
  requireModest(change, support, resource);
  const found = await requireAssignable(transaction, write, change.added);
  await applyOwn(transaction, write, wish);
  await applyAttached(transaction, write, change, found);
  return identityTypeOf(wish, support);
}

function requireModest(
  { added, taken, total }: IdentityChange,
  support: IdentitySupport | undefined,
  { resourceId }: Resource,
): void {
  const most = Math.max(added.length, taken);
  if (most > maxChanges) {
    throw failedIdentityOperation(
      resourceId,
      'BadRequest',
      `User Assigned Identities Number '${most}' Assign exceed limit '${maxChanges}' in one request.`,
    );
  }
  if (added.length > 0 && total > (support?.maximum ?? mostAttached)) throw tooManyIdentities();
}

/**
 * The identities that are added, once it is clear that the caller may assign them, that they are there, and that they may
 * be used on this resource. What the caller may not assign is not told from what is not there (b.6).
 */
async function requireAssignable(
  queries: Queries,
  { resource, context }: IdentityWrite,
  added: readonly NamedIdentity[],
): Promise<ReadonlyMap<string, Assignable>> {
  if (added.length === 0) return new Map();
  await requireLinkedRights(queries, resource, context, added);
  const { tenantId, resourceId, type, location } = resource;
  const refuse = (message: string) => failedIdentityOperation(resourceId, 'BadRequest', message);
  const found = await assignableIdentities(
    queries,
    tenantId,
    added.map(({ canonical }) => canonical),
  );
  for (const { canonical, id } of added) {
    const spelled = id.replace(/\/resourcegroups\//i, '/resourcegroups/');
    const identity = found.get(canonical);
    if (identity === undefined) throw refuse(`Resource '${spelled}' was not found.`);
    const { isolatedTo, assignableTo } = identity;
    if (isolatedTo !== undefined && isolatedTo !== location) {
      throw refuse(
        `Resource '${spelled}' is isolated to the region '${isolatedTo}' and cannot be assigned to a resource in '${location}'.`,
      );
    }
    if (assignableTo !== undefined && !assignableTo.some((entry) => covers(entry, type))) {
      throw refuse(`Resource '${spelled}' cannot be assigned to resources of the type '${type}'.`);
    }
  }
  return found;
}

/** A namespace covers its types, a type those nested in it. */
function covers(entry: string, type: string): boolean {
  return `${type.toLowerCase()}/`.startsWith(`${entry.toLowerCase()}/`);
}

async function requireLinkedRights(
  queries: Queries,
  resource: Resource,
  { caller, target, may }: IdentityWrite['context'],
  added: readonly NamedIdentity[],
): Promise<void> {
  const scopes = added.map(({ canonical, id }) => ({ id, scope: parseScope(canonical) }));
  const subscriptions = new Set(scopes.flatMap(({ scope }) => subscriptionOf(scope) ?? []));
  for (const subscriptionId of subscriptions) {
    const subscription = await findSubscription(queries, subscriptionId);
    if (subscription?.tenantId !== caller.tenantId) {
      throw linkedSubscriptionRefused(caller, target, { action: assignAction, subscriptionId });
    }
  }
  const refused: string[] = [];
  for (const { id, scope } of scopes) if (!(await may(assignAction, scope))) refused.push(id);
  if (refused.length === 0) return;
  const done = `${resource.type}/write`;
  throw linkedAuthorizationFailed({ caller, target }, { done, action: assignAction, ids: refused });
}

/** The resource's own identity. */
async function applyOwn(
  transaction: Transaction,
  { resource, context: { at }, randomness }: IdentityWrite,
  { systemAssigned }: IdentityKinds,
): Promise<void> {
  const { tenantId, resourceId, canonical: resourceCanonical } = resource;
  if (systemAssigned) {
    const displayName = principalNameOf(resource);
    const own = { tenantId, resourceId, resourceCanonical, displayName, at };
    await createSystemAssigned(transaction, own, randomness);
    return;
  }
  const current = await systemAssignedOf(transaction, tenantId, resourceCanonical);
  if (current === undefined) return;
  await removeRoleAssignmentsOfPrincipal(transaction, { tenantId, principalId: current.principalId, at });
  await removeSystemAssigned(transaction, { tenantId, resourceCanonical, at });
}

/** A principal is called as its resource; of a nested one with what it lies in: `{site}/slots/{slot}` (f). */
function principalNameOf({ name, resourceId, type }: Pick<Resource, 'name' | 'resourceId' | 'type'>): string {
  const depth = type.split('/').length - 1;
  if (depth < 2) return name;
  return resourceId
    .split('/')
    .slice(1 - 2 * depth)
    .join('/');
}

async function applyAttached(
  transaction: Transaction,
  { support, resource, context: { caller, at } }: IdentityWrite,
  { added, removed }: { readonly added: readonly NamedIdentity[]; readonly removed: readonly Attachment[] },
  found: ReadonlyMap<string, Assignable>,
): Promise<void> {
  const { tenantId, resourceId, canonical: resourceCanonical } = resource;
  const { principalId, tokenId } = caller;
  const change = { tenantId, resourceId, resourceCanonical, cause: { principalId, tokenId }, at };
  await detachIdentities(transaction, change, removed);
  const attached = added.flatMap(({ canonical: identityCanonical, id }) => {
    const identity = found.get(identityCanonical);
    if (identity === undefined) return [];
    const identityId =
      support?.respellsGroups === true ? id.replace(/\/resourcegroups\//i, '/resourceGroups/') : id;
    return [{ identityCanonical, identityId, principalId: identity.principalId }];
  });
  await attachIdentities(transaction, change, attached);
}
