import { type SqlBool, sql } from 'kysely';
import type { JsonObject, Tags } from '../../contract/arm.ts';
import { type CanonicalId, guid, type SubscriptionId, type TenantId } from '../../foundation/ids.ts';
import { type Page, type PageRequest, pageOf } from '../http/paging.ts';
import { beginsWith, isBelowOneOf, spanBelow } from '../storage/beginning.ts';
import { recordChange, recordChanges } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import { portionsOf } from '../storage/portions.ts';
import type { ResourcesTable } from '../storage/tables.ts';
import type { ListCondition } from './list-condition.ts';
import { removeTags, writeTags } from './tag-store.ts';

/** Who wrote a resource, as `systemData` names it. */
export interface Writer {
  readonly principalId: string;
  readonly principalType: 'Application' | 'ManagedIdentity' | 'User';
}

/** A resource as it is stored. */
export interface Resource {
  readonly canonical: CanonicalId;
  readonly tenantId: TenantId;
  readonly subscriptionId: SubscriptionId;
  /** Absent where it lies in no group. */
  readonly groupCanonical: CanonicalId | undefined;
  /** As displayed. */
  readonly resourceId: string;
  /** `Microsoft.Compute/virtualMachines`, in the provider's spelling. */
  readonly type: string;
  readonly name: string;
  /** Empty for one that has no place. */
  readonly location: string;
  readonly tags: Tags;
  readonly properties: JsonObject;
  /** Members of the envelope that are the type's own (`zones`, `sku`). */
  readonly extra: JsonObject;
  /** What the provider knows of the resource and takes from nobody: whether a machine runs. */
  readonly state: JsonObject;
  /** The `identity.type` as displayed, if the resource has an identity. */
  readonly identityType: string | undefined;
  readonly provisioningState: string;
  /** Counts the writes. */
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly createdBy: Writer;
  readonly changedAt: number;
  readonly changedBy: Writer;
  /** A name that is unique beyond tenants, lower case: a vault's, which is a host name. */
  readonly globalName: string | undefined;
}

function fromRow(row: ResourcesTable): Resource {
  return {
    canonical: row.canonical as CanonicalId,
    tenantId: guid<TenantId>(row.tenant_id),
    subscriptionId: guid<SubscriptionId>(row.subscription_id),
    groupCanonical: (row.group_canonical ?? undefined) as CanonicalId | undefined,
    resourceId: row.resource_id,
    type: row.type,
    name: row.name,
    location: row.location,
    tags: row.tags === null ? {} : (JSON.parse(row.tags) as Tags),
    properties: JSON.parse(row.properties) as JsonObject,
    extra: row.extra === null ? {} : (JSON.parse(row.extra) as JsonObject),
    state: row.state === null ? {} : (JSON.parse(row.state) as JsonObject),
    identityType: row.identity_type ?? undefined,
    provisioningState: row.provisioning_state,
    version: Number(row.version),
    createdAt: Number(row.created_at),
    createdBy: readWriter(row.created_by),
    changedAt: Number(row.changed_at),
    changedBy: readWriter(row.changed_by),
    globalName: row.global_name ?? undefined,
  };
}

/** Kept in one column as `Type:objectId`. */
function readWriter(text: string): Writer {
  const [principalType, principalId] = text.split(':');
  return {
    principalId: principalId ?? '',
    principalType:
      principalType === 'ManagedIdentity' || principalType === 'User' ? principalType : 'Application',
  };
}

function writeWriter(writer: Writer): string {
  return `${writer.principalType}:${writer.principalId}`;
}

