import {
  type CanonicalId,
  type ClientId,
  guid,
  type PrincipalId,
  type TenantId,
} from '../../foundation/ids.ts';
import { recordChange, recordChanges } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import { portionsOf } from '../storage/portions.ts';
import type { IdentityCredentialsTable } from '../storage/tables.ts';

export async function insertCredential(
  transaction: Transaction,
  row: IdentityCredentialsTable,
  at: number,
): Promise<void> {
  await transaction.insertInto('identity_credentials').values(row).execute();
  await recordChange(transaction, {
    tenantId: guid<TenantId>(row.tenant_id),
    kind: 'client',
    key: row.client_id,
    at,
  });
}

/** The certificate of a thumbprint (SHA-256, base64url), as far as it is this client's in this tenant. */
export async function selectCredential(
  queries: Queries,
  tenantId: TenantId,
  clientId: ClientId,
  thumbprint: string,
): Promise<IdentityCredentialsTable | undefined> {
  return await queries
    .selectFrom('identity_credentials')
    .selectAll()
    .where('thumbprint', '=', thumbprint)
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', clientId)
    .executeTakeFirst();
}

/** A certificate of an identity, whoever holds its key. */
export type IdentityCertificate = Pick<
  IdentityCredentialsTable,
  'thumbprint' | 'client_id' | 'certificate' | 'not_before' | 'not_after'
>;

/** Certificates provisioned for these identities, on hosts and with resource providers, oldest first. */
export async function selectCredentialsOf(
  queries: Queries,
  tenantId: TenantId,
  clientIds: readonly ClientId[],
): Promise<readonly IdentityCertificate[]> {
  if (clientIds.length === 0) return [];
  return await queries
    .selectFrom('identity_credentials')
    .select(['thumbprint', 'client_id', 'certificate', 'not_before', 'not_after'])
    .where('tenant_id', '=', tenantId)
    .where('client_id', 'in', [...clientIds])
    .unionAll((held) =>
      held
        .selectFrom('provider_credentials')
        .select(['sha256 as thumbprint', 'client_id', 'certificate', 'not_before', 'not_after'])
        .where('tenant_id', '=', tenantId)
        .where('client_id', 'in', [...clientIds]),
    )
    .orderBy('not_before')
    .orderBy('thumbprint')
    .execute();
}

/** Thumbprints of what a machine holds for an identity, newest first. */
export async function selectThumbprintsOnMachine(
  queries: Queries,
  tenantId: TenantId,
  machineId: string,
  principalId: PrincipalId,
): Promise<readonly string[]> {
  const rows = await queries
    .selectFrom('identity_credentials')
    .select('thumbprint')
    .where('tenant_id', '=', tenantId)
    .where('machine_id', '=', machineId)
    .where('principal_id', '=', principalId)
    .orderBy('not_before', 'desc')
    .orderBy('thumbprint')
    .execute();
  return rows.map((row) => row.thumbprint);
}

/** Which credentials end: a principal's, a resource's, a machine's, or one alone; all conditions given must hold. */
export interface CredentialSelector {
  readonly tenantId: TenantId;
  readonly principalId?: PrincipalId;
  readonly resourceCanonical?: CanonicalId;
  readonly machineId?: string;
  readonly thumbprint?: string;
  readonly at: number;
}

/**
 * Ends credentials, at the token service from the commit on: those of hosts, and with a principal or a resource those
 * that resource providers hold.
 *
 * @throws TypeError for a selector that names nothing: it would end the tenant's every credential
 */
export async function removeCredentials(
  transaction: Transaction,
  { tenantId, principalId, resourceCanonical, machineId, thumbprint, at }: CredentialSelector,
): Promise<void> {
  let query = transaction.deleteFrom('identity_credentials').where('tenant_id', '=', tenantId);
  const conditions = [
    ['principal_id', principalId],
    ['resource_canonical', resourceCanonical],
    ['machine_id', machineId],
    ['thumbprint', thumbprint],
  ] as const;
  if (conditions.every(([, value]) => value === undefined)) throw new TypeError('the selector names nothing');
  for (const [column, value] of conditions) if (value !== undefined) query = query.where(column, '=', value);
  const rows = await query.returning('client_id').execute();
  if (machineId === undefined && thumbprint === undefined) {
    let held = transaction.deleteFrom('provider_credentials').where('tenant_id', '=', tenantId);
    if (principalId !== undefined) held = held.where('principal_id', '=', principalId);
    if (resourceCanonical !== undefined) held = held.where('resource_canonical', '=', resourceCanonical);
    rows.push(...(await held.returning('client_id').execute()));
  }
  await recordEnded(transaction, tenantId, rows, at);
}

/**
 * Ends every credential of some principals, resources or machines; with principals and resources those that resource
 * providers hold as well.
 *
 * @returns the resources that they were for
 */
export async function removeCredentialsOfEach(
  transaction: Transaction,
  tenantId: TenantId,
  column: 'principal_id' | 'resource_canonical' | 'machine_id',
  ids: readonly string[],
  at: number,
): Promise<ReadonlySet<CanonicalId>> {
  const resources = new Set<CanonicalId>();
  for (const portion of portionsOf(ids)) {
    const rows = await transaction
      .deleteFrom('identity_credentials')
      .where('tenant_id', '=', tenantId)
      .where(column, 'in', portion)
      .returning(['client_id', 'resource_canonical'])
      .execute();
    if (column !== 'machine_id') {
      const held = await transaction
        .deleteFrom('provider_credentials')
        .where('tenant_id', '=', tenantId)
        .where(column, 'in', portion)
        .returning(['client_id', 'resource_canonical'])
        .execute();
      rows.push(...held);
    }
    for (const row of rows) resources.add(row.resource_canonical as CanonicalId);
    await recordEnded(transaction, tenantId, rows, at);
  }
  return resources;
}

async function recordEnded(
  transaction: Transaction,
  tenantId: TenantId,
  rows: readonly { readonly client_id: string }[],
  at: number,
): Promise<void> {
  const keys = new Set(rows.map((row) => row.client_id));
  await recordChanges(
    transaction,
    Array.from(keys, (key) => ({ tenantId, kind: 'client', key, at }) as const),
  );
}
