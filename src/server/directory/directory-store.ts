import type { Selectable } from 'kysely';
import {
  type CanonicalId,
  type ClientId,
  guid,
  type PrincipalId,
  type TenantId,
} from '../../foundation/ids.ts';
import { recordChanges } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import { portionsOf } from '../storage/portions.ts';
import type { PrincipalsTable, TenantsTable } from '../storage/tables.ts';
import { removeReferences } from './references.ts';
import type { NewPrincipal, Principal } from './service-principals.ts';
import { validFromAfter } from './tokens-valid-from.ts';

export interface Tenant {
  readonly tenantId: TenantId;
  readonly displayName: string;
  /** Lower case. */
  readonly defaultDomain: string;
}

interface PrincipalKey {
  readonly tenantId: TenantId;
  readonly principalId: PrincipalId;
}

export async function insertTenant(
  transaction: Transaction,
  tenant: Tenant & { readonly at: number },
): Promise<void> {
  await transaction
    .insertInto('tenants')
    .values({
      tenant_id: tenant.tenantId,
      display_name: tenant.displayName,
      default_domain: tenant.defaultDomain,
      created_at: tenant.at,
    })
    .execute();
}

/** The tenant of a GUID or of its default domain, lower case both. */
export async function selectTenant(
  queries: Queries,
  name: { readonly tenantId: TenantId } | { readonly defaultDomain: string },
): Promise<Tenant | undefined> {
  const query = queries.selectFrom('tenants').selectAll();
  const row = await ('tenantId' in name
    ? query.where('tenant_id', '=', name.tenantId)
    : query.where('default_domain', '=', name.defaultDomain)
  ).executeTakeFirst();
  return row && asTenant(row);
}

/** All tenants, oldest first. */
export async function selectTenants(queries: Queries, limit: number): Promise<readonly Tenant[]> {
  const rows = await queries
    .selectFrom('tenants')
    .selectAll()
    .orderBy('created_at')
    .orderBy('tenant_id')
    .limit(limit)
    .execute();
  return rows.map(asTenant);
}

/** Makes a principal, enabled. Fails where the tenant has the client id, or the resource its identity, already. */
export async function insertPrincipal(transaction: Transaction, principal: NewPrincipal): Promise<void> {
  const identity = principal.principalType === 'ManagedIdentity' ? principal.identity : undefined;
  await transaction
    .insertInto('principals')
    .values({
      principal_id: principal.principalId,
      tenant_id: principal.tenantId,
      client_id: principal.clientId,
      principal_type: principal.principalType,
      display_name: principal.displayName,
      enabled: 1,
      tokens_valid_from: principal.at,
      identity_kind: identity?.kind ?? null,
      resource_id: identity?.resourceId ?? null,
      resource_canonical: identity?.resourceCanonical ?? null,
      created_at: principal.at,
    })
    .execute();
  await recordPrincipals(transaction, principal.tenantId, [principal], principal.at);
}

/** Ends one principal. @returns the principal as it was, `undefined` where the tenant has none of that id */
export async function deletePrincipal(
  transaction: Transaction,
  { tenantId, principalId, at }: PrincipalKey & { readonly at: number },
): Promise<Principal | undefined> {
  return (await deletePrincipals(transaction, { tenantId, principalIds: [principalId], at }))[0];
}

/**
 * Ends principals: their tokens are refused from the commit on. The credentials they hold themselves go with them, and
 * whatever names them; an application's own credentials and registration stay.
 *
 * @returns the principals as they were; ids that the tenant has none of are left out
 */
export async function deletePrincipals(
  transaction: Transaction,
  {
    tenantId,
    principalIds,
    at,
  }: { readonly tenantId: TenantId; readonly principalIds: readonly PrincipalId[]; readonly at: number },
): Promise<readonly Principal[]> {
  const deleted: Principal[] = [];
  for (const portion of portionsOf(principalIds)) {
    const rows = await transaction
      .deleteFrom('principals')
      .where('tenant_id', '=', tenantId)
      .where('principal_id', 'in', portion)
      .returningAll()
      .execute();
    const principals = rows.map(asPrincipal);
    if (principals.length === 0) continue;
    await removeReferences(transaction, {
      tenantId,
      objectIds: principals.map((one) => one.principalId),
      at,
    });
    for (const table of ['client_secrets', 'client_certificates'] as const) {
      await transaction
        .deleteFrom(table)
        .where('tenant_id', '=', tenantId)
        .where(
          'client_id',
          'in',
          principals.map(({ clientId }) => clientId),
        )
        .where('holder', '=', 'servicePrincipal')
        .execute();
    }
    await recordPrincipals(transaction, tenantId, principals, at);
    deleted.push(...principals);
  }
  return deleted;
}

/** Allows or forbids sign-in. @returns whether the tenant has the principal */
export async function setPrincipalEnabled(
  transaction: Transaction,
  { tenantId, principalId, enabled, at }: PrincipalKey & { readonly enabled: boolean; readonly at: number },
): Promise<boolean> {
  return await updatePrincipal(transaction, { tenantId, principalId, at }, { enabled: enabled ? 1 : 0 });
}

