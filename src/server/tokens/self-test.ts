import { createPublicKey, sign } from 'node:crypto';
import type { CloudProfile } from '../../contract/cloud-profile.ts';
import type { PublishedKey } from '../../contract/oauth2.ts';
import { selectTenants } from '../directory/directory-store.ts';
import type { Database } from '../storage/database.ts';
import { publishedKey } from './discovery.ts';
import { signatureHolds } from './signature.ts';
import type { Signer } from './signer.ts';
import type { SigningKey, SigningKeys } from './signing-keys.ts';

/** Tenants proven at start; the keys of others are proven against their certificates when first used. */
const maxTenants = 100;

/**
 * Proves that tenants can sign, with each algorithm they have a key for: to be called before a server serves.
 *
 * @throws Error naming the tenant without a key, or the key that fails
 */
export async function proveSigningKeys(parts: {
  readonly profile: CloudProfile;
  readonly database: Database;
  readonly keys: SigningKeys;
  readonly signer: Signer;
}): Promise<void> {
  for (const { tenantId } of await selectTenants(parts.database.read, maxTenants)) {
    const keys = await parts.keys.of(tenantId);
    if (keys?.active === undefined) throw new Error(`tenant ${tenantId} has no key that signs`);
    for (const key of keys.published.filter(({ state }) => state === 'active')) {
      await proveKey(parts.signer, key, publishedKey(parts.profile, key, true));
    }
  }
}

/**
 * Proves a key before it serves: what the signer signs holds under the published key and under no altered text, and the
 * published key can make no signature.
 *
 * @param published the key as the key set shows it
 * @throws Error naming the key that fails
 */
export async function proveKey(signer: Signer, key: SigningKey, published: PublishedKey): Promise<void> {
  const publicKey = createPublicKey({ key: { ...published }, format: 'jwk' });
  const text = (payload: object) =>
    [{ typ: 'JWT', alg: key.alg, kid: key.kid }, payload]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
  const proof = text({ test: 1 });
  const signature = Buffer.from(await signer.sign(key, proof), 'base64url');
  const holds =
    signatureHolds(key.alg, publicKey, proof, signature) &&
    !signatureHolds(key.alg, publicKey, text({ test: 2 }), signature);
  let publicKeySigns = true;
  try {
    sign('sha256', Buffer.from(proof), publicKey);
  } catch {
    publicKeySigns = false;
  }
  if (!holds || publicKeySigns) throw new Error(`signing key ${key.kid} fails its self-test`);
}
