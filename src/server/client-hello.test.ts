import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test } from 'node:test';
import tls from 'node:tls';
import fc from 'fast-check';
import { readClientHello } from './client-hello.ts';

/** The first octets that Node's own TLS client sends. */
async function clientHello(options: tls.ConnectionOptions): Promise<Buffer> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const client = tls.connect({ port, host: '127.0.0.1', ...options });
  client.on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [net.Socket];
  const chunks: Buffer[] = [];
  while (readClientHello(Buffer.concat(chunks)).kind === 'incomplete') {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    chunks.push(chunk);
  }
  client.destroy();
  socket.destroy();
  server.close();
  return Buffer.concat(chunks);
}

describe('the first message of a connection', () => {
  test('tells the name that the client wants, in lower case, with either version of TLS', async () => {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const hello = await clientHello({ servername: 'Mtlsauth.Example.com', maxVersion });
      assert.deepEqual(readClientHello(hello), { kind: 'read', serverName: 'mtlsauth.example.com' });
    }
  });

  test('tells no name where the client gives none', async () => {
    assert.deepEqual(readClientHello(await clientHello({ servername: '' })), {
      kind: 'read',
      serverName: undefined,
    });
  });

  test('is waited for while it arrives in pieces, and not beyond its length', async () => {
    const hello = await clientHello({ servername: 'login.example.com' });
    for (let length = 0; length < hello.length; length += 1) {
      assert.equal(readClientHello(hello.subarray(0, length)).kind, 'incomplete');
    }
    assert.equal(readClientHello(Buffer.concat([hello, hello])).kind, 'read');
  });

  test('that is no TLS is not waited for', () => {
    assert.deepEqual(readClientHello(Buffer.from('G')), { kind: 'read', serverName: undefined });
    assert.deepEqual(readClientHello(Buffer.from('GET / HTTP/1.1\r\n\r\n')), {
      kind: 'read',
      serverName: undefined,
    });
    const tooLong = Buffer.from([22, 3, 1, 0xff, 0xff]);
    assert.deepEqual(readClientHello(tooLong), { kind: 'read', serverName: undefined });
  });

  test('that was altered breaks nothing', async () => {
    const hello = await clientHello({ servername: 'login.example.com' });
    const place = fc.tuple(fc.nat(hello.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(place, { minLength: 1, maxLength: 8 }), (changes) => {
        const altered = Buffer.from(hello);
        for (const [at, value] of changes) altered[at] = value;
        const read = readClientHello(altered);
        assert.ok(
          read.kind === 'incomplete' || read.serverName === undefined || read.serverName.length < 65_536,
        );
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (octets) => {
        readClientHello(Buffer.from([22, 3, 1, octets.length >> 8, octets.length & 0xff, ...octets]));
      }),
      { numRuns: 2000 },
    );
  });
});
