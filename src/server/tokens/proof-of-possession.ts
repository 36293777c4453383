import type { KeyObject } from 'node:crypto';
import { parseCompactJws } from '../http/compact-jws.ts';
import { checkTimes } from './assertion-times.ts';
import { algorithmFor, keyIsSound, signatureHolds } from './signature.ts';

/** What a proof is made for, whatever the deployment: the application id that Entra's own clients put there. */
const proofAudience = '00000002-0000-0000-c000-000000000000';
const maxLength = 16_384;
/** Seconds that a proof may live. */
const longestLife = 600;

/** A key that stands for an application. */
export interface StandingKey {
  readonly publicKey: KeyObject;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
}

/**
 * Whether a proof (Graph's `addKey`, `removeKey`) is signed by one of an object's standing keys, for that object and this
 * time. It opens nothing: it is asked for beside the right to change the object.
 *
 * @param issuers ids by which the object names itself, lower case
 * @param now milliseconds since the epoch
 */
export function provesPossession(
  proof: string,
  {
    keys,
    issuers,
    now,
  }: { readonly keys: readonly StandingKey[]; readonly issuers: readonly string[]; readonly now: number },
): boolean {
  const jws = parseCompactJws(proof, maxLength);
  if (jws === undefined) return false;
  const { header, payload, signature, signingInput } = jws;
  if (header['crit'] !== undefined || header['b64'] !== undefined || header['cty'] !== undefined)
    return false;
  if (payload['aud'] !== proofAudience) return false;
  if (typeof payload['iss'] !== 'string' || !issuers.includes(payload['iss'].toLowerCase())) return false;
  try {
    checkTimes(payload, now, longestLife);
  } catch {
    return false;
  }
  return keys.some(({ publicKey, notBefore, notAfter }) => {
    if (notBefore > now || notAfter <= now || !keyIsSound(publicKey)) return false;
    const algorithm = algorithmFor(header['alg'], publicKey);
    return algorithm !== undefined && signatureHolds(algorithm, publicKey, signingInput, signature);
  });
}
