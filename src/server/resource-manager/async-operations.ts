import { setTimeout as sleep } from 'node:timers/promises';
import type { ArmErrorBody, AsyncOperationBody, JsonValue } from '../../contract/arm.ts';
import type { Clock } from '../../foundation/clock.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import {
  type CanonicalId,
  guid,
  type PrincipalId,
  type SubscriptionId,
  type TenantId,
} from '../../foundation/ids.ts';
import type { Log } from '../../foundation/log.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import { armErrorBody } from '../http/dialects/arm.ts';
import type { Database, Queries, Transaction } from '../storage/database.ts';
import type { AsyncOperationsTable } from '../storage/tables.ts';

/** Milliseconds for which whoever works on an operation has it to itself; renewed while it works. */
const lease = 30_000;
/** Milliseconds between looks for work that someone left behind. */
const sweepInterval = 15_000;
/** Milliseconds for which an ended operation can still be asked about. */
const keptAfterEnd = 24 * 60 * 60 * 1000;

export type OperationStatus = 'InProgress' | 'Succeeded' | 'Failed' | 'Canceled';

/** A long-running operation: a row, so that any replica can answer for it, and take it over. */
export interface AsyncOperation {
  readonly operationId: string;
  readonly tenantId: TenantId;
  readonly subscriptionId: SubscriptionId;
  /** Names the work that ends it. */
  readonly kind: string;
  readonly target: CanonicalId;
  readonly startedBy: PrincipalId;
  readonly status: OperationStatus;
  readonly error: ArmErrorBody | undefined;
  /** What its `Location` answers once it has succeeded. */
  readonly result: JsonValue | undefined;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  /** Until when whoever works on it has it to itself; nothing where nobody works on it any more. */
  readonly leaseUntil: number | undefined;
}

export interface NewOperation {
  readonly tenantId: TenantId;
  readonly subscriptionId: SubscriptionId;
  readonly kind: string;
  readonly target: CanonicalId;
  readonly startedBy: PrincipalId;
  readonly at: number;
}

/**
 * Long work: called again from the beginning after a crash, so each step of it finds out what is left to do.
 * `renew` keeps the lease, and is called between steps.
 *
 * @throws DomainError to end the operation as Failed with that error
 */
export type Work = (operation: AsyncOperation, renew: () => Promise<void>) => Promise<void>;

export interface AsyncOperationsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
}

/** Long-running operations: begins them, works on them, and takes over those whose worker is gone. */
export class AsyncOperations implements AsyncDisposable {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #randomness: Randomness;
  readonly #log: Log;
  readonly #works = new Map<string, Work>();
  readonly #running = new Map<string, Promise<void>>();
  /** Until when this process has the lease of what it works on, as the row says. */
  readonly #leases = new Map<string, number>();
  #sweeper: NodeJS.Timeout | undefined;
  #ending = false;
  readonly #stopping = new AbortController();

  constructor(options: AsyncOperationsOptions) {
    this.#database = options.database;
    this.#clock = options.clock;
    this.#randomness = options.randomness;
    this.#log = options.log;
  }

  /** Names the work of a kind of operation; once, before `start`. */
  define(kind: string, work: Work): void {
    if (this.#works.has(kind)) throw new TypeError(`the work '${kind}' is defined twice`);
    this.#works.set(kind, work);
  }

  /** Records an operation whose effect is in this very transaction: it is over when it can first be asked about. */
  async completed(
    transaction: Transaction,
    operation: NewOperation,
    result?: JsonValue,
  ): Promise<AsyncOperation> {
    return await this.#insert(transaction, operation, 'Succeeded', result);
  }

  /** Records an operation that `run` works on after the commit. */
  async begin(transaction: Transaction, operation: NewOperation): Promise<AsyncOperation> {
    return await this.#insert(transaction, operation, 'InProgress');
  }

  async #insert(
    transaction: Transaction,
    operation: NewOperation,
    status: OperationStatus,
    result?: JsonValue,
  ): Promise<AsyncOperation> {
    await transaction
      .deleteFrom('async_operations')
      .where('tenant_id', '=', operation.tenantId)
      .where('ended_at', '<', operation.at - keptAfterEnd)
      .execute();
    const row: AsyncOperationsTable = {
      operation_id: this.#randomness.uuid(),
      tenant_id: operation.tenantId,
      subscription_id: operation.subscriptionId,
      kind: operation.kind,
      target_canonical: operation.target,
      started_by: operation.startedBy,
      status,
      error: null,
      started_at: operation.at,
      ended_at: status === 'InProgress' ? null : operation.at,
      // the request may have taken its time
      lease_until: status === 'InProgress' ? this.#clock.now() + lease : null,
      result: result === undefined ? null : JSON.stringify(result),
    };
    await transaction.insertInto('async_operations').values(row).execute();
    return fromRow(row);
  }

