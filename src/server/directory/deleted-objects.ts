import type { Selectable } from 'kysely';
import { guid, type PrincipalId, type TenantId } from '../../foundation/ids.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { DeletedObjectsTable } from '../storage/directory-tables.ts';
import { portionsOf } from '../storage/portions.ts';

export type DeletedKind = 'application' | 'servicePrincipal' | 'user' | 'group';

/** An object that was deleted: for thirty days it is listed, and where its kind allows it, restored as it was. */
export interface DeletedObject {
  readonly tenantId: TenantId;
  readonly objectId: PrincipalId;
  readonly kind: DeletedKind;
  readonly displayName: string;
  /** What the kind needs to show and restore it: plain JSON, no secret in it but in hashes. */
  readonly snapshot: unknown;
  /** Milliseconds since the epoch. */
  readonly deletedAt: number;
}

/** Milliseconds that a deleted object is kept. */
export const keptDeleted = 30 * 86_400_000;

/** Keeps what is being deleted, and lets go of the tenant's objects that were kept long enough. */
export async function insertDeletedObject(transaction: Transaction, object: DeletedObject): Promise<void> {
  await insertDeletedObjects(transaction, object, [object]);
}

/** Keeps objects of one tenant that are being deleted together. */
export async function insertDeletedObjects(
  transaction: Transaction,
  { tenantId, deletedAt }: Pick<DeletedObject, 'tenantId' | 'deletedAt'>,
  objects: readonly Omit<DeletedObject, 'tenantId' | 'deletedAt'>[],
): Promise<void> {
  await transaction
    .deleteFrom('deleted_objects')
    .where('tenant_id', '=', tenantId)
    .where('deleted_at', '<=', deletedAt - keptDeleted)
    .execute();
  for (const portion of portionsOf(objects)) {
    const rows = portion.map(({ objectId, kind, displayName, snapshot }) => ({
      tenant_id: tenantId,
      object_id: objectId,
      kind,
      display_name: displayName,
      snapshot: Buffer.from(JSON.stringify(snapshot), 'utf8'),
      deleted_at: deletedAt,
    }));
    await transaction.insertInto('deleted_objects').values(rows).execute();
  }
}

interface DeletedKey {
  readonly tenantId: TenantId;
  readonly objectId: PrincipalId;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export async function selectDeletedObject(
  queries: Queries,
  { tenantId, objectId, now }: DeletedKey,
): Promise<DeletedObject | undefined> {
  const row = await queries
    .selectFrom('deleted_objects')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('object_id', '=', objectId)
    .where('deleted_at', '>', now - keptDeleted)
    .executeTakeFirst();
  return row && asDeletedObject(row);
}

/** A tenant's deleted objects of a kind, by object id. */
export async function selectDeletedObjects(
  queries: Queries,
  {
    tenantId,
    kind,
    after,
    limit,
    now,
  }: Omit<DeletedKey, 'objectId'> & {
    readonly kind: DeletedKind;
    /** Only those whose object id sorts behind this one. */
    readonly after?: string;
    readonly limit: number;
  },
): Promise<readonly DeletedObject[]> {
  const rows = await queries
    .selectFrom('deleted_objects')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('kind', '=', kind)
    .where('deleted_at', '>', now - keptDeleted)
    .$if(after !== undefined, (q) => q.where('object_id', '>', after ?? ''))
    .orderBy('object_id')
    .limit(limit)
    .execute();
  return rows.map(asDeletedObject);
}

/** Takes a deleted object out, to restore it or to let go of it; one of several callers at once gets it. */
export async function takeDeletedObject(
  transaction: Transaction,
  { tenantId, objectId, now }: DeletedKey,
): Promise<DeletedObject | undefined> {
  const row = await transaction
    .deleteFrom('deleted_objects')
    .where('tenant_id', '=', tenantId)
    .where('object_id', '=', objectId)
    .where('deleted_at', '>', now - keptDeleted)
    .returningAll()
    .executeTakeFirst();
  return row && asDeletedObject(row);
}

function asDeletedObject(row: Selectable<DeletedObjectsTable>): DeletedObject {
  return {
    tenantId: guid<TenantId>(row.tenant_id),
    objectId: guid<PrincipalId>(row.object_id),
    kind: row.kind as DeletedKind,
    displayName: row.display_name,
    snapshot: JSON.parse(Buffer.from(row.snapshot).toString('utf8')),
    deletedAt: row.deleted_at,
  };
}
