import { createHash } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import type { Environment } from '../../foundation/environment.ts';

/** Where distributions keep the authorities that everything but Node and Java trusts. */
export const systemBundlePaths = [
  '/etc/ssl/certs/ca-certificates.crt', // Debian, Alpine, Arch
  '/etc/pki/tls/certs/ca-bundle.crt', // Fedora, RHEL
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem', // RHEL, CoreOS
  '/etc/ssl/ca-bundle.pem', // SUSE
  '/etc/ssl/cert.pem', // Alpine, BSD, macOS
  '/etc/pki/tls/cert.pem',
];

/** Variables by which a user may already trust authorities of their own. */
const userBundleVariables = ['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS'];

export interface TrustBundles {
  /** PEM for clients that replace their trust by a file: the machine's authorities, the user's, and the deployment's. */
  readonly whole: string;
  /** PEM for clients that add a file to their trust (Node): the user's own addition, and the deployment's authority. */
  readonly extra: string;
}

/**
 * Adds the deployment's authority to what the machine and the user trust already; nothing that worked stops working.
 *
 * @param authority PEM of the deployment's authority
 * @param read the text of a file, `undefined` where there is none to read
 */
export function trustBundles(
  authority: string,
  environment: Environment,
  read: (file: string) => string | undefined,
): TrustBundles {
  const fromUser = userBundleVariables.map((name) => certificatesOf(environment[name], read));
  const system = systemBundlePaths
    .map((file) => certificatesOf(file, read))
    .find((found) => found.length > 0);
  const own = certificates(authority);
  return {
    whole: join([...(system ?? rootCertificates), ...fromUser.flat(), ...own]),
    extra: join([...certificatesOf(environment['NODE_EXTRA_CA_CERTS'], read), ...own]),
  };
}

/** A short name for a bundle, the same for the same content. */
export function bundleDigest(bundle: string | Uint8Array): string {
  return createHash('sha256').update(bundle).digest('hex').slice(0, 12);
}

function certificatesOf(
  file: string | undefined,
  read: (file: string) => string | undefined,
): readonly string[] {
  return file === undefined || file === '' ? [] : certificates(read(file) ?? '');
}

/** The certificates of a PEM file and nothing else that may stand there, such as a key. */
function certificates(pem: string): readonly string[] {
  return pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
}

function join(list: readonly string[]): string {
  const distinct = new Map(list.map((pem) => [pem.replace(/\s+/g, ''), pem]));
  return `${[...distinct.values()].join('\n')}\n`;
}
