import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { checkCredentialKey } from '../../foundation/credential-key.ts';
import { DomainError } from '../../foundation/domain-error.ts';

/** A public key that a host sent, within the limits set for its use. Whether the host holds it is proved elsewhere. */
export interface MachineKey {
  readonly publicKey: KeyObject;
  /** The one algorithm that signatures of this key are accepted with. */
  readonly algorithm: 'ES256' | 'RS256';
  /** SHA-256 of the SubjectPublicKeyInfo, base64url. */
  readonly thumbprint: string;
}

/**
 * Reads a machine's key: P-256, or RSA.
 *
 * @param spki SubjectPublicKeyInfo, DER, base64
 * @throws DomainError `invalid-value`
 */
export function parseMachineKey(spki: string): MachineKey {
  return machineKey(publicKeyOf(spki));
}

/**
 * Reads an identity's key: RSA, since what it signs are client assertions.
 *
 * @throws DomainError `invalid-value`
 */
export function parseIdentityKey(spki: string): KeyObject {
  const key = publicKeyOf(spki);
  checkCredentialKey(key);
  return key;
}

/** The key of a machine as it is kept, or just parsed. */
export function machineKey(publicKey: KeyObject): MachineKey {
  return {
    publicKey,
    algorithm: algorithmOf(publicKey),
    thumbprint: createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64url'),
  };
}

function publicKeyOf(spki: string): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  } catch (cause) {
    throw unfit('it is no SubjectPublicKeyInfo', cause);
  }
}

function algorithmOf(key: KeyObject): MachineKey['algorithm'] {
  if (key.asymmetricKeyType === 'ec') {
    if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw unfit('the curve is not P-256');
    return 'ES256';
  }
  if (key.asymmetricKeyType !== 'rsa') throw unfit('only P-256 and RSA keys are accepted');
  checkCredentialKey(key);
  return 'RS256';
}

function unfit(reason: string, cause?: unknown): DomainError {
  return new DomainError('invalid-value', `The public key is not acceptable: ${reason}.`, {
    code: 'InvalidPublicKey',
    ...(cause === undefined ? {} : { cause }),
  });
}
