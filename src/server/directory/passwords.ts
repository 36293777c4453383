import { argon2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { DomainError } from '../../foundation/domain-error.ts';
import type { TenantId, UserId } from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import { asUser, canonicalName, type User, updateUser } from './user-store.ts';

declare const prepared: unique symbol;
/** A password of acceptable length, hashed: a PHC string. Made before the transaction that stores it, since it takes time. */
export type PasswordHash = string & { readonly [prepared]: true };

interface Parameters {
  /** Kibibytes. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** Argon2id, above what OWASP asks for at least (19 MiB and two passes, or 46 MiB and one). */
const current: Parameters = { memory: 47_104, passes: 2, parallelism: 1 };
const saltOctets = 16;
const hashOctets = 32;

/** Characters of a password. */
export const shortestPassword = 8;
export const longestPassword = 256;

const derive = promisify(argon2);

/**
 * Hashes a password for `setPassword`; takes some 100 ms in a thread beside the event loop, so it comes before the
 * transaction.
 *
 * @throws DomainError `invalid-value` for a password that is too short or too long
 */
export async function hashPassword(password: string, randomness: Randomness): Promise<PasswordHash> {
  const { length } = normal(password);
  if (length < shortestPassword || length > longestPassword) {
    throw new DomainError(
      'invalid-value',
      `A password has ${shortestPassword} to ${longestPassword} characters.`,
    );
  }
  const salt = randomness.bytes(saltOctets);
  const hash = await hashWith(current, password, salt);
  const { memory, passes, parallelism } = current;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(hash)}` as PasswordHash;
}

/**
 * Gives a user a password. Whatever was signed in with the one before ends: tokens, sessions and refresh tokens older
 * than the change are refused.
 *
 * @returns whether the tenant has the user
 */
export async function setPassword(
  transaction: Transaction,
  change: {
    readonly tenantId: TenantId;
    readonly userId: UserId;
    readonly hash: PasswordHash;
    /** Whether the next sign-in has to choose another. */
    readonly mustChange: boolean;
    /** Milliseconds since the epoch. */
    readonly at: number;
  },
): Promise<boolean> {
  const { tenantId, userId, hash, at } = change;
  if (!(await updateUser(transaction, { tenantId, userId, at }, { tokensValidFrom: at }))) return false;
  const values = { hash, must_change: change.mustChange ? 1 : 0, changed_at: at };
  await transaction
    .insertInto('user_passwords')
    .values({ user_id: userId, tenant_id: tenantId, ...values })
    .onConflict((conflict) => conflict.column('user_id').doUpdateSet(values))
    .execute();
  return true;
}

/** Takes a user's password away, in the transaction that ends the user. */
export async function removePassword(
  transaction: Transaction,
  tenantId: TenantId,
  userId: UserId,
): Promise<void> {
  await transaction
    .deleteFrom('user_passwords')
    .where('tenant_id', '=', tenantId)
    .where('user_id', '=', userId)
    .execute();
}

/** Whoever signs in by a name, with the password as kept. */
export interface NamedUser {
  readonly user: User;
  readonly hash: string;
  readonly mustChange: boolean;
}

/** By one query, so that a name costs the same whether it exists or not (C13). `undefined` without a password as well. */
export async function selectNamedUser(
  queries: Queries,
  tenantId: TenantId,
  userPrincipalName: string,
): Promise<NamedUser | undefined> {
  const row = await queries
    .selectFrom('users')
    .innerJoin('user_passwords', (join) =>
      join
        .onRef('user_passwords.user_id', '=', 'users.user_id')
        .onRef('user_passwords.tenant_id', '=', 'users.tenant_id'),
    )
    .selectAll('users')
    .select(['user_passwords.hash', 'user_passwords.must_change'])
    .where('users.tenant_id', '=', tenantId)
    .where('users.name_canonical', '=', canonicalName(userPrincipalName))
    .executeTakeFirst();
  return row && { user: asUser(row), hash: row.hash, mustChange: row.must_change === 1 };
}

/** Stands in where there is nothing to compare with, so that the answer takes as long (C13). */
const decoy = `$argon2id$v=19$m=${current.memory},t=${current.passes},p=${current.parallelism}$${base64(
  new Uint8Array(saltOctets),
)}$${base64(new Uint8Array(hashOctets))}`;

/**
 * Whether a password is the stored one, by the parameters it was stored under. `undefined` stands for a user that does
 * not exist or has no password, and costs the same work.
 */
export async function passwordMatches(stored: string | undefined, presented: string): Promise<boolean> {
  const { parameters, salt, hash } = parsePhc(stored ?? decoy);
  const bounded = presented.slice(0, longestPassword + 1);
  const derived = await hashWith(parameters, bounded, salt);
  const same = derived.length === hash.length && timingSafeEqual(derived, hash);
  return same && stored !== undefined && normal(bounded).length <= longestPassword;
}

async function hashWith(parameters: Parameters, password: string, salt: Uint8Array): Promise<Buffer> {
  return await derive('argon2id', {
    message: Buffer.from(normal(password), 'utf8'),
    nonce: salt,
    tagLength: hashOctets,
    ...parameters,
  });
}

/** One spelling of what looks the same, whichever keyboard it was typed on (NIST SP 800-63B §3.1.1.2). */
function normal(password: string): string {
  return password.normalize('NFC');
}

function parsePhc(text: string) {
  const match =
    /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(text);
  if (match === null) throw new TypeError('a stored password is not a PHC string of Argon2id');
  const [memory = 0, passes = 0, parallelism = 0] = match.slice(1, 4).map(Number);
  return {
    parameters: { memory, passes, parallelism },
    salt: Buffer.from(match[4] as string, 'base64'),
    hash: Buffer.from(match[5] as string, 'base64'),
  };
}

/** PHC strings have no padding. */
function base64(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64').replaceAll('=', '');
}
