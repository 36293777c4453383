import type { JsonObject } from '../../contract/arm.ts';
import { canonicalId, parseScope, ResourceIdError } from '../../contract/resource-id.ts';
import type { CanonicalId, TenantId } from '../../foundation/ids.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { DeletionParticipant } from './deletion.ts';
import type { Move } from './moving.ts';
import { findResource, findResources, type Resource, saveResource, saveStates } from './resource-store.ts';

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
  const left = heldIn(holder.state).filter((canonical) => !kept.has(canonical));
  const released = left.map((canonical) => [holder.canonical, canonical] as const);
  await letGo(transaction, holder.tenantId, released, at);
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
  tenantId: TenantId,
  held: readonly (readonly [holder: CanonicalId, canonical: CanonicalId])[],
  at: number,
): Promise<void> {
  const found = await findResources(transaction, tenantId, [...new Set(held.map(([, each]) => each))]);
  const resources = new Map(found.map((resource) => [resource.canonical, resource]));
  const free = new Map<CanonicalId, JsonObject>();
  for (const [holder, canonical] of held) {
    const resource = resources.get(canonical);
    const by = resource === undefined ? undefined : holderOf(resource);
    if (resource === undefined || by === undefined) continue;
    // meanwhile it may have been taken by another
    const named = canonicalReference(by);
    if (named !== holder && named?.startsWith(`${holder}/`) !== true) continue;
    const { heldBy: _holder, ...state } = resource.state;
    free.set(canonical, state);
  }
  await saveStates(transaction, tenantId, free, at);
}

/** The part of holders in the deletion of resources: what they held is free. */
export const releaseHeld: DeletionParticipant = async (transaction, ending) => {
  const { tenantId, resourceCanonicals, at } = ending;
  const held: [holder: CanonicalId, canonical: CanonicalId][] = [];
  for (const { canonical, state } of await findResources(transaction, tenantId, resourceCanonicals)) {
    for (const each of heldIn(state)) held.push([canonical, each]);
  }
  await letGo(transaction, tenantId, held, at);
};

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
