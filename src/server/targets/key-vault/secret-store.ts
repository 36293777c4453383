import type { CanonicalId, TenantId } from '../../../foundation/ids.ts';
import type { Queries, Transaction } from '../../storage/database.ts';
import type { VaultSecretVersionsTable } from '../../storage/tables.ts';

/** Names one secret of one vault. */
export interface SecretKey {
  readonly tenantId: TenantId;
  readonly vault: CanonicalId;
  /** In any case. */
  readonly name: string;
}

/** A version with its secret's state. Times in seconds, but `deletedAt` and `scheduledPurgeAt` in milliseconds. */
export interface SecretVersion {
  /** As first set. */
  readonly name: string;
  readonly version: string;
  readonly valueSealed: Uint8Array;
  readonly contentType: string | null;
  readonly tags: Readonly<Record<string, string>> | null;
  readonly enabled: boolean;
  readonly notBefore: number | null;
  readonly expires: number | null;
  readonly created: number;
  readonly updated: number;
  readonly deletedAt: number | null;
  readonly scheduledPurgeAt: number | null;
  /** Orders the versions of a secret. */
  readonly sequence: number;
}

export type NewVersion = Pick<
  SecretVersion,
  'version' | 'valueSealed' | 'contentType' | 'tags' | 'enabled' | 'notBefore' | 'expires'
>;

/** What may change of a version once it is made. */
export type VersionChange = Partial<
  Pick<SecretVersion, 'contentType' | 'tags' | 'enabled' | 'notBefore' | 'expires'>
>;

type Joined = Omit<VaultSecretVersionsTable, 'sequence'> & {
  readonly sequence: number | string;
  readonly name: string;
  readonly deleted_at: number | null;
  readonly scheduled_purge_at: number | null;
};

function fromRow(row: Joined): SecretVersion {
  return {
    name: row.name,
    version: row.version,
    valueSealed: row.value_sealed,
    contentType: row.content_type,
    tags: row.tags === null ? null : (JSON.parse(row.tags) as Readonly<Record<string, string>>),
    enabled: row.enabled === 1,
    notBefore: row.not_before,
    expires: row.expires,
    created: row.created,
    updated: row.updated,
    deletedAt: row.deleted_at,
    scheduledPurgeAt: row.scheduled_purge_at,
    sequence: Number(row.sequence),
  };
}

function versions(queries: Queries, tenantId: TenantId, vault: CanonicalId) {
  return queries
    .selectFrom('vault_secret_versions as v')
    .innerJoin('vault_secrets as s', (join) =>
      join
        .onRef('s.tenant_id', '=', 'v.tenant_id')
        .onRef('s.vault_canonical', '=', 'v.vault_canonical')
        .onRef('s.name_canonical', '=', 'v.name_canonical'),
    )
    .selectAll('v')
    .select(['s.name', 's.deleted_at', 's.scheduled_purge_at'])
    .where('v.tenant_id', '=', tenantId)
    .where('v.vault_canonical', '=', vault);
}

