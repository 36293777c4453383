import type { SetSecretRequest, UpdateSecretRequest } from '../../../contract/key-vault.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type { CanonicalId, TenantId } from '../../../foundation/ids.ts';
import type { Randomness } from '../../../foundation/randomness.ts';
import { KeyVaultError } from '../../http/dialects/key-vault.ts';
import type { Database, Queries, Transaction } from '../../storage/database.ts';
import type { SealedPlace, Sealer } from '../../storage/sealed-column.ts';
import {
  insertVersion,
  markDeleted,
  removeSecrets,
  removeSecretsOfVaults,
  type SecretKey,
  type SecretVersion,
  selectSecrets,
  selectVersion,
  selectVersions,
  updateVersion,
  type VersionChange,
} from './secret-store.ts';
import type { Vault } from './vaults.ts';

export interface SecretsDependencies {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

const day = 86_400_000;

/** The secrets of vaults: their versions, their deletion and recovery (`spec/targets.md` 1.8, 1.9). */
export class Secrets {
  readonly #database: Database;
  readonly #sealer: Sealer;
  readonly #clock: Clock;
  readonly #randomness: Randomness;

  constructor({ database, sealer, clock, randomness }: SecretsDependencies) {
    this.#database = database;
    this.#sealer = sealer;
    this.#clock = clock;
    this.#randomness = randomness;
  }

  /** Makes a new version, the current one from now on. @throws KeyVaultError 409 for the name of a deleted secret */
  async set(vault: Vault, name: string, request: SetSecretRequest): Promise<SecretVersion> {
    const key = keyOf(vault, name);
    const version = this.#randomness.uuid().replaceAll('-', '');
    const valueSealed = await this.#sealer.seal(placeOf(key, version), Buffer.from(request.value, 'utf8'));
    const { attributes } = request;
    return await this.#database.transaction(async (transaction) => {
      const at = this.#clock.now();
      await requireVault(transaction, vault);
      const existing = await selectVersion(transaction, key, undefined);
      if (existing !== undefined && isGone(existing, at)) await removeSecrets(transaction, key);
      else if (existing?.deletedAt != null) throw deletedButRecoverable(existing.name);
      await insertVersion(
        transaction,
        key,
        {
          version,
          valueSealed,
          contentType: request.contentType ?? null,
          tags: request.tags ?? null,
          enabled: attributes?.enabled ?? true,
          notBefore: attributes?.nbf ?? null,
          expires: attributes?.exp ?? null,
        },
        at,
      );
      return await requireLive(transaction, key, version);
    });
  }

  /** A version with its value. @throws KeyVaultError 404, and 403 for a disabled one */
  async get(
    vault: Pick<Vault, 'tenantId' | 'canonical'>,
    name: string,
    version: string | undefined,
  ): Promise<{ readonly secret: SecretVersion; readonly value: string }> {
    const key = keyOf(vault, name);
    const secret = await requireLive(this.#database.read, key, version);
    if (!secret.enabled) {
      throw new KeyVaultError(
        'forbidden',
        'Forbidden',
        'Operation get is not allowed on a disabled secret.',
        {
          innerCode: 'SecretDisabled',
        },
      );
    }
    const value = await this.#sealer.open(placeOf(key, secret.version), secret.valueSealed);
    return { secret, value: Buffer.from(value).toString('utf8') };
  }

  /** Changes what is given of a version; a disabled one as well. */
  async update(
    vault: Vault,
    name: string,
    version: string | undefined,
    { contentType, tags, attributes }: UpdateSecretRequest,
  ): Promise<SecretVersion> {
    const key = keyOf(vault, name);
    const change: VersionChange = {
      ...(contentType == null ? {} : { contentType }),
      ...(tags == null ? {} : { tags }),
      ...(attributes?.enabled == null ? {} : { enabled: attributes.enabled }),
      ...(attributes?.nbf == null ? {} : { notBefore: attributes.nbf }),
      ...(attributes?.exp == null ? {} : { expires: attributes.exp }),
    };
    return await this.#database.transaction(async (transaction) => {
      const secret = await requireLive(transaction, key, version);
      await updateVersion(transaction, key, secret.version, change, this.#clock.now());
      return await requireLive(transaction, key, secret.version);
    });
  }

  async list(vault: Vault, page: Page<string>): Promise<readonly SecretVersion[]> {
    return await this.#select(vault, false, page);
  }

  async listDeleted(vault: Vault, page: Page<string>): Promise<readonly SecretVersion[]> {
    return await this.#select(vault, true, page);
  }

  async listVersions(vault: Vault, name: string, page: Page<number>): Promise<readonly SecretVersion[]> {
    return await selectVersions(this.#database.read, keyOf(vault, name), page);
  }

  /** Deletes a secret: it can be recovered for as long as its vault retains, and its name is taken meanwhile. */
  async delete(vault: Vault, name: string): Promise<SecretVersion> {
    const key = keyOf(vault, name);
    return await this.#database.transaction(async (transaction) => {
      await requireLive(transaction, key, undefined);
      const deletedAt = this.#clock.now();
      const scheduledPurgeAt = deletedAt + vault.recoverableDays * day;
      await markDeleted(transaction, key, { deletedAt, scheduledPurgeAt });
      return await this.#requireDeleted(transaction, key);
    });
  }

  async getDeleted(vault: Vault, name: string): Promise<SecretVersion> {
    return await this.#requireDeleted(this.#database.read, keyOf(vault, name));
  }

  async recover(vault: Vault, name: string): Promise<SecretVersion> {
    const key = keyOf(vault, name);
    return await this.#database.transaction(async (transaction) => {
      await this.#requireDeleted(transaction, key);
      await markDeleted(transaction, key, undefined);
      return await requireLive(transaction, key, undefined);
    });
  }

  /** Removes a deleted secret for good. @throws KeyVaultError 403 in a vault with purge protection */
  async purge(vault: Vault, name: string): Promise<void> {
    const key = keyOf(vault, name);
    await this.#database.transaction(async (transaction) => {
      await this.#requireDeleted(transaction, key);
      if (vault.purgeProtection) throw purgeProtected(vault);
      await removeSecrets(transaction, key);
    });
  }

  async #select(vault: Vault, deleted: boolean, page: Page<string>): Promise<readonly SecretVersion[]> {
    const { tenantId, canonical } = vault;
    const now = this.#clock.now();
    return await selectSecrets(this.#database.read, { tenantId, vault: canonical, deleted, now, ...page });
  }

  async #requireDeleted(queries: Queries, key: SecretKey): Promise<SecretVersion> {
    const secret = await selectVersion(queries, key, undefined);
    if (secret?.deletedAt == null || isGone(secret, this.#clock.now())) {
      throw new KeyVaultError('not-found', 'SecretNotFound', `Deleted Secret not found: ${key.name}`);
    }
    return secret;
  }
}

