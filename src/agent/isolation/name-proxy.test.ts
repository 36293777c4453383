import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type LookupFunction,
  type Socket,
} from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { azureProfile } from '../../contract/cloud-profile.ts';
import type { Environment } from '../../foundation/environment.ts';
import { silentLog } from '../../foundation/log.ts';
import { type NameProxy, startNameProxy } from './name-proxy.ts';

/** A listener that says who it is, then echoes. */
async function listener(t: TestContext, greeting: string): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.write(greeting);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A resolver that leads every name back to this machine, as a rebinding one does. */
const toLoopback: LookupFunction = (_host, _options, callback) => {
  callback(null, [{ address: '127.0.0.1', family: 4 }]);
};

async function proxyFor(
  t: TestContext,
  options: {
    port?: number;
    environment?: Environment;
    lookup?: LookupFunction;
    ownAddresses?: () => readonly string[];
  },
): Promise<NameProxy> {
  const proxy = await startNameProxy({
    profile: azureProfile,
    server: { host: '127.0.0.1', port: options.port ?? 1 },
    environment: options.environment ?? {},
    log: silentLog,
    ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
    ...(options.ownAddresses === undefined ? {} : { ownAddresses: options.ownAddresses }),
  });
  t.after(() => proxy[Symbol.asyncDispose]());
  return proxy;
}

/** The status line with which the proxy answers `CONNECT authority`; a tunnel that opens is closed again. */
async function connectThrough(
  proxy: NameProxy,
  authority: string,
): Promise<{ status: number; phrase: string }> {
  const outgoing = request({
    port: proxy.port,
    host: '127.0.0.1',
    method: 'CONNECT',
    path: authority,
    agent: false,
  });
  outgoing.end();
  const [incoming, socket] = (await once(outgoing, 'connect')) as [IncomingMessage, Socket];
  socket.on('error', () => {});
  socket.destroy();
  return { status: incoming.statusCode ?? 0, phrase: incoming.statusMessage ?? '' };
}

async function textThrough(proxy: NameProxy, authority: string, awaited: string): Promise<string> {
  const socket = connect(proxy.port, '127.0.0.1');
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  let text = '';
  for await (const chunk of socket) {
    text += chunk;
    if (text.includes(awaited)) break;
  }
  return text;
}

