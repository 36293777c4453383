import { Worker } from 'node:worker_threads';
import type { JournalEntry } from './journal.ts';

/** What the journal's thread answers to a batch. */
export type JournalReply =
  | { readonly written: readonly boolean[] }
  | { readonly failure: { readonly message: string; readonly code: unknown; readonly errcode: unknown } };

interface Asked {
  readonly resolve: (written: readonly boolean[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The journal of the embedded database, in a thread of its own with a connection of its own: the event loop signs
 * tokens while the disk makes the rows of others durable. One batch at a time; the caller keeps the turns.
 */
export class SqliteJournal implements AsyncDisposable {
  readonly #file: string;
  #worker: Worker | undefined;
  #asked: Asked | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  write(entries: readonly JournalEntry[]): Promise<readonly boolean[]> {
    return new Promise((resolve, reject) => {
      this.#asked = { resolve, reject };
      const worker = this.#running();
      // only while something is asked may the thread keep the process from ending
      worker.ref();
      // one text is copied in a fraction of the time that a structure of many small ones takes
      worker.postMessage(JSON.stringify(entries));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate();
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(new URL('./sqlite-journal-thread.ts', import.meta.url), {
      workerData: this.#file,
    });
    worker.on('message', (reply: JournalReply) => {
      worker.unref();
      const asked = this.#take();
      if ('written' in reply) asked?.resolve(reply.written);
      else asked?.reject(Object.assign(new Error(reply.failure.message), reply.failure));
    });
    worker.on('error', (error) => this.#take()?.reject(error));
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
      this.#take()?.reject(new Error('the thread of the journal ended'));
    });
    this.#worker = worker;
    return worker;
  }

  #take(): Asked | undefined {
    const asked = this.#asked;
    this.#asked = undefined;
    return asked;
  }
}
