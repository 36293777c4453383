import { hash, KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import type { Selectable } from 'kysely';
import type { Clock } from '../../foundation/clock.ts';
import type { TenantId } from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import { loadX509 } from '../../foundation/x509.ts';
import { type ChangeFeed, recordChange } from '../storage/change-log.ts';
import type { Database, Queries, Transaction } from '../storage/database.ts';
import { FollowedCache } from '../storage/followed-cache.ts';
import type { Sealer } from '../storage/sealed-column.ts';
import type { SigningKeysTable } from '../storage/tables.ts';

/**
 * prepared: published, signs nothing yet; active: signs; retired: published until its last token has expired;
 * revoked: published and accepted nowhere.
 */
export type KeyState = 'prepared' | 'active' | 'retired' | 'revoked';

/** The public side of a key that signs tokens. Its private half is the signer's alone. */
export interface SigningKey {
  readonly tenantId: TenantId;
  /** base64url SHA-1 of the certificate: also its `x5t` (f). */
  readonly kid: string;
  readonly state: KeyState;
  readonly alg: 'RS256';
  readonly publicKey: KeyObject;
  /** DER, standard base64: the `x5c` entry. */
  readonly certificate: string;
}

/** A tenant's keys that validators may meet. */
export interface TenantKeys {
  /** The one that signs; `undefined` only where the tenant was left without, which no operation here does. */
  readonly active: SigningKey | undefined;
  /** Prepared, active and retired, oldest first. */
  readonly published: readonly SigningKey[];
}

/** A key made, not yet kept anywhere. */
export interface NewSigningKey {
  readonly tenantId: TenantId;
  readonly kid: string;
  /** PEM. */
  readonly certificate: string;
  readonly privateKey: KeyObject;
}

export const accessTokenPurpose = 'access-token';
export const kidPattern = /^[A-Za-z0-9_-]{16,64}$/;
const certificateLife = 5 * 365 * 86_400_000;
const day = 86_400_000;
const rsaKey = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
} as const;

/** Where a private key is sealed: bound to its tenant and kid, so that rows cannot be swapped. */
export function keyPlace(tenantId: TenantId, kid: string) {
  return { tenantId, table: 'signing_keys', column: 'private_key_sealed', row: kid } as const;
}

/** Makes an RS256 key (2048 bits, generated off the event loop) with its self-signed certificate. */
export async function generateSigningKey(
  tenantId: TenantId,
  { clock, randomness }: { readonly clock: Clock; readonly randomness: Randomness },
): Promise<NewSigningKey> {
  const [x509, keys] = await Promise.all([
    loadX509(),
    webcrypto.subtle.generateKey(rsaKey, true, ['sign', 'verify']),
  ]);
  const serial = Buffer.from(randomness.bytes(16));
  serial.writeUInt8(serial.readUInt8(0) & 0x7f, 0);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serial.toString('hex'),
      name: [{ CN: ['accounts.accesscontrol.windows.net'] }],
      notBefore: new Date(clock.now() - day),
      notAfter: new Date(clock.now() + certificateLife),
      keys,
      signingAlgorithm: rsaKey,
    },
    webcrypto as unknown as Crypto,
  );
  const kid = hash('sha1', Buffer.from(certificate.rawData), 'base64url');
  return {
    tenantId,
    kid,
    certificate: certificate.toString('pem'),
    privateKey: KeyObject.from(keys.privateKey),
  };
}

/**
 * Inserts a new tenant's first keys: one that signs, one announced, so that the key set never has a single key.
 *
 * @param sealer one that finds the tenant's data key within the transaction
 * @param at milliseconds since the epoch
 */
export async function insertFirstKeys(
  transaction: Transaction,
  sealer: Sealer,
  { active, prepared }: { readonly active: NewSigningKey; readonly prepared: NewSigningKey },
  at: number,
): Promise<void> {
  await insertKey(transaction, sealer, { key: active, state: 'active', at });
  await insertKey(transaction, sealer, { key: prepared, state: 'prepared', at: at + 1 });
  await recordKeys(transaction, active.tenantId, at);
}

