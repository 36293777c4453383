import type { z } from 'zod';
import type {
  GivenKeyCredential,
  KeyCredential,
  newPasswordCredential,
  PasswordCredential,
} from '../../../contract/graph-credentials.ts';
import { DomainError } from '../../../foundation/domain-error.ts';
import type { ClientId, TenantId } from '../../../foundation/ids.ts';
import type { Randomness } from '../../../foundation/randomness.ts';
import { createSecret } from '../../directory/applications.ts';
import {
  deleteClientCertificate,
  insertClientCertificate,
  selectCertificatesOf,
  selectClientCertificates,
} from '../../directory/client-certificate-store.ts';
import {
  type CredentialHolder,
  deleteSecret,
  selectSecrets,
  selectSecretsOf,
} from '../../directory/client-store.ts';
import type { Queries, Transaction } from '../../storage/database.ts';
import { presentCertificate, presentSecret } from './credential-shape.ts';

/** Whose credentials are meant: of a client, those that one of its two objects holds. */
export interface HeldBy {
  readonly tenantId: TenantId;
  readonly clientId: ClientId;
  readonly holder: CredentialHolder;
}

const day = 86_400_000;
const defaultLife = 730 * day;
const longestLife = 36_525 * day;

export interface ShownCredentials {
  readonly passwords: readonly PasswordCredential[];
  readonly keys: readonly KeyCredential[];
}

/** What is shown of the credentials that objects of one kind hold, by client id: no secret, no certificate's body. */
export async function presentCredentials(
  queries: Queries,
  tenantId: TenantId,
  clientIds: readonly ClientId[],
  holder: CredentialHolder,
): Promise<(clientId: ClientId) => ShownCredentials> {
  const secrets = await selectSecretsOf(queries, tenantId, clientIds);
  const certificates = await selectCertificatesOf(queries, tenantId, clientIds);
  const heldBy =
    (clientId: ClientId) => (one: { readonly clientId: ClientId; readonly holder: CredentialHolder }) =>
      one.clientId === clientId && one.holder === holder;
  return (clientId) => ({
    passwords: secrets.filter(heldBy(clientId)).map((secret) => presentSecret(secret)),
    keys: certificates.filter(heldBy(clientId)).map(presentCertificate),
  });
}

/**
 * Makes a secret: two years unless told, a hundred at most.
 *
 * @returns the credential with the secret in it, which nothing shows again
 */
export async function addPassword(
  transaction: Transaction,
  held: HeldBy,
  given: z.infer<typeof newPasswordCredential>,
  { randomness, at }: { readonly randomness: Randomness; readonly at: number },
): Promise<PasswordCredential> {
  const startsAt = given.startDateTime ?? at;
  const expiresAt = given.endDateTime ?? startsAt + defaultLife;
  if (expiresAt <= at || expiresAt <= startsAt || expiresAt - at > longestLife) {
    throw new DomainError(
      'invalid-value',
      'Credential lifetime is not valid: it must end later than it starts, and than now.',
      {
        target: 'endDateTime',
      },
    );
  }
  const { secret, ...kept } = await createSecret(
    transaction,
    {
      ...held,
      displayName: given.displayName ?? null,
      ...(given.startDateTime == null ? {} : { startsAt }),
      expiresAt,
      at,
    },
    randomness,
  );
  return presentSecret(kept, secret);
}

/** @throws DomainError `invalid-value` where the object does not hold the secret */
export async function removePassword(
  transaction: Transaction,
  held: HeldBy,
  keyId: string,
  at: number,
): Promise<void> {
  if (await deleteSecret(transaction, { ...held, secretId: keyId, at })) return;
  throw new DomainError('invalid-value', 'No password credential found with keyId.', { target: 'keyId' });
}

/**
 * Makes an object's secrets those of the list: Graph lets a change take secrets away, and adds them by `addPassword` only.
 *
 * @throws DomainError `invalid-value` where the list names a secret that the object does not hold
 */
