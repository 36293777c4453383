import { Agent, request as httpsRequest } from 'node:https';

/** How a deployment's listener is reached: by address, whatever the names that it answers to. */
export interface ServerConnection {
  readonly host: string;
  readonly port: number;
  /** PEM of the one certificate authority trusted; the machine's own trust store has no say. */
  readonly ca: string;
}

export interface TransportRequest {
  /** The surface's host name, with its port where that is not 443: TLS server name and `Host` header. */
  readonly name: string;
  readonly method: string;
  /** Path and query, beginning with `/`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds from first octet sent to last received; 10 s unless told. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** Octets that the answer has at most; 1 MiB unless told. */
  readonly maxAnswer?: number;
}

export interface TransportAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** The server could not be reached, or broke off: nothing is known of what became of the request. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

/** Carries requests to one deployment. */
export interface Transport extends Disposable {
  /** @throws Unreachable where no whole answer came back in time */
  request(request: TransportRequest): Promise<TransportAnswer>;
}

const defaultTimeout = 10_000;
const defaultMaxAnswer = 1024 * 1024;

/**
 * HTTPS to one deployment: only its own authority is trusted, names are checked against the certificate, redirects
 * are not followed, TLS sessions are not resumed (a resumed session skips the chain check), connections are kept and
 * carry one request at a time.
 */
export function createHttpsTransport(server: ServerConnection): Transport {
  const agent = new Agent({
    keepAlive: true,
    maxCachedSessions: 0,
    ca: server.ca,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  });
  return {
    request: (request) => send(agent, server, request),
    [Symbol.dispose]() {
      agent.destroy();
    },
  };
}

async function send(
  agent: Agent,
  server: ServerConnection,
  request: TransportRequest,
): Promise<TransportAnswer> {
  const timeout = AbortSignal.timeout(request.timeout ?? defaultTimeout);
  const signal = request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]);
  try {
    return await attempt(agent, server, request, signal);
  } catch (error) {
    // a kept connection that the server closed meanwhile carried nothing: a new one may
    if (error instanceof StaleConnection) return await attempt(agent, server, request, signal);
    throw error;
  }
}

class StaleConnection extends Unreachable {}

function attempt(
  agent: Agent,
  server: ServerConnection,
  { name, method, path, body, headers: given, maxAnswer = defaultMaxAnswer }: TransportRequest,
  signal: AbortSignal,
): Promise<TransportAnswer> {
  const headers: Record<string, string> = { ...given, host: name };
  const servername = name.replace(/:\d+$/, '');
  if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body));
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      reject(new Unreachable(`${name} cannot be reached: ${error.message}`, { cause: error }));
    };
    const outgoing = httpsRequest(
      { agent, host: server.host, port: server.port, servername, method, path, headers, signal },
      (incoming) => {
        const chunks: Buffer[] = [];
        let size = 0;
        incoming.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > maxAnswer) incoming.destroy(new Error('the answer is too large'));
          else chunks.push(chunk);
        });
        incoming.on('error', fail);
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: text });
        });
      },
    );
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (outgoing.reusedSocket && error.code === 'ECONNRESET') {
        reject(new StaleConnection(`${name} closed the connection`, { cause: error }));
      } else fail(error);
    });
    outgoing.end(body);
  });
}
