import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { type Randomness, randomText } from '../../foundation/randomness.ts';

/** The key-encryption key cannot be had, or is not this database's. The message is a sentence for the operator. */
export class KeyEncryptionKeyError extends Error {
  override readonly name = 'KeyEncryptionKeyError';
}

const keyLength = 32;
const nonceLength = 12;
const tagLength = 16;
const format = 1;

/**
 * The key outside the database under which the tenants' data keys are wrapped: AES-256-GCM, the name of what is
 * wrapped as additional data. Wrapped form: format byte, 12 bytes of nonce, ciphertext, 16 bytes of tag.
 */
export class KeyEncryptionKey {
  readonly #key: KeyObject;
  readonly #randomness: Randomness;

  /** @param bytes 32 bytes, which the caller may wipe afterwards */
  constructor(bytes: Uint8Array, randomness: Randomness) {
    if (bytes.length !== keyLength) throw new KeyEncryptionKeyError('a key-encryption key has 32 bytes');
    this.#key = createSecretKey(bytes);
    this.#randomness = randomness;
  }

  wrap(name: string, plaintext: Uint8Array): Uint8Array {
    const nonce = this.#randomness.bytes(nonceLength);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: tagLength });
    cipher.setAAD(additionalData(name));
    return Buffer.concat([
      Buffer.of(format),
      nonce,
      cipher.update(plaintext),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
  }

  /** What was wrapped under this name; `undefined` where it was wrapped under another key or name, or altered. */
  unwrap(name: string, wrapped: Uint8Array): Uint8Array | undefined {
    if (wrapped[0] !== format || wrapped.length < 1 + nonceLength + tagLength) return undefined;
    const body = wrapped.length - tagLength;
    const nonce = wrapped.subarray(1, 1 + nonceLength);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: tagLength });
    decipher.setAAD(additionalData(name));
    decipher.setAuthTag(wrapped.subarray(body));
    const start = decipher.update(wrapped.subarray(1 + nonceLength, body));
    try {
      return Buffer.concat([start, decipher.final()]);
    } catch {
      return undefined;
    }
  }
}

function additionalData(name: string): Uint8Array {
  return Buffer.from(`innate/wrapped/${format}/${name}`);
}

/**
 * Reads the text form: 43 characters of base64url, surrounding white space ignored.
 *
 * @param origin where the text came from, for the message ("the file …")
 * @throws KeyEncryptionKeyError where it is anything else; the message does not repeat the text
 */
export function parseKeyEncryptionKey(
  text: string,
  origin: string,
  randomness: Randomness,
): KeyEncryptionKey {
  const trimmed = text.trim();
  const bytes = Buffer.from(trimmed, 'base64url');
  if (bytes.length !== keyLength || bytes.toString('base64url') !== trimmed) {
    throw new KeyEncryptionKeyError(
      `${origin} does not hold a key-encryption key: 32 bytes as 43 characters of base64url`,
    );
  }
  const key = new KeyEncryptionKey(bytes, randomness);
  bytes.fill(0);
  return key;
}

/** A new key in text form. */
export function newKeyEncryptionKeyText(randomness: Randomness): string {
  return randomText(randomness, keyLength);
}
