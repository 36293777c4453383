/** Items of one write at most. */
const maxBatch = 256;

interface Waiting<Item, Outcome> {
  readonly item: Item;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes one durable write of what concurrent requests want written: what is added within two rounds of the event loop,
 * or while a write is under way, goes together. Each `add` settles when its own item is on the disk, or with the reason
 * why it is not; an item that cannot be written does not keep others from it.
 */
export class GroupCommit<Item, Outcome> {
  readonly #write: (items: readonly Item[]) => Promise<readonly Outcome[]>;
  readonly #waiting: Waiting<Item, Outcome>[] = [];
  #running = false;

  /** @param write writes all items or none, and answers for each in turn */
  constructor(write: (items: readonly Item[]) => Promise<readonly Outcome[]>) {
    this.#write = write;
  }

  add(item: Item): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#running) return;
      this.#running = true;
      // a round of waiting in which more requests are read, and signatures of these are made
      setImmediate(() => setImmediate(() => void this.#run()));
    });
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) await this.#settle(this.#waiting.splice(0, maxBatch));
    this.#running = false;
  }

  async #settle(batch: readonly Waiting<Item, Outcome>[]): Promise<void> {
    try {
      const outcomes = await this.#write(batch.map(({ item }) => item));
      for (const [index, { resolve }] of batch.entries()) resolve(outcomes[index] as Outcome);
    } catch (error) {
      const [only, second] = batch;
      if (only !== undefined && second === undefined) return only.reject(error);
      for (const one of batch) await this.#settle([one]);
    }
  }
}
