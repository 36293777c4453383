import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import type { Selectable } from 'kysely';
import { checkClientKey } from '../../foundation/credential-key.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import { type ClientId, guid, type TenantId } from '../../foundation/ids.ts';
import { recordChange } from '../storage/change-log.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { ClientCertificatesTable } from '../storage/directory-tables.ts';
import { asHolder, type CredentialHolder, isApplication } from './client-store.ts';

/** Certificates that an application may have at once, expired ones included. */
export const maxCertificatesOfClient = 20;
/** Octets of a certificate (DER) at most. */
const maxCertificateOctets = 16_384;
const maxDisplayName = 256;

/** A certificate of an application (one of Graph's `keyCredentials`): proof of its key is proof of being the client. */
export interface ApplicationCertificate {
  /** GUID by which Graph names it. */
  readonly keyId: string;
  readonly tenantId: TenantId;
  readonly clientId: ClientId;
  /** SHA-1 of the certificate (DER), base64url: `x5t`; in hex it is Graph's `customKeyIdentifier`. */
  readonly sha1: string;
  /** SHA-256 of the certificate (DER), base64url: `x5t#S256`. */
  readonly sha256: string;
  readonly certificate: X509Certificate;
  readonly publicKey: KeyObject;
  readonly displayName: string | undefined;
  readonly holder: CredentialHolder;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

export interface NewClientCertificate {
  readonly tenantId: TenantId;
  readonly clientId: ClientId;
  /** GUID, lower case: one that the caller brings or a new one. */
  readonly keyId: string;
  /** One certificate: DER, or PEM text. Whatever stands beside it is dropped. */
  readonly certificate: Uint8Array | string;
  readonly displayName?: string | undefined;
  /** The object it ends with; the application unless told. */
  readonly holder?: CredentialHolder | undefined;
  /** A narrower time than the certificate's own (Graph's `startDateTime`, `endDateTime`): milliseconds. */
  readonly notBefore?: number | undefined;
  readonly notAfter?: number | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/**
 * Registers a certificate for an application; the token service accepts its key from the commit on. The key is RSA of
 * 2048 to 4096 bits with a sound exponent and factors (T18), or P-256, P-384.
 *
 * @throws DomainError `not-found` for a client that is no application of the tenant (a managed identity takes none),
 *   `invalid-value` for what is no certificate, has an unfit key (code `InvalidPublicKey`) or has ended, `conflict` at
 *   the bound, `already-exists` where the application has the certificate or the key id is taken
 */
export async function insertClientCertificate(
  transaction: Transaction,
  request: NewClientCertificate,
): Promise<ApplicationCertificate> {
  const { tenantId, clientId, keyId, displayName, at } = request;
  const certificate = readCertificate(request.certificate);
  const notBefore = Math.max(certificate.validFromDate.getTime(), request.notBefore ?? 0);
  const notAfter = Math.min(certificate.validToDate.getTime(), request.notAfter ?? Number.MAX_SAFE_INTEGER);
  if (!(notBefore < notAfter) || notAfter <= at) throw unfit('it has ended, or is valid at no time');
  if (displayName !== undefined && displayName.length > maxDisplayName) throw unfit('its name is too long');

  if (!(await isApplication(transaction, tenantId, clientId))) {
    throw new DomainError('not-found', `The tenant has no application '${clientId}'.`);
  }
  const present = await selectClientCertificates(transaction, tenantId, clientId);
  if (present.length >= maxCertificatesOfClient) {
    throw new DomainError('conflict', `An application has at most ${maxCertificatesOfClient} certificates.`, {
      code: 'Directory_QuotaExceeded',
    });
  }
  const { sha1, sha256 } = thumbprints(certificate);
  const row = await transaction
    .insertInto('client_certificates')
    .values({
      key_id: keyId,
      tenant_id: tenantId,
      client_id: clientId,
      sha1,
      sha256,
      certificate: certificate.toString(),
      display_name: displayName ?? null,
      holder: request.holder ?? 'application',
      not_before: notBefore,
      not_after: notAfter,
      created_at: at,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) {
    throw new DomainError('already-exists', 'The application has this certificate, or the key id is taken.');
  }
  await recordChange(transaction, { tenantId, kind: 'client', key: clientId, at });
  return asCertificate(row);
}

/** An application's certificates, oldest first; ended ones are among them. */
export async function selectClientCertificates(
  queries: Queries,
  tenantId: TenantId,
  clientId: ClientId,
): Promise<readonly ApplicationCertificate[]> {
  return await selectCertificatesOf(queries, tenantId, [clientId]);
}

/** The certificates of several clients, oldest first. */
export async function selectCertificatesOf(
  queries: Queries,
  tenantId: TenantId,
  clientIds: readonly ClientId[],
): Promise<readonly ApplicationCertificate[]> {
  if (clientIds.length === 0) return [];
  const rows = await queries
    .selectFrom('client_certificates')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('client_id', 'in', [...clientIds])
    .orderBy('created_at')
    .orderBy('key_id')
    .execute();
  return rows.map(asCertificate);
}

/**
 * Ends a certificate: what its key signs is refused from the commit on.
 *
 * @returns whether the application had it
 */
export async function deleteClientCertificate(
  transaction: Transaction,
  {
    tenantId,
    clientId,
    keyId,
    at,
  }: {
    readonly tenantId: TenantId;
    readonly clientId: ClientId;
    readonly keyId: string;
    readonly at: number;
  },
): Promise<boolean> {
  const row = await transaction
    .deleteFrom('client_certificates')
    .where('tenant_id', '=', tenantId)
    .where('client_id', '=', clientId)
    .where('key_id', '=', keyId)
    .returning('key_id')
    .executeTakeFirst();
  if (row === undefined) return false;
  await recordChange(transaction, { tenantId, kind: 'client', key: clientId, at });
  return true;
}

function readCertificate(given: Uint8Array | string): X509Certificate {
  if (given.length > 2 * maxCertificateOctets) throw unfit('it is too large');
  let certificate: X509Certificate;
  let publicKey: KeyObject;
  try {
    certificate = new X509Certificate(given);
    publicKey = certificate.publicKey;
  } catch (cause) {
    throw unfit('it is no X.509 certificate with a key of a known kind', cause);
  }
  checkClientKey(publicKey);
  if (certificate.raw.length > maxCertificateOctets) throw unfit('it is too large');
  return certificate;
}

function unfit(reason: string, cause?: unknown): DomainError {
  return new DomainError('invalid-value', `The certificate is not accepted: ${reason}.`, {
    code: 'InvalidCertificate',
    ...(cause === undefined ? {} : { cause }),
  });
}

function thumbprints({ raw }: X509Certificate): { readonly sha1: string; readonly sha256: string } {
  const digest = (name: string) => createHash(name).update(raw).digest('base64url');
  return { sha1: digest('sha1'), sha256: digest('sha256') };
}

function asCertificate(row: Selectable<ClientCertificatesTable>): ApplicationCertificate {
  const certificate = new X509Certificate(row.certificate);
  return {
    keyId: row.key_id,
    tenantId: guid<TenantId>(row.tenant_id),
    clientId: guid<ClientId>(row.client_id),
    sha1: row.sha1,
    sha256: row.sha256,
    certificate,
    publicKey: certificate.publicKey,
    displayName: row.display_name ?? undefined,
    holder: asHolder(row.holder),
    notBefore: row.not_before,
    notAfter: row.not_after,
    createdAt: row.created_at,
  };
}
