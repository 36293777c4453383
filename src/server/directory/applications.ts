import { hash, timingSafeEqual } from 'node:crypto';
import { DomainError } from '../../foundation/domain-error.ts';
import { type ClientId, guid, type PrincipalId, type TenantId } from '../../foundation/ids.ts';
import { type Randomness, randomText } from '../../foundation/randomness.ts';
import type { Transaction } from '../storage/database.ts';
import { replaceIdentifiers } from './application-identifiers.ts';
import { type ApplicationManifest, emptyManifest } from './application-manifest.ts';
import { insertApplicationRow, selectApplication } from './application-store.ts';
import { type ClientSecret, type CredentialHolder, countSecrets, insertSecret } from './client-store.ts';
import { insertPrincipal } from './directory-store.ts';

const secretOctets = 32;
const saltOctets = 16;
const maxSecretsOfClient = 20;
/** Milliseconds by which the clock of whoever chose a secret's start may be ahead of ours. */
const startTolerance = 300_000;
/** Longest secret looked at; ours have 43 characters. */
export const maxSecretLength = 256;

/**
 * Registers an application with its service principal. It has no credential yet.
 *
 * @param at milliseconds since the epoch
 */
export async function createApplication(
  transaction: Transaction,
  {
    tenantId,
    displayName,
    manifest = emptyManifest,
  }: {
    readonly tenantId: TenantId;
    readonly displayName: string;
    readonly manifest?: ApplicationManifest;
  },
  randomness: Randomness,
  at: number,
): Promise<{
  readonly clientId: ClientId;
  readonly principalId: PrincipalId;
  readonly applicationId: PrincipalId;
}> {
  const clientId = guid<ClientId>(randomness.uuid());
  const principalId = guid<PrincipalId>(randomness.uuid());
  const objectId = guid<PrincipalId>(randomness.uuid());
  const application = { tenantId, objectId, clientId, displayName, manifest, createdAt: at };
  await insertApplicationRow(transaction, application, at);
  await replaceIdentifiers(transaction, {
    tenantId,
    clientId,
    identifiers: manifest.identifierUris ?? [],
    at,
  });
  await insertPrincipal(transaction, {
    tenantId,
    principalId,
    clientId,
    displayName,
    principalType: 'Application',
    at,
  });
  return { clientId, principalId, applicationId: objectId };
}

/**
 * Gives an application a secret of 256 random bits. The secret is in the answer and nowhere else: kept is a salted hash.
 *
 * @throws DomainError `not-found` for a client that is no application of the tenant (a managed identity takes no
 *   secret), `conflict` where it has the most secrets allowed
 */
export async function createSecret(
  transaction: Transaction,
  request: {
    readonly tenantId: TenantId;
    readonly clientId: ClientId;
    readonly displayName?: string | null;
    /** The object the secret ends with; the application unless told. */
    readonly holder?: CredentialHolder;
    /** Milliseconds since the epoch; from now on unless told. */
    readonly startsAt?: number;
    /** Milliseconds since the epoch. */
    readonly expiresAt: number;
    readonly at: number;
  },
  randomness: Randomness,
): Promise<ClientSecret & { readonly secret: string }> {
  const { tenantId, clientId, displayName = null, holder = 'application', expiresAt, at } = request;
  if ((await selectApplication(transaction, tenantId, { clientId })) === undefined) {
    throw new DomainError('not-found', `The tenant has no application '${clientId}'.`);
  }
  if ((await countSecrets(transaction, tenantId, clientId)) >= maxSecretsOfClient) {
    throw new DomainError('conflict', `An application has at most ${maxSecretsOfClient} secrets.`, {
      code: 'Directory_QuotaExceeded',
    });
  }
  const secret = randomText(randomness, secretOctets);
  const salt = randomness.bytes(saltOctets);
  const kept: ClientSecret = {
    secretId: randomness.uuid(),
    clientId,
    salt,
    hash: saltedHash(salt, secret),
    hint: secret.slice(0, 3),
    displayName,
    holder,
    startsAt: request.startsAt ?? 0,
    createdAt: at,
    expiresAt,
  };
  await insertSecret(transaction, { ...kept, tenantId, at });
  return { ...kept, secret };
}

/** Stands in where there is no secret to compare with, so that the answer takes as long. */
const decoy = {
  secretId: undefined,
  salt: new Uint8Array(saltOctets),
  hash: new Uint8Array(32),
  startsAt: 0,
  expiresAt: 0,
};

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
): SecretResult {
  return examineSecret(secrets, presented, now).result;
}

export type SecretResult = 'valid' | 'expired' | 'wrong';

/** The same, with the id of the secret that it is. */
export function examineSecret(
  secrets: readonly ClientSecret[] | undefined,
  presented: string,
  now: number,
): { readonly result: SecretResult; readonly secretId: string | undefined } {
  const candidates = secrets === undefined || secrets.length === 0 ? [decoy] : secrets;
  const bounded = presented.slice(0, maxSecretLength + 1);
  let result: SecretResult = 'wrong';
  let secretId: string | undefined;
  for (const candidate of candidates) {
    const same = timingSafeEqual(candidate.hash, saltedHash(candidate.salt, bounded));
    if (same && candidates === secrets && candidate.startsAt - startTolerance <= now && result !== 'valid') {
      result = candidate.expiresAt > now ? 'valid' : 'expired';
      secretId = candidate.secretId;
    }
  }
  return { result, secretId };
}

function saltedHash(salt: Uint8Array, secret: string): Uint8Array {
  return hash('sha256', Buffer.concat([salt, Buffer.from(secret, 'utf8')]), 'buffer');
}
