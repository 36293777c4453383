import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { createSecureContext } from 'node:tls';
import { makeClientKey } from '../../../test/support/token-service.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import { keyStore } from './key-store.ts';

describe('a key with its certificate as PKCS #12', () => {
  test('is opened without a password by what reads such files', async () => {
    const { privateKey, certificate } = await makeClientKey();
    const der = privateKey.export({ type: 'pkcs8', format: 'der' });
    const store = await keyStore({ privateKey: der, certificate: certificate.raw }, systemRandomness);

    assert.ok(createSecureContext({ pfx: store }));
    assert.ok(createSecureContext({ pfx: store, passphrase: '' }));
    assert.throws(() => createSecureContext({ pfx: store, passphrase: 'guess' }), /mac verify failure/i);
    const spoiled = Buffer.from(store);
    spoiled.writeUInt8(spoiled.readUInt8(100) ^ 1, 100);
    assert.throws(() => createSecureContext({ pfx: spoiled, passphrase: '' }));

    const opened = spawnSync('openssl', ['pkcs12', '-nodes', '-passin', 'pass:'], { input: store });
    // a machine without OpenSSL's program has Node's own reader, which is OpenSSL's
    if (opened.error !== undefined) return;
    const text = opened.stdout.toString();
    assert.equal(opened.status, 0, opened.stderr.toString());
    assert.deepEqual(createPrivateKey(text).export({ type: 'pkcs8', format: 'der' }), der);
    const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text)?.[0] ?? '';
    assert.deepEqual(new X509Certificate(pem).raw, certificate.raw);
  });
});
