/**
 * How many may do something at once: as many as get along. Each conflict halves the number, down to one, and each success
 * raises it by a little. Those who wait have their turns in order.
 *
 * Transactions that look for what is not there and then make it meet on the same page of an index, however different
 * their names are; running more of them at once than the data allows makes all of them slower.
 */
export class AtOnce {
  readonly #most: number;
  #allowed: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param most at once, where nobody is in another's way */
  constructor(most: number) {
    this.#most = most;
    this.#allowed = most;
  }

  /**
   * Runs it when its turn has come.
   *
   * @param collided whether a failure came of another that ran beside it
   */
  async run<T>(work: () => Promise<T>, collided: (error: unknown) => boolean): Promise<T> {
    if (this.#running >= Math.floor(this.#allowed)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running += 1;
    try {
      const result = await work();
      // one more after some sixteen rounds in which nobody was in another's way
      this.#allowed = Math.min(this.#most, this.#allowed + 1 / (this.#allowed * 16));
      return result;
    } catch (error) {
      if (collided(error)) this.#allowed = Math.max(1, this.#allowed / 2);
      throw error;
    } finally {
      this.#running -= 1;
      while (this.#waiting.length > 0 && this.#running < Math.floor(this.#allowed)) {
        this.#running += 1;
        this.#waiting.shift()?.();
      }
    }
  }
}
