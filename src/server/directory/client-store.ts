import type { Selectable } from 'kysely';
import {
  type ServicePrincipalMembers,
  servicePrincipalMembers,
} from '../../contract/graph-service-principal.ts';
import { type ClientId, guid, type TenantId } from '../../foundation/ids.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { ClientSecretsTable } from '../storage/tables.ts';
import { type ApplicationManifest, emptyManifest, parseManifest } from './application-manifest.ts';
import { asPrincipal } from './directory-store.ts';
import type { Principal } from './service-principals.ts';

/** Which object a credential belongs to, and ends with. Either opens the same client. */
export type CredentialHolder = 'application' | 'servicePrincipal';

/** A secret as kept: what it hashes to, never what it is. */
export interface ClientSecret {
  readonly secretId: string;
  readonly clientId: ClientId;
  readonly salt: Uint8Array;
  /** SHA-256 over salt and secret. */
  readonly hash: Uint8Array;
  /** Its first characters, for people to tell secrets apart. */
  readonly hint: string;
  readonly displayName: string | null;
  readonly holder: CredentialHolder;
  /** Milliseconds since the epoch: good from then on. 0 where nobody chose a time. */
  readonly startsAt: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** What signs in under a client id: its principal, the secrets it may show, and what its application declares. */
export interface Client {
  readonly principal: Principal;
  readonly secrets: readonly ClientSecret[];
  /** Empty for a managed identity, which has no application. */
  readonly manifest: ApplicationManifest;
  /** What administrators set on the principal. */
  readonly settings: ServicePrincipalMembers;
}

/** What signs in under a client id. */
export async function selectClient(
  queries: Queries,
  tenantId: TenantId,
  clientId: ClientId,
): Promise<Client | undefined> {
  const row = await queries
    .selectFrom('principals')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', clientId)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const principal = asPrincipal(row);
  const settings = readSettings(row.manifest);
  if (principal.principalType !== 'Application') {
    return { principal, secrets: [], manifest: emptyManifest, settings };
  }
  const application = await queries
    .selectFrom('applications')
    .select('manifest')
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', clientId)
    .executeTakeFirst();
  return {
    principal,
    secrets: await selectSecrets(queries, tenantId, clientId),
    manifest: application === undefined ? emptyManifest : parseManifest(application.manifest),
    settings,
  };
}

export async function isApplication(
  queries: Queries,
  tenantId: TenantId,
  clientId: ClientId,
): Promise<boolean> {
  const row = await queries
    .selectFrom('applications')
    .select('client_id')
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', clientId)
    .executeTakeFirst();
  return row !== undefined;
}

/** What administrators set on a principal, as its row keeps it. */
export function readSettings(text: string): ServicePrincipalMembers {
  return text === '{}' ? {} : servicePrincipalMembers.parse(JSON.parse(text));
}

/** What administrators set on the principals of these client ids. */
export async function selectSettingsOf(
  queries: Queries,
  tenantId: TenantId,
  clientIds: readonly ClientId[],
): Promise<ReadonlyMap<ClientId, ServicePrincipalMembers>> {
  if (clientIds.length === 0) return new Map();
  const rows = await queries
    .selectFrom('principals')
    .select(['client_id', 'manifest'])
    .where('tenant_id', '=', tenantId)
    .where('client_id', 'in', [...clientIds])
    .execute();
  return new Map(rows.map((row) => [guid<ClientId>(row.client_id), readSettings(row.manifest)]));
}

/** A client's secrets, oldest first. */
export async function selectSecrets(
  queries: Queries,
  tenantId: TenantId,
  clientId: ClientId,
): Promise<readonly ClientSecret[]> {
  return await selectSecretsOf(queries, tenantId, [clientId]);
}

/** The secrets of several clients, oldest first. */
export async function selectSecretsOf(
  queries: Queries,
  tenantId: TenantId,
  clientIds: readonly ClientId[],
): Promise<readonly ClientSecret[]> {
  if (clientIds.length === 0) return [];
  const rows = await queries
    .selectFrom('client_secrets')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('client_id', 'in', [...clientIds])
    .orderBy('created_at')
    .orderBy('secret_id')
    .execute();
  return rows.map(asSecret);
}

export async function insertSecret(
  transaction: Transaction,
  secret: ClientSecret & {
    readonly tenantId: TenantId;
    /** Milliseconds since the epoch. */
    readonly at: number;
  },
): Promise<void> {
  await transaction
    .insertInto('client_secrets')
    .values({
      secret_id: secret.secretId,
      tenant_id: secret.tenantId,
      client_id: secret.clientId,
      salt: secret.salt,
      hash: secret.hash,
      hint: secret.hint,
      display_name: secret.displayName,
      holder: secret.holder,
      starts_at: secret.startsAt === 0 ? null : secret.startsAt,
      expires_at: secret.expiresAt,
      created_at: secret.createdAt,
    })
    .execute();
  const { tenantId, clientId, at } = secret;
  await recordChange(transaction, { tenantId, kind: 'client', key: clientId, at });
}

export async function countSecrets(
  queries: Queries,
  tenantId: TenantId,
  clientId: ClientId,
): Promise<number> {
  const row = await queries
    .selectFrom('client_secrets')
    .select((e) => e.fn.countAll<number | string>().as('count'))
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', clientId)
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/**
 * Takes a secret away.
 *
 * @param holder only where it is this object's; any unless told
 * @returns whether there was one
 */
export async function deleteSecret(
  transaction: Transaction,
  {
    tenantId,
    clientId,
    secretId,
    holder,
    at,
  }: {
    readonly tenantId: TenantId;
    readonly clientId: ClientId;
    readonly secretId: string;
    readonly holder?: CredentialHolder;
    readonly at: number;
  },
): Promise<boolean> {
  const row = await transaction
    .deleteFrom('client_secrets')
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', clientId)
    .where('secret_id', '=', secretId)
    .$if(holder !== undefined, (q) => q.where('holder', '=', holder ?? ''))
    .returning('secret_id')
    .executeTakeFirst();
  if (row === undefined) return false;
  await recordChange(transaction, { tenantId, kind: 'client', key: clientId, at });
  return true;
}

export function asHolder(column: string): CredentialHolder {
  return column === 'servicePrincipal' ? 'servicePrincipal' : 'application';
}

export function asSecret(row: Selectable<ClientSecretsTable>): ClientSecret {
  return {
    secretId: row.secret_id,
    clientId: guid<ClientId>(row.client_id),
    salt: row.salt,
    hash: row.hash,
    hint: row.hint,
    displayName: row.display_name,
    holder: asHolder(row.holder),
    startsAt: row.starts_at ?? 0,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

/** Whose application a client id is. Client ids are never given to two, so the query names no tenant: it asks for it. */
export async function selectTenantOfClient(
  queries: Queries,
  clientId: ClientId,
): Promise<TenantId | undefined> {
  const rows = await queries
    .selectFrom('applications')
    .select('tenant_id')
    .where('client_id', '=', clientId)
    .limit(2)
    .execute();
  const [row] = rows;
  return row === undefined || rows.length > 1 ? undefined : guid<TenantId>(row.tenant_id);
}
