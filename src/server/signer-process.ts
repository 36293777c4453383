import { chmod, lstat, mkdir, rename, rm, stat } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Randomness } from '../foundation/randomness.ts';
import { isSystemError } from './storage/durable-file.ts';
import { keyInFile, makeKeyFile } from './storage/open-sealer.ts';
import { SignerDesk } from './tokens/signer-desk.ts';
import {
  FrameReader,
  frameOf,
  ProtocolError,
  type SignerRequest,
  signerRequest,
} from './tokens/signer-protocol.ts';

export { createLog, type LogLevel, logLevels } from './log.ts';

/** The signer cannot start. The message is a sentence for the operator. */
export class SignerStartError extends Error {
  override readonly name = 'SignerStartError';
}

export interface SignerProcessOptions {
  /** Where to listen; its folder is made where it is missing (0700). */
  readonly socket: string;
  /** The signer's key-encryption key, made where it is missing (0600). */
  readonly keyFile: string;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
}

/** A signer that listens. Disposing answers what is under way, and ends it. */
export interface SignerProcess extends AsyncDisposable {
  /** Absolute. */
  readonly socket: string;
  readonly keyFile: string;
}

/** Milliseconds between lines that say how much was signed. */
const tallyEvery = 60_000;
const maxConnections = 64;
/** Questions of one connection under way at most; the others stay in its socket. */
const maxUnderWay = 256;

/**
 * Opens the signer's socket for this user alone: 0600 in a folder that others cannot enter. A socket file that nobody
 * answers on any more is replaced.
 *
 * @throws SignerStartError, KeyEncryptionKeyError
 */
export async function startSigner(options: SignerProcessOptions): Promise<SignerProcess> {
  const { clock, randomness, log } = options;
  const [socket, keyFile] = [path.resolve(options.socket), path.resolve(options.keyFile)];
  await requirePrivateFolder(path.dirname(socket));
  await removeStale(socket);
  const key = (await keyInFile(keyFile, randomness)) ?? (await makeKeyFile(keyFile, randomness));
  const desk = new SignerDesk(key, { clock, randomness, log }, availableParallelism());
  const connections = new Map<Socket, Conversation>();
  const server = createServer((connection) => {
    const conversation = new Conversation(connection, desk, log);
    connections.set(connection, conversation);
    connection.once('close', () => connections.delete(connection));
  });
  server.maxConnections = maxConnections;
  await listen(server, socket);
  const tell = () => {
    const signatures = desk.takeTally();
    if (Object.keys(signatures).length > 0) log.info({ event: 'signed', signatures }, 'signatures made');
  };
  const telling = setInterval(tell, tallyEvery).unref();
  return {
    socket,
    keyFile,
    async [Symbol.asyncDispose]() {
      // before another one can have taken the place
      await rm(socket, { force: true });
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await Promise.all([...connections.values()].map((conversation) => conversation.end()));
      await closed;
      clearInterval(telling);
      tell();
    },
  };
}

/** One connection: questions are answered as they are done, in any order. */
class Conversation {
  readonly #socket: Socket;
  readonly #desk: SignerDesk;
  readonly #reader = new FrameReader<SignerRequest>(signerRequest);
  readonly #underWay = new Set<Promise<void>>();

  constructor(socket: Socket, desk: SignerDesk, log: Log) {
    this.#socket = socket;
    this.#desk = desk;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const request of this.#reader.read(chunk)) this.#answer(request);
        if (this.#underWay.size >= maxUnderWay) socket.pause();
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        log.warn(
          { event: 'signer-refuses', err: error },
          'a connection is ended: it does not speak as a server does',
        );
        socket.destroy();
      }
    });
  }

  /** Lets what is under way finish. */
  async end(): Promise<void> {
    this.#socket.pause();
    await Promise.all(this.#underWay);
    await new Promise<void>((resolve) => {
      this.#socket.end(() => resolve());
      if (this.#socket.destroyed) resolve();
    });
    this.#socket.destroy();
  }

  #answer(request: SignerRequest): void {
    const work = this.#desk.answer(request).then((answer) => {
      this.#underWay.delete(work);
      if (this.#socket.destroyed) return;
      this.#socket.write(frameOf(answer));
      if (this.#underWay.size < maxUnderWay) this.#socket.resume();
    });
    this.#underWay.add(work);
  }
}

async function requirePrivateFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { mode, uid } = await stat(folder);
    if (process.getuid !== undefined && uid !== process.getuid()) {
      throw new SignerStartError(`the folder of the socket, ${folder}, is another user's`);
    }
    if ((mode & 0o077) !== 0) {
      throw new SignerStartError(`others may enter ${folder}, the folder of the socket: run chmod 700 on it`);
    }
  } catch (error) {
    if (error instanceof SignerStartError) throw error;
    throw startError(`the folder of the socket, ${folder}, cannot be made or read`, error);
  }
}

/** What an ended signer has left is removed; what is no socket, or answers, is not. */
async function removeStale(socket: string): Promise<void> {
  try {
    if (!(await lstat(socket)).isSocket()) throw new SignerStartError(`${socket} is there, and is no socket`);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return;
    throw error instanceof SignerStartError ? error : startError(`${socket} cannot be looked at`, error);
  }
  const answers = await new Promise<boolean>((resolve) => {
    const connection = connect(socket, () => {
      connection.destroy();
      resolve(true);
    });
    connection.once('error', () => resolve(false));
  });
  if (answers) throw new SignerStartError(`another signer is listening on ${socket}`);
  await rm(socket, { force: true });
}

/** The socket appears under its name when it is this user's alone, and not a moment earlier. */
async function listen(server: Server, socket: string): Promise<void> {
  const beside = `${socket}.new`;
  try {
    await rm(beside, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(beside, resolve);
    });
    await chmod(beside, 0o600);
    await rename(beside, socket);
  } catch (error) {
    server.close();
    throw startError(`the socket ${socket} cannot be opened`, error);
  }
}

function startError(what: string, error: unknown): SignerStartError {
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  return new SignerStartError(`${what} (${code})`, { cause: error });
}
