import type { KeyObject } from 'node:crypto';
import https from 'node:https';
import type { TLSSocket } from 'node:tls';

/** Where a listener is, and whom its clients trust. */
export interface ListenerAddress {
  readonly port: number;
  readonly ca: string;
}

/** A certificate with its key, as a client shows it. */
export interface ClientIdentity {
  readonly privateKey: KeyObject;
  /** PEM. */
  readonly certificate: string;
}

export interface ConnectionReply {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Readonly<Record<string, unknown>>;
  /** Whether the connection continued an earlier one's TLS session. */
  readonly resumed: boolean;
  /** The last TLS session that the server offered; `undefined` where it offered none. */
  readonly session: Buffer | undefined;
}

/** One request over a connection of its own, under a name of the deployment's, with a client certificate or without. */
export async function requestWithCertificate(
  { port, ca }: ListenerAddress,
  url: string,
  options: {
    readonly as?: ClientIdentity | undefined;
    readonly form?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly headers?: Readonly<Record<string, string>>;
    /** GET, or POST with a form, unless told. */
    readonly method?: string;
    /** Another name than the URL's in the TLS handshake. */
    readonly serverName?: string;
    readonly session?: Buffer;
    readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
  } = {},
): Promise<ConnectionReply> {
  const { hostname, pathname, search } = new URL(url);
  const { as, body, form, headers, method, serverName, session, maxVersion } = options;
  return await new Promise((resolve, reject) => {
    let offered: Buffer | undefined;
    const request = https.request(
      {
        host: '127.0.0.1',
        port,
        ca,
        servername: serverName ?? hostname,
        method: method ?? (form === undefined ? 'GET' : 'POST'),
        path: `${pathname}${search}`,
        headers: {
          host: hostname,
          ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
          ...headers,
        },
        agent: false,
        ...(as === undefined
          ? {}
          : { key: as.privateKey.export({ type: 'pkcs8', format: 'pem' }), cert: as.certificate }),
        ...(session === undefined ? {} : { session }),
        ...(maxVersion === undefined ? {} : { maxVersion }),
      },
      (response) => {
        const socket = response.socket as TLSSocket;
        const resumed = socket.isSessionReused();
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => {
          const json = response.headers['content-type']?.includes('json') === true;
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: json && text !== '' ? JSON.parse(text) : {},
            resumed,
            session: offered ?? socket.getSession(),
          });
        });
      },
    );
    request.on('socket', (socket) => socket.on('session', (next: Buffer) => (offered = next)));
    request.on('error', reject);
    request.end(form === undefined ? body : new URLSearchParams(form).toString());
  });
}

/** Connections with a certificate of the client's, counted. */
export class DisposableAgent extends https.Agent implements Disposable {
  made = 0;

  override createConnection(...given: Parameters<https.Agent['createConnection']>) {
    this.made += 1;
    return super.createConnection(...given);
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}

/** A `fetch` that reaches every name at one port on loopback, over the agent's connections. */
export function fetchThrough(port: number, agent: https.Agent) {
  return async (
    url: string,
    { method, headers, body }: { method?: string; headers?: Record<string, string>; body?: unknown },
  ): Promise<Response> => {
    const { hostname, pathname, search } = new URL(url);
    return await new Promise((resolve, reject) => {
      const request = https.request(
        {
          host: '127.0.0.1',
          port,
          servername: hostname,
          method: method ?? 'GET',
          path: `${pathname}${search}`,
          headers: { ...headers, host: hostname },
          agent,
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (part: string) => {
            text += part;
          });
          response.on('end', () => {
            const type = response.headers['content-type'] ?? '';
            resolve(
              new Response(text, { status: response.statusCode ?? 0, headers: { 'content-type': type } }),
            );
          });
        },
      );
      request.on('error', reject);
      request.end(body === undefined || body === null ? undefined : String(body));
    });
  };
}
