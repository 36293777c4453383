import { createPublicKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto';
import { jsonWebKeySet } from '../../contract/openid-issuer.ts';
import { checkClientKey } from '../../foundation/credential-key.ts';

/** Keys that can sign for a client: RS256 is what every issuer has, ES256 what some have beside it. */
const keyTypes: Readonly<Record<string, string>> = { RSA: 'RS256', EC: 'ES256' };
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** A key of another issuer. */
export interface IssuerKey {
  readonly kid: string;
  readonly algorithm: 'RS256' | 'ES256';
  readonly publicKey: KeyObject;
}

/** An issuer's keys by their ids. */
export type IssuerKeys = ReadonlyMap<string, IssuerKey>;

/** A key set that is none. The message says what is wrong with it. */
export class KeySetError extends Error {
  override readonly name = 'KeySetError';
}

/**
 * Reads the key set of an issuer (RFC 7517 §5). Keys that do not sign, or not by RS256 or ES256, are passed over, and so
 * are keys too weak to trust (T18).
 *
 * @throws KeySetError where it is no key set, or two keys have one id
 */
export function readKeySet(document: unknown): IssuerKeys {
  return read(document, { strict: false });
}

/**
 * Reads a key set that somebody pins: nothing is passed over.
 *
 * @throws KeySetError for a key that is weak, private, of another kind or without an id, and for a set without keys
 */
export function readPinnedKeys(document: unknown): IssuerKeys {
  const keys = read(document, { strict: true });
  if (keys.size === 0) throw new KeySetError('there is no key');
  return keys;
}

function read(document: unknown, { strict }: { readonly strict: boolean }): IssuerKeys {
  const parsed = jsonWebKeySet.safeParse(document);
  if (!parsed.success) throw new KeySetError('it is no key set of at most 100 keys');
  const found = new Map<string, IssuerKey>();
  for (const jwk of parsed.data.keys) {
    const key = readKey(jwk);
    if (typeof key === 'string') {
      if (strict) throw new KeySetError(key);
    } else if (found.has(key.kid)) {
      throw new KeySetError(`two keys have the id '${key.kid}'`);
    } else {
      found.set(key.kid, key);
    }
  }
  return found;
}

type SentKey = (typeof jsonWebKeySet)['_output']['keys'][number];

/** @returns what is wrong with it, where something is */
function readKey(jwk: SentKey): IssuerKey | string {
  const { kty, kid, use, alg, key_ops } = jwk;
  const algorithm = Object.hasOwn(keyTypes, kty) ? keyTypes[kty] : undefined;
  if (kid === undefined) return 'a key has no id';
  if (algorithm !== 'RS256' && algorithm !== 'ES256') return `the key '${kid}' is neither RSA nor EC`;
  if (use !== undefined && use !== 'sig') return `the key '${kid}' is not for signatures`;
  if (key_ops !== undefined && !key_ops.includes('verify')) return `the key '${kid}' is not for signatures`;
  if (alg !== undefined && alg !== algorithm) return `the key '${kid}' is for '${alg}', not for ${algorithm}`;
  if (privateMembers.some((member) => jwk[member] !== undefined)) return `the key '${kid}' is a private one`;
  if (kty === 'EC' && jwk['crv'] !== 'P-256') return `the key '${kid}' is not on P-256`;
  try {
    const publicKey = createPublicKey({ key: jwk as JsonWebKeyInput['key'], format: 'jwk' });
    checkClientKey(publicKey);
    return { kid, algorithm, publicKey };
  } catch {
    return `the key '${kid}' is no sound public key`;
  }
}