export async function keepPasswords(
  transaction: Transaction,
  held: HeldBy,
  kept: readonly { readonly keyId?: string | null | undefined }[],
  at: number,
): Promise<void> {
  const secrets = await selectSecrets(transaction, held.tenantId, held.clientId);
  const standing = secrets.filter(({ holder }) => holder === held.holder).map(({ secretId }) => secretId);
  for (const { keyId } of kept) {
    if (keyId && standing.includes(keyId)) continue;
    throw new DomainError(
      'invalid-value',
      'New password credentials must be generated with service generated keys.',
      {
        target: 'passwordCredentials',
        code: 'CannotAddOrUpdateExistingCredentials',
      },
    );
  }
  for (const secretId of standing) {
    if (!kept.some(({ keyId }) => keyId === secretId))
      await deleteSecret(transaction, { ...held, secretId, at });
  }
}

/**
 * Makes an object's certificates those of the list: an entry with a `key` is new, one without names a standing one.
 *
 * @throws DomainError as `insertClientCertificate`, and `invalid-value` for an entry that is neither
 */
export async function replaceKeys(
  transaction: Transaction,
  held: HeldBy,
  given: readonly GivenKeyCredential[],
  { randomness, at }: { readonly randomness: Randomness; readonly at: number },
): Promise<void> {
  const { tenantId, clientId, holder } = held;
  const certificates = await selectClientCertificates(transaction, tenantId, clientId);
  const standing = certificates.filter((certificate) => certificate.holder === holder);
  const isStanding = ({ keyId }: GivenKeyCredential) => standing.some((known) => known.keyId === keyId);
  const fresh = given.filter((entry) => !isStanding(entry));
  for (const { keyId } of standing) {
    if (!given.some((entry) => entry.keyId === keyId)) {
      await deleteClientCertificate(transaction, { tenantId, clientId, keyId, at });
    }
  }
  for (const entry of fresh) await addKey(transaction, held, entry, { randomness, at });
}

/** @throws DomainError `invalid-value` where the object does not hold the certificate */
export async function removeKey(
  transaction: Transaction,
  { tenantId, clientId, holder }: HeldBy,
  keyId: string,
  at: number,
): Promise<void> {
  const certificates = await selectClientCertificates(transaction, tenantId, clientId);
  if (certificates.some((known) => known.keyId === keyId && known.holder === holder)) {
    await deleteClientCertificate(transaction, { tenantId, clientId, keyId, at });
    return;
  }
  throw new DomainError('invalid-value', 'No credential found with keyId.', { target: 'keyId' });
}

/** Registers one certificate of a `keyCredential`. @throws DomainError as `insertClientCertificate` */
export async function addKey(
  transaction: Transaction,
  { tenantId, clientId, holder }: HeldBy,
  entry: GivenKeyCredential,
  { randomness, at }: { readonly randomness: Randomness; readonly at: number },
): Promise<KeyCredential> {
  if (!entry.key || entry.type !== 'AsymmetricX509Cert' || entry.usage !== 'Verify') {
    throw new DomainError(
      'invalid-value',
      "A new key credential has a 'key', type AsymmetricX509Cert and usage Verify.",
      {
        target: 'keyCredentials',
      },
    );
  }
  const made = await insertClientCertificate(transaction, {
    tenantId,
    clientId,
    holder,
    keyId: entry.keyId ?? randomness.uuid(),
    certificate: certificateOf(entry.key),
    displayName: entry.displayName ?? undefined,
    notBefore: entry.startDateTime ?? undefined,
    notAfter: entry.endDateTime ?? undefined,
    at,
  });
  return presentCertificate(made);
}

/** Base64 of DER; some tools send base64 of the PEM text, which is accepted as Entra accepts it. */
function certificateOf(key: string): Uint8Array | string {
  const octets = Buffer.from(key, 'base64');
  return octets.subarray(0, 5).toString('latin1') === '-----' ? octets.toString('latin1') : octets;
}
