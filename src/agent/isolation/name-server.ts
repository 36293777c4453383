import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** What a name resolves to where a program runs isolated. */
export type NameAnswer =
  | { readonly kind: 'address'; readonly address: string }
  /** No such name; the reason goes along as an Extended DNS Error. */
  | { readonly kind: 'none'; readonly reason: string }
  | { readonly kind: 'refused' };

/** What is needed of RFC 1035 §4.1, and of EDNS (RFC 6891 §6.1) with errors that carry a text (RFC 8914 §2). */
const code = { notImplemented: 4, formatError: 1, noSuchName: 3, refused: 5 };
const type = { A: 1, AAAA: 28, OPT: 41, ANY: 255 };
const internet = 1;
const extendedError = { option: 15, blocked: 15 };
const headerLength = 12;
const timeToLive = 5;

interface Question {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** Offset behind the question. */
  readonly end: number;
}

/**
 * Answers one query. An address is given for A; other types of a name that has one are answered empty, so that no
 * client takes the name for missing.
 *
 * @param query one message, without the length that precedes it over TCP
 * @returns `undefined` for what is no query: nothing is sent
 */
export function answerQuery(query: Uint8Array, resolve: (name: string) => NameAnswer): Buffer | undefined {
  const message = Buffer.from(query.buffer, query.byteOffset, query.byteLength);
  if (message.length < headerLength || message.length > 4096) return undefined;
  const flags = message.readUInt16BE(2);
  if ((flags & 0x8000) !== 0) return undefined;
  if ((flags & 0x7800) !== 0) return respond(message, headerLength, code.notImplemented);
  const question = message.readUInt16BE(4) === 1 ? readQuestion(message) : undefined;
  if (question === undefined) return respond(message, headerLength, code.formatError);
  const extended = hasOptions(message, question.end);
  if (question.class !== internet) return respond(message, question.end, code.refused, { extended });
  const answer = resolve(question.name);
  switch (answer.kind) {
    case 'address': {
      const wanted = question.type === type.A || question.type === type.ANY;
      return respond(message, question.end, 0, { extended, ...(wanted ? { address: answer.address } : {}) });
    }
    case 'none':
      return respond(message, question.end, code.noSuchName, { extended, reason: answer.reason });
    case 'refused':
      return respond(message, question.end, code.refused, { extended });
  }
}

function readQuestion(message: Buffer): Question | undefined {
  const labels: string[] = [];
  let at = headerLength;
  let length = 0;
  for (;;) {
    const size = message[at];
    if (size === undefined || size > 63) return undefined; // compression has no place in a question
    at += 1;
    if (size === 0) break;
    length += size + 1;
    if (length > 254 || at + size > message.length) return undefined;
    labels.push(message.toString('latin1', at, at + size));
    at += size;
  }
  if (at + 4 > message.length) return undefined;
  return {
    name: labels.join('.').toLowerCase(),
    type: message.readUInt16BE(at),
    class: message.readUInt16BE(at + 2),
    end: at + 4,
  };
}

/** Whether the first additional record is an OPT: root name, type 41. */
function hasOptions(message: Buffer, at: number): boolean {
  const records = message.readUInt16BE(6) + message.readUInt16BE(8);
  return (
    records === 0 &&
    message.readUInt16BE(10) > 0 &&
    message[at] === 0 &&
    at + 3 <= message.length &&
    message.readUInt16BE(at + 1) === type.OPT
  );
}

function respond(
  query: Buffer,
  questionEnd: number,
  status: number,
  content: { readonly extended?: boolean; readonly address?: string; readonly reason?: string } = {},
): Buffer {
  const header = Buffer.from(query.subarray(0, headerLength));
  const recursionDesired = query.readUInt16BE(2) & 0x0100;
  header.writeUInt16BE(0x8480 | recursionDesired | status, 2); // answer, authoritative, recursion available
  header.writeUInt16BE(questionEnd > headerLength ? 1 : 0, 4);
  header.writeUInt16BE(content.address === undefined ? 0 : 1, 6);
  header.writeUInt16BE(0, 8);
  header.writeUInt16BE(content.extended ? 1 : 0, 10);
  const parts = [header, query.subarray(headerLength, questionEnd)];
  if (content.address !== undefined) {
    const record = Buffer.alloc(16);
    record.writeUInt16BE(0xc000 | headerLength, 0); // the name of the question
    record.writeUInt16BE(type.A, 2);
    record.writeUInt16BE(internet, 4);
    record.writeUInt32BE(timeToLive, 6);
    record.writeUInt16BE(4, 10);
    Buffer.from(content.address.split('.').map(Number)).copy(record, 12);
    parts.push(record);
  }
  if (content.extended) parts.push(options(content.reason));
  return Buffer.concat(parts);
}

function options(reason: string | undefined): Buffer {
  const text = Buffer.from((reason ?? '').slice(0, 200), 'utf8');
  const payload = Buffer.alloc(reason === undefined ? 0 : 6);
  if (reason !== undefined) {
    payload.writeUInt16BE(extendedError.option, 0);
    payload.writeUInt16BE(2 + text.length, 2);
    payload.writeUInt16BE(extendedError.blocked, 4);
  }
  const record = Buffer.alloc(11);
  record.writeUInt16BE(type.OPT, 1);
  record.writeUInt16BE(1232, 3); // octets that we take over UDP
  record.writeUInt16BE(payload.length + text.length, 9);
  return Buffer.concat([record, payload, text]);
}

/** Serves names over UDP and TCP at one address. */
export async function startNameServer(
  address: { readonly host: string; readonly port: number },
  resolve: (name: string) => NameAnswer,
): Promise<AsyncDisposable & { readonly port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await listen(address, resolve);
    } catch (error) {
      // any free TCP port may be taken for UDP
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!taken || address.port !== 0 || attempt === 20) throw error;
    }
  }
}

async function listen(
  { host, port: wanted }: { readonly host: string; readonly port: number },
  resolve: (name: string) => NameAnswer,
): Promise<AsyncDisposable & { readonly port: number }> {
  await using opened = new AsyncDisposableStack();
  const sockets = new Set<Socket>();
  const tcp = createServer((socket) => serveConnection(socket, sockets, resolve));
  tcp.maxConnections = 64;
  tcp.listen(wanted, host);
  await once(tcp, 'listening');
  opened.defer(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => tcp.close(done));
  });
  const { port } = tcp.address() as AddressInfo;

  const udp = createSocket('udp4', (query, from) => {
    const answer = answerQuery(query, resolve);
    if (answer !== undefined) udp.send(answer, from.port, from.address);
  });
  opened.defer(async () => await new Promise<void>((done) => udp.close(() => done())));
  udp.bind(port, host);
  await once(udp, 'listening');
  udp.on('error', () => {});

  const parts = opened.move();
  return { port, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

function serveConnection(socket: Socket, sockets: Set<Socket>, resolve: (name: string) => NameAnswer): void {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => socket.destroy());
  socket.setTimeout(10_000, () => socket.destroy());
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const answer = answerQuery(pending.subarray(2, end), resolve);
      pending = pending.subarray(end);
      if (answer === undefined) return void socket.destroy();
      const length = Buffer.alloc(2);
      length.writeUInt16BE(answer.length);
      socket.write(Buffer.concat([length, answer]));
    }
  });
}
