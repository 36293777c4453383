import type { ArmErrorBody, JsonObject } from '../../contract/arm.ts';
import type { Clock } from '../../foundation/clock.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import type { Log } from '../../foundation/log.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import { armEnvelope } from '../http/dialects/arm.ts';
import { type AsyncOperations, Interrupted } from '../resource-manager/async-operations.ts';
import type { Database } from '../storage/database.ts';
import type { ResourceInstance } from '../templates/resource-instance.ts';
import { mask } from './confidential.ts';
import { endsRun } from './deployer.ts';
import type { Deployment, RunInputs } from './deployment.ts';
import { detailOf } from './deployment-error.ts';
import { findRunState } from './deployment-store.ts';
import type { Prepared } from './preparation.ts';
import type { Ask } from './resource-write.ts';
import { allSteps, type Step, saveStep } from './step-store.ts';

/** Milliseconds between two looks at whether the run is still to go on, however long a step takes. */
const lookInterval = 5000;
/** Resources of one deployment that are under way at once. */
const maxAtOnce = 10;

export interface RunParts {
  readonly database: Database;
  readonly operations: AsyncOperations;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
}

/** What is done to a resource, and what came of it. */
export interface StepOutcome {
  readonly statusCode: string;
  /** Ids of resources that there are by it. */
  readonly outputResources: readonly string[];
}

export interface RunOf {
  readonly deployment: Deployment;
  readonly inputs: RunInputs;
  readonly prepared: Prepared;
  readonly ask: Ask;
  /** Keeps the lease. @throws Interrupted where the process ends */
  readonly renew: () => Promise<void>;
}

/** The run was canceled, or its deployment is not there any more. */
export class RunCanceled extends Error {}

/**
 * The steps of a run: in the order of dependencies, those that do not wait for one another at once. A step that fails
 * keeps back what depends on it, and nothing else. Steps that succeeded before the run was taken up again are not done
 * again; those that were under way are, which writes the same once more.
 */
export class Run {
  readonly #parts: RunParts;
  readonly #of: RunOf;
  readonly #steps = new Map<string, Step>();
  readonly #done = new Set<string>();
  readonly #failures: ArmErrorBody[] = [];
  /** What ends the whole run. */
  #stop: unknown;
  readonly #running = new Map<string, Promise<void>>();

  constructor(parts: RunParts, of: RunOf) {
    this.#parts = parts;
    this.#of = of;
  }

  get failures(): readonly ArmErrorBody[] {
    return this.#failures;
  }

