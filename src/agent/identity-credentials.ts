import { setTimeout as pause } from 'node:timers/promises';
import {
  type AgentsClient,
  ApiError,
  type Prove,
  readCarriedIdentity,
  readResourceFacts,
} from '../client/agents-client.ts';
import { JsonReader } from '../client/json-reader.ts';
import type { CarriedIdentity, IdentitiesAnswer, ResourceFacts } from '../contract/agent.ts';
import { machineOverCodes } from '../contract/machine-proof.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Randomness } from '../foundation/randomness.ts';
import { type Credential, fraction } from './credential.ts';
import { CredentialSupply } from './credential-supply.ts';
import type { KeyFiles } from './key-files.ts';
import type { MachineRecord } from './machine-record.ts';
import { type ProofSources, proverOf } from './proofs.ts';
import { WorkQueue } from './work-queue.ts';

const stateFile = 'identities.json';
/** Milliseconds; an answer that comes sooner and brings nothing new is not asked for again at once. */
const soon = 1_000;
const firstPause = 500;
const longestPause = 15_000;

export interface CredentialDependencies {
  readonly client: AgentsClient;
  readonly files: KeyFiles;
  readonly proofs: ProofSources;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
  /**
   * Called at once when the state is another, and when the machine ended; with the principals whose tokens are good no
   * more.
   */
  readonly changed: (revoked: ReadonlySet<string>) => void;
}

/**
 * What one machine carries, and the keys for it. Follows the server by a long poll: what is gone there is gone here,
 * from memory before the next request is looked at, then from the disk. Credentials are fetched when first seen and
 * renewed at half their life. While the server cannot be reached, what is known stays.
 */
export class IdentityCredentials implements AsyncDisposable {
  readonly machine: MachineRecord;
  readonly #dependencies: CredentialDependencies;
  readonly #prove: Prove;
  readonly #stopping = new AbortController();
  readonly #disk: WorkQueue;
  readonly #supply: CredentialSupply;
  readonly #learnt = Promise.withResolvers<void>();
  #identities: readonly CarriedIdentity[] = [];
  #resource: ResourceFacts | undefined;
  #state: string | undefined;
  #ended = false;
  #following: Promise<void> | undefined;

  constructor(machine: MachineRecord, dependencies: CredentialDependencies) {
    this.machine = machine;
    this.#dependencies = dependencies;
    const { machineId, key } = machine;
    this.#prove = proverOf(machineId, key, dependencies.proofs);
    this.#disk = new WorkQueue((error) =>
      dependencies.log.error({ machineId, err: error }, "the agent's files cannot be changed"),
    );
    this.#supply = new CredentialSupply(machineId, this.#prove, this.#disk, dependencies);
  }

  get identities(): readonly CarriedIdentity[] {
    return this.#identities;
  }

  get resource(): ResourceFacts | undefined {
    return this.#resource;
  }

  /** The server knows this machine no more, or has banned it; everything it had is wiped. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Resolves when the server has told the state for the first time, or nothing will be told any more. */
  get learnt(): Promise<void> {
    return this.#learnt.promise;
  }

  /** Reads what an earlier run left: the keys, and the identities as last told. */
  async load(): Promise<void> {
    const { files } = this.#dependencies;
    const { machineId } = this.machine;
    const text = await files.read(machineId, stateFile);
    if (text !== undefined) {
      const from = JsonReader.parse(text, stateFile);
      this.#identities = from.list('identities', readCarriedIdentity);
      this.#resource = readResourceFacts(from.object('resource'));
    }
    await this.#supply.load();
    this.#supply.want(this.#identities);
  }

  start(): void {
    this.#following ??= this.#follow();
  }

  /**
   * The credential of an identity; waits for one that is being fetched.
   *
   * @returns `undefined` where none can be had now
   */
  async credential(identity: CarriedIdentity): Promise<Credential | undefined> {
    // what is under way may have begun before the identity was known
    for (let round = 0; round < 2; round += 1) {
      const credential = this.#supply.get(identity);
      if (credential !== undefined) return credential;
      await this.#supply.fetchDue();
    }
    return this.#supply.get(identity);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.#learnt.resolve();
    await this.#following;
    await this.#supply.settled;
    await this.#disk.done;
  }

  async #follow(): Promise<void> {
    const { client, clock, randomness, log } = this.#dependencies;
    const { machineId } = this.machine;
    const { signal } = this.#stopping;
    let failures = 0;
    while (!signal.aborted && !this.#ended) {
      const asked = clock.monotonic();
      const after = this.#state;
      let wait = 0;
      try {
        const answer = await client.identities(machineId, this.#prove, {
          signal,
          ...(after === undefined ? {} : { after }),
        });
        failures = 0;
        if (answer.state !== after) this.#apply(answer);
        else if (clock.monotonic() - asked < soon) wait = firstPause;
        void this.#supply.fetchDue();
      } catch (error) {
        if (signal.aborted) break;
        if (error instanceof ApiError && isOver(error.code)) {
          this.#end(error.code);
          break;
        }
        failures += 1;
        wait = Math.min(longestPause, firstPause * 2 ** Math.min(failures - 1, 10));
        if (failures === 1) log.warn({ machineId, err: error }, 'the server does not tell about identities');
      }
      if (wait > 0) {
        const spread = wait * (0.5 + fraction(randomness) / 2);
        await pause(spread, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  #apply(answer: IdentitiesAnswer): void {
    const { files, changed } = this.#dependencies;
    const { machineId } = this.machine;
    const { state, identities, resource } = answer;
    const now = new Map(identities.map((identity) => [identity.principalId, identity]));
    const revoked = this.#identities
      .filter(({ principalId, tokensValidFrom }) => now.get(principalId)?.tokensValidFrom !== tokensValidFrom)
      .map(({ principalId }) => principalId);
    this.#identities = identities;
    this.#resource = resource;
    this.#state = state;
    this.#supply.want(identities);
    changed(new Set(revoked));
    this.#disk.add(() => files.write(machineId, stateFile, JSON.stringify({ identities, resource })));
    this.#learnt.resolve();
  }

  #end(code: string): void {
    const { files, changed, log } = this.#dependencies;
    const { machineId, resourceId } = this.machine;
    const revoked = new Set(this.#identities.map(({ principalId }) => principalId));
    this.#ended = true;
    this.#identities = [];
    this.#supply.want([]);
    changed(revoked);
    log.warn({ machineId, resourceId, code }, 'this host is the resource no more: its keys are wiped');
    this.#disk.add(() => files.removeMachine(machineId));
    this.#learnt.resolve();
  }
}

function isOver(code: string): boolean {
  return machineOverCodes.some((over) => over === code);
}
