import type { Selectable } from 'kysely';
import { type ClientId, guid, type PrincipalId, type TenantId } from '../../foundation/ids.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { ApplicationsTable } from '../storage/tables.ts';
import { type ApplicationManifest, parseManifest } from './application-manifest.ts';

/** A registered application. What signs in for it is its principal, an object of its own under the same client id. */
export interface Application {
  readonly tenantId: TenantId;
  /** Object id; never given to another. */
  readonly objectId: PrincipalId;
  readonly clientId: ClientId;
  readonly displayName: string;
  readonly manifest: ApplicationManifest;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** How one application is named: by object id, by client id, or by its unique name. */
export type ApplicationName =
  | { readonly objectId: PrincipalId }
  | { readonly clientId: ClientId }
  | { readonly uniqueName: string };

export async function insertApplicationRow(
  transaction: Transaction,
  application: Application,
  at: number,
): Promise<void> {
  const { tenantId, clientId } = application;
  await transaction
    .insertInto('applications')
    .values({
      client_id: clientId,
      tenant_id: tenantId,
      object_id: application.objectId,
      display_name: application.displayName,
      manifest: JSON.stringify(application.manifest),
      created_at: application.createdAt,
      unique_name: application.manifest.uniqueName ?? null,
    })
    .execute();
  await recordChange(transaction, { tenantId, kind: 'client', key: clientId, at });
}

export async function updateApplicationRow(
  transaction: Transaction,
  { tenantId, clientId, displayName, manifest }: Application,
  at: number,
): Promise<void> {
  await transaction
    .updateTable('applications')
    .set({
      display_name: displayName,
      manifest: JSON.stringify(manifest),
      unique_name: manifest.uniqueName ?? null,
    })
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', clientId)
    .execute();
  await recordChange(transaction, { tenantId, kind: 'client', key: clientId, at });
}

/** @returns the application as it was, `undefined` where the tenant has none of that client id */
export async function deleteApplicationRow(
  transaction: Transaction,
  { tenantId, clientId }: { readonly tenantId: TenantId; readonly clientId: ClientId },
  at: number,
): Promise<Application | undefined> {
  const row = await transaction
    .deleteFrom('applications')
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', clientId)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return undefined;
  await recordChange(transaction, { tenantId, kind: 'client', key: clientId, at });
  return asApplication(row);
}

export async function selectApplication(
  queries: Queries,
  tenantId: TenantId,
  name: ApplicationName,
): Promise<Application | undefined> {
  const query = queries.selectFrom('applications').selectAll().where('tenant_id', '=', tenantId);
  if ('clientId' in name) {
    const row = await query.where('client_id', '=', name.clientId).executeTakeFirst();
    return row && asApplication(row);
  }
  if ('uniqueName' in name) {
    const row = await query.where('unique_name', '=', name.uniqueName).executeTakeFirst();
    return row && asApplication(row);
  }
  // the client id stands in where a row of before has no object id
  const row = await query
    .where((e) =>
      e.or([
        e('object_id', '=', name.objectId),
        e.and([e('object_id', 'is', null), e('client_id', '=', name.objectId)]),
      ]),
    )
    .executeTakeFirst();
  return row && asApplication(row);
}

/** Applications of a tenant whose object id is among these. */
export async function selectApplicationsOf(
  queries: Queries,
  tenantId: TenantId,
  objectIds: readonly PrincipalId[],
): Promise<readonly Application[]> {
  if (objectIds.length === 0) return [];
  const rows = await queries
    .selectFrom('applications')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where((e) =>
      e.or([
        e('object_id', 'in', [...objectIds]),
        e.and([e('object_id', 'is', null), e('client_id', 'in', [...objectIds])]),
      ]),
    )
    .orderBy('client_id')
    .execute();
  return rows.map(asApplication);
}

/** What the applications of these client ids declare. */
export async function selectManifestsOf(
  queries: Queries,
  tenantId: TenantId,
  clientIds: readonly ClientId[],
): Promise<ReadonlyMap<ClientId, ApplicationManifest>> {
  if (clientIds.length === 0) return new Map();
  const rows = await queries
    .selectFrom('applications')
    .select(['client_id', 'manifest'])
    .where('tenant_id', '=', tenantId)
    .where('client_id', 'in', [...clientIds])
    .execute();
  return new Map(rows.map((row) => [guid<ClientId>(row.client_id), parseManifest(row.manifest)]));
}

/** A tenant's applications by client id. */
export async function selectApplications(
  queries: Queries,
  tenantId: TenantId,
  { after, limit }: { readonly after?: string; readonly limit: number },
): Promise<readonly Application[]> {
  const rows = await queries
    .selectFrom('applications')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .$if(after !== undefined, (q) => q.where('client_id', '>', after ?? ''))
    .orderBy('client_id')
    .limit(limit)
    .execute();
  return rows.map(asApplication);
}

export function asApplication(row: Selectable<ApplicationsTable>): Application {
  return {
    tenantId: guid<TenantId>(row.tenant_id),
    objectId: guid<PrincipalId>(row.object_id ?? row.client_id),
    clientId: guid<ClientId>(row.client_id),
    displayName: row.display_name,
    manifest: parseManifest(row.manifest),
    createdAt: row.created_at,
  };
}
