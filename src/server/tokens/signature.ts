import { constants, type KeyObject, verify } from 'node:crypto';
import { checkClientKey } from '../../foundation/credential-key.ts';

/**
 * The one place that checks signatures of tokens and client assertions. Only asymmetric algorithms exist here, and each
 * is bound to a kind of key, so that neither `none` nor an HMAC under a public key can be meant (RFC 8725 §2.1, §3.1).
 */

interface Algorithm {
  readonly keyType: 'rsa' | 'ec';
  readonly curve?: string;
  readonly hash: string;
  readonly padding?: number;
  readonly saltLength?: number;
}

const rsa = (hash: string): Algorithm => ({ keyType: 'rsa', hash, padding: constants.RSA_PKCS1_PADDING });
const pss = (hash: string): Algorithm => ({
  keyType: 'rsa',
  hash,
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
});

/** RFC 7518 §3.1, without `none` and HMAC. */
const algorithms = {
  RS256: rsa('sha256'),
  RS384: rsa('sha384'),
  RS512: rsa('sha512'),
  PS256: pss('sha256'),
  PS384: pss('sha384'),
  PS512: pss('sha512'),
  ES256: { keyType: 'ec', curve: 'prime256v1', hash: 'sha256' },
  ES384: { keyType: 'ec', curve: 'secp384r1', hash: 'sha384' },
} as const satisfies Readonly<Record<string, Algorithm>>;

export type AlgorithmName = keyof typeof algorithms;

/** The algorithm of a name that a caller claims, where it is one of ours and of the kind of this key. */
export function algorithmFor(claimedName: unknown, key: KeyObject): AlgorithmName | undefined {
  if (typeof claimedName !== 'string' || !Object.hasOwn(algorithms, claimedName)) return undefined;
  const name = claimedName as AlgorithmName;
  const algorithm: Algorithm = algorithms[name];
  if (key.type !== 'public' || key.asymmetricKeyType !== algorithm.keyType) return undefined;
  if (algorithm.curve !== undefined && key.asymmetricKeyDetails?.namedCurve !== algorithm.curve) {
    return undefined;
  }
  return name;
}

const p1363Octets: Readonly<Record<string, number>> = { ES256: 64, ES384: 96 };

/**
 * Whether the signature is the key's over the text. Ten thousand tokens a second pass here, so it is synchronous: a
 * check takes some 25 µs, less than a turn through the thread pool.
 *
 * @param text ASCII
 */
export function signatureHolds(
  name: AlgorithmName,
  key: KeyObject,
  text: string,
  signature: Uint8Array,
): boolean {
  const algorithm: Algorithm = algorithms[name];
  const signed = Buffer.from(text, 'latin1');
  if (algorithm.keyType === 'ec') {
    // Terraform's Go SDK sends the ASN.1 form, everyone else RFC 7518 §3.4's
    const dsaEncoding = signature.length === p1363Octets[name] ? 'ieee-p1363' : 'der';
    return verify(algorithm.hash, signed, { key, dsaEncoding }, signature);
  }
  const { padding, saltLength } = algorithm;
  return verify(
    algorithm.hash,
    signed,
    {
      key,
      ...(padding === undefined ? {} : { padding }),
      ...(saltLength === undefined ? {} : { saltLength }),
    },
    signature,
  );
}

const judged = new WeakMap<KeyObject, boolean>();

/**
 * Whether a public key is strong enough to stand for somebody: RSA of 2048 to 4096 bits with an odd exponent from 65537
 * on and without the ROCA fingerprint, or P-256, P-384.
 */
export function keyIsSound(key: KeyObject): boolean {
  const known = judged.get(key);
  if (known !== undefined) return known;
  const sound = judge(key);
  judged.set(key, sound);
  return sound;
}

function judge(key: KeyObject): boolean {
  try {
    checkClientKey(key);
    return true;
  } catch {
    return false;
  }
}