/** Rows at most, from behind a key on. */
export interface Page<Key> {
  readonly after: Key | undefined;
  readonly limit: number;
}

const isVault = /\/providers\/microsoft\.keyvault\/vaults\/[^/]+$/;

/** The part of vaults' contents in the deletion of resources: whatever lies under those that are vaults goes. */
export async function removeVaultContents(
  transaction: Transaction,
  ending: { readonly tenantId: TenantId; readonly resourceCanonicals: readonly CanonicalId[] },
): Promise<void> {
  const vaults = ending.resourceCanonicals.filter((canonical) => isVault.test(canonical));
  await removeSecretsOfVaults(transaction, ending.tenantId, vaults);
}

function keyOf(vault: Pick<Vault, 'tenantId' | 'canonical'>, name: string): SecretKey {
  return { tenantId: vault.tenantId, vault: vault.canonical, name };
}

/** A sealed value opens under its own vault, name and version only. */
export function placeOf({ tenantId, vault, name }: SecretKey, version: string): SealedPlace {
  const row = `${vault}/secrets/${name.toLowerCase()}/${version}`;
  return { tenantId, table: 'vault_secret_versions', column: 'value_sealed', row };
}

/** The vault may have been deleted or moved since it was found: nothing is left behind under an id that ended. */
async function requireVault(queries: Queries, { tenantId, canonical, name }: Vault): Promise<void> {
  const row = await queries
    .selectFrom('resources')
    .select('canonical')
    .where('tenant_id', '=', tenantId)
    .where('canonical', '=', canonical)
    .executeTakeFirst();
  if (row !== undefined) return;
  throw new KeyVaultError('not-found', 'VaultNotFound', `The vault '${name}' was not found.`);
}

async function requireLive(
  queries: Queries,
  key: SecretKey,
  version: string | undefined,
): Promise<SecretVersion> {
  const secret = await selectVersion(queries, key, version);
  if (secret === undefined || secret.deletedAt !== null) {
    const named = version === undefined ? key.name : `${key.name}/${version}`;
    throw new KeyVaultError(
      'not-found',
      'SecretNotFound',
      `A secret with (name/id) ${named} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182`,
    );
  }
  return secret;
}

/** Deleted so long ago that it can no longer be recovered: nothing of it is shown, and its name is free. */
function isGone({ scheduledPurgeAt }: SecretVersion, now: number): boolean {
  return scheduledPurgeAt !== null && scheduledPurgeAt <= now;
}

function deletedButRecoverable(name: string): KeyVaultError {
  return new KeyVaultError(
    'conflict',
    'Conflict',
    `Secret ${name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.`,
    { innerCode: 'ObjectIsDeletedButRecoverable' },
  );
}

function purgeProtected(vault: Vault): KeyVaultError {
  return new KeyVaultError(
    'forbidden',
    'Forbidden',
    `Operation "purge" is not allowed because purge protection is enabled for this vault. Key Vault service will automatically purge it after the retention period has passed.\r\nVault: ${vault.name};location=${vault.location}`,
    { innerCode: 'ForbiddenByPolicy' },
  );
}
