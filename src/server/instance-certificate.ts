import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { instanceDiscoveryName } from '../contract/cloud-profile.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Randomness } from '../foundation/randomness.ts';
import { loadX509 } from '../foundation/x509.ts';
import type { DataFolder } from './storage/data-folder.ts';
import { readSecretFile, replaceFile } from './storage/durable-file.ts';

/** A certificate with its key, PEM both. */
export interface NamedCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

const day = 86_400_000;
const life = 3650 * day;
const renewBefore = 365 * day;
const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/**
 * The certificate under which the local agent answers programs about instances, kept in the data folder so that the
 * bundles with it stay the same from start to start. The server never shows it.
 */
export async function openInstanceCertificate(
  folder: DataFolder,
  sources: { readonly clock: Clock; readonly randomness: Randomness },
): Promise<NamedCertificate> {
  const file = folder.file('instance-discovery.pem');
  const kept = readNamedCertificate((await readSecretFile(file)) ?? '', instanceDiscoveryName, sources.clock);
  if (kept !== undefined) return kept;
  const made = await makeNamedCertificate(instanceDiscoveryName, sources);
  // one file: a certificate without its key would be trusted and never replaced
  await replaceFile(file, `${made.privateKey.trim()}\n${made.certificate.trim()}\n`);
  return made;
}

/**
 * Makes a certificate for one name that is signed by its own key and is no authority: who trusts it trusts it for that
 * name, and nothing can be certified with it.
 */
export async function makeNamedCertificate(
  name: string,
  { clock, randomness }: { clock: Clock; randomness: Randomness },
): Promise<NamedCertificate> {
  const x509 = await loadX509();
  const keys = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify']);
  const now = clock.now();
  const serial = Buffer.from(randomness.bytes(16));
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serial.toString('hex'),
      name: [{ CN: [name] }, { O: ['Innate'] }],
      notBefore: new Date(now - day),
      notAfter: new Date(now + life),
      keys,
      signingAlgorithm: ecdsa,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
      ],
    },
    webcrypto as unknown as Crypto,
  );
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  return {
    certificate: certificate.toString('pem').trim(),
    privateKey: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({
      type: 'pkcs8',
      format: 'pem',
    }) as string,
  };
}

/**
 * Reads key and certificate from one PEM text.
 *
 * @returns `undefined` where they are not for exactly this name, not each other's, or age
 */
export function readNamedCertificate(text: string, name: string, clock: Clock): NamedCertificate | undefined {
  const find = (label: string) =>
    new RegExp(`-----BEGIN ${label}-----[A-Za-z0-9+/=\\s]+-----END ${label}-----`).exec(text)?.[0];
  const certificate = find('CERTIFICATE');
  const privateKey = find('PRIVATE KEY');
  if (certificate === undefined || privateKey === undefined) return undefined;
  try {
    const parsed = new X509Certificate(certificate);
    const serves =
      !parsed.ca &&
      parsed.subjectAltName === `DNS:${name}` &&
      parsed.validToDate.getTime() - clock.now() > renewBefore &&
      parsed.checkPrivateKey(createPrivateKey(privateKey));
    return serves ? { certificate, privateKey } : undefined;
  } catch {
    return undefined;
  }
}
