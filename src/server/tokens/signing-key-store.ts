import type { TenantId } from '../../foundation/ids.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import {
  accessTokenPurpose,
  type KeyHolder,
  type KeyState,
  type NewSigningKey,
  type SigningAlgorithm,
} from './signing-keys.ts';

/** The keys of one tenant that sign with one algorithm, one after another. */
export interface KeyLine {
  readonly tenantId: TenantId;
  readonly alg: SigningAlgorithm;
}

/** A key as its row says. Times are milliseconds since the epoch. */
export interface KeyRecord extends KeyLine {
  readonly kid: string;
  readonly state: KeyState;
  readonly holder: KeyHolder;
  readonly createdAt: number;
  readonly activatedAt: number | undefined;
  /** When it stopped signing, or was revoked. */
  readonly retiredAt: number | undefined;
}

/** What stands where a private half was: no sealed value begins with it. */
const forgotten = Uint8Array.of(0);

/**
 * Begins a line: one key that signs, one announced, so that the key set never has a single key. A line that stands
 * (whose keys nobody can use any more) retires, what it had announced and never used goes.
 *
 * @param at milliseconds since the epoch
 */
export async function beginLine(
  transaction: Transaction,
  { active, prepared }: { readonly active: NewSigningKey; readonly prepared: NewSigningKey },
  at: number,
): Promise<void> {
  const { tenantId, alg } = active;
  await transaction
    .deleteFrom('signing_keys')
    .where('tenant_id', '=', tenantId)
    .where('purpose', '=', accessTokenPurpose)
    .where('alg', '=', alg)
    .where('state', '=', 'prepared')
    .execute();
  await retireActive(transaction, active, at);
  await insertKey(transaction, { key: active, state: 'active', at });
  await insertKey(transaction, { key: prepared, state: 'prepared', at: at + 1 });
  await recordKeys(transaction, tenantId, at);
}

/**
 * Turns a line: the active key retires, the announced one signs, and a new one is announced.
 *
 * @param from kid of the key that is to retire
 * @param at milliseconds since the epoch
 * @returns false, and nothing is done, where another key is active meanwhile or none is announced
 */
export async function turnLine(
  transaction: Transaction,
  { from, prepared, at }: { readonly from: string; readonly prepared: NewSigningKey; readonly at: number },
): Promise<boolean> {
  const line = await selectLine(transaction, prepared);
  const next = line.find(({ state }) => state === 'prepared');
  if (next === undefined || line.find(({ state }) => state === 'active')?.kid !== from) return false;
  await retireActive(transaction, prepared, at);
  await updateKey(transaction, next).set({ state: 'active', activated_at: at }).execute();
  await insertKey(transaction, { key: prepared, state: 'prepared', at });
  await recordKeys(transaction, prepared.tenantId, at);
  return true;
}

/**
 * Takes a key out of the key set: its tokens are refused here from the commit on, and its private half is gone. In its
 * line a key goes on to sign and another is announced.
 *
 * @param key as it stood when `next` was made
 * @param next the key that is announced from now on; needed unless the key is retired
 * @returns false, and nothing is done, where the key stands differently meanwhile
 */
export async function revokeKey(
  transaction: Transaction,
  {
    key,
    next,
    at,
  }: { readonly key: KeyRecord; readonly next: NewSigningKey | undefined; readonly at: number },
): Promise<boolean> {
  const standing = (await selectLine(transaction, key)).find(({ kid }) => kid === key.kid);
  if (standing?.state !== key.state) return false;
  if (key.state === 'active') {
    if (next === undefined) throw new TypeError('a key that signs is followed by another');
    if (!(await turnLine(transaction, { from: key.kid, prepared: next, at }))) return false;
  }
  if (key.state === 'prepared') {
    if (next === undefined) throw new TypeError('a key that is announced is followed by another');
    await insertKey(transaction, { key: next, state: 'prepared', at });
  }
  await updateKey(transaction, key)
    .set({ state: 'revoked', retired_at: at, private_key_sealed: forgotten })
    .execute();
  await recordKeys(transaction, key.tenantId, at);
  return true;
}

/** Removes a key that nobody asks about any more. */
export async function removeKey(transaction: Transaction, key: KeyRecord, at: number): Promise<void> {
  await transaction
    .deleteFrom('signing_keys')
    .where('tenant_id', '=', key.tenantId)
    .where('purpose', '=', accessTokenPurpose)
    .where('kid', '=', key.kid)
    .where('state', 'in', ['retired', 'revoked'])
    .execute();
  await recordKeys(transaction, key.tenantId, at);
}