describe('the name proxy', () => {
  test("takes the profile's names to the deployment's listener", async (t) => {
    const proxy = await proxyFor(t, { port: await listener(t, 'innate here') });
    for (const name of [
      'login.microsoftonline.com',
      'management.azure.com',
      'graph.microsoft.com',
      'demo-kv.vault.azure.net',
      'DEMO-KV.Vault.Azure.Net',
      'login.windows.net',
      'agents.innate.internal',
    ]) {
      assert.match(await textThrough(proxy, `${name}:443`, 'here'), /200 .*innate here/s, name);
    }
  });

  test("never passes on a name in Azure's domains that is not served, and says why in the status line", async (t) => {
    const proxy = await proxyFor(t, { environment: { HTTPS_PROXY: 'http://127.0.0.1:1' } });
    for (const name of [
      'store.blob.core.windows.net',
      'westeurope.login.microsoft.com',
      'a.b.vault.azure.net',
      'x.azurewebsites.net',
      'Vault.Azure.Net',
    ]) {
      const { status, phrase } = await connectThrough(proxy, `${name}:443`);
      assert.equal(status, 403, name);
      assert.match(phrase, /not served by this Innate/);
    }
  });

  test('serves its names on port 443 only', async (t) => {
    const proxy = await proxyFor(t, {});
    const { status, phrase } = await connectThrough(proxy, 'demo-kv.vault.azure.net:8443');
    assert.equal(status, 403);
    assert.match(phrase, /port 443 only/);
  });

  test("opens no way to this machine's own addresses in its networks, given or resolved", async (t) => {
    const own = '192.0.2.7';
    const proxy = await proxyFor(t, {
      ownAddresses: () => [own],
      lookup: (_host, _options, callback) => callback(null, [{ address: own, family: 4 }]),
    });
    for (const authority of [`${own}:22`, 'this-machine.example.com:443']) {
      const { status, phrase } = await connectThrough(proxy, authority);
      assert.equal(status, 403, authority);
      assert.match(phrase, /leads to this machine/);
    }
  });

  test('opens no way back to this machine or to its metadata service', async (t) => {
    const proxy = await proxyFor(t, { lookup: toLoopback });
    for (const authority of [
      'localhost:22',
      'app.localhost:80',
      '127.0.0.1:22',
      '169.254.169.254:80',
      '168.63.129.16:80',
      '0.0.0.0:22',
      '2130706433:22',
      'rebound.example.com:443',
      '[::1]:443',
      '[::ffff:127.0.0.1]:443',
    ]) {
      assert.equal((await connectThrough(proxy, authority)).status, 403, authority);
    }
  });

  test('answers nonsense with 400 and keeps serving', async (t) => {
    const proxy = await proxyFor(t, {});
    for (const authority of [
      'example.com',
      'example.com:0',
      'example.com:99999',
      'a b:443',
      'u@example.com:443',
    ]) {
      const socket = connect(proxy.port, '127.0.0.1');
      socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: x\r\n\r\n`);
      let text = '';
      for await (const chunk of socket) text += chunk;
      assert.match(text, /^HTTP\/1.1 400 /, authority);
    }
    const origin = await fetch(`${proxy.url}/metadata/identity/oauth2/token`);
    assert.equal(origin.status, 400);
    const flood = connect(proxy.port, '127.0.0.1');
    flood.on('error', () => {}).resume();
    flood.write(`CONNECT example.com:443 HTTP/1.1\r\nX: ${'a'.repeat(64 * 1024)}\r\n\r\n`);
    await once(flood, 'close');
    assert.equal((await connectThrough(proxy, 'x.azure.com:443')).status, 403);
  });

  test("goes through the user's own proxy, with its password, except where NO_PROXY says so", async (t) => {
    const seen: string[] = [];
    const upstream = createServer((incoming, response) => {
      seen.push(`${incoming.method} ${incoming.url}`);
      response.end('through upstream');
    });
    upstream.on('connect', (incoming: IncomingMessage, socket: Socket) => {
      seen.push(`CONNECT ${incoming.url} ${incoming.headers['proxy-authorization']}`);
      socket.end('HTTP/1.1 200 OK\r\n\r\nfrom afar');
    });
    upstream.listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    t.after(() => upstream.close());
    const address = `http://me:p%40ss@127.0.0.1:${(upstream.address() as AddressInfo).port}`;
    const proxy = await proxyFor(t, {
      environment: { HTTPS_PROXY: address, http_proxy: address, NO_PROXY: 'other.test,.inner.example' },
      lookup: toLoopback,
    });
    assert.match(await textThrough(proxy, 'packages.example:443', 'afar'), /200 .*from afar/s);
    assert.equal(
      (await connectThrough(proxy, 'db.inner.example:443')).status,
      403,
      'direct, and to loopback',
    );
    const outgoing = request({
      port: proxy.port,
      host: '127.0.0.1',
      path: 'http://example.org/a?b=c',
      agent: false,
    });
    outgoing.end();
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response) text += chunk;
    assert.equal(text, 'through upstream');
    assert.deepEqual(seen, [
      `CONNECT packages.example:443 Basic ${Buffer.from('me:p@ss').toString('base64')}`,
      'GET http://example.org/a?b=c',
    ]);
  });

  test("refuses plain http to Azure's names with the reason in the body", async (t) => {
    const proxy = await proxyFor(t, {});
    for (const name of [
      '169.254.169.254',
      'demo-kv.vault.azure.net',
      'x.blob.core.windows.net',
      'localhost',
    ]) {
      const outgoing = request({
        port: proxy.port,
        host: '127.0.0.1',
        path: `http://${name}/`,
        agent: false,
      });
      outgoing.end();
      const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
      let text = '';
      for await (const chunk of response) text += chunk;
      assert.equal(response.statusCode, 403);
      assert.match(text, /RefusedByInnate/);
    }
  });

  test('says that a destination cannot be reached', async (t) => {
    const lookup: LookupFunction = (host, _options, callback) => {
      callback(Object.assign(new Error(`no such name ${host}`), { code: 'ENOTFOUND' }), '');
    };
    const proxy = await proxyFor(t, { lookup });
    const { status, phrase } = await connectThrough(proxy, 'nowhere.example:443');
    assert.equal(status, 502);
    assert.match(phrase, /no such name nowhere.example/);
  });

  test('survives clients and servers that reset, and closes every tunnel when it ends', async (t) => {
    const port = await listener(t, 'hello');
    const proxy = await proxyFor(t, { port });
    const torn = connect(proxy.port, '127.0.0.1');
    torn.on('error', () => {});
    torn.write('CONNECT demo-kv.vault.azure.net:443 HTTP/1.1\r\n\r\n');
    await once(torn, 'data');
    torn.resetAndDestroy();
    const held = connect(proxy.port, '127.0.0.1');
    held.on('error', () => {});
    held.write('CONNECT demo-kv.vault.azure.net:443 HTTP/1.1\r\nHost: demo-kv.vault.azure.net\r\n\r\n');
    await once(held, 'data');
    const closed = once(held, 'close');
    await proxy[Symbol.asyncDispose]();
    await closed;
  });
});
