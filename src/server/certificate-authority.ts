import {
  createPrivateKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  webcrypto,
  X509Certificate,
} from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '../foundation/clock.ts';
import { loadX509 } from '../foundation/x509.ts';

/** A certificate with its key, as the TLS listener takes them. */
export interface TlsIdentity {
  /** Leaf first, then the authority. */
  readonly certificateChain: string;
  /** PKCS#8 PEM. */
  readonly privateKey: string;
}

export interface AuthorityFiles {
  readonly certificate: string;
  readonly privateKey: string;
}

const day = 86_400_000;
const authorityLife = 3650 * day;
/** Apple's limit for leaves, and enough for a server that renews at each start. */
const leafLife = 397 * day;
export const renewLeafBefore = 60 * day;
const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const nameConstraintsOid = '2.5.29.30';

/**
 * Makes the local certificate authority: P-256, and constrained by RFC 5280 §4.2.1.10 to the names the deployment
 * serves, so that its key, stolen, forges no other site.
 */
export async function createAuthority(names: readonly string[], clock: Clock): Promise<AuthorityFiles> {
  const x509 = await loadX509();
  const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  const now = clock.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: [{ CN: [`Innate local authority ${randomBytes(4).toString('hex')}`] }, { O: ['Innate'] }],
      notBefore: new Date(now - day),
      notAfter: new Date(now + authorityLife),
      keys,
      signingAlgorithm: ecdsa,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        new x509.Extension(nameConstraintsOid, true, nameConstraints(names)),
      ],
    },
    webcrypto as unknown as Crypto,
  );
  return { certificate: certificate.toString('pem'), privateKey: await exportKey(keys.privateKey) };
}

/** Issues the listener's certificate for the names, loopback names and addresses included. */
export async function issueLeaf(
  authority: AuthorityFiles,
  names: readonly string[],
  clock: Clock,
): Promise<TlsIdentity> {
  const x509 = await loadX509();
  const issuer = new x509.X509Certificate(authority.certificate);
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    createPrivateKey(authority.privateKey).export({ type: 'pkcs8', format: 'der' }),
    ecdsa,
    false,
    ['sign'],
  );
  const leafKeys = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  const publicKey = await importPublic(leafKeys.publicKey);
  const now = clock.now();
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject: [{ CN: [names[0] as string] }],
      issuer: issuer.subject,
      notBefore: new Date(now - day),
      notAfter: new Date(now + leafLife),
      publicKey,
      signingKey,
      signingAlgorithm: ecdsa,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        await x509.AuthorityKeyIdentifierExtension.create(
          await importPublic(new X509Certificate(authority.certificate).publicKey),
        ),
        new x509.SubjectAlternativeNameExtension([
          ...[...names, 'localhost'].map((value) => ({ type: 'dns' as const, value })),
          { type: 'ip' as const, value: '127.0.0.1' },
          { type: 'ip' as const, value: '::1' },
        ]),
      ],
    },
    webcrypto as unknown as Crypto,
  );
  return {
    certificateChain: `${certificate.toString('pem')}\n${authority.certificate.trim()}\n`,
    privateKey: leafKeys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

/**
 * Whether an authority can still issue: key and certificate belong together, there is time for a leaf, and it is
 * constrained to exactly these names.
 */
export function authorityServes(authority: AuthorityFiles, names: readonly string[], clock: Clock): boolean {
  try {
    const certificate = new X509Certificate(authority.certificate);
    return (
      certificate.checkPrivateKey(createPrivateKey(authority.privateKey)) &&
      certificate.validToDate.getTime() - clock.now() > leafLife &&
      certificate.raw.includes(nameConstraints(names))
    );
  } catch {
    return false;
  }
}

/** Whether a leaf still serves: signed by this authority, for these names, with time left. */
export function leafServes(
  leaf: TlsIdentity,
  authority: AuthorityFiles,
  names: readonly string[],
  clock: Clock,
): boolean {
  let certificate: X509Certificate;
  let issuer: X509Certificate;
  try {
    certificate = new X509Certificate(leaf.certificateChain);
    issuer = new X509Certificate(authority.certificate);
  } catch {
    return false;
  }
  return (
    certificate.checkIssued(issuer) &&
    certificate.verify(issuer.publicKey) &&
    certificate.validToDate.getTime() - clock.now() > renewLeafBefore &&
    names.every((name) => certificate.subjectAltName?.split(', ').includes(`DNS:${name}`))
  );
}

async function importPublic(key: KeyObject): Promise<webcrypto.CryptoKey> {
  return await webcrypto.subtle.importKey('spki', key.export({ type: 'spki', format: 'der' }), ecdsa, true, [
    'verify',
  ]);
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
    type: 'pkcs8',
    format: 'pem',
  }) as string;
}

function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** DER of NameConstraints with permitted DNS subtrees (a wildcard's parent covers it) and the loopback addresses. */
function nameConstraints(names: readonly string[]): Uint8Array {
  const dns = [...new Set([...names.map((name) => name.replace(/^\*\./, '')), 'localhost'])];
  const loopback4 = Buffer.from([127, 0, 0, 0, 255, 0, 0, 0]);
  const loopback6 = Buffer.concat([Buffer.alloc(15), Buffer.from([1]), Buffer.alloc(16, 0xff)]);
  const subtrees = [
    ...dns.map((name) => tlv(0x30, tlv(0x82, Buffer.from(name, 'ascii')))),
    tlv(0x30, tlv(0x87, loopback4)),
    tlv(0x30, tlv(0x87, loopback6)),
  ];
  return tlv(0x30, tlv(0xa0, Buffer.concat(subtrees)));
}

function tlv(tag: number, value: Buffer): Buffer {
  const length =
    value.length < 0x80
      ? [value.length]
      : value.length < 0x100
        ? [0x81, value.length]
        : [0x82, value.length >> 8, value.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), value]);
}
