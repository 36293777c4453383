import { X509Certificate } from 'node:crypto';

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

/** X.690: tag, length in the fewest octets, content. */
function element(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const octetsOfLength = length < 0x100 ? 1 : length < 0x10000 ? 2 : length < 0x1000000 ? 3 : 4;
  const header = Buffer.alloc(2 + octetsOfLength);
  header.writeUInt8(tag, 0);
  header.writeUInt8(0x80 | octetsOfLength, 1);
  header.writeUIntBE(length, 2, octetsOfLength);
  return Buffer.concat([header, content]);
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return element(0x30, Buffer.concat(parts));
}

function set(...parts: readonly Uint8Array[]): Buffer {
  return element(0x31, Buffer.concat(parts));
}

function explicit(content: Uint8Array): Buffer {
  return element(0xa0, content);
}

function octets(content: Uint8Array): Buffer {
  return element(0x04, content);
}

function bmpString(text: string): Buffer {
  return element(0x1e, Buffer.from(text, 'utf16le').swap16());
}

/** X.690 8.19: the first two arcs in one, each in groups of seven bits. */
function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const groups = [first * 40 + second, ...rest].flatMap((arc) => {
    const bytes = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) bytes.unshift((left & 0x7f) | 0x80);
    return bytes;
  });
  return element(0x06, Buffer.from(groups));
}
