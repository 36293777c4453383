import assert from 'node:assert/strict';
import { generateKeyPair } from 'node:crypto';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { readKeySet, readPinnedKeys } from './key-set.ts';

async function rsa(modulusLength = 2048, publicExponent = 65_537) {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength, publicExponent });
  return pair.publicKey.export({ format: 'jwk' });
}

async function ec(namedCurve: string) {
  return (await promisify(generateKeyPair)('ec', { namedCurve })).publicKey.export({ format: 'jwk' });
}

test('RSA and P-256 keys for signatures are read by their ids', async () => {
  const keys = readKeySet({
    keys: [
      { ...(await rsa()), kid: 'a', use: 'sig', alg: 'RS256', x5c: ['AAAA'] },
      { ...(await ec('P-256')), kid: 'b', key_ops: ['verify'] },
    ],
  });
  assert.equal(keys.get('a')?.algorithm, 'RS256');
  assert.equal(keys.get('b')?.algorithm, 'ES256');
});

test('keys that are weak, private or of another kind sign for nobody (T18)', async () => {
  const good = await rsa();
  const bad: readonly object[] = [
    { ...(await rsa(1024)), kid: 'a' },
    { ...(await rsa(2048, 3)), kid: 'a' },
    { ...good, kid: 'a', e: 'AQ' },
    { ...(await ec('P-384')), kid: 'a' },
    { ...(await ec('secp256k1')), kid: 'a' },
    { ...(await ec('P-256')), kid: 'a', y: 'AAAA' },
    { ...good, kid: 'a', use: 'enc' },
    { ...good, kid: 'a', alg: 'RS512' },
    { ...good, kid: 'a', alg: 'none' },
    { ...good, kid: 'a', key_ops: ['encrypt'] },
    { ...good, kid: 'a', d: 'AAAA' },
    { kty: 'oct', k: 'c2VjcmV0', kid: 'a', alg: 'HS256' },
    { kty: 'constructor', kid: 'a' },
    { ...good },
  ];
  for (const key of bad) {
    assert.equal(readKeySet({ keys: [key] }).size, 0, JSON.stringify(key));
    assert.throws(() => readPinnedKeys({ keys: [key] }), { name: 'KeySetError' }, JSON.stringify(key));
  }
});

test('what is no key set is told', async () => {
  const key = { ...(await rsa()), kid: 'a' };
  const bad: readonly unknown[] = [
    undefined,
    {},
    [],
    { keys: {} },
    { keys: [null] },
    { keys: [{ ...key, kid: 7 }] },
    { keys: [{ ...key, kid: 'a'.repeat(257) }] },
    { keys: [key, key] },
    { keys: Array.from({ length: 101 }, (_, at) => ({ ...key, kid: String(at) })) },
  ];
  for (const document of bad) assert.throws(() => readKeySet(document), { name: 'KeySetError' });
  assert.throws(() => readPinnedKeys({ keys: [] }), { name: 'KeySetError' });
});