/**
 * Turns the keys: the active one retires, the announced one signs, and a new one is announced.
 *
 * @param at milliseconds since the epoch
 */
export async function rotateKeys(
  transaction: Transaction,
  sealer: Sealer,
  prepared: NewSigningKey,
  at: number,
): Promise<void> {
  const { tenantId } = prepared;
  const keys = transaction
    .updateTable('signing_keys')
    .where('tenant_id', '=', tenantId)
    .where('purpose', '=', accessTokenPurpose);
  await keys.where('state', '=', 'active').set({ state: 'retired' }).execute();
  await keys.where('state', '=', 'prepared').set({ state: 'active', activated_at: at }).execute();
  await insertKey(transaction, sealer, { key: prepared, state: 'prepared', at });
  await recordKeys(transaction, tenantId, at);
}

/**
 * Takes a key that does not sign out of the key set: its tokens are refused here from the commit on.
 *
 * @returns whether there was such a key
 */
export async function revokeKey(
  transaction: Transaction,
  { tenantId, kid, at }: { readonly tenantId: TenantId; readonly kid: string; readonly at: number },
): Promise<boolean> {
  const row = await transaction
    .updateTable('signing_keys')
    .set({ state: 'revoked' })
    .where('tenant_id', '=', tenantId)
    .where('purpose', '=', accessTokenPurpose)
    .where('kid', '=', kid)
    .where('state', 'in', ['prepared', 'retired'])
    .returning('kid')
    .executeTakeFirst();
  if (row === undefined) return false;
  await recordKeys(transaction, tenantId, at);
  return true;
}

async function insertKey(
  transaction: Transaction,
  sealer: Sealer,
  {
    key,
    state,
    at,
  }: { readonly key: NewSigningKey; readonly state: 'active' | 'prepared'; readonly at: number },
): Promise<void> {
  const octets = key.privateKey.export({ type: 'pkcs8', format: 'der' });
  const sealed = await sealer.seal(keyPlace(key.tenantId, key.kid), octets);
  octets.fill(0);
  await transaction
    .insertInto('signing_keys')
    .values({
      tenant_id: key.tenantId,
      kid: key.kid,
      purpose: accessTokenPurpose,
      state,
      alg: 'RS256',
      certificate: key.certificate,
      private_key_sealed: sealed,
      created_at: at,
      activated_at: state === 'active' ? at : null,
    })
    .execute();
}

async function recordKeys(transaction: Transaction, tenantId: TenantId, at: number): Promise<void> {
  await recordChange(transaction, { tenantId, kind: 'signing-keys', key: tenantId, at });
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
    .select(['kid', 'state', 'alg', 'certificate'])
    .where('tenant_id', '=', tenantId)
    .where('purpose', '=', accessTokenPurpose)
    .where('state', 'in', ['prepared', 'active', 'retired'])
    .orderBy('created_at')
    .orderBy('kid')
    .execute();
  if (rows.length === 0) return undefined;
  const published = rows.map((row) => asKey(tenantId, row));
  return { active: published.find((key) => key.state === 'active'), published };
}

function asKey(
  tenantId: TenantId,
  row: Pick<Selectable<SigningKeysTable>, 'kid' | 'state' | 'alg' | 'certificate'>,
): SigningKey {
  const certificate = new X509Certificate(row.certificate);
  const kid = hash('sha1', certificate.raw, 'base64url');
  if (row.alg !== 'RS256' || kid !== row.kid || certificate.publicKey.asymmetricKeyType !== 'rsa') {
    throw new TypeError(`signing key ${row.kid} is not what its row says`);
  }
  return {
    tenantId,
    kid,
    state: row.state as KeyState,
    alg: 'RS256',
    publicKey: certificate.publicKey,
    certificate: certificate.raw.toString('base64'),
  };
}
