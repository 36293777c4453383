import { createHash, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { JsonReader } from '../client/json-reader.ts';
import type { IssuedCredential } from '../contract/agent.ts';
import type { Randomness } from '../foundation/randomness.ts';
import type { KeyFiles } from './key-files.ts';

/** A key of this host and the certificate that makes it one identity's. */
export interface Credential {
  readonly clientId: string;
  readonly principalId: string;
  readonly key: KeyObject;
  /** PEM. */
  readonly certificate: string;
  /** SHA-256 of the certificate, base64url: `x5t#S256` of what the key signs. */
  readonly thumbprint: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** When to replace it: at half its life, ± 10 %, so that hosts enrolled together do not come together. */
  readonly renewAt: number;
}

/** @throws where the certificate is not the key's */
export function credentialOf(issued: IssuedCredential, key: KeyObject, randomness: Randomness): Credential {
  const certificate = new X509Certificate(issued.certificate);
  if (!certificate.checkPrivateKey(key)) throw new Error('the certificate is for another key');
  const { clientId, principalId, notBefore, notAfter } = issued;
  return {
    clientId,
    principalId,
    key,
    certificate: issued.certificate,
    thumbprint: createHash('sha256').update(certificate.raw).digest('base64url'),
    notBefore,
    notAfter,
    renewAt: notBefore + (notAfter - notBefore) * (0.4 + 0.2 * fraction(randomness)),
  };
}

const suffix = '.credential.json';

/** Names of the files that hold credentials, among a machine's files. */
export function clientIdsAmong(names: readonly string[]): readonly string[] {
  return names.filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length));
}

/** Key and certificate lie in one file, so that they can never be of different ages. */
export async function saveCredential(
  files: KeyFiles,
  machineId: string,
  credential: Credential,
): Promise<void> {
  const { clientId, principalId, key, certificate, notBefore, notAfter } = credential;
  const privateKey = key.export({ type: 'pkcs8', format: 'pem' });
  const content = { clientId, principalId, notBefore, notAfter, certificate, privateKey };
  await files.write(machineId, `${clientId}${suffix}`, JSON.stringify(content));
}

/** @throws where the file does not hold a key and its certificate */
export async function loadCredential(
  files: KeyFiles,
  machineId: string,
  clientId: string,
  randomness: Randomness,
): Promise<Credential | undefined> {
  const text = await files.read(machineId, `${clientId}${suffix}`);
  if (text === undefined) return undefined;
  const from = JsonReader.parse(text, 'a credential');
  const issued: IssuedCredential = {
    clientId: from.string('clientId'),
    principalId: from.string('principalId'),
    certificate: from.string('certificate'),
    notBefore: from.number('notBefore'),
    notAfter: from.number('notAfter'),
  };
  return credentialOf(issued, createPrivateKey(from.string('privateKey')), randomness);
}

export async function wipeCredential(files: KeyFiles, machineId: string, clientId: string): Promise<void> {
  await files.remove(machineId, `${clientId}${suffix}`);
}

/** A number from 0 to below 1. */
export function fraction(randomness: Randomness): number {
  const [a = 0, b = 0, c = 0, d = 0] = randomness.bytes(4);
  return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) / 2 ** 32;
}