export async function findResource(
  queries: Queries,
  tenantId: TenantId,
  canonical: CanonicalId,
): Promise<Resource | undefined> {
  const row = await queries
    .selectFrom('resources')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('canonical', '=', canonical)
    .executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

/** The resources of some ids that are there, in the order of their canonical ids. */
export async function findResources(
  queries: Queries,
  tenantId: TenantId,
  canonicals: readonly CanonicalId[],
): Promise<readonly Resource[]> {
  const found: Resource[] = [];
  for (const portion of portionsOf(canonicals)) {
    const rows = await queries
      .selectFrom('resources')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('canonical', 'in', portion)
      .execute();
    found.push(...rows.map(fromRow));
  }
  return found.sort((one, other) => (one.canonical < other.canonical ? -1 : 1));
}

/**
 * Whether a global name is taken, in any tenant: the one question that crosses tenants, because host names do.
 * It tells no more than a DNS look-up would.
 */
export async function isGlobalNameTaken(
  queries: Queries,
  type: string,
  globalName: string,
): Promise<boolean> {
  const row = await queries
    .selectFrom('resources')
    .select('canonical')
    .where('type_canonical', '=', type.toLowerCase())
    .where('global_name', '=', globalName.toLowerCase())
    .executeTakeFirst();
  return row !== undefined;
}

export interface ResourceFilter {
  readonly tenantId: TenantId;
  readonly subscriptionId: SubscriptionId;
  readonly groupCanonical?: CanonicalId;
  /** The collection that they are in: what lies within one of them has its own. */
  readonly below?: CanonicalId;
  /** Only those that have a place: lists over all types show no proxy resources. */
  readonly placed?: true;
  readonly type?: string;
  /** What else must hold of a resource. */
  readonly condition?: ListCondition<'resources'>;
}

/** Resources in the order of their canonical ids. */
export async function listResources(
  queries: Queries,
  filter: ResourceFilter,
  request: PageRequest,
): Promise<Page<Resource>> {
  let query = queries
    .selectFrom('resources')
    .selectAll()
    .where('tenant_id', '=', filter.tenantId)
    .where('subscription_id', '=', filter.subscriptionId);
  if (filter.groupCanonical !== undefined) query = query.where('group_canonical', '=', filter.groupCanonical);
  if (filter.below !== undefined) {
    const beginning = `${filter.below}/`;
    query = query
      .where(beginsWith('canonical', beginning))
      .where(sql<SqlBool>`canonical = ${beginning} || lower(name)`);
  }
  if (filter.placed === true) query = query.where('location', '<>', '');
  if (filter.type !== undefined) query = query.where('type_canonical', '=', filter.type.toLowerCase());
  if (filter.condition !== undefined) query = query.where(filter.condition);
  if (request.after !== undefined) query = query.where('canonical', '>', request.after);
  const rows = await query
    .orderBy('canonical')
    .limit(request.size + 1)
    .execute();
  return pageOf(rows.map(fromRow), request, (resource) => resource.canonical);
}

/** Resources nested below one, innermost first. */
export async function listBelow(
  queries: Queries,
  tenantId: TenantId,
  canonical: CanonicalId,
): Promise<readonly Resource[]> {
  const rows = await queries
    .selectFrom('resources')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where(beginsWith('canonical', `${canonical}/`))
    .execute();
  return rows.map(fromRow).sort((one, other) => other.canonical.length - one.canonical.length);
}

/** Ids of the resources nested below some others, innermost first. */
export async function nestedBelow(
  queries: Queries,
  tenantId: TenantId,
  canonicals: readonly CanonicalId[],
): Promise<readonly CanonicalId[]> {
  if (canonicals.length === 0) return [];
  const rows = await queries
    .selectFrom('resources')
    .select('canonical')
    .where('tenant_id', '=', tenantId)
    .where(spanBelow('canonical', canonicals))
    .execute();
  const above = new Set<string>(canonicals);
  return rows
    .map(({ canonical }) => canonical as CanonicalId)
    .filter((canonical) => isBelowOneOf(above, canonical))
    .sort((one, other) => other.length - one.length);
}

/** Writes a resource, new or changed, and tells those who follow. */
export async function saveResource(transaction: Transaction, resource: Resource): Promise<void> {
  const changing = {
    tags: JSON.stringify(resource.tags),
    properties: JSON.stringify(resource.properties),
    extra: JSON.stringify(resource.extra),
    state: JSON.stringify(resource.state),
    identity_type: resource.identityType ?? null,
    provisioning_state: resource.provisioningState,
    version: resource.version,
    changed_at: resource.changedAt,
    changed_by: writeWriter(resource.changedBy),
  };
  await transaction
    .insertInto('resources')
    .values({
      canonical: resource.canonical,
      tenant_id: resource.tenantId,
      subscription_id: resource.subscriptionId,
      group_canonical: resource.groupCanonical ?? null,
      resource_id: resource.resourceId,
      type: resource.type,
      type_canonical: resource.type.toLowerCase(),
      name: resource.name,
      location: resource.location,
      created_at: resource.createdAt,
      created_by: writeWriter(resource.createdBy),
      global_name: resource.globalName ?? null,
      ...changing,
    })
    .onConflict((conflict) =>
      conflict.column('canonical').doUpdateSet(changing).where('resources.tenant_id', '=', resource.tenantId),
    )
    .execute();
  await writeTags(transaction, resource);
  await recordChange(transaction, {
    tenantId: resource.tenantId,
    kind: 'resource',
    key: resource.canonical,
    at: resource.changedAt,
  });
}

/** Changes what the provider knows of some resources, which is no write of them, and tells those who follow. */
export async function saveStates(
  transaction: Transaction,
  tenantId: TenantId,
  states: ReadonlyMap<CanonicalId, JsonObject>,
  at: number,
): Promise<void> {
  for (const portion of portionsOf([...states])) {
    const [first, ...others] = portion.map(
      ([canonical, state]) => [canonical, JSON.stringify(state)] as const,
    );
    if (first === undefined) continue;
    await transaction
      .updateTable('resources')
      .set((eb) => {
        let state = eb.case('canonical').when(first[0]).then(first[1]);
        for (const [canonical, text] of others) state = state.when(canonical).then(text);
        return { state: state.end(), changed_at: at };
      })
      .where('tenant_id', '=', tenantId)
      .where(
        'canonical',
        'in',
        portion.map(([canonical]) => canonical),
      )
      .execute();
  }
  const changes = [...states.keys()].map((key) => ({ tenantId, kind: 'resource', key, at }) as const);
  await recordChanges(transaction, changes);
}

/** Removes the rows of resources with their tags, and tells those who follow. */
export async function deleteResourceRows(
  transaction: Transaction,
  tenantId: TenantId,
  canonicals: readonly CanonicalId[],
  at: number,
): Promise<void> {
  await transaction
    .deleteFrom('resources')
    .where('tenant_id', '=', tenantId)
    .where('canonical', 'in', [...canonicals])
    .execute();
  await removeTags(transaction, tenantId, canonicals);
  const changes = canonicals.map((key) => ({ tenantId, kind: 'resource', key, at }) as const);
  await recordChanges(transaction, changes);
}
