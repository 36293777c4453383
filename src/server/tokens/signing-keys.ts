import { hash, type KeyObject, X509Certificate } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { TenantId } from '../../foundation/ids.ts';
import type { ChangeFeed } from '../storage/change-log.ts';
import type { Database, Queries, Transaction } from '../storage/database.ts';
import { FollowedCache } from '../storage/followed-cache.ts';
import type { SigningKeysTable } from '../storage/tables.ts';

/**
 * prepared: published, signs nothing yet; active: signs; retired: published until its last token has expired;
 * revoked: published and accepted nowhere.
 */
export type KeyState = 'prepared' | 'active' | 'retired' | 'revoked';

/** What tokens are signed with (RFC 7518 §3.3 with 2048 bits, §3.4 with P-256). */
export type SigningAlgorithm = 'RS256' | 'ES256';

/** Who can open the private half of a key: this server, or a signer in a process of its own. */
export type KeyHolder = 'server' | 'signer';

/** The public side of a key that signs tokens. Its private half is the signer's alone. */
export interface SigningKey {
  readonly tenantId: TenantId;
  /** base64url SHA-1 of the certificate: also its `x5t` (f). */
  readonly kid: string;
  readonly state: KeyState;
  readonly alg: SigningAlgorithm;
  readonly publicKey: KeyObject;
  /** DER, standard base64: the `x5c` entry. */
  readonly certificate: string;
}

/** A tenant's keys that validators may meet. */
export interface TenantKeys {
  /**
   * The RS256 key that signs; `undefined` only where the tenant was left without, which no operation here does. Keys of
   * other algorithms are found by `activeKey`.
   */
  readonly active: SigningKey | undefined;
  /** Prepared, active and retired, oldest first. */
  readonly published: readonly SigningKey[];
  /** Keys that are accepted nowhere, and since when: milliseconds since the epoch. */
  readonly revoked: ReadonlyMap<string, number>;
}

/** A key made, not yet kept anywhere. */
export interface NewSigningKey {
  readonly tenantId: TenantId;
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  /** PEM. */
  readonly certificate: string;
  readonly holder: KeyHolder;
  /** The private half as its row keeps it: opened by the holder alone, and for this tenant and kid alone. */
  sealWithin(transaction: Transaction): Promise<Uint8Array>;
}

export const accessTokenPurpose = 'access-token';
export const kidPattern = /^[A-Za-z0-9_-]{16,64}$/;

/** Where a private key is sealed: bound to its tenant and kid, so that rows cannot be swapped. */
export function keyPlace(tenantId: TenantId, kid: string) {
  return { tenantId, table: 'signing_keys', column: 'private_key_sealed', row: kid } as const;
}

/** The key that signs with an algorithm; `undefined` where none was needed yet. */
export function activeKey(keys: TenantKeys | undefined, alg: SigningAlgorithm): SigningKey | undefined {
  if (alg === 'RS256') return keys?.active;
  return keys?.published.find((key) => key.alg === alg && key.state === 'active');
}

/** The public side of every tenant's keys, from a cache that follows `change_log`. */
export class SigningKeys {
  readonly #database: Database;
  readonly #cache: FollowedCache<TenantKeys>;

  constructor(database: Database, feed: ChangeFeed) {
    this.#database = database;
    this.#cache = new FollowedCache(feed, { kind: 'signing-keys', capacity: 4096 });
  }

  /** A tenant's keys; `undefined` for a tenant that has none. */
  async of(tenantId: TenantId): Promise<TenantKeys | undefined> {
    return await this.#cache.get(tenantId, tenantId, () => selectKeys(this.#database.read, tenantId));
  }
}

async function selectKeys(queries: Queries, tenantId: TenantId): Promise<TenantKeys | undefined> {
  const rows = await queries
    .selectFrom('signing_keys')
    .select(['kid', 'state', 'alg', 'certificate', 'retired_at'])
    .where('tenant_id', '=', tenantId)
    .where('purpose', '=', accessTokenPurpose)
    .orderBy('created_at')
    .orderBy('kid')
    .execute();
  if (rows.length === 0) return undefined;
  const published = rows.filter(isPublished).map((row) => asKey(tenantId, row));
  return {
    active: published.find(({ state, alg }) => state === 'active' && alg === 'RS256'),
    published,
    revoked: new Map(
      rows
        .filter(({ state }) => state === 'revoked')
        .map(({ kid, retired_at }): [string, number] => [kid, retired_at ?? 0]),
    ),
  };
}

function isPublished({ state }: { readonly state: string }): boolean {
  return state === 'prepared' || state === 'active' || state === 'retired';
}

const keyTypes = { RS256: 'rsa', ES256: 'ec' } as const satisfies Record<SigningAlgorithm, string>;

function isSigningAlgorithm(alg: string): alg is SigningAlgorithm {
  return Object.hasOwn(keyTypes, alg);
}

function asKey(
  tenantId: TenantId,
  row: Pick<Selectable<SigningKeysTable>, 'kid' | 'state' | 'alg' | 'certificate'>,
): SigningKey {
  const key = publicSide(tenantId, row.alg, row.certificate);
  if (key?.kid !== row.kid) throw new TypeError(`signing key ${row.kid} is not what its row says`);
  return { ...key, state: row.state as KeyState };
}

/**
 * What a certificate says of a key.
 *
 * @param certificate PEM
 * @returns `undefined` where it is not of a key for the algorithm
 */
export function publicSide(
  tenantId: TenantId,
  alg: string,
  certificate: string,
): Omit<SigningKey, 'state'> | undefined {
  if (!isSigningAlgorithm(alg)) return undefined;
  const { publicKey, raw } = new X509Certificate(certificate);
  const { asymmetricKeyType, asymmetricKeyDetails } = publicKey;
  if (asymmetricKeyType !== keyTypes[alg]) return undefined;
  if (alg === 'ES256' && asymmetricKeyDetails?.namedCurve !== 'prime256v1') return undefined;
  const kid = hash('sha1', raw, 'base64url');
  return { tenantId, kid, alg, publicKey, certificate: raw.toString('base64') };
}