  /** Works on an operation that this process has just begun, in the background. */
  run(operation: AsyncOperation): void {
    this.#run(operation, operation.leaseUntil ?? 0);
  }

  #run(operation: AsyncOperation, leaseUntil: number): void {
    const { operationId } = operation;
    if (this.#ending || this.#running.has(operationId)) return;
    this.#leases.set(operationId, leaseUntil);
    const done = this.#work(operation).finally(() => {
      this.#running.delete(operationId);
      this.#leases.delete(operationId);
    });
    this.#running.set(operationId, done);
  }

  async #work(operation: AsyncOperation): Promise<void> {
    const { operationId } = operation;
    try {
      const work = this.#works.get(operation.kind);
      if (work === undefined) throw new TypeError(`no work is defined for '${operation.kind}'`);
      let renewed = this.#clock.monotonic();
      let renewal: Promise<void> | undefined;
      await work(operation, async () => {
        if (this.#ending) throw new Interrupted();
        if (this.#clock.monotonic() - renewed < lease / 3) return;
        // steps that run beside one another renew once
        renewal ??= this.#renewLease(operation).finally(() => {
          renewal = undefined;
        });
        await renewal;
        renewed = this.#clock.monotonic();
      });
      await this.#end(operation, 'Succeeded', undefined);
    } catch (error) {
      if (error instanceof Interrupted) return;
      if (!(error instanceof DomainError)) {
        this.#log.error({ operationId, kind: operation.kind, err: error }, 'an operation failed');
      }
      await this.#end(operation, 'Failed', errorBody(error)).catch((second: unknown) =>
        this.#log.error({ operationId, err: second }, 'the end of an operation could not be recorded'),
      );
    }
  }

  /** What another has taken up meanwhile, it ends. */
  async #end(
    operation: AsyncOperation,
    status: OperationStatus,
    error: ArmErrorBody | undefined,
  ): Promise<void> {
    await this.#database.transaction((transaction) =>
      this.#change(transaction, operation, {
        status,
        error: error === undefined ? null : JSON.stringify(error),
        ended_at: this.#clock.now(),
        lease_until: null,
      }),
    );
  }

  /**
   * Ends an operation that is under way as `Canceled`; its work notices between two steps, and whatever it makes of
   * that, the operation stays so.
   *
   * @returns whether it was under way
   */
  async cancel(
    transaction: Transaction,
    { tenantId, operationId, at }: { tenantId: TenantId; operationId: string; at: number },
  ): Promise<boolean> {
    const { numUpdatedRows } = await transaction
      .updateTable('async_operations')
      .set({ status: 'Canceled', ended_at: at, lease_until: null })
      .where('tenant_id', '=', tenantId)
      .where('operation_id', '=', operationId)
      .where('status', '=', 'InProgress')
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  /**
   * For work that waits for other work: resolves once something that this process works on has ended, after a number of
   * milliseconds in any case, and at once where the process ends.
   */
  async pause(milliseconds: number): Promise<void> {
    if (this.#ending) return;
    const woken = new AbortController();
    const stopped = () => woken.abort();
    this.#stopping.signal.addEventListener('abort', stopped, { once: true });
    const time = sleep(milliseconds, undefined, { signal: woken.signal, ref: false }).catch(() => undefined);
    await Promise.race([time, ...this.#running.values()]);
    woken.abort();
    this.#stopping.signal.removeEventListener('abort', stopped);
  }

  /**
   * Keeps the lease, if it is still this process's: another takes the operation up once it has run out, however long
   * this one slept meanwhile. What was canceled its work finds out by itself.
   *
   * @throws Interrupted where another works on it
   */
  async #renewLease(operation: AsyncOperation): Promise<void> {
    const until = this.#clock.now() + lease;
    const status = await this.#database.transaction(async (transaction) => {
      if (await this.#change(transaction, operation, { lease_until: until })) return 'kept';
      const row = await transaction
        .selectFrom('async_operations')
        .select('status')
        .where('tenant_id', '=', operation.tenantId)
        .where('operation_id', '=', operation.operationId)
        .executeTakeFirst();
      return row?.status;
    });
    if (status === 'InProgress') throw new Interrupted();
    if (status === 'kept') this.#leases.set(operation.operationId, until);
  }

  /**
   * Changes the row of an operation, while that is under way and this process has its lease.
   *
   * @returns whether it is, and has
   */
  async #change(
    transaction: Transaction,
    { tenantId, operationId }: AsyncOperation,
    values: Partial<AsyncOperationsTable>,
  ): Promise<boolean> {
    const { numUpdatedRows } = await transaction
      .updateTable('async_operations')
      .set(values)
      .where('tenant_id', '=', tenantId)
      .where('operation_id', '=', operationId)
      .where('status', '=', 'InProgress')
      .where('lease_until', '=', this.#leases.get(operationId) ?? 0)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  /** An operation of the tenant; one that is left behind is taken up again by whoever asks. */
  async find(
    tenantId: TenantId,
    subscriptionId: SubscriptionId,
    operationId: string,
  ): Promise<AsyncOperation | undefined> {
    const row = await this.#database.read
      .selectFrom('async_operations')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('subscription_id', '=', subscriptionId)
      .where('operation_id', '=', operationId.toLowerCase())
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const operation = fromRow(row);
    if (row.status === 'InProgress' && (operation.leaseUntil ?? 0) < this.#clock.now()) {
      await this.#takeUp(operation);
    }
    return operation;
  }

  /**
   * Takes up what an ended process left behind, now and from time to time. On SQLite nobody else can be working,
   * since a data folder has one server; elsewhere the leases tell.
   */
  async start(): Promise<void> {
    await this.#sweep(this.#database.engine === 'sqlite');
    this.#sweeper = setInterval(() => {
      this.#sweep(false).catch((error: unknown) =>
        this.#log.error({ err: error }, 'abandoned operations could not be looked for'),
      );
    }, sweepInterval);
    this.#sweeper.unref();
  }

  async #sweep(alone: boolean): Promise<void> {
    for (const operation of await abandoned(this.#database.read, alone ? undefined : this.#clock.now())) {
      await this.#takeUp(operation, alone);
    }
  }

  async #takeUp(operation: AsyncOperation, alone = false): Promise<void> {
    if (this.#ending || this.#running.has(operation.operationId)) return;
    const now = this.#clock.now();
    const until = now + lease;
    const taken = await this.#database.transaction(async (transaction) => {
      let query = transaction
        .updateTable('async_operations')
        .set({ lease_until: until })
        .where('tenant_id', '=', operation.tenantId)
        .where('operation_id', '=', operation.operationId)
        .where('status', '=', 'InProgress');
      if (!alone) query = query.where('lease_until', '<', now);
      return (await query.executeTakeFirst()).numUpdatedRows > 0n;
    });
    if (taken) this.#run(operation, until);
  }

  /** Resolves when no work is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  /** Stops between two steps; what is left is taken up by another process, or by the next one. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending = true;
    this.#stopping.abort();
    clearInterval(this.#sweeper);
    await this.settled();
  }
}

/** The process ends: the work stops, and the operation stays as it is. */
export class Interrupted extends Error {}

