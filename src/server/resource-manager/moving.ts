import { canonicalId, parseScope } from '../../contract/resource-id.ts';
import type { CanonicalId, TenantId } from '../../foundation/ids.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Transaction } from '../storage/database.ts';
import type { ResourceGroup } from './resource-group-store.ts';
import { listBelow, type Resource, type Writer } from './resource-store.ts';
import { removeTags, writeTags } from './tag-store.ts';

/** An id in both its forms. */
export interface NamedId {
  /** As displayed. */
  readonly resourceId: string;
  readonly canonical: CanonicalId;
}

/** One resource that gets another id. */
export interface Move {
  readonly tenantId: TenantId;
  readonly from: NamedId;
  readonly to: NamedId;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * A part that keeps something under a resource's id. It takes that along, or ends it where nobody at the new place
 * shall come into it. Called for each resource of a move, in its transaction.
 */
export type MoveParticipant = (transaction: Transaction, move: Move) => Promise<void>;

/** The id that something below a group has below another one. */
export function movedId(
  { resourceId, canonical }: NamedId,
  from: Pick<ResourceGroup, 'canonical'>,
  to: Pick<ResourceGroup, 'subscriptionId' | 'name' | 'canonical'>,
): NamedId {
  // `/subscriptions/S/resourceGroups/RG`: the type's own spelling of the third segment stays
  const [, subscriptions, , groups] = resourceId.split('/');
  const rest = resourceId.slice(from.canonical.length);
  return {
    resourceId: `/${subscriptions}/${to.subscriptionId}/${groups}/${to.name}${rest}`,
    canonical: `${to.canonical}${canonical.slice(from.canonical.length)}` as CanonicalId,
  };
}

/** Moves a resource with all that is nested below it; once this commits, nothing answers to the old ids. */
export async function moveResource(
  transaction: Transaction,
  participants: readonly MoveParticipant[],
  resource: Resource,
  groups: { readonly from: ResourceGroup; readonly to: ResourceGroup },
  by: { readonly writer: Writer; readonly at: number },
): Promise<void> {
  const { tenantId } = resource;
  const nested = await listBelow(transaction, tenantId, resource.canonical);
  for (const each of [...nested, resource]) {
    const to = movedId(each, groups.from, groups.to);
    if (canonicalId(parseScope(to.resourceId)) !== to.canonical)
      throw new TypeError('the new id is not sound');
    for (const participant of participants) {
      await participant(transaction, { tenantId, from: each, to, at: by.at });
    }
    await moveRow(transaction, each, to, groups.to, by);
  }
}

async function moveRow(
  transaction: Transaction,
  resource: Resource,
  to: NamedId,
  group: ResourceGroup,
  { writer, at }: { readonly writer: Writer; readonly at: number },
): Promise<void> {
  const { tenantId, canonical, tags } = resource;
  const { subscriptionId } = group;
  await transaction
    .updateTable('resources')
    .set({
      canonical: to.canonical,
      resource_id: to.resourceId,
      subscription_id: subscriptionId,
      group_canonical: group.canonical,
      version: resource.version + 1,
      changed_at: at,
      changed_by: `${writer.principalType}:${writer.principalId}`,
    })
    .where('tenant_id', '=', tenantId)
    .where('canonical', '=', canonical)
    .execute();
  await removeTags(transaction, tenantId, [canonical]);
  await writeTags(transaction, { tenantId, subscriptionId, canonical: to.canonical, tags });
  for (const key of [canonical, to.canonical]) {
    await recordChange(transaction, { tenantId, kind: 'resource', key, at });
  }
}