  /** Ids of all resources that there are by this run. */
  get outputResources(): readonly string[] {
    return [...new Set([...this.#steps.values()].flatMap(({ outputResources }) => outputResources))];
  }

  /** Ids of what the template lists: what is there by this run, and what it only reads. */
  get listed(): readonly string[] {
    const { instances } = this.#of.prepared.expansion;
    const existing = instances.filter((instance) => instance.existing).map(({ id }) => id);
    return [...this.outputResources, ...existing];
  }

  /** Does what `act` does to each instance. @throws RunCanceled, Interrupted, DeployerGone */
  async instances(act: (instance: ResourceInstance) => Promise<StepOutcome>): Promise<void> {
    const { deployment, prepared } = this.#of;
    for (const step of await allSteps(this.#parts.database.read, deployment)) {
      this.#steps.set(stepKey(step.operation, step.instance), step);
    }
    const waiting = new Map<string, ResourceInstance>();
    for (const instance of prepared.expansion.instances) {
      const step = this.#steps.get(stepKey('Create', instance.key));
      if (!instance.condition || instance.existing || step?.state === 'Succeeded')
        this.#done.add(instance.key);
      else waiting.set(instance.key, instance);
    }
    const looking = setInterval(() => void this.#goOn(), lookInterval);
    looking.unref();
    try {
      await this.#inOrder(waiting, act);
    } finally {
      clearInterval(looking);
    }
    if (this.#stop !== undefined) throw this.#stop;
  }

  async #inOrder(
    waiting: Map<string, ResourceInstance>,
    act: (instance: ResourceInstance) => Promise<StepOutcome>,
  ): Promise<void> {
    for (;;) {
      await this.#goOn();
      for (const instance of this.#stop === undefined ? waiting.values() : []) {
        if (this.#running.size >= maxAtOnce) break;
        if (!instance.dependsOn.every((key) => this.#done.has(key))) continue;
        waiting.delete(instance.key);
        this.#begin(instance.key, async () => {
          if (await this.step('Create', instance, () => act(instance))) this.#done.add(instance.key);
        });
      }
      if (this.#running.size === 0) break;
      await Promise.race(this.#running.values());
    }
  }

  #begin(key: string, work: () => Promise<void>): void {
    const promise = work()
      .catch((error: unknown) => {
        this.#stop ??= error;
      })
      .finally(() => this.#running.delete(key));
    this.#running.set(key, promise);
  }

  /** Waits between two looks at what takes its time. @throws RunCanceled, Interrupted */
  async pause(milliseconds: number): Promise<void> {
    await this.#parts.operations.pause(milliseconds);
    await this.#goOn();
    if (this.#stop !== undefined) throw this.#stop;
  }

  async #goOn(): Promise<void> {
    try {
      await this.#of.renew();
      await this.requireActive();
    } catch (error) {
      this.#stop ??= error;
    }
  }

  /** @throws RunCanceled */
  async requireActive(): Promise<void> {
    const state = await findRunState(this.#parts.database.read, this.#of.deployment);
    if (state !== 'Running') throw new RunCanceled();
  }

  /**
   * Does one step and records it.
   *
   * @returns whether it succeeded
   * @throws where the run ends with it
   */
  async step(
    operation: Step['operation'],
    about: Pick<ResourceInstance, 'key' | 'id' | 'type' | 'name'> | undefined,
    act: () => Promise<StepOutcome>,
  ): Promise<boolean> {
    const key = stepKey(operation, about?.key ?? '');
    const { clock, randomness } = this.#parts;
    const begun: Step = {
      stepId: this.#steps.get(key)?.stepId ?? hex(randomness.bytes(8)),
      instance: about?.key ?? '',
      operation,
      state: 'Running',
      startedAt: clock.now(),
      changedAt: clock.now(),
      trackingId: randomness.uuid(),
      statusCode: undefined,
      error: undefined,
      target: about === undefined ? undefined : this.#target(about),
      outputResources: [],
    };
    await this.#record(key, begun);
    try {
      const outcome = await act();
      await this.#record(key, { ...begun, state: 'Succeeded', changedAt: clock.now(), ...outcome });
      return true;
    } catch (error) {
      if (error instanceof Interrupted) throw error;
      if (error instanceof RunCanceled) {
        await this.#record(key, { ...begun, state: 'Canceled', changedAt: clock.now() });
        throw error;
      }
      const detail = this.#shown(detailOf(error));
      const failed: Step = {
        ...begun,
        state: 'Failed',
        changedAt: clock.now(),
        statusCode: statusCodeOf(error),
        error: detail,
      };
      await this.#record(key, failed);
      this.#failures.push(
        about === undefined ? detail : { ...detail, target: detail.target ?? this.#target(about).id },
      );
      if (endsRun(error)) throw error;
      return false;
    }
  }

  #target({ id, type, name }: Pick<ResourceInstance, 'id' | 'type' | 'name'>): NonNullable<Step['target']> {
    const target = { id, resourceType: type, resourceName: name };
    return mask(target, this.#of.inputs.confidential);
  }

  #shown(detail: ArmErrorBody): ArmErrorBody {
    return mask(detail as unknown as JsonObject, this.#of.inputs.confidential) as unknown as ArmErrorBody;
  }

  async #record(key: string, step: Step): Promise<void> {
    this.#steps.set(key, step);
    const { deployment } = this.#of;
    await this.#parts.database.transaction(async (transaction) => {
      // a deployment that was deleted or replaced meanwhile has no steps of this run
      const state = await findRunState(transaction, deployment);
      if (state !== undefined) await saveStep(transaction, deployment, step);
    });
  }

  /** The steps that were under way when the run was canceled. */
  get interrupted(): readonly Step[] {
    return [...this.#steps.values()].filter(({ state }) => state === 'Canceled');
  }
}

function stepKey(operation: Step['operation'], instance: string): string {
  return `${operation} ${instance}`;
}

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex').toUpperCase();
}

const statusCodes: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  412: 'PreconditionFailed',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
};

function statusCodeOf(error: unknown): string {
  const status = error instanceof DomainError ? armEnvelope(error).status : 500;
  return statusCodes[status] ?? 'InternalServerError';
}
