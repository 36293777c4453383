import { randomBytes, randomUUID } from 'node:crypto';

/** Where randomness comes from; always cryptographically strong. */
export interface Randomness {
  bytes(length: number): Uint8Array;
  /** A random UUID (RFC 9562, version 4), lower-case. */
  uuid(): string;
}

/** Random octets as text: base64url without padding. */
export function randomText(randomness: Randomness, octets: number): string {
  return Buffer.from(randomness.bytes(octets)).toString('base64url');
}

/** The operating system's generator: the one place that draws from it. */
export const systemRandomness: Randomness = {
  bytes: (length) => randomBytes(length),
  uuid: () => randomUUID(),
};
