import { lstat, stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import {
  FrameReader,
  frameOf,
  type SignerAnswer,
  type SignerQuestion,
  signerAnswer,
} from './signer-protocol.ts';

/** The signer cannot be reached, or is not to be trusted. The message is a sentence for the operator. */
export class SignerUnreachable extends Error {
  override readonly name = 'SignerUnreachable';
}

interface Waiting {
  resolve(answer: SignerAnswer): void;
  reject(reason: Error): void;
}

interface Connection {
  readonly socket: Socket;
  readonly waiting: Map<number, Waiting>;
}

/** Milliseconds for one answer: making an RSA key takes a good part of a second on a busy machine. */
const patience = 15_000;
/** Questions under way at most; who comes then is refused at once instead of waiting without end. */
const maxWaiting = 8192;

/**
 * Asks a signer over its unix socket: any number of questions at once over one connection, which is made when needed
 * and again when it was lost. What was under way then is asked once more, since no question changes anything.
 */
export class SignerSocket implements AsyncDisposable {
  readonly path: string;
  #connection: Promise<Connection> | undefined;
  #lastId = 0;
  #ended = false;

  constructor(socketPath: string) {
    this.path = path.resolve(socketPath);
  }

  /** @throws SignerUnreachable */
  async ask(question: SignerQuestion): Promise<SignerAnswer> {
    try {
      return await this.#askOnce(question);
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      return await this.#askOnce(question);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    const connection = await this.#connection?.catch(() => undefined);
    connection?.socket.destroy();
  }

  async #askOnce(question: SignerQuestion): Promise<SignerAnswer> {
    const { socket, waiting } = await this.#connected();
    if (socket.destroyed) throw new ConnectionLost(this.path);
    if (waiting.size >= maxWaiting) throw new SignerUnreachable(`the signer at ${this.path} is overburdened`);
    this.#lastId = this.#lastId >= Number.MAX_SAFE_INTEGER ? 1 : this.#lastId + 1;
    const id = this.#lastId;
    const frame = frameOf({ ...question, id });
    const { promise, resolve, reject } = Promise.withResolvers<SignerAnswer>();
    const timer = setTimeout(() => {
      waiting.delete(id);
      reject(new SignerUnreachable(`the signer at ${this.path} does not answer`));
    }, patience);
    waiting.set(id, { resolve, reject });
    socket.write(frame);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #connected(): Promise<Connection> {
    if (this.#ended) return Promise.reject(new SignerUnreachable('this server is ending'));
    if (this.#connection === undefined) {
      const connection = this.#connect();
      this.#connection = connection;
      const forget = () => {
        if (this.#connection === connection) this.#connection = undefined;
      };
      connection.then(({ socket }) => socket.once('close', forget), forget);
    }
    return this.#connection;
  }

  async #connect(): Promise<Connection> {
    await requireOwnSocket(this.path);
    const socket = connect(this.path);
    const waiting = new Map<number, Waiting>();
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', (error) => reject(unreachable(this.path, error)));
    });
    const reader = new FrameReader(signerAnswer);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const answer of reader.read(chunk)) {
          // one that nobody waits for any more came too late
          waiting.get(answer.id)?.resolve(answer);
          waiting.delete(answer.id);
        }
      } catch (error) {
        socket.destroy(error instanceof Error ? error : undefined);
      }
    });
    socket.once('close', () => {
      for (const { reject } of waiting.values()) reject(new ConnectionLost(this.path));
      waiting.clear();
    });
    // it must not keep the process alive that has nothing else to do
    socket.unref();
    return { socket, waiting };
  }
}

/** What was asked may have been lost with the connection. */
class ConnectionLost extends SignerUnreachable {
  constructor(socketPath: string) {
    super(`the signer at ${socketPath} has ended the connection`);
  }
}

/**
 * Whoever may write the socket's folder can put a socket of their own there: both must be this user's (or root's), and
 * closed to others.
 *
 * @throws SignerUnreachable
 */
async function requireOwnSocket(socketPath: string): Promise<void> {
  const user = process.getuid?.();
  let socket: Awaited<ReturnType<typeof lstat>>;
  let folder: Awaited<ReturnType<typeof stat>>;
  try {
    [socket, folder] = await Promise.all([lstat(socketPath), stat(path.dirname(socketPath))]);
  } catch (error) {
    throw unreachable(socketPath, error);
  }
  if (!socket.isSocket()) throw new SignerUnreachable(`${socketPath} is no socket of a signer`);
  if (user === undefined) return;
  const isOwn = (uid: number) => uid === user || uid === 0;
  if (!isOwn(socket.uid) || !isOwn(folder.uid)) {
    throw new SignerUnreachable(`the signer's socket ${socketPath} is another user's`);
  }
  if ((socket.mode & 0o077) !== 0 || (folder.mode & 0o022) !== 0) {
    throw new SignerUnreachable(`others may write the signer's socket ${socketPath} or its folder`);
  }
}

function unreachable(socketPath: string, error: unknown): SignerUnreachable {
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  const hint = code === 'ENOENT' || code === 'ECONNREFUSED' ? '; `innate signer` starts one' : '';
  return new SignerUnreachable(`no signer answers at ${socketPath} (${code})${hint}`, { cause: error });
}
