import { hash, KeyObject, webcrypto } from 'node:crypto';
import type { Clock } from '../../foundation/clock.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import { loadX509 } from '../../foundation/x509.ts';
import type { SigningAlgorithm } from './signing-keys.ts';

/** Both halves of a key that is to sign tokens. */
export interface MadeKey {
  readonly kid: string;
  /** PEM. */
  readonly certificate: string;
  readonly privateKey: KeyObject;
}

const day = 86_400_000;
const certificateLife = 5 * 365 * day;

const keyAlgorithms = {
  RS256: {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
} as const satisfies Record<SigningAlgorithm, object>;

/** Makes a key (RSA of 2048 bits, or P-256), off the event loop, with its self-signed certificate. */
export async function makeKey(
  alg: SigningAlgorithm,
  { clock, randomness }: { readonly clock: Clock; readonly randomness: Randomness },
): Promise<MadeKey> {
  const algorithm = keyAlgorithms[alg];
  const [x509, keys] = await Promise.all([
    loadX509(),
    webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>,
  ]);
  for (;;) {
    const serial = Buffer.from(randomness.bytes(16));
    serial.writeUInt8(serial.readUInt8(0) & 0x7f, 0);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned(
      {
        serialNumber: serial.toString('hex'),
        name: [{ CN: ['accounts.accesscontrol.windows.net'] }],
        notBefore: new Date(clock.now() - day),
        notAfter: new Date(clock.now() + certificateLife),
        keys,
        signingAlgorithm: algorithm,
      },
      webcrypto as unknown as Crypto,
    );
    const kid = hash('sha1', Buffer.from(certificate.rawData), 'base64url');
    // a command line would take it for an option
    if (kid.startsWith('-')) continue;
    return { kid, certificate: certificate.toString('pem'), privateKey: KeyObject.from(keys.privateKey) };
  }
}
