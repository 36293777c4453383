import { X509Certificate } from 'node:crypto';
import type { KeyCredential, PasswordCredential } from '../../../contract/graph-credentials.ts';
import type { ApplicationCertificate } from '../../directory/client-certificate-store.ts';
import type { ClientSecret } from '../../directory/client-store.ts';
import type { IdentityCertificate } from '../../managed-identities/credential-store.ts';
import { graphTime } from '../graph-time.ts';

/** A secret as it is listed; `secretText` only in the answer to its making. */
export function presentSecret(secret: ClientSecret, secretText: string | null = null): PasswordCredential {
  return {
    customKeyIdentifier: null,
    displayName: secret.displayName,
    endDateTime: graphTime(secret.expiresAt),
    hint: secret.hint,
    keyId: secret.secretId,
    secretText,
    startDateTime: graphTime(secret.startsAt === 0 ? secret.createdAt : secret.startsAt),
  };
}

export function presentCertificate(certificate: ApplicationCertificate): KeyCredential {
  return {
    customKeyIdentifier: Buffer.from(certificate.sha1, 'base64url').toString('hex').toUpperCase(),
    displayName: certificate.displayName ?? certificate.certificate.subject.split('\n')[0] ?? null,
    endDateTime: graphTime(certificate.notAfter),
    key: null,
    keyId: certificate.keyId,
    startDateTime: graphTime(certificate.notBefore),
    type: 'AsymmetricX509Cert',
    usage: 'Verify',
  };
}

/** A certificate provisioned onto a host of a managed identity, shown as Entra shows its own rotating ones (h.1). */
export function presentHostCertificate(row: IdentityCertificate): KeyCredential {
  const certificate = new X509Certificate(row.certificate);
  return {
    customKeyIdentifier: certificate.fingerprint.replaceAll(':', ''),
    displayName: certificate.subject.split('\n')[0] ?? null,
    endDateTime: graphTime(row.not_after),
    key: null,
    keyId: guidOf(row.thumbprint),
    startDateTime: graphTime(row.not_before),
    type: 'AsymmetricX509Cert',
    usage: 'Verify',
  };
}

/** A GUID that is the same each time: the first sixteen octets of the thumbprint, marked as made from a name (RFC 9562 §5.8). */
function guidOf(thumbprint: string): string {
  const octets = Buffer.from(thumbprint, 'base64url').subarray(0, 16);
  octets[6] = ((octets[6] ?? 0) & 0x0f) | 0x80;
  octets[8] = ((octets[8] ?? 0) & 0x3f) | 0x80;
  return octets.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
