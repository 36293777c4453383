import { createCipheriv, createHash, pbkdf2Sync, webcrypto } from 'node:crypto';
import {
  element,
  explicit,
  integer,
  none,
  objectIdentifier,
  octets,
  sequence,
  set,
} from '../../foundation/der.ts';
import type { Randomness } from '../../foundation/randomness.ts';

const data = objectIdentifier('1.2.840.113549.1.7.1');
const encryptedData = objectIdentifier('1.2.840.113549.1.7.6');
const shroudedKeyBag = objectIdentifier('1.2.840.113549.1.12.10.1.2');
const certBag = objectIdentifier('1.2.840.113549.1.12.10.1.3');
const x509Certificate = objectIdentifier('1.2.840.113549.1.9.22.1');
const localKeyId = objectIdentifier('1.2.840.113549.1.9.21');
const pbes2 = objectIdentifier('1.2.840.113549.1.5.13');
const pbkdf2 = objectIdentifier('1.2.840.113549.1.5.12');
const hmacSha256 = objectIdentifier('1.2.840.113549.2.9');
const aes256 = objectIdentifier('2.16.840.1.101.3.4.1.42');
const sha256 = objectIdentifier('2.16.840.1.101.3.4.2.1');

/** Readers expect some thousand rounds; with no password they protect nothing. */
const rounds = 2048;

export interface KeyAndCertificate {
  /** PKCS #8, DER. */
  readonly privateKey: Uint8Array;
  /** DER. */
  readonly certificate: Uint8Array;
}

/**
 * A private key with its certificate as PKCS #12 (RFC 7292) under the empty password: AES-256 and SHA-256 throughout
 * (RFC 8018), as OpenSSL writes it since 3.0. The encryption is a form that readers insist on, and keeps nothing secret.
 */
export async function keyStore(
  { privateKey, certificate }: KeyAndCertificate,
  randomness: Randomness,
): Promise<Buffer> {
  const id = set(sequence(localKeyId, set(octets(createHash('sha256').update(certificate).digest()))));
  const certificates = sequence(
    sequence(certBag, explicit(sequence(x509Certificate, explicit(octets(certificate)))), id),
  );
  const sealedCertificates = seal(certificates, randomness);
  const sealedKey = seal(privateKey, randomness);
  const keys = sequence(
    sequence(shroudedKeyBag, explicit(sequence(sealedKey.algorithm, octets(sealedKey.content))), id),
  );
  const safe = sequence(
    sequence(
      encryptedData,
      explicit(
        sequence(
          integer(0),
          sequence(data, sealedCertificates.algorithm, element(0x80, sealedCertificates.content)),
        ),
      ),
    ),
    sequence(data, explicit(octets(keys))),
  );
  const salt = randomness.bytes(16);
  const digest = sequence(sequence(sha256, none), octets(await mac(safe, salt)));
  return sequence(
    integer(3),
    sequence(data, explicit(octets(safe))),
    sequence(digest, octets(salt), integer(rounds)),
  );
}

function seal(content: Uint8Array, randomness: Randomness) {
  const salt = randomness.bytes(16);
  const start = randomness.bytes(16);
  const cipher = createCipheriv('aes-256-cbc', pbkdf2Sync('', salt, rounds, 32, 'sha256'), start);
  const derivation = sequence(pbkdf2, sequence(octets(salt), integer(rounds), sequence(hmacSha256, none)));
  return {
    algorithm: sequence(pbes2, sequence(derivation, sequence(aes256, octets(start)))),
    content: Buffer.concat([cipher.update(content), cipher.final()]),
  };
}

/** RFC 7292 appendix B.2: the key of the MAC from the empty password, which is two zero octets there. */
async function mac(content: Uint8Array, salt: Uint8Array): Promise<Uint8Array> {
  const block = 64;
  const repeated = Buffer.alloc(block);
  for (let at = 0; at < block; at += 1) repeated[at] = salt[at % salt.length] as number;
  let key = Buffer.concat([Buffer.alloc(block, 3), repeated, Buffer.alloc(block)]);
  for (let round = 0; round < rounds; round += 1) key = createHash('sha256').update(key).digest();
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await webcrypto.subtle.importKey('raw', key, algorithm, false, ['sign']);
  return new Uint8Array(await webcrypto.subtle.sign('HMAC', imported, Uint8Array.from(content)));
}
