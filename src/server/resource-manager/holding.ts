import type { JsonObject } from '../../contract/arm.ts';
import { canonicalId, parseScope, ResourceIdError } from '../../contract/resource-id.ts';
import type { CanonicalId, TenantId } from '../../foundation/ids.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { Move } from './moving.ts';
import { findResource, type Resource, saveResource } from './resource-store.ts';

/**
 * One resource holds others: a machine its network interfaces, an interface its public address. Either side tells of
 * it, the holder by its own properties, what is held by `heldBy`, until the holder lets go or ends.
 */
export interface Held {
  readonly resource: Resource;
  /** Id by which what is held names its holder, or the part of it. */
  readonly by: string;
}

/** The resource of the tenant that an id names, if the id is one and the resource is there. */
export async function findByReference(
  queries: Queries,
  tenantId: TenantId,
  id: unknown,
): Promise<Resource | undefined> {
  if (typeof id !== 'string') return undefined;
  const canonical = canonicalReference(id);
  return canonical === undefined ? undefined : await findResource(queries, tenantId, canonical);
}

export function canonicalReference(id: string): CanonicalId | undefined {
  try {
    return canonicalId(parseScope(id));
  } catch (error) {
    if (error instanceof ResourceIdError) return undefined;
    throw error;
  }
}

/** What a held resource says of its holder: its id, as displayed. */
export function holderOf({ state }: Pick<Resource, 'state'>): string | undefined {
  const by = state['heldBy'];
  return typeof by === 'string' ? by : undefined;
}

/**
 * Makes `holder` hold these and no others.
 *
 * @returns the holder as it shall be stored
 */
export async function hold(
  transaction: Transaction,
  holder: Resource,
  held: readonly Held[],
  at: number,
): Promise<Resource> {
  const kept = new Set<string>(held.map(({ resource }) => resource.canonical));
  for (const canonical of heldIn(holder.state)) {
    if (!kept.has(canonical)) await letGo(transaction, holder, canonical, at);
  }
  for (const { resource, by } of held) {
    if (holderOf(resource) === by) continue;
    await saveResource(transaction, { ...resource, state: { ...resource.state, heldBy: by }, changedAt: at });
  }
  const { holds: _before, ...state } = holder.state;
  return { ...holder, state: kept.size === 0 ? state : { ...state, holds: [...kept] } };
}

function heldIn(state: JsonObject): readonly CanonicalId[] {
  const holds = state['holds'];
  return Array.isArray(holds) ? (holds as CanonicalId[]) : [];
}

async function letGo(
  transaction: Transaction,
  holder: Pick<Resource, 'tenantId' | 'canonical'>,
  canonical: CanonicalId,
  at: number,
): Promise<void> {
  const resource = await findResource(transaction, holder.tenantId, canonical);
  const by = resource === undefined ? undefined : holderOf(resource);
  if (resource === undefined || by === undefined) return;
  // meanwhile it may have been taken by another
  const named = canonicalReference(by);
  if (named !== holder.canonical && named?.startsWith(`${holder.canonical}/`) !== true) return;
  const { heldBy: _holder, ...state } = resource.state;
  await saveResource(transaction, { ...resource, state, changedAt: at });
}

/** The part of holders in the deletion of a resource: what it held is free. */
export async function releaseHeld(
  transaction: Transaction,
  ended: { readonly tenantId: TenantId; readonly resourceCanonical: CanonicalId; readonly at: number },
): Promise<void> {
  const { tenantId, resourceCanonical, at } = ended;
  const holder = await findResource(transaction, tenantId, resourceCanonical);
  if (holder === undefined) return;
  for (const canonical of heldIn(holder.state)) await letGo(transaction, holder, canonical, at);
}

/** The part of holders in the move of a resource: both sides name each other by the ids that they have now. */
export async function moveHeld(transaction: Transaction, { tenantId, from, to, at }: Move): Promise<void> {
  const moved = await findResource(transaction, tenantId, from.canonical);
  if (moved === undefined) return;
  for (const canonical of heldIn(moved.state)) {
    const held = await findResource(transaction, tenantId, canonical);
    const by = held === undefined ? undefined : holderOf(held);
    if (held === undefined || by?.toLowerCase().startsWith(from.canonical) !== true) continue;
    const heldBy = `${to.resourceId}${by.slice(from.resourceId.length)}`;
    await saveResource(transaction, { ...held, state: { ...held.state, heldBy }, changedAt: at });
  }
  const holder = await holdingResource(transaction, moved);
  if (holder === undefined) return;
  const holds = heldIn(holder.state).map((each) => (each === from.canonical ? to.canonical : each));
  await saveResource(transaction, { ...holder, state: { ...holder.state, holds }, changedAt: at });
}

/** The resource that holds this one, also where it does so by a part of it. */
async function holdingResource(transaction: Transaction, held: Resource): Promise<Resource | undefined> {
  const by = holderOf(held);
  if (by === undefined) return undefined;
  const whole = await findByReference(transaction, held.tenantId, by);
  return whole ?? (await findByReference(transaction, held.tenantId, by.split('/').slice(0, -2).join('/')));
}
