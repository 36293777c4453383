import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Clock, epochSeconds } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Callers } from './callers.ts';
import {
  type Answer,
  type HostProtocol,
  type Question,
  type Reading,
  type Refusal,
  Refused,
} from './host-protocols/host-protocol.ts';
import { parseTarget } from './raw-target.ts';
import { RequestHeaders } from './request-headers.ts';
import type { Desk } from './token-desk.ts';

export interface ListenerOptions {
  readonly protocol: HostProtocol;
  readonly desk: Desk;
  /** Limits on what has to be fetched from the token service. */
  readonly fetching: Callers;
  /** Limits on every request, cached or not; none unless told. */
  readonly every?: Callers | undefined;
  /** `Host` values that name this endpoint; read once it listens. */
  readonly hosts: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

/** What is remembered of a request line: how it reads, and the answer of this second. */
interface Line {
  readonly reading: Reading;
  prepared: Prepared | undefined;
}

interface Prepared {
  readonly answer: Answer;
  readonly second: number;
  readonly epoch: number;
}

const maxLines = 256;
const maxConnections = 256;

/** The pipeline of every endpoint, in this order for every request: a protocol declares, and cannot leave out a step. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #headers: RequestHeaders;
  /** By the raw request target. A reading depends on nothing else, so it holds for good. */
  readonly #lines = new Map<string, Line>();

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#headers = new RequestHeaders(options.hosts, options.protocol.admittingHeaders);
  }

  /** Answers one request, at once or when its token has come; never throws. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    let answer: Answer | undefined;
    try {
      answer = this.#answer(request, response);
    } catch (error) {
      answer = this.#options.protocol.refuse(this.#failure(error));
    }
    if (answer !== undefined) send(response, answer);
  }

  /** The answer to bytes that are no HTTP request. */
  malformed(socket: Socket): void {
    const { status, headers, body } = this.#options.protocol.refuse({ kind: 'malformed-header', detail: '' });
    const lines = headers.flatMap((text, at) => (at % 2 === 0 ? [`${text}: ${headers[at + 1]}`] : []));
    if (socket.writable) {
      socket.write(
        `HTTP/1.1 ${status} Bad Request\r\n${lines.join('\r\n')}\r\nConnection: close\r\n\r\n${body}`,
      );
    }
    socket.destroySoon();
  }

  /** @returns `undefined` where the answer follows later */
  #answer(request: IncomingMessage, response: ServerResponse): Answer | undefined {
    const { protocol, desk, every, clock } = this.#options;
    const line = this.#line(request.url ?? '');
    const { reading, prepared } = line;
    if (reading.kind === 'answer' && reading.open) return reading.answer;

    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) return lastOnConnection(protocol.refuse(refusal));

    if (every !== undefined) {
      const wait = every.enter();
      if (wait !== undefined) return protocol.refuse({ kind: 'throttled', retryAfter: wait });
      response.once('close', () => every.leave());
    }
    if (reading.kind === 'answer') return reading.answer;

    const second = epochSeconds(clock);
    if (prepared !== undefined && prepared.second === second && prepared.epoch === desk.epoch) {
      return prepared.answer;
    }
    const answer = this.#prepare(reading, second);
    if (answer !== undefined) line.prepared = { answer, second, epoch: desk.epoch };
    else if (reading.kind === 'token') void this.#obtain(reading.question, response);
    return answer;
  }

  #line(raw: string): Line {
    const known = this.#lines.get(raw);
    if (known !== undefined) return known;
    const { protocol } = this.#options;
    const target = parseTarget(raw);
    const reading: Reading =
      'kind' in target
        ? { kind: 'answer', answer: protocol.refuse(target), open: true }
        : protocol.read(target);
    const line: Line = { reading, prepared: undefined };
    if (this.#lines.size >= maxLines) this.#lines.clear();
    this.#lines.set(raw, line);
    return line;
  }

  #refusalOf(request: IncomingMessage): Refusal | undefined {
    if (request.method !== 'GET') return { kind: 'method-not-allowed' };
    const values: (string | undefined)[] = [];
    return this.#headers.check(request.rawHeaders, values) ?? this.#options.protocol.admit(values);
  }

  /** What can be answered now, without waiting. */
  #prepare(reading: Exclude<Reading, { kind: 'answer' }>, second: number): Answer | undefined {
    const { protocol, desk, fetching } = this.#options;
    if (reading.kind === 'document') return reading.render(desk.facts());
    const token = desk.ready(reading.question, fetching);
    return token === undefined ? undefined : protocol.write(reading.question, token, second);
  }

  async #obtain(question: Question, response: ServerResponse): Promise<void> {
    const { protocol, desk, fetching, clock } = this.#options;
    try {
      const token = await desk.obtain(question, fetching);
      send(response, protocol.write(question, token, epochSeconds(clock)));
    } catch (error) {
      send(response, protocol.refuse(this.#failure(error)));
    }
  }

  #failure(error: unknown): Refusal {
    const { log, protocol } = this.#options;
    if (!(error instanceof Refused)) {
      log.error({ protocol: protocol.name, err: error }, 'a request failed');
      return { kind: 'failed' };
    }
    const { refusal, cause } = error;
    if (cause !== undefined)
      log.warn({ protocol: protocol.name, refusal: refusal.kind, err: cause }, 'no token');
    return refusal;
  }
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.destroyed) return;
  response.writeHead(status, headers);
  response.end(body);
}

/** A connection that brought something unexpected is not read any further. */
function lastOnConnection(answer: Answer): Answer {
  return { ...answer, headers: [...answer.headers, 'Connection', 'close'] };
}

/** A server with the limits of an endpoint that strangers on the same machine can reach. */
export function serverOf(listener: () => Listener | undefined): Server {
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    const open = listener();
    if (open === undefined) request.destroy();
    else open.handle(request, response);
  };
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: 16 * 1024,
      insecureHTTPParser: false,
      // a request without Host is refused with all the others, in the protocol's words
      requireHostHeader: false,
    },
    handle,
  );
  server.maxConnections = maxConnections;
  server.maxRequestsPerSocket = 1_000;
  server.on('clientError', (_error, socket) => listener()?.malformed(socket as Socket));
  // what expects something is answered as any other request, and CONNECT not at all
  server.on('checkContinue', handle);
  server.on('checkExpectation', handle);
  server.on('connect', (_request, socket) => socket.destroy());
  return server;
}