/** A version of a secret, live or deleted; without `version` the current one. */
export async function selectVersion(
  queries: Queries,
  { tenantId, vault, name }: SecretKey,
  version: string | undefined,
): Promise<SecretVersion | undefined> {
  const query = versions(queries, tenantId, vault).where('v.name_canonical', '=', name.toLowerCase());
  const row = await (version === undefined
    ? query.whereRef('v.version', '=', 's.current_version')
    : query.where('v.version', '=', version)
  ).executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

/** Current versions of a vault's live or deleted secrets, by name. */
export async function selectSecrets(
  queries: Queries,
  filter: {
    readonly tenantId: TenantId;
    readonly vault: CanonicalId;
    readonly deleted: boolean;
    /** Deleted secrets whose time is up by now are as good as gone: milliseconds since the epoch. */
    readonly now: number;
    readonly after: string | undefined;
    readonly limit: number;
  },
): Promise<readonly SecretVersion[]> {
  let query = versions(queries, filter.tenantId, filter.vault)
    .whereRef('v.version', '=', 's.current_version')
    .where('s.deleted_at', filter.deleted ? 'is not' : 'is', null);
  if (filter.deleted) query = query.where('s.scheduled_purge_at', '>', filter.now);
  if (filter.after !== undefined) query = query.where('v.name_canonical', '>', filter.after);
  return (await query.orderBy('v.name_canonical').limit(filter.limit).execute()).map(fromRow);
}

/** Versions of a live secret, oldest first; none where there is no such secret. */
export async function selectVersions(
  queries: Queries,
  { tenantId, vault, name }: SecretKey,
  page: { readonly after: number | undefined; readonly limit: number },
): Promise<readonly SecretVersion[]> {
  let query = versions(queries, tenantId, vault)
    .where('v.name_canonical', '=', name.toLowerCase())
    .where('s.deleted_at', 'is', null);
  if (page.after !== undefined) query = query.where('v.sequence', '>', page.after);
  return (await query.orderBy('v.sequence').limit(page.limit).execute()).map(fromRow);
}

/** Adds a version, which becomes the current one, and the secret with it where it is new. */
export async function insertVersion(
  transaction: Transaction,
  { tenantId, vault, name }: SecretKey,
  version: NewVersion,
  at: number,
): Promise<void> {
  const key = { tenant_id: tenantId, vault_canonical: vault, name_canonical: name.toLowerCase() };
  await transaction
    .insertInto('vault_secrets')
    .values({
      ...key,
      name,
      current_version: version.version,
      deleted_at: null,
      scheduled_purge_at: null,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['tenant_id', 'vault_canonical', 'name_canonical'])
        .doUpdateSet({ current_version: version.version }),
    )
    .execute();
  await transaction
    .insertInto('vault_secret_versions')
    .values({
      ...key,
      version: version.version,
      value_sealed: version.valueSealed,
      content_type: version.contentType,
      tags: asJson(version.tags),
      enabled: version.enabled ? 1 : 0,
      not_before: version.notBefore,
      expires: version.expires,
      created: seconds(at),
      updated: seconds(at),
    })
    .execute();
}

export async function updateVersion(
  transaction: Transaction,
  { tenantId, vault, name }: SecretKey,
  version: string,
  change: VersionChange,
  at: number,
): Promise<void> {
  await transaction
    .updateTable('vault_secret_versions')
    .set({
      updated: seconds(at),
      ...(change.contentType === undefined ? {} : { content_type: change.contentType }),
      ...(change.tags === undefined ? {} : { tags: asJson(change.tags) }),
      ...(change.enabled === undefined ? {} : { enabled: change.enabled ? 1 : 0 }),
      ...(change.notBefore === undefined ? {} : { not_before: change.notBefore }),
      ...(change.expires === undefined ? {} : { expires: change.expires }),
    })
    .where('tenant_id', '=', tenantId)
    .where('vault_canonical', '=', vault)
    .where('name_canonical', '=', name.toLowerCase())
    .where('version', '=', version)
    .execute();
}

/** Marks a secret deleted until a time, or live again. */
export async function markDeleted(
  transaction: Transaction,
  { tenantId, vault, name }: SecretKey,
  deleted: { readonly deletedAt: number; readonly scheduledPurgeAt: number } | undefined,
): Promise<void> {
  await transaction
    .updateTable('vault_secrets')
    .set({
      deleted_at: deleted?.deletedAt ?? null,
      scheduled_purge_at: deleted?.scheduledPurgeAt ?? null,
    })
    .where('tenant_id', '=', tenantId)
    .where('vault_canonical', '=', vault)
    .where('name_canonical', '=', name.toLowerCase())
    .execute();
}

/** Removes a secret with all its versions, or without `name` everything in the vault. */
export async function removeSecrets(
  transaction: Transaction,
  { tenantId, vault, name }: Omit<SecretKey, 'name'> & { readonly name?: string },
): Promise<void> {
  for (const table of ['vault_secret_versions', 'vault_secrets'] as const) {
    let query = transaction
      .deleteFrom(table)
      .where('tenant_id', '=', tenantId)
      .where('vault_canonical', '=', vault);
    if (name !== undefined) query = query.where('name_canonical', '=', name.toLowerCase());
    await query.execute();
  }
}

/** Removes every secret of some vaults. */
export async function removeSecretsOfVaults(
  transaction: Transaction,
  tenantId: TenantId,
  vaults: readonly CanonicalId[],
): Promise<void> {
  if (vaults.length === 0) return;
  for (const table of ['vault_secret_versions', 'vault_secrets'] as const) {
    await transaction
      .deleteFrom(table)
      .where('tenant_id', '=', tenantId)
      .where('vault_canonical', 'in', [...vaults])
      .execute();
  }
}

function asJson(tags: Readonly<Record<string, string>> | null): string | null {
  return tags === null ? null : JSON.stringify(tags);
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