/** Refuses every token issued before the transaction is committed; `at` is milliseconds since the epoch. @returns whether the tenant has the principal */
export async function revokeTokens(
  transaction: Transaction,
  { tenantId, principalId, at }: PrincipalKey & { readonly at: number },
): Promise<boolean> {
  const principal = await selectPrincipal(transaction, tenantId, principalId);
  if (principal === undefined) return false;
  const tokens_valid_from = validFromAfter(principal.tokensValidFrom, at);
  return await updatePrincipal(transaction, { tenantId, principalId, at }, { tokens_valid_from });
}

/** Tells a managed identity's principal the new id of the resource that it stands for. */
export async function renamePrincipalResource(
  transaction: Transaction,
  {
    tenantId,
    principalId,
    resourceId,
    resourceCanonical,
    at,
  }: PrincipalKey & {
    readonly resourceId: string;
    readonly resourceCanonical: CanonicalId;
    readonly at: number;
  },
): Promise<void> {
  const change = { resource_id: resourceId, resource_canonical: resourceCanonical };
  await updatePrincipal(transaction, { tenantId, principalId, at }, change);
}

async function updatePrincipal(
  transaction: Transaction,
  { tenantId, principalId, at }: PrincipalKey & { readonly at: number },
  change:
    | { readonly enabled: number }
    | { readonly tokens_valid_from: number }
    | { readonly resource_id: string; readonly resource_canonical: string },
): Promise<boolean> {
  const row = await transaction
    .updateTable('principals')
    .set(change)
    .where('tenant_id', '=', tenantId)
    .where('principal_id', '=', principalId)
    .returning('client_id')
    .executeTakeFirst();
  if (row === undefined) return false;
  const clientId = guid<ClientId>(row.client_id);
  await recordPrincipals(transaction, tenantId, [{ principalId, clientId }], at);
  return true;
}

/** A principal is cached under its object id and, with its secrets, under its client id. */
async function recordPrincipals(
  transaction: Transaction,
  tenantId: TenantId,
  principals: readonly Pick<Principal, 'principalId' | 'clientId'>[],
  at: number,
): Promise<void> {
  await recordChanges(
    transaction,
    principals.flatMap(({ principalId, clientId }) => [
      { tenantId, kind: 'principal', key: principalId, at } as const,
      { tenantId, kind: 'client', key: clientId, at } as const,
    ]),
  );
}

export async function selectPrincipal(
  queries: Queries,
  tenantId: TenantId,
  principalId: PrincipalId,
): Promise<Principal | undefined> {
  const row = await queries
    .selectFrom('principals')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('principal_id', '=', principalId)
    .executeTakeFirst();
  return row && asPrincipal(row);
}

/** The principals of the given object ids, in the tenant; ids of others are left out. */
export async function selectPrincipalsOf(
  queries: Queries,
  tenantId: TenantId,
  principalIds: readonly PrincipalId[],
): Promise<readonly Principal[]> {
  if (principalIds.length === 0) return [];
  const rows = await queries
    .selectFrom('principals')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('principal_id', 'in', [...principalIds])
    .orderBy('principal_id')
    .execute();
  return rows.map(asPrincipal);
}

export interface PrincipalQuery {
  readonly clientId?: ClientId;
  /** Compared without regard to case. */
  readonly displayName?: string;
  readonly principalType?: 'Application' | 'ManagedIdentity';
  /** Only principals whose object id sorts behind this one. */
  readonly after?: string;
  readonly limit: number;
}

/** A tenant's principals by object id. */
export async function selectPrincipals(
  queries: Queries,
  tenantId: TenantId,
  { clientId, displayName, principalType, after, limit }: PrincipalQuery,
): Promise<readonly Principal[]> {
  const rows = await queries
    .selectFrom('principals')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .$if(clientId !== undefined, (q) => q.where('client_id', '=', clientId ?? ''))
    .$if(displayName !== undefined, (q) =>
      q.where((e) => e(e.fn<string>('lower', ['display_name']), '=', (displayName ?? '').toLowerCase())),
    )
    .$if(principalType !== undefined, (q) => q.where('principal_type', '=', principalType ?? ''))
    .$if(after !== undefined, (q) => q.where('principal_id', '>', after ?? ''))
    .orderBy('principal_id')
    .limit(limit)
    .execute();
  return rows.map(asPrincipal);
}

function asTenant(row: Selectable<TenantsTable>): Tenant {
  return {
    tenantId: guid<TenantId>(row.tenant_id),
    displayName: row.display_name,
    defaultDomain: row.default_domain,
  };
}

/** A row as a principal; a row that is neither kind is a broken database. */
export function asPrincipal(row: Selectable<PrincipalsTable>): Principal {
  const facts = {
    tenantId: guid<TenantId>(row.tenant_id),
    principalId: guid<PrincipalId>(row.principal_id),
    clientId: guid<ClientId>(row.client_id),
    displayName: row.display_name,
    enabled: row.enabled === 1,
    tokensValidFrom: row.tokens_valid_from,
    createdAt: row.created_at,
  };
  if (row.principal_type === 'Application') return { ...facts, principalType: 'Application' };
  const { identity_kind: kind, resource_id: resourceId, resource_canonical: canonical } = row;
  if (
    row.principal_type !== 'ManagedIdentity' ||
    (kind !== 'SystemAssigned' && kind !== 'UserAssigned') ||
    resourceId === null ||
    canonical === null
  ) {
    throw new TypeError(`principal ${row.principal_id} is neither an application nor a managed identity`);
  }
  return {
    ...facts,
    principalType: 'ManagedIdentity',
    identity: { kind, resourceId, resourceCanonical: canonical as CanonicalId },
  };
}
