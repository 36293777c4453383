import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject, type webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { sharedFile } from '../../../test/support/shared.ts';
import { algorithmFor, keyIsSound, signatureHolds } from './signature.ts';

type JsonWebKey = webcrypto.JsonWebKey & Readonly<Record<string, unknown>>;

interface Group {
  readonly comment: string;
  readonly public?: JsonWebKey & { readonly keys?: readonly JsonWebKey[] };
  readonly publicKeyPem?: string;
  readonly publicKey?: { readonly publicKeyPem?: string } | string;
  readonly tests: readonly {
    readonly tcId: number;
    readonly comment: string;
    readonly jws?: unknown;
    readonly msg?: string;
    readonly sig?: string;
    readonly result: 'valid' | 'invalid' | 'acceptable';
    readonly flags: readonly string[];
  }[];
}

function groups(name: string): readonly Group[] | undefined {
  const file = sharedFile(`data/wycheproof/${name}`);
  return file === undefined ? undefined : JSON.parse(readFileSync(file, 'utf8')).testGroups;
}

const skip =
  sharedFile('data/wycheproof') === undefined ? 'the vectors are not beside the repository' : false;

/** A key as a relying party would take it from a key set: sound, and for signatures. */
function importKey(jwk: JsonWebKey): KeyObject | undefined {
  if (jwk['use'] !== undefined && jwk['use'] !== 'sig') return undefined;
  if (Array.isArray(jwk['key_ops']) && !jwk['key_ops'].includes('verify')) return undefined;
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    return keyIsSound(key) ? key : undefined;
  } catch {
    return undefined;
  }
}

function holds(jwk: JsonWebKey, jws: unknown): boolean {
  if (typeof jws !== 'string') return false;
  const [header = '', payload, signature, more] = jws.split('.');
  if (payload === undefined || signature === undefined || more !== undefined || signature === '')
    return false;
  const key = importKey(jwk);
  if (key === undefined) return false;
  let claimed: { readonly alg?: unknown };
  try {
    claimed = JSON.parse(Buffer.from(header, 'base64url').toString());
  } catch {
    return false;
  }
  const algorithm = algorithmFor(claimed.alg, key);
  if (algorithm === undefined || (jwk['alg'] !== undefined && jwk['alg'] !== algorithm)) return false;
  return signatureHolds(algorithm, key, `${header}.${payload}`, Buffer.from(signature, 'base64url'));
}

describe('signatures by the Wycheproof vectors (T4)', { skip }, () => {
  test('JWS: nothing invalid is accepted, and every valid one whose key we take', () => {
    let valid = 0;
    for (const { public: jwk, tests } of groups('json_web_signature_test.json') ?? []) {
      if (jwk === undefined) continue;
      for (const { tcId, jws, result, comment } of tests) {
        const accepted = holds(jwk, jws);
        if (result === 'invalid') assert.equal(accepted, false, `${tcId} ${comment}`);
        // two vectors give the key one PSS or ES algorithm and the signature another; ours is the stricter reading
        const named = typeof jws === 'string' && headerAlg(jws) === jwk['alg'];
        if (result === 'valid' && named && jwk.kty !== 'oct') {
          assert.equal(accepted, true, `${tcId} ${comment}`);
          valid += 1;
        }
      }
    }
    assert.ok(valid > 20);
  });

  test('JWK: keys that are weak, of another use or of another kind are not taken (T18)', () => {
    let judged = 0;
    for (const { public: set, tests, comment } of groups('json_web_key_test.json') ?? []) {
      for (const { tcId, jws, result } of tests) {
        const [jwk] = set?.keys ?? [];
        // sets of symmetric keys: no such key exists for us
        const accepted = jwk !== undefined && set?.keys?.length === 1 && holds(jwk, jws);
        if (jwk === undefined) continue;
        assert.equal(accepted, result === 'valid', `${tcId} ${comment}`);
        judged += 1;
      }
    }
    assert.equal(judged, 11, 'the others are symmetric: no such key exists for us');
  });

  test('RSASSA-PKCS1-v1_5 with SHA-256', () => {
    for (const group of groups('rsa_signature_2048_sha256_test.json') ?? []) {
      const key = createPublicKey(group.publicKeyPem ?? '');
      for (const { tcId, msg = '', sig = '', result } of group.tests) {
        if (result === 'acceptable') continue;
        const text = Buffer.from(msg, 'hex').toString('latin1');
        const accepted = signatureHolds('RS256', key, text, Buffer.from(sig, 'hex'));
        assert.equal(accepted, result === 'valid', String(tcId));
      }
    }
  });

  test('ECDSA over P-256 with SHA-256, in the form of JWS', () => {
    for (const group of groups('ecdsa_secp256r1_sha256_p1363_test.json') ?? []) {
      const pem = group.publicKeyPem ?? (group.publicKey as { publicKeyPem?: string }).publicKeyPem ?? '';
      const key = createPublicKey(pem);
      for (const { tcId, msg = '', sig = '', result } of group.tests) {
        const text = Buffer.from(msg, 'hex').toString('latin1');
        const accepted = signatureHolds('ES256', key, text, Buffer.from(sig, 'hex'));
        if (result !== 'acceptable') assert.equal(accepted, result === 'valid', String(tcId));
      }
    }
  });
});

function headerAlg(jws: string): unknown {
  try {
    return JSON.parse(Buffer.from(jws.split('.')[0] ?? '', 'base64url').toString()).alg;
  } catch {
    return undefined;
  }
}

test('an algorithm belongs to a kind of key', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ed = generateKeyPairSync('ed25519');
  assert.equal(algorithmFor('RS256', rsa.publicKey), 'RS256');
  assert.equal(algorithmFor('ES256', p256.publicKey), 'ES256');
  for (const [name, key] of [
    ['ES256', rsa.publicKey],
    ['RS256', p256.publicKey],
    ['ES384', p256.publicKey],
    ['EdDSA', ed.publicKey],
    ['HS256', rsa.publicKey],
    ['none', rsa.publicKey],
    ['toString', rsa.publicKey],
    ['RS256', rsa.privateKey],
    [undefined, rsa.publicKey],
    [['RS256'], rsa.publicKey],
  ] as const) {
    assert.equal(algorithmFor(name, key), undefined, String(name));
  }
});

test('keys that are too weak or too large to serve are no keys (T18)', () => {
  const publicKey = (bits: number, publicExponent?: number) =>
    generateKeyPairSync('rsa', {
      modulusLength: bits,
      ...(publicExponent === undefined ? {} : { publicExponent }),
    }).publicKey;
  assert.equal(keyIsSound(publicKey(2048)), true);
  assert.equal(keyIsSound(publicKey(1024)), false);
  assert.equal(keyIsSound(publicKey(2048, 3)), false);
  const curve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve }).publicKey;
  assert.equal(keyIsSound(curve('P-256')), true);
  assert.equal(keyIsSound(curve('secp256k1')), false);
  assert.equal(keyIsSound(generateKeyPairSync('ed25519').publicKey), false);
});
