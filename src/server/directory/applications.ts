import { hash, timingSafeEqual } from 'node:crypto';
import { DomainError } from '../../foundation/domain-error.ts';
import { type ClientId, guid, type PrincipalId, type TenantId } from '../../foundation/ids.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import type { Transaction } from '../storage/database.ts';
import {
  type ClientSecret,
  countSecrets,
  insertApplication,
  insertSecret,
  isApplication,
} from './client-store.ts';
import { insertPrincipal } from './directory-store.ts';

const secretOctets = 32;
const saltOctets = 16;
const maxSecretsOfClient = 20;
/** Longest secret looked at; ours have 43 characters. */
export const maxSecretLength = 256;

/**
 * Registers an application with its service principal. It has no credential yet.
 *
 * @param at milliseconds since the epoch
 */
export async function createApplication(
  transaction: Transaction,
  { tenantId, displayName }: { readonly tenantId: TenantId; readonly displayName: string },
  randomness: Randomness,
  at: number,
): Promise<{ readonly clientId: ClientId; readonly principalId: PrincipalId }> {
  const clientId = guid<ClientId>(randomness.uuid());
  const principalId = guid<PrincipalId>(randomness.uuid());
  await insertApplication(transaction, { tenantId, clientId, displayName, at });
  await insertPrincipal(transaction, {
    tenantId,
    principalId,
    clientId,
    displayName,
    principalType: 'Application',
    at,
  });
  return { clientId, principalId };
}

/**
 * Gives an application a secret of 256 random bits. The secret is in the answer and nowhere else: kept is a salted hash.
 *
 * @param expiresAt milliseconds since the epoch
 * @throws DomainError `not-found` for a client that is no application of the tenant (a managed identity takes no
 *   secret), `conflict` where it has the most secrets allowed
 */
export async function createSecret(
  transaction: Transaction,
  {
    tenantId,
    clientId,
    expiresAt,
    at,
  }: {
    readonly tenantId: TenantId;
    readonly clientId: ClientId;
    readonly expiresAt: number;
    readonly at: number;
  },
  randomness: Randomness,
): Promise<{ readonly secretId: string; readonly secret: string }> {
  if (!(await isApplication(transaction, tenantId, clientId))) {
    throw new DomainError('not-found', `The tenant has no application '${clientId}'.`);
  }
  if ((await countSecrets(transaction, tenantId, clientId)) >= maxSecretsOfClient) {
    throw new DomainError('conflict', `An application has at most ${maxSecretsOfClient} secrets.`);
  }
  const secret = Buffer.from(randomness.bytes(secretOctets)).toString('base64url');
  const salt = randomness.bytes(saltOctets);
  const secretId = randomness.uuid();
  await insertSecret(transaction, {
    tenantId,
    clientId,
    secretId,
    salt,
    hash: saltedHash(salt, secret),
    hint: secret.slice(0, 3),
    expiresAt,
    at,
  });
  return { secretId, secret };
}

/** Stands in where there is no secret to compare with, so that the answer takes as long. */
const decoy = { salt: new Uint8Array(saltOctets), hash: new Uint8Array(32) };

/**
 * Whether a presented secret is one of the client's, in a time that depends on how many there are and not on their
 * values or on which one matches. `undefined` stands for a client that does not exist.
 *
 * @param now milliseconds since the epoch
 */
export function checkSecret(
  secrets: readonly ClientSecret[] | undefined,
  presented: string,
  now: number,
): 'valid' | 'expired' | 'wrong' {
  const candidates = secrets === undefined || secrets.length === 0 ? [{ ...decoy, expiresAt: 0 }] : secrets;
  const bounded = presented.slice(0, maxSecretLength + 1);
  let result: 'valid' | 'expired' | 'wrong' = 'wrong';
  for (const candidate of candidates) {
    const same = timingSafeEqual(candidate.hash, saltedHash(candidate.salt, bounded));
    if (same && candidates === secrets && result !== 'valid') {
      result = candidate.expiresAt > now ? 'valid' : 'expired';
    }
  }
  return result;
}

function saltedHash(salt: Uint8Array, secret: string): Uint8Array {
  return hash('sha256', Buffer.concat([salt, Buffer.from(secret, 'utf8')]), 'buffer');
}
