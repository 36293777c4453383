import { lookup as systemLookup } from 'node:dns';
import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type AddressInfo, connect, isIP, type LookupFunction, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import type { CloudProfile } from '../../contract/cloud-profile.ts';
import type { Environment } from '../../foundation/environment.ts';
import type { Log } from '../../foundation/log.ts';
import { decideName, isOwnMachine, normaliseName } from './name-decision.ts';
import { splice } from './splice.ts';
import { type UpstreamProxy, upstreamFor } from './upstream-proxy.ts';

export interface NameProxyOptions {
  readonly profile: CloudProfile;
  /** The deployment's TLS listener: where connections to served names end up. */
  readonly server: { readonly host: string; readonly port: number };
  /** Where the name that clients ask about instances is answered; nowhere where it is a served one. */
  readonly discovery?: Destination | undefined;
  /** Whose `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say how this machine reaches the world. */
  readonly environment: Environment;
  readonly log: Log;
  /** Resolves names that are not served; the system's resolver unless told. Addresses of this machine are refused. */
  readonly lookup?: LookupFunction;
  /** This machine's addresses beside loopback; those of its interfaces unless told. */
  readonly ownAddresses?: () => readonly string[];
}

/** An HTTP proxy on loopback that answers for the profile's names and passes everything else on. */
export interface NameProxy extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** Serves a connection that came another way, such as over a unix socket. */
  accept(socket: Duplex): void;
}

const maxConnections = 1024;
const connectTimeout = 30_000;
/** A tunnel on which nothing moves for this long is taken down. */
const idleTimeout = 60 * 60_000;

/** Where a connection goes. */
interface Destination {
  readonly host: string;
  readonly port: number;
}

