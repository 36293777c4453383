import type { Selectable } from 'kysely';
import type { ClientId, TenantId } from '../../foundation/ids.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { ClientSecretsTable } from '../storage/tables.ts';
import { asPrincipal } from './directory-store.ts';
import type { Principal } from './service-principals.ts';

/** A secret as kept: what it hashes to, never what it is. */
export interface ClientSecret {
  readonly secretId: string;
  readonly salt: Uint8Array;
  /** SHA-256 over salt and secret. */
  readonly hash: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** What signs in under a client id: its principal, and the secrets it may show. */
export interface Client {
  readonly principal: Principal;
  readonly secrets: readonly ClientSecret[];
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
  const secrets = await queries
    .selectFrom('client_secrets')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', clientId)
    .execute();
  return { principal: asPrincipal(row), secrets: secrets.map(asSecret) };
}

export async function insertApplication(
  transaction: Transaction,
  application: {
    readonly tenantId: TenantId;
    readonly clientId: ClientId;
    readonly displayName: string;
    readonly at: number;
  },
): Promise<void> {
  await transaction
    .insertInto('applications')
    .values({
      client_id: application.clientId,
      tenant_id: application.tenantId,
      display_name: application.displayName,
      created_at: application.at,
    })
    .execute();
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

export async function insertSecret(
  transaction: Transaction,
  secret: ClientSecret & {
    readonly tenantId: TenantId;
    readonly clientId: ClientId;
    readonly hint: string;
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
      expires_at: secret.expiresAt,
      created_at: secret.at,
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

export async function deleteSecret(
  transaction: Transaction,
  {
    tenantId,
    clientId,
    secretId,
    at,
  }: {
    readonly tenantId: TenantId;
    readonly clientId: ClientId;
    readonly secretId: string;
    readonly at: number;
  },
): Promise<boolean> {
  const row = await transaction
    .deleteFrom('client_secrets')
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', clientId)
    .where('secret_id', '=', secretId)
    .returning('secret_id')
    .executeTakeFirst();
  if (row === undefined) return false;
  await recordChange(transaction, { tenantId, kind: 'client', key: clientId, at });
  return true;
}

function asSecret(row: Selectable<ClientSecretsTable>): ClientSecret {
  return { secretId: row.secret_id, salt: row.salt, hash: row.hash, expiresAt: row.expires_at };
}
