import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../src/foundation/clock.ts';
import { createAuthority, issueLeaf } from '../../src/server/certificate-authority.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A site of somebody else's, behind TLS on a loopback port, with a private authority of its own. */
export interface HttpsSite extends AsyncDisposable {
  readonly port: number;
  /** PEM of its authority. */
  readonly ca: string;
  /** Replaces what answers. */
  answer(handler: Handler): void;
  /** Paths asked for so far. */
  readonly asked: string[];
}

/** @param name the host name its certificate has beside `localhost` and the loopback addresses */
export async function httpsSite(handler: Handler, name = 'issuer.example'): Promise<HttpsSite> {
  const authority = await createAuthority([name], systemClock);
  const leaf = await issueLeaf(authority, [name], systemClock);
  const asked: string[] = [];
  let current = handler;
  const server = https.createServer(
    { cert: leaf.certificateChain, key: leaf.privateKey },
    (request, response) => {
      asked.push(request.url ?? '');
      current(request, response);
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    ca: authority.certificate,
    answer: (next) => {
      current = next;
    },
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers a JSON document. */
export function json(document: unknown, headers: Readonly<Record<string, string>> = {}): Handler {
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(document));
  };
}
