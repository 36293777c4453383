/** Work done one after the other, in the order it was given: a removal can never be overtaken by an earlier write. */
export class WorkQueue {
  readonly #failed: (error: unknown) => void;
  #last: Promise<void> = Promise.resolve();

  /** @param failed told of what goes wrong; the work behind it is done all the same */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  add(work: () => Promise<void>): void {
    this.#last = this.#last.then(work).catch(this.#failed);
  }

  /** Resolves when everything given so far is done. */
  get done(): Promise<void> {
    return this.#last;
  }
}
