import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { azureProfile, certificateNames } from '../contract/cloud-profile.ts';
import { systemClock } from '../foundation/clock.ts';
import { createAuthority, issueLeaf, leafServes, renewLeafBefore } from './certificate-authority.ts';

const names = certificateNames(azureProfile);

async function request(port: number, ca: string, servername: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    https
      .get(
        { port, host: '127.0.0.1', ca, servername, headers: { host: servername }, agent: false },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      )
      .on('error', reject);
  });
}

describe('the local certificate authority', () => {
  test('its certificate is accepted by a TLS client for every name served, and for no other', async () => {
    const authority = await createAuthority(names, systemClock);
    const leaf = await issueLeaf(authority, names, systemClock);
    const foreign = await issueLeaf(authority, ['login.example.com'], systemClock);
    const server = https.createServer(
      { cert: leaf.certificateChain, key: leaf.privateKey },
      (_request, response) => response.end(),
    );
    server.addContext('login.example.com', { cert: foreign.certificateChain, key: foreign.privateKey });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      assert.equal(await request(port, authority.certificate, 'login.microsoftonline.com'), 200);
      assert.equal(await request(port, authority.certificate, 'demo-kv.vault.azure.net'), 200);
      await assert.rejects(request(port, authority.certificate, 'example.org'), /altnames/);
      await assert.rejects(request(port, authority.certificate, 'login.example.com'), /permitted subtree/);
    } finally {
      server.close();
    }
  });

  test('its leaf is issued anew when names are missing, when it ages, and under another authority', async () => {
    const authority = await createAuthority(names, systemClock);
    const leaf = await issueLeaf(authority, names, systemClock);
    const later = (milliseconds: number) => ({ ...systemClock, now: () => systemClock.now() + milliseconds });
    assert.equal(leafServes(leaf, authority, names, systemClock), true);
    assert.equal(leafServes(leaf, authority, [...names, 'other.example'], systemClock), false);
    assert.equal(leafServes(leaf, authority, names, later(397 * 86_400_000 - renewLeafBefore + 1)), false);
    assert.equal(leafServes(leaf, await createAuthority(names, systemClock), names, systemClock), false);
  });
});
