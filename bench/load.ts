import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** What one round of load brought. */
export interface LoadResult {
  /** Answers a second. */
  readonly rate: number;
  readonly answers: number;
  /** Answers whose status was not the one expected. */
  readonly unexpected: number;
  /** Milliseconds; of all answers. */
  readonly p50: number;
  readonly p99: number;
  /** Share of the time that the generator itself was busy: near 1, it measures itself and not the server. */
  readonly busy: number;
}

export interface LoadOptions {
  readonly host: string;
  readonly port: number;
  /** The whole request, as it goes on the wire; of several each is sent in turn. */
  readonly request: string | readonly string[];
  /** Speaks TLS: the authority to trust, and the name to ask for. */
  readonly tls?: { readonly ca: string; readonly servername: string };
  readonly connections: number;
  /** Whether each request has a connection of its own, handshake included. */
  readonly connectionEach?: boolean;
  /** Milliseconds. */
  readonly duration: number;
  readonly expectedStatus?: number;
}

/**
 * Keeps connections busy with one request, one at a time on each (no pipelining), reading no more of an answer than its
 * end: a generator that costs far less than what it measures. Answers must have a `Content-Length`.
 */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const latencies: number[] = [];
  let unexpected = 0;
  const loop = performance.eventLoopUtilization();
  const began = performance.now();
  const ends = began + options.duration;
  const expected = `HTTP/1.1 ${options.expectedStatus ?? 200} `;
  const requests = [options.request].flat().map((text) => Buffer.from(text, 'latin1'));
  let turn = 0;
  const nextRequest = () => requests[turn++ % requests.length] as Buffer;
  await Promise.all(
    Array.from({ length: options.connections }, () =>
      keepBusy(options, nextRequest, ends, (latency, head) => {
        latencies.push(latency);
        if (!head.startsWith(expected)) unexpected += 1;
      }),
    ),
  );
  const seconds = (performance.now() - began) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  const { utilization } = performance.eventLoopUtilization(loop);
  return {
    rate: latencies.length / seconds,
    answers: latencies.length,
    unexpected,
    p50: at(0.5),
    p99: at(0.99),
    busy: utilization,
  };
}

async function keepBusy(
  { host, port, tls, connectionEach }: LoadOptions,
  nextRequest: () => Buffer,
  ends: number,
  answered: (latency: number, head: string) => void,
): Promise<void> {
  while (performance.now() < ends) {
    const socket =
      tls === undefined ? connect({ host, port, noDelay: true }) : connectTls({ host, port, ...tls });
    const ready = tls === undefined ? 'connect' : 'secureConnect';
    await onOneConnection(socket, ready, nextRequest, connectionEach ? 0 : ends, answered);
  }
}

function onOneConnection(
  socket: Socket,
  ready: 'connect' | 'secureConnect',
  nextRequest: () => Buffer,
  ends: number,
  answered: (latency: number, head: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let sent = 0;
    let pending = '';
    /** Octets of the body still to come; -1 while the head is incomplete. */
    let missing = -1;
    let head = '';
    /** Octets of the last whole answer: one of the same length that comes in one piece needs no second look. */
    let whole = 0;
    let closing = false;
    const next = () => {
      const now = performance.now();
      answered(now - sent, head);
      if (now >= ends || closing) socket.end();
      else send();
    };
    const send = () => {
      sent = performance.now();
      socket.write(nextRequest());
    };
    socket.on(ready, send);
    socket.on('data', (chunk: Buffer) => {
      if (missing < 0 && pending === '' && chunk.length === whole && sameStatus(chunk, head)) return next();
      let received = chunk.length;
      if (missing < 0) {
        pending += chunk.toString('latin1');
        const end = pending.indexOf('\r\n\r\n');
        if (end === -1) return;
        head = pending.slice(0, end);
        const length = /\r\ncontent-length: *(\d+)/i.exec(head);
        if (length === null) {
          socket.destroy();
          reject(new Error(`the answer has no Content-Length:\n${head}`));
          return;
        }
        missing = Number(length[1]);
        whole = end + 4 + missing;
        received = pending.length - end - 4;
        pending = '';
      }
      missing -= received;
      if (missing > 0) return;
      missing = -1;
      closing = /\r\nconnection: *close/i.test(head);
      next();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve());
  });
}

const statusAt = 9;

function sameStatus(chunk: Buffer, head: string): boolean {
  for (let at = statusAt; at < statusAt + 3; at += 1) if (chunk[at] !== head.charCodeAt(at)) return false;
  return true;
}
