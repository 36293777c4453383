import { X509Certificate } from 'node:crypto';
import {
  bmpString,
  element,
  explicit,
  objectIdentifier,
  octets,
  sequence,
  set,
} from '../../foundation/der.ts';

/** Where distributions keep the store that their Java trusts. */
export const systemJavaStores = [
  '/etc/ssl/certs/java/cacerts', // Debian
  '/etc/pki/ca-trust/extracted/java/cacerts', // Fedora, RHEL
];

const data = objectIdentifier('1.2.840.113549.1.7.1');
const certBag = objectIdentifier('1.2.840.113549.1.12.10.1.3');
const x509Certificate = objectIdentifier('1.2.840.113549.1.9.22.1');
const friendlyName = objectIdentifier('1.2.840.113549.1.9.20');
/** Oracle's attribute without which Java takes a certificate for no authority; its value: for every purpose. */
const trustedKeyUsage = objectIdentifier('2.16.840.1.113894.746875.1.1');
const anyExtendedKeyUsage = objectIdentifier('2.5.29.37.0');

/**
 * The authorities of a PEM bundle as a trust store that every Java since 8 reads: PKCS #12 (RFC 7292) without
 * encryption and without a MAC, as the JDK's own since 18. What is no certificate is left out: Java would reject the
 * whole store.
 */
export function javaTrustStore(bundle: string): Buffer {
  const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const bags = blocks
    .flatMap(certificateOf)
    .map((certificate, index) =>
      sequence(
        certBag,
        explicit(sequence(x509Certificate, explicit(octets(certificate)))),
        set(
          sequence(friendlyName, set(bmpString(`authority-${index + 1}`))),
          sequence(trustedKeyUsage, set(anyExtendedKeyUsage)),
        ),
      ),
    );
  const safe = contentInfo(sequence(contentInfo(sequence(...bags))));
  return sequence(element(0x02, Buffer.of(3)), safe);
}

function certificateOf(pem: string): readonly Buffer[] {
  try {
    return [new X509Certificate(pem).raw];
  } catch {
    return [];
  }
}

function contentInfo(content: Buffer): Buffer {
  return sequence(data, explicit(octets(content)));
}