/** Refused, with the status and the one sentence that says why. */
class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Listens on 127.0.0.1, any free port. */
export async function startNameProxy(options: NameProxyOptions): Promise<NameProxy> {
  const { profile, log } = options;
  const open = new Set<Duplex>();
  const track = <S extends Duplex>(socket: S): S => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', (error) => log.debug({ reason: error.message }, 'a proxied connection broke'));
    return socket;
  };
  const ownAddresses = options.ownAddresses ?? interfaceAddresses;
  const leadsHere = (address: string) => isOwnMachine(address) || ownAddresses().includes(address);
  const lookup = refusing(leadsHere, options.lookup ?? (systemLookup as LookupFunction));

  const server = createServer({
    maxHeaderSize: 16 * 1024,
    headersTimeout: 10_000,
    requestTimeout: 10 * 60_000,
    keepAliveTimeout: 5000,
  });
  server.maxConnections = maxConnections;
  server.on('connection', track);
  server.on('clientError', (_error, socket) =>
    refuseTunnel(socket, new Refusal(400, 'that is no proxy request')),
  );
  server.on('connect', (request: IncomingMessage, client: Duplex, head: Buffer) => {
    openTunnel(request.url ?? '')
      .then((target) => {
        if (client.destroyed) return void target.destroy();
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        if (head.length > 0) target.write(head);
        splice(client, target);
      })
      .catch((error: unknown) => refuseTunnel(client, asRefusal(error)));
  });
  server.on('request', (request, response) => {
    forward(request, response).catch((error: unknown) => answer(response, asRefusal(error)));
  });

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  function upstream(
    scheme: 'http' | 'https',
    { host, port: toPort }: Destination,
  ): UpstreamProxy | undefined {
    const found = upstreamFor(options.environment, scheme, host, toPort);
    // a server started in a shell that `innate env` has prepared must not become its own upstream
    return found !== undefined && found.port === port && isOwnMachine(found.host) ? undefined : found;
  }

  /** An address is dialled as it stands, past every resolver. */
  function requireElsewhere({ host }: Destination): void {
    if (isIP(host) !== 0 && leadsHere(host)) throw leadingHere(host);
  }

  async function openTunnel(authority: string): Promise<Duplex> {
    const destination = parseAuthority(authority);
    const decision = decideName(profile, destination.host);
    if (decision.kind === 'refused') throw new Refusal(403, decision.reason);
    if (decision.kind !== 'elsewhere') {
      if (destination.port !== 443) {
        throw new Refusal(403, `${destination.host} is served on port 443 only, not on ${destination.port}`);
      }
      const answering = decision.kind === 'served' ? options.server : options.discovery;
      if (answering === undefined) throw new Refusal(403, `${destination.host} is not answered here`);
      return await dial(answering);
    }
    requireElsewhere(destination);
    const proxy = upstream('https', destination);
    return proxy === undefined ? await dial(destination, lookup) : await tunnelThrough(proxy, destination);
  }

  async function dial({ host, port: toPort }: Destination, resolve?: LookupFunction): Promise<Socket> {
    const socket = track(
      connect({
        host,
        port: toPort,
        allowHalfOpen: true,
        ...(resolve === undefined ? {} : { lookup: resolve }),
      }),
    );
    socket.setTimeout(connectTimeout, () => socket.destroy(new Error('no answer in time')));
    await once(socket, 'connect');
    socket.setTimeout(idleTimeout);
    return socket;
  }

  async function tunnelThrough(proxy: UpstreamProxy, { host, port: toPort }: Destination): Promise<Duplex> {
    const authority = `${host}:${toPort}`;
    const request = (proxy.secure ? httpsRequest : httpRequest)({
      host: proxy.host,
      port: proxy.port,
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...credentials(proxy) },
      timeout: connectTimeout,
      agent: false,
    });
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.end();
    return await new Promise((resolve, reject) => {
      request.on('error', (error) => {
        const named = `the proxy ${proxy.host}:${proxy.port} that HTTPS_PROXY names`;
        reject(new Refusal(502, `${named} cannot be reached: ${error.message}`));
      });
      request.on('response', (response) => {
        response.destroy();
        reject(new Refusal(502, `the proxy ${proxy.host} answered ${response.statusCode} for ${host}`));
      });
      request.on('connect', (response: IncomingMessage, socket: Socket, head: Buffer) => {
        track(socket);
        if (response.statusCode !== 200) {
          socket.destroy();
          reject(new Refusal(502, `the proxy ${proxy.host} answered ${response.statusCode} for ${host}`));
          return;
        }
        if (head.length > 0) socket.unshift(head);
        socket.setTimeout(idleTimeout);
        resolve(socket);
      });
    });
  }

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = /^http:\/\//i.test(request.url ?? '') ? URL.parse(request.url ?? '') : null;
    if (address === null) {
      throw new Refusal(400, 'this is a proxy: it takes CONNECT and absolute http:// addresses only');
    }
    const destination = {
      host: normaliseName(address.hostname),
      port: address.port === '' ? 80 : Number(address.port),
    };
    const decision = decideName(profile, destination.host);
    if (decision.kind === 'refused') throw new Refusal(403, decision.reason);
    if (decision.kind !== 'elsewhere') {
      throw new Refusal(403, `${destination.host} is served over https only`);
    }
    requireElsewhere(destination);
    const proxy = upstream('http', destination);
    const headers: OutgoingHttpHeaders = { ...withoutHopByHop(request.headers), host: address.host };
    const outgoing = (proxy?.secure ? httpsRequest : httpRequest)({
      method: request.method ?? 'GET',
      agent: false,
      timeout: idleTimeout,
      ...(proxy === undefined
        ? { ...destination, lookup, path: address.pathname + address.search, headers }
        : {
            host: proxy.host,
            port: proxy.port,
            path: address.href,
            headers: { ...headers, ...credentials(proxy) },
          }),
    });
    outgoing.on('socket', track);
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    request.on('aborted', () => outgoing.destroy());
    response.on('close', () => outgoing.destroy());
    request.pipe(outgoing);
    await new Promise<void>((resolve, reject) => {
      outgoing.on('error', reject);
      outgoing.on('response', (incoming) => {
        response.writeHead(incoming.statusCode ?? 502, withoutHopByHop(incoming.headers));
        incoming.on('error', () => response.destroy());
        incoming.pipe(response);
        resolve();
      });
    });
  }

  return {
    port,
    url: `http://127.0.0.1:${port}`,
    accept(socket) {
      if (open.size >= maxConnections * 2) socket.destroy();
      else server.emit('connection', socket);
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/** `HOST:PORT` of a CONNECT request. */
function parseAuthority(text: string): Destination {
  if (text.startsWith('[')) throw new Refusal(403, 'IPv6 addresses are not passed on; use a name');
  const match = /^([^:/?#@[\]\s]{1,255}):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port < 1 || port > 65_535) throw new Refusal(400, 'CONNECT takes HOST:PORT');
  return { host: normaliseName(match[1] as string), port };
}

function interfaceAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((found) => (found ?? []).map(({ address }) => address));
}

function leadingHere(host: string): Refusal {
  return new Refusal(403, `${host} leads to this machine or its metadata service`);
}

/** Wraps a resolver so that no name, however it is spelled or moved, leads back to this machine. */
function refusing(leadsHere: (address: string) => boolean, lookup: LookupFunction): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      const addresses = (Array.isArray(found) ? found : []).filter(({ address }) => !leadsHere(address));
      const first = addresses[0];
      if (error !== null) callback(error, '');
      else if (first === undefined) {
        callback(leadingHere(host), '');
      } else if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function credentials(proxy: UpstreamProxy): Record<string, string> {
  return proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization };
}

/** RFC 9110 §7.6.1, and what is meant for a proxy alone. */
function withoutHopByHop(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  const named = String(headers.connection ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase());
  const dropped = new Set([
    ...named,
    'connection',
    'keep-alive',
    'proxy-connection',
    'proxy-authorization',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
  ]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}

function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const { message } = error as Error;
  return new Refusal(502, `the destination cannot be reached: ${message}`);
}

function body(refusal: Refusal): string {
  const code = refusal.status === 502 ? 'Unreachable' : 'RefusedByInnate';
  return `${JSON.stringify({ error: { code, message: refusal.message } })}\n`;
}

/** Most clients show nothing of a refused CONNECT but its status line: the reason stands there too. */
function refuseTunnel(client: Duplex, refusal: Refusal): void {
  if (!client.writable) return void client.destroy();
  const phrase = refusal.message.replace(/[^ -~]/g, '?').slice(0, 200);
  const text = body(refusal);
  client.end(
    `HTTP/1.1 ${refusal.status} ${phrase}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
}

function answer(response: ServerResponse, refusal: Refusal): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(refusal.status, {
    'content-type': 'application/json; charset=utf-8',
    connection: 'close',
  });
  response.end(body(refusal));
}
