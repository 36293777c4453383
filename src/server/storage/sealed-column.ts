import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import type { Clock } from '../../foundation/clock.ts';
import type { TenantId } from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { Database, Queries, Transaction } from './database.ts';
import type { KeyEncryptionKey } from './key-encryption-key.ts';

/** Where a sealed value lies. `row` is the row's key within its tenant. */
export interface SealedPlace {
  readonly tenantId: TenantId;
  readonly table: string;
  readonly column: string;
  readonly row: string;
}

/** Seals values for one place, and opens them there only. */
export interface Sealer {
  /** @throws SealError where the tenant has no data key */
  seal(place: SealedPlace, plaintext: Uint8Array): Promise<Uint8Array>;
  /** @throws SealError where the value was altered, belongs to another place, or its key is missing */
  open(place: SealedPlace, sealed: Uint8Array): Promise<Uint8Array>;
}

/** A sealed value that does not open, or a tenant without its key: the database was tampered with or half restored. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

const format = 1;
const keyLength = 32;
const nonceLength = 12;
const tagLength = 16;
/** Format byte and 32 bits of key version. */
const headerLength = 5;
const bodyStart = headerLength + nonceLength;

interface DataKey {
  readonly version: number;
  readonly key: KeyObject;
}

/**
 * Seals with the tenant's data key: AES-256-GCM under a random 96-bit nonce, tenant, table, column and row as
 * additional data. Form: format byte, data-key version (32 bits, big endian), nonce, ciphertext, 16 bytes of tag.
 * The newest version of a tenant's key seals, every version opens.
 */
export class TenantSealer implements Sealer {
  readonly #queries: Queries;
  readonly #keyEncryptionKey: KeyEncryptionKey;
  readonly #randomness: Randomness;
  readonly #clock: Clock;
  readonly #capacity: number;
  /** By tenant and version, and by tenant alone for the one that seals; empty inside a transaction. */
  readonly #keys = new Map<string, DataKey>();

  constructor(
    database: Pick<Database, 'read'>,
    keyEncryptionKey: KeyEncryptionKey,
    sources: { readonly randomness: Randomness; readonly clock: Clock },
    capacity = 10_000,
  ) {
    this.#queries = database.read;
    this.#keyEncryptionKey = keyEncryptionKey;
    this.#randomness = sources.randomness;
    this.#clock = sources.clock;
    this.#capacity = capacity;
  }

  /**
   * A sealer that finds its keys through the transaction: for the transaction that creates the tenant, whose key is
   * not visible outside yet. It remembers no key, since the transaction may roll back.
   */
  within(transaction: Transaction): Sealer {
    const sources = { randomness: this.#randomness, clock: this.#clock };
    return new TenantSealer({ read: transaction }, this.#keyEncryptionKey, sources, 0);
  }

  /** Gives the tenant its next data key, part of the transaction that creates the tenant. */
  async createTenantKey(transaction: Transaction, tenantId: TenantId): Promise<void> {
    const newest = await transaction
      .selectFrom('tenant_keys')
      .select('version')
      .where('tenant_id', '=', tenantId)
      .orderBy('version', 'desc')
      .limit(1)
      .executeTakeFirst();
    const version = (newest?.version ?? 0) + 1;
    const bytes = this.#randomness.bytes(keyLength);
    const wrapped = this.#keyEncryptionKey.wrap(keyName(tenantId, version), bytes);
    bytes.fill(0);
    await transaction
      .insertInto('tenant_keys')
      .values({ tenant_id: tenantId, version, wrapped_key: wrapped, created_at: this.#clock.now() })
      .execute();
  }

  async seal(place: SealedPlace, plaintext: Uint8Array): Promise<Uint8Array> {
    const { version, key } = await this.#sealingKey(place.tenantId);
    const header = Buffer.alloc(headerLength);
    header.writeUInt8(format);
    header.writeUInt32BE(version, 1);
    const nonce = this.#randomness.bytes(nonceLength);
    const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength });
    cipher.setAAD(additionalData(header, place));
    return Buffer.concat([header, nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  }

  async open(place: SealedPlace, sealed: Uint8Array): Promise<Uint8Array> {
    if (sealed[0] !== format || sealed.length < bodyStart + tagLength) {
      throw new SealError(`${describe(place)} is not a sealed value`);
    }
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    const { key } = await this.#openingKey(place.tenantId, bytes.readUInt32BE(1));
    const end = bytes.length - tagLength;
    const nonce = bytes.subarray(headerLength, bodyStart);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength });
    decipher.setAAD(additionalData(bytes.subarray(0, headerLength), place));
    decipher.setAuthTag(bytes.subarray(end));
    const start = decipher.update(bytes.subarray(bodyStart, end));
    try {
      return Buffer.concat([start, decipher.final()]);
    } catch (cause) {
      throw new SealError(`${describe(place)} was altered or moved from another place`, { cause });
    }
  }

  async #sealingKey(tenantId: TenantId): Promise<DataKey> {
    const known = this.#keys.get(tenantId);
    if (known !== undefined) return known;
    const row = await this.#queries
      .selectFrom('tenant_keys')
      .select(['version', 'wrapped_key'])
      .where('tenant_id', '=', tenantId)
      .orderBy('version', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (row === undefined) throw new SealError(`tenant ${tenantId} has no data key`);
    return this.#keep(tenantId, this.#unwrap(tenantId, row.version, row.wrapped_key));
  }

  async #openingKey(tenantId: TenantId, version: number): Promise<DataKey> {
    const name = keyName(tenantId, version);
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const row = await this.#queries
      .selectFrom('tenant_keys')
      .select('wrapped_key')
      .where('tenant_id', '=', tenantId)
      .where('version', '=', version)
      .executeTakeFirst();
    if (row === undefined) throw new SealError(`tenant ${tenantId} has no data key of version ${version}`);
    return this.#keep(name, this.#unwrap(tenantId, version, row.wrapped_key));
  }

  #unwrap(tenantId: TenantId, version: number, wrapped: Uint8Array): DataKey {
    const bytes = this.#keyEncryptionKey.unwrap(keyName(tenantId, version), wrapped);
    if (bytes === undefined) throw new SealError(`the data key of tenant ${tenantId} was altered`);
    const key = createSecretKey(bytes);
    bytes.fill(0);
    return { version, key };
  }

  #keep(name: string, key: DataKey): DataKey {
    if (this.#keys.size >= this.#capacity) {
      const [oldest] = this.#keys.keys();
      if (oldest === undefined) return key;
      this.#keys.delete(oldest);
    }
    this.#keys.set(name, key);
    return key;
  }
}

function keyName(tenantId: TenantId, version: number): string {
  return `tenant-key/${tenantId}/${version}`;
}

/** Each part with its length before it, so that no two places spell the same. */
function additionalData(header: Uint8Array, place: SealedPlace): Uint8Array {
  const parts = [place.tenantId, place.table, place.column, place.row].map((part) => Buffer.from(part));
  return Buffer.concat([
    header,
    ...parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return [length, part];
    }),
  ]);
}

function describe(place: SealedPlace): string {
  return `${place.table}.${place.column} of ${place.row}`;
}
