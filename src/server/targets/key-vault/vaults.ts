import { z } from 'zod';
import { parseScope, type ResourceScope } from '../../../contract/resource-id.ts';
import { type CanonicalId, guid, type TenantId } from '../../../foundation/ids.ts';
import type { ChangeFollower } from '../../storage/change-log.ts';
import type { Database, Queries } from '../../storage/database.ts';
import { FollowedCache } from '../../storage/followed-cache.ts';
import type { ResourcesTable } from '../../storage/tables.ts';
import type { Place } from '../target.ts';

/** A vault as its data plane needs it. */
export interface Vault extends Place {
  readonly tenantId: TenantId;
  readonly name: string;
  /** Lower case, without spaces: `westeurope`. */
  readonly location: string;
  readonly scope: ResourceScope;
  readonly canonical: CanonicalId;
  /** Days that a deleted object can be recovered, 7 to 90. */
  readonly recoverableDays: number;
  readonly purgeProtection: boolean;
  /** False where the vault was set to access policies, which are not served. */
  readonly roleBased: boolean;
}

const vaultType = 'microsoft.keyvault/vaults';

const storedProperties = z.object({
  softDeleteRetentionInDays: z.int().min(7).max(90).nullish(),
  enablePurgeProtection: z.boolean().nullish(),
  enableRbacAuthorization: z.boolean().nullish(),
});

function fromRow(row: ResourcesTable): Vault | undefined {
  const scope = parseScope(row.resource_id);
  if (scope.kind !== 'resource' || row.type_canonical !== vaultType) return undefined;
  const properties = storedProperties.parse(JSON.parse(row.properties));
  return {
    tenantId: guid<TenantId>(row.tenant_id),
    name: row.name,
    location: row.location.toLowerCase().replaceAll(' ', ''),
    scope,
    canonical: row.canonical as CanonicalId,
    recoverableDays: properties.softDeleteRetentionInDays ?? 90,
    purgeProtection: properties.enablePurgeProtection === true,
    roleBased: properties.enableRbacAuthorization !== false,
  };
}

interface VaultKey {
  readonly tenantId: TenantId;
  readonly canonical: CanonicalId;
}

/** Finds vaults by their host names, which are unique beyond tenants, from a cache that follows the change log. */
export class Vaults {
  readonly #database: Database;
  readonly #vaults: FollowedCache<Vault>;
  /** Which resource a name belonged to when last looked up: a hint, checked against the vault itself. */
  readonly #keys = new Map<string, VaultKey>();
  static readonly #kept = 10_000;

  constructor(database: Database, follower: ChangeFollower) {
    this.#database = database;
    this.#vaults = new FollowedCache(follower, { kind: 'resource', capacity: Vaults.#kept });
  }

  /** The vault of a host name's first label, in lower case. */
  async byName(name: string): Promise<Vault | undefined> {
    const hint = this.#keys.get(name);
    const hinted = hint && (await this.#byKey(hint));
    if (hinted?.name.toLowerCase() === name) return hinted;
    const key = await keyOf(this.#database.read, name);
    if (key === undefined) {
      this.#keys.delete(name);
      return undefined;
    }
    if (this.#keys.size >= Vaults.#kept) this.#keys.clear();
    this.#keys.set(name, key);
    return await this.#byKey(key);
  }

  async #byKey({ tenantId, canonical }: VaultKey): Promise<Vault | undefined> {
    return await this.#vaults.get(tenantId, canonical, async () => {
      const row = await this.#database.read
        .selectFrom('resources')
        .selectAll()
        .where('tenant_id', '=', tenantId)
        .where('canonical', '=', canonical)
        .executeTakeFirst();
      return row === undefined ? undefined : fromRow(row);
    });
  }
}

async function keyOf(queries: Queries, name: string): Promise<VaultKey | undefined> {
  const row = await queries
    .selectFrom('resources')
    .select(['tenant_id', 'canonical'])
    .where('type_canonical', '=', vaultType)
    .where('global_name', '=', name)
    .executeTakeFirst();
  return row && { tenantId: guid<TenantId>(row.tenant_id), canonical: row.canonical as CanonicalId };
}
