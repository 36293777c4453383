import { closeSync, fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { Checkpointer } from './sqlite-checkpointer.ts';

/** Settles when what was written to an open file is on the disk. */
export type SyncFile = (descriptor: number) => Promise<void>;

/** `fdatasync`; where that leaves data in the drive's cache (macOS), Node asks for the full flush. */
export const syncFile: SyncFile = promisify(fdatasync);

/** Commits after which the log is written back into the database: some megabytes of pages. */
const commitsPerCheckpoint = 200;

/**
 * The write-ahead log of the embedded database. `node:sqlite` would wait for the disk where it is called, on the event
 * loop, at each commit; so a commit leaves that out (`synchronous=NORMAL`), and whoever committed waits here, off the
 * event loop. What is committed while the disk is at work is made durable together by its next turn.
 */
export class SqliteLog implements AsyncDisposable {
  readonly #file: string;
  readonly #inTurn: <T>(write: () => Promise<T>) => Promise<T>;
  readonly #syncFile: SyncFile;
  #log: number | undefined;
  #atWork: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  /** Why the disk failed; what it holds since is not known until the database is opened anew. */
  #failure: unknown;
  #commits = 0;
  #checkpointer: Checkpointer | undefined;
  #writingBack: Promise<void> | undefined;

  /**
   * @param file of the database
   * @param inTurn runs what no transaction may run beside
   */
  constructor(file: string, inTurn: <T>(write: () => Promise<T>) => Promise<T>, sync: SyncFile) {
    this.#file = file;
    this.#inTurn = inTurn;
    this.#syncFile = sync;
  }

  /** @throws what the disk failed with, once it has: nothing can be promised any more */
  requireSound(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Settles when everything that is committed now is on the disk. */
  durable(): Promise<void> {
    this.#commits += 1;
    if (this.#commits >= commitsPerCheckpoint) this.#writeBack();
    this.#next ??= this.#atWork.then(() => {
      this.#next = undefined;
      const done = this.#sync();
      this.#atWork = done.catch(() => undefined);
      return done;
    });
    return this.#next;
  }

  async #sync(): Promise<void> {
    this.requireSound();
    try {
      this.#log ??= openSync(`${this.#file}-wal`, 'r+');
      await this.#syncFile(this.#log);
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  /**
   * Most of it happens beside transactions, and a small rest in a turn of its own: only a log that is written back to
   * its end begins anew instead of growing.
   */
  #writeBack(): void {
    if (this.#writingBack !== undefined) return;
    this.#commits = 0;
    this.#checkpointer ??= new Checkpointer(this.#file);
    const checkpointer = this.#checkpointer;
    this.#writingBack = checkpointer
      .run()
      .then(() => this.#inTurn(() => checkpointer.run()))
      .catch(() => {
        // the log keeps everything, and the next one comes, with another thread: this one may have ended
        this.#checkpointer = undefined;
        return checkpointer[Symbol.asyncDispose]();
      })
      .finally(() => {
        this.#writingBack = undefined;
      });
  }

  /** For when no transaction will come any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#next?.catch(() => undefined);
    await this.#atWork;
    await this.#checkpointer?.[Symbol.asyncDispose]();
    if (this.#log !== undefined) closeSync(this.#log);
  }
}
