import { Worker } from 'node:worker_threads';

/** A thread that writes the log back into the database, since that waits for the disk as well. One run at a time. */
export class Checkpointer implements AsyncDisposable {
  readonly #worker: Worker;
  #asked: PromiseWithResolvers<void> | undefined;
  /** Why it does no more. */
  #ended: Error | undefined;

  constructor(file: string) {
    this.#worker = new Worker(new URL('./sqlite-checkpoint-thread.ts', import.meta.url), {
      workerData: file,
    });
    this.#worker.unref();
    this.#worker.on('message', () => this.#asked?.resolve());
    this.#worker.on('error', (error) => this.#end(error as Error));
    this.#worker.once('exit', () => this.#end(new Error('the thread of checkpoints ended')));
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    this.#asked?.reject(reason);
  }

  /** @throws where the thread has ended: it is asked no more, another takes its place */
  async run(): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended;
    this.#asked = Promise.withResolvers();
    this.#worker.postMessage('checkpoint');
    await this.#asked.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}
