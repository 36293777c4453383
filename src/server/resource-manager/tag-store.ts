import type { Tags } from '../../contract/arm.ts';
import type { CanonicalId, SubscriptionId, TenantId } from '../../foundation/ids.ts';
import type { Queries, Transaction } from '../storage/database.ts';

/** What carries tags: a resource, a group or a subscription. */
export interface TagPlace {
  readonly tenantId: TenantId;
  readonly subscriptionId: SubscriptionId;
  readonly canonical: CanonicalId;
}

/** Makes the tags of a place these. */
export async function writeTags(
  transaction: Transaction,
  { tenantId, subscriptionId, canonical, tags }: TagPlace & { readonly tags: Tags },
): Promise<void> {
  await removeTags(transaction, tenantId, [canonical]);
  const rows = Object.entries(tags).map(([name, value]) => ({
    tenant_id: tenantId,
    subscription_id: subscriptionId,
    canonical,
    name,
    name_canonical: name.toLowerCase(),
    value,
  }));
  if (rows.length > 0) await transaction.insertInto('tags').values(rows).execute();
}

/** Removes the tags of some places. */
export async function removeTags(
  transaction: Transaction,
  tenantId: TenantId,
  canonicals: readonly CanonicalId[],
): Promise<void> {
  await transaction
    .deleteFrom('tags')
    .where('tenant_id', '=', tenantId)
    .where('canonical', 'in', [...canonicals])
    .execute();
}

/** The tags of a place, in the order of their names. */
export async function readTags(
  queries: Queries,
  { tenantId, canonical }: Pick<TagPlace, 'tenantId' | 'canonical'>,
): Promise<Tags> {
  return (await readTagsOf(queries, tenantId, [canonical])).get(canonical) ?? {};
}

/** The tags of several places at once. */
export async function readTagsOf(
  queries: Queries,
  tenantId: TenantId,
  canonicals: readonly CanonicalId[],
): Promise<ReadonlyMap<CanonicalId, Tags>> {
  const found = new Map<CanonicalId, Record<string, string>>();
  if (canonicals.length === 0) return found;
  const rows = await queries
    .selectFrom('tags')
    .select(['canonical', 'name', 'value'])
    .where('tenant_id', '=', tenantId)
    .where('canonical', 'in', [...canonicals])
    .orderBy('name_canonical')
    .execute();
  for (const { canonical, name, value } of rows) {
    const tags = found.get(canonical as CanonicalId) ?? {};
    tags[name] = value;
    found.set(canonical as CanonicalId, tags);
  }
  return found;
}
