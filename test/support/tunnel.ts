import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, connect } from 'node:net';

/** A proxy that answers CONNECT for any name with one listener on loopback: how a client reaches names of ours. */
export interface Tunnel extends AsyncDisposable {
  /** `http://127.0.0.1` and the port, as clients' proxy options take them apart. */
  readonly host: string;
  readonly port: number;
}

export async function openTunnel(to: { readonly port: number }): Promise<Tunnel> {
  const server = http.createServer((_request, response) => response.writeHead(405).end());
  server.on('connect', (_request, client, head) => {
    const upstream = connect(to.port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      client.pipe(upstream).pipe(client);
    });
    upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
    client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
  });
  const sockets = new Set<{ destroy(): unknown }>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: 'http://127.0.0.1',
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