async function abandoned(queries: Queries, before: number | undefined): Promise<readonly AsyncOperation[]> {
  // over all tenants: this is the server's own housekeeping, not an answer to anyone
  let query = queries.selectFrom('async_operations').selectAll().where('status', '=', 'InProgress');
  if (before !== undefined) query = query.where('lease_until', '<', before);
  return (await query.limit(1000).execute()).map(fromRow);
}

function errorBody(error: unknown): ArmErrorBody {
  if (error instanceof DomainError) return armErrorBody(error);
  return { code: 'InternalServerError', message: 'The server met an unexpected condition.' };
}

function fromRow(row: AsyncOperationsTable): AsyncOperation {
  return {
    operationId: row.operation_id,
    tenantId: guid<TenantId>(row.tenant_id),
    subscriptionId: guid<SubscriptionId>(row.subscription_id),
    kind: row.kind,
    target: row.target_canonical as CanonicalId,
    startedBy: guid<PrincipalId>(row.started_by),
    status: row.status as OperationStatus,
    error: row.error === null ? undefined : (JSON.parse(row.error) as ArmErrorBody),
    result: row.result === null ? undefined : (JSON.parse(row.result) as JsonValue),
    startedAt: Number(row.started_at),
    endedAt: row.ended_at === null ? undefined : Number(row.ended_at),
    leaseUntil: row.lease_until === null ? undefined : Number(row.lease_until),
  };
}

/** What an operation's `Azure-AsyncOperation` address answers (a.8). */
export function presentOperation(operation: AsyncOperation, id?: string): AsyncOperationBody {
  const { operationId, status, startedAt, endedAt, error } = operation;
  return {
    ...(id === undefined ? {} : { id }),
    name: operationId,
    status,
    startTime: new Date(startedAt).toISOString(),
    ...(endedAt === undefined ? {} : { endTime: new Date(endedAt).toISOString() }),
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
  };
}
