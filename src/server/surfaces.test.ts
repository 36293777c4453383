import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import net from 'node:net';
import { describe, mock, test } from 'node:test';
import Fastify from 'fastify';
import { azureProfile, certificateNames } from '../contract/cloud-profile.ts';
import { systemClock } from '../foundation/clock.ts';
import { silentLog } from '../foundation/log.ts';
import { createAuthority, issueLeaf } from './certificate-authority.ts';
import { ListenError, listen } from './surfaces.ts';

const names = certificateNames(azureProfile);
const authority = await createAuthority(names, systemClock);
const tls = await issueLeaf(authority, names, systemClock);

function app(name: string) {
  const made = Fastify();
  made.get('/*', async ({ headers }) => ({ surface: name, authorization: headers.authorization }));
  return made;
}

function options() {
  return {
    profile: azureProfile,
    tls,
    apps: {
      login: app('login'),
      'certificate-login': app('certificate-login'),
      identity: app('identity'),
      management: app('management'),
      graph: app('graph'),
      agents: app('agents'),
      vault: app('vault'),
    },
    log: silentLog,
  };
}

/** @param others names and values in turn */
async function ask(
  port: number,
  host: string,
  others: readonly string[] = [],
  servername = 'login.microsoftonline.com',
): Promise<{ status: number; body: string }> {
  return await new Promise((resolve, reject) => {
    https
      .get(
        {
          host: '127.0.0.1',
          port,
          servername,
          ca: authority.certificate,
          headers: ['Host', host, ...others],
          agent: false,
        },
        (response) => {
          let body = '';
          response.on('data', (part) => {
            body += part;
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        },
      )
      .on('error', reject);
  });
}

describe('the one listener', () => {
  test('hands a request to the surface that its Host header names, in any case and with a port', async () => {
    await using surfaces = await listen(options(), { host: '127.0.0.1', port: 0 });
    const { port } = surfaces;
    assert.match((await ask(port, 'login.microsoftonline.com')).body, /login/);
    assert.match((await ask(port, 'STS.windows.net')).body, /login/);
    assert.match((await ask(port, 'management.azure.com:443')).body, /management/);
    assert.match((await ask(port, 'demo-kv.vault.azure.net')).body, /vault/);
  });

  test('answers a name that is none of its own with 421', async () => {
    await using surfaces = await listen(options(), { host: '127.0.0.1', port: 0 });
    for (const host of ['example.org', 'a.b.vault.azure.net', 'vault.azure.net', 'storage.azure.com']) {
      assert.equal((await ask(surfaces.port, host)).status, 421, host);
    }
  });

  test('takes two Host headers for a name that is none of its own', async () => {
    await using surfaces = await listen(options(), { host: '127.0.0.1', port: 0 });
    const reply = await ask(surfaces.port, 'management.azure.com', ['Host', 'graph.microsoft.com']);
    assert.equal(reply.status, 421);
  });

  test('shows every Authorization header of a request, so that no two are taken for one', async () => {
    await using surfaces = await listen(options(), { host: '127.0.0.1', port: 0 });
    const reply = await ask(surfaces.port, 'management.azure.com', [
      'Authorization',
      'Bearer a',
      'Authorization',
      'Bearer b',
    ]);
    assert.match(reply.body, /Bearer a, Bearer b/);
  });

  test('hears a client whose first message comes in single octets, under any name', async () => {
    await using surfaces = await listen(options(), { host: '127.0.0.1', port: 0 });
    for (const host of ['login.microsoftonline.com', 'mtlsauth.microsoft.com']) {
      const relay = net.createServer((near) => {
        const far = net.connect(surfaces.port, '127.0.0.1');
        far.setNoDelay(true);
        far.pipe(near);
        for (const socket of [near, far]) socket.on('error', () => undefined);
        near.once('data', (hello: Buffer) => {
          near.pause();
          let at = 0;
          const next = () => {
            if (at === hello.length) return void near.pipe(far);
            at += 1;
            far.write(hello.subarray(at - 1, at), () => setImmediate(next));
          };
          next();
        });
      });
      relay.listen(0, '127.0.0.1');
      await once(relay, 'listening');
      const { port } = relay.address() as net.AddressInfo;
      assert.equal((await ask(port, host, [], host)).status, 200);
      relay.close();
    }
  });

  test("does not answer Azure's names beyond loopback", async () => {
    await assert.rejects(listen(options(), { host: '0.0.0.0', port: 0 }), ListenError);
  });

  test('lets go of a connection that does not finish its handshake', { timeout: 5000 }, async () => {
    await using surfaces = await listen(
      { ...options(), handshakeTimeout: 20 },
      { host: '127.0.0.1', port: 0 },
    );
    const silent = net.connect(surfaces.port, '127.0.0.1');
    silent.resume();
    await once(silent, 'close');
  });

  test('ends although somebody connects and never says a word', async () => {
    const surfaces = await listen(options(), { host: '127.0.0.1', port: 0 });
    const silent = net.connect(surfaces.port, '127.0.0.1');
    await once(silent, 'connect');
    // the connection has reached the server once a later one was served
    await ask(surfaces.port, 'login.microsoftonline.com');
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const ended = surfaces[Symbol.asyncDispose]();
      mock.timers.tick(8000);
      await ended;
    } finally {
      mock.timers.reset();
      silent.destroy();
    }
  });
});