/** Forgets the private halves of keys that retired before a time: they sign nothing any more. */
export async function forgetRetired(transaction: Transaction, before: number): Promise<void> {
  // over all tenants: this is the server's own housekeeping, not an answer to anyone
  await transaction
    .updateTable('signing_keys')
    .set({ private_key_sealed: forgotten })
    .where('purpose', '=', accessTokenPurpose)
    .where('state', '=', 'retired')
    .where('retired_at', '<=', before)
    .where('private_key_sealed', '!=', forgotten)
    .execute();
}

/** Every key of a tenant, revoked ones included, oldest first. */
export async function selectTenantKeys(queries: Queries, tenantId: TenantId): Promise<readonly KeyRecord[]> {
  const rows = await records(queries).where('tenant_id', '=', tenantId).execute();
  return rows.map(asRecord);
}

/** Every key of a line, oldest first. */
export async function selectLine(
  queries: Queries,
  { tenantId, alg }: KeyLine,
): Promise<readonly KeyRecord[]> {
  const rows = await records(queries).where('tenant_id', '=', tenantId).where('alg', '=', alg).execute();
  return rows.map(asRecord);
}

/** Keys of all tenants that began to sign, or have stopped to, before a time: the server's own housekeeping. */
export async function selectAged(
  queries: Queries,
  { state, before, limit }: { readonly state: KeyState; readonly before: number; readonly limit: number },
): Promise<readonly KeyRecord[]> {
  const column = state === 'active' ? 'activated_at' : 'retired_at';
  const rows = await records(queries)
    .where('state', '=', state)
    .where(column, '<=', before)
    .limit(limit)
    .execute();
  return rows.map(asRecord);
}

/** Keys of all tenants in use that are another holder's than this one. */
export async function selectForeign(queries: Queries, holder: KeyHolder): Promise<readonly KeyRecord[]> {
  const rows = await records(queries)
    .where('state', 'in', ['prepared', 'active'])
    .where('holder', '!=', holder)
    .execute();
  return rows.map(asRecord);
}

function records(queries: Queries) {
  return queries
    .selectFrom('signing_keys')
    .select([
      ...(['tenant_id', 'kid', 'state', 'alg', 'holder'] as const),
      ...(['created_at', 'activated_at', 'retired_at'] as const),
    ])
    .where('purpose', '=', accessTokenPurpose)
    .orderBy('created_at')
    .orderBy('kid');
}

function asRecord(row: {
  tenant_id: string;
  kid: string;
  state: string;
  alg: string;
  holder: string;
  created_at: number;
  activated_at: number | null;
  retired_at: number | null;
}): KeyRecord {
  return {
    tenantId: row.tenant_id as TenantId,
    kid: row.kid,
    state: row.state as KeyState,
    alg: row.alg as SigningAlgorithm,
    holder: row.holder as KeyHolder,
    createdAt: row.created_at,
    activatedAt: row.activated_at ?? undefined,
    retiredAt: row.retired_at ?? undefined,
  };
}

function updateKey(transaction: Transaction, { tenantId, kid }: Pick<KeyRecord, 'tenantId' | 'kid'>) {
  return transaction
    .updateTable('signing_keys')
    .where('tenant_id', '=', tenantId)
    .where('purpose', '=', accessTokenPurpose)
    .where('kid', '=', kid);
}

async function retireActive(transaction: Transaction, { tenantId, alg }: KeyLine, at: number): Promise<void> {
  await transaction
    .updateTable('signing_keys')
    .set({ state: 'retired', retired_at: at })
    .where('tenant_id', '=', tenantId)
    .where('purpose', '=', accessTokenPurpose)
    .where('alg', '=', alg)
    .where('state', '=', 'active')
    .execute();
}

async function insertKey(
  transaction: Transaction,
  {
    key,
    state,
    at,
  }: { readonly key: NewSigningKey; readonly state: 'active' | 'prepared'; readonly at: number },
): Promise<void> {
  await transaction
    .insertInto('signing_keys')
    .values({
      tenant_id: key.tenantId,
      kid: key.kid,
      purpose: accessTokenPurpose,
      state,
      alg: key.alg,
      certificate: key.certificate,
      private_key_sealed: await key.sealWithin(transaction),
      created_at: at,
      activated_at: state === 'active' ? at : null,
      holder: key.holder,
    })
    .execute();
}

async function recordKeys(transaction: Transaction, tenantId: TenantId, at: number): Promise<void> {
  await recordChange(transaction, { tenantId, kind: 'signing-keys', key: tenantId, at });
}
