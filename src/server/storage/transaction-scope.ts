import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Notices a transaction opened inside another one's work, which would wait for itself: on SQLite always, on PostgreSQL
 * when the pool is used up.
 */
export class TransactionScope {
  readonly #scope = new AsyncLocalStorage<{ open: boolean }>();

  /** @throws Error where the caller is part of an open transaction's work */
  assertOutside(): void {
    if (this.#scope.getStore()?.open === true) {
      throw new Error('a transaction was opened inside another: pass the open one on instead');
    }
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    const scope = { open: true };
    try {
      return await this.#scope.run(scope, work);
    } finally {
      scope.open = false;
    }
  }
}
