import type { KeyObject } from 'node:crypto';
import { DomainError } from './domain-error.ts';

const smallestModulus = 2048;
const largestModulus = 4096;
const smallestExponent = 65_537n;
/** A larger exponent makes each verification slow, and nobody needs it. */
const largestExponent = 0xffff_ffffn;

/**
 * Checks that a host's public key may stand in a certificate: RSA of 2048 to 4096 bits, odd exponent from 65537 on, and
 * not of the family whose factors can be found (CVE-2017-15361, "ROCA").
 *
 * @throws DomainError `invalid-value`, saying what is wrong with it
 */
export function checkCredentialKey(key: KeyObject): void {
  if (key.type !== 'public' || key.asymmetricKeyType !== 'rsa') throw refused('is not an RSA public key');
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < smallestModulus || modulusLength > largestModulus) {
    throw refused(`has ${modulusLength} bits; ${smallestModulus} to ${largestModulus} are accepted`);
  }
  if (publicExponent < smallestExponent || publicExponent > largestExponent || publicExponent % 2n === 0n) {
    throw refused('has an exponent that is not odd, or not between 65537 and 2³²');
  }
  const modulus = modulusOf(key);
  if (modulus % 2n === 0n || hasRocaShape(modulus)) throw refused('can be factored');
}

const clientCurves: readonly unknown[] = ['prime256v1', 'secp384r1'];

/**
 * Checks that a public key may stand for an application or for another issuer: RSA as for hosts, or P-256, P-384.
 *
 * @throws DomainError `invalid-value`, saying what is wrong with it
 */
export function checkClientKey(key: KeyObject): void {
  if (key.type !== 'public' || key.asymmetricKeyType !== 'ec') checkCredentialKey(key);
  else if (!clientCurves.includes(key.asymmetricKeyDetails?.namedCurve)) {
    throw refused('is on a curve that is neither P-256 nor P-384');
  }
}

function refused(what: string): DomainError {
  return new DomainError('invalid-value', `The public key ${what}.`, { code: 'InvalidPublicKey' });
}

function modulusOf(key: KeyObject): bigint {
  const { n } = key.export({ format: 'jwk' });
  return BigInt(`0x${Buffer.from(n ?? '', 'base64url').toString('hex') || '0'}`);
}

const smallPrimes = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107,
  109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/** For each small prime, the remainders that 65537 generates: moduli of the weak family leave no other. */
const generated: readonly (readonly [bigint, ReadonlySet<number>])[] = smallPrimes.map((prime) => {
  const remainders = new Set<number>();
  for (let value = 1; !remainders.has(value); value = (value * 65_537) % prime) remainders.add(value);
  return [BigInt(prime), remainders];
});

function hasRocaShape(modulus: bigint): boolean {
  return generated.every(([prime, remainders]) => remainders.has(Number(modulus % prime)));
}
