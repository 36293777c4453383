import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { Prove } from '../client/agents-client.ts';
import {
  type KeyProofClaims,
  keyProofType,
  maxProofLife,
  type ProofClaims,
  proofType,
} from '../contract/machine-proof.ts';
import { type Clock, epochSeconds } from '../foundation/clock.ts';
import { type Randomness, randomText } from '../foundation/randomness.ts';
import { signClaims } from './jws.ts';

export interface ProofSources {
  /** Origin of the agents surface: whom proofs are for. */
  readonly audience: string;
  /** Time as the server counts it. */
  readonly serverClock: Clock;
  readonly randomness: Randomness;
}

/** Proofs live as briefly as a slow network allows; the server allows `maxProofLife`. */
const proofLife = Math.min(120, maxProofLife);

/** Makes the `Authorization` of requests to the agents surface. */
export function proverOf(subject: string, key: KeyObject, sources: ProofSources): Prove {
  const { audience, serverClock, randomness } = sources;
  return async ({ method, url, body }) => {
    const iat = epochSeconds(serverClock);
    const claims: ProofClaims = {
      iss: subject,
      sub: subject,
      aud: audience,
      jti: randomText(randomness, 16),
      iat,
      exp: iat + proofLife,
      htm: method,
      htu: url,
      body: createHash('sha256').update(body, 'utf8').digest('base64url'),
    };
    return `Proof ${await signClaims(key, { typ: proofType }, claims)}`;
  };
}

/** Shows that this host holds the key it asks a certificate for, for this identity and machine only. */
export async function proveKey(
  key: KeyObject,
  { clientId, machineId }: { readonly clientId: string; readonly machineId: string },
  { audience, serverClock }: ProofSources,
): Promise<string> {
  const iat = epochSeconds(serverClock);
  const claims: KeyProofClaims = {
    iss: clientId,
    sub: clientId,
    aud: audience,
    machine: machineId,
    iat,
    exp: iat + proofLife,
  };
  return await signClaims(key, { typ: keyProofType }, claims);
}

/** SubjectPublicKeyInfo of a private key's other half, DER. */
export function publicHalf(privateKey: KeyObject): Buffer {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
}

/** The name a key has before it belongs to a machine: SHA-256 of its public half, base64url. */
export function thumbprintOf(privateKey: KeyObject): string {
  return createHash('sha256').update(publicHalf(privateKey)).digest('base64url');
}
