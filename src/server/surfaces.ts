import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { asksForCertificate, type CloudProfile, type Surface, surfaceOf } from '../contract/cloud-profile.ts';
import type { Log } from '../foundation/log.ts';
import type { TlsIdentity } from './certificate-authority.ts';
import { requestCertificates } from './certificate-requests.ts';

/** Milliseconds that requests under way get to finish when the server ends; well below the 10 s that are promised. */
const drainTime = 8000;
/** Connections at once; an idle one holds some 50 kB. Further ones are closed at once. */
const maxConnections = 10_000;

/** The listener could not start: one sentence that names the address. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

export interface SurfacesOptions {
  readonly profile: CloudProfile;
  readonly tls: TlsIdentity;
  readonly apps: Readonly<Record<Surface['kind'], FastifyInstance>>;
  readonly log: Log;
  /** Milliseconds in which a connection has to finish its TLS handshake; 10 s unless told. */
  readonly handshakeTimeout?: number;
}

/** The one TLS listener: it hands each request to the surface that its Host header names. */
export interface Surfaces extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

/**
 * Listens; port 0 takes any free one.
 *
 * @throws ListenError where the address is taken or not this machine's, or where Azure's names would be answered
 *   beyond loopback
 */
export async function listen(
  options: SurfacesOptions,
  address: { host: string; port: number },
): Promise<Surfaces> {
  const { apps, log, profile } = options;
  const refusal = refuseHost(profile, address.host);
  if (refusal !== undefined) throw new ListenError(refusal);
  await Promise.all(Object.values(apps).map((app) => app.ready()));

  const handshakeTimeout = options.handshakeTimeout ?? 10_000;
  const identity = {
    cert: options.tls.certificateChain,
    key: options.tls.privateKey,
    minVersion: 'TLSv1.2',
  } as const;
  const server = https.createServer(
    {
      ...identity,
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      // longer than clients and proxies keep theirs: who closes first must not be the one who may be asked meanwhile
      keepAliveTimeout: 95_000,
      maxHeaderSize: 32 * 1024,
      insecureHTTPParser: false,
      handshakeTimeout,
      // of two Host or Authorization headers one would be checked and the other meant: joined, neither holds
      joinDuplicateHeaders: true,
    },
    (request, response) => dispatch(request, response),
  );
  server.maxConnections = maxConnections;
  requestCertificates(server, {
    asksForCertificate: (name) => asksForCertificate(profile, name),
    tls: identity,
    handshakeTimeout,
    log,
  });
  /** Answers under way, for their connections to be closed behind them when the server ends. */
  const underWay = new Set<ServerResponse>();

  function dispatch(request: IncomingMessage, response: ServerResponse): void {
    const surface = surfaceOf(profile, request.headers.host ?? '');
    if (surface === undefined) {
      // RFC 9110 §15.5.20: this listener is not the authority for that name
      response.writeHead(421, { 'content-type': 'application/json; charset=utf-8' });
      response.end(
        JSON.stringify({
          error: { code: 'MisdirectedRequest', message: 'Innate serves no surface under this host name.' },
        }),
      );
      return;
    }
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
    response.shouldKeepAlive &&= server.listening;
    apps[surface.kind].routing(request, response);
  }

  // below TLS: a connection that never finishes its handshake is known to nobody else
  const connections = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // an answer to anything but broken HTTP would wait, and hold its connection, for a handshake that never comes
    const readable = /^(HPE_|ERR_HTTP_)/.test(error.code ?? '') && socket.writable;
    if (readable) socket.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    (socket as Socket).destroySoon();
  });
  server.on('tlsClientError', (error) => log.debug({ reason: error.message }, 'TLS handshake failed'));

  try {
    server.listen(address.port, address.host);
    await once(server, 'listening');
  } catch (error) {
    throw new ListenError(explainListenFailure(error as NodeJS.ErrnoException, address), { cause: error });
  }

  return {
    host: address.host,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      // a connection that is kept open would hold the end back until the client lets go of it
      for (const response of underWay) response.shouldKeepAlive = false;
      const cut = setTimeout(() => {
        for (const socket of connections) socket.destroy();
      }, drainTime);
      await Promise.all(Object.values(apps).map((app) => app.close()));
      server.closeIdleConnections();
      await closed;
      clearTimeout(cut);
    },
  };
}

/** Why a profile may not listen on a host, in one sentence; `undefined` where it may. */
export function refuseHost({ kind }: CloudProfile, host: string): string | undefined {
  if (kind !== 'azure' || isLoopback(host)) return undefined;
  return (
    `the azure profile answers Azure's own names and so listens on loopback only, not on ${host}; ` +
    'use --profile own --domain DOMAIN to serve other machines'
  );
}

/** Whether a host, as given to `--listen`, is reachable from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function explainListenFailure(
  error: NodeJS.ErrnoException,
  { host, port }: { host: string; port: number },
): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `port ${port} on ${host} is in use by another program; give another with --listen ${host}:PORT (0 takes any free one)`;
    case 'EACCES':
      return `listening on port ${port} of ${host} needs more rights; give another with --listen ${host}:PORT`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is not an address of this machine`;
    default:
      return `listening on ${host}:${port} failed: ${error.message}`;
  }
}
