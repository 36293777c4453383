import { generateKeyPair, type KeyObject } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
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
import {
  type Credential,
  clientIdsAmong,
  credentialOf,
  fraction,
  loadCredential,
  saveCredential,
  wipeCredential,
} from './credential.ts';
import type { KeyFiles } from './key-files.ts';
import type { MachineRecord } from './machine-record.ts';
import { type ProofSources, proveKey, proverOf, publicHalf } from './proofs.ts';

const makeKeyPair = promisify(generateKeyPair);
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
  readonly #credentials = new Map<string, Credential>();
  /** Keys made for credentials that the server has not certified yet, by client id. */
  readonly #fresh = new Map<string, KeyObject>();
  #identities: readonly CarriedIdentity[] = [];
  #resource: ResourceFacts | undefined;
  #state: string | undefined;
  #ended = false;
  #following: Promise<void> | undefined;
  #provisioning: Promise<void> | undefined;
  #retryAt = 0;
  /** Disk work in order, so that a removal can never be overtaken by an earlier write. */
  #disk: Promise<void> = Promise.resolve();
  readonly #learnt = Promise.withResolvers<void>();

  constructor(machine: MachineRecord, dependencies: CredentialDependencies) {
    this.machine = machine;
    this.#dependencies = dependencies;
    this.#prove = proverOf(machine.machineId, machine.key, dependencies.proofs);
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
    const { files, randomness, log } = this.#dependencies;
    const { machineId } = this.machine;
    const text = await files.read(machineId, stateFile);
    if (text !== undefined) {
      const from = JsonReader.parse(text, stateFile);
      this.#identities = from.list('identities', readCarriedIdentity);
      this.#resource = readResourceFacts(from.object('resource'));
    }
    for (const clientId of clientIdsAmong(await files.list(machineId))) {
      try {
        const credential = await loadCredential(files, machineId, clientId, randomness);
        if (credential !== undefined) this.#credentials.set(clientId, credential);
      } catch (error) {
        log.warn({ machineId, clientId, err: error }, 'a credential cannot be read; another is fetched');
        await wipeCredential(files, machineId, clientId);
      }
    }
  }

  start(): void {
    this.#following ??= this.#follow();
  }

  /**
   * The credential of an identity; waits for one that is being fetched.
   *
   * @returns `undefined` where none can be had now
   */
  async credential({ clientId, principalId }: CarriedIdentity): Promise<Credential | undefined> {
    const usable = () => {
      const credential = this.#credentials.get(clientId);
      const { serverClock } = this.#dependencies.proofs;
      return credential?.principalId === principalId && serverClock.now() < credential.notAfter
        ? credential
        : undefined;
    };
    const credential = usable();
    if (credential !== undefined) return credential;
    await this.#provision();
    return usable();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    this.#learnt.resolve();
    await this.#following;
    await this.#provisioning;
    await this.#disk;
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
        void this.#provision();
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
    const gone = [...this.#credentials.values()].filter(({ principalId }) => !now.has(principalId));
    const revoked = this.#identities
      .filter(({ principalId, tokensValidFrom }) => now.get(principalId)?.tokensValidFrom !== tokensValidFrom)
      .map(({ principalId }) => principalId);
    this.#identities = identities;
    this.#resource = resource;
    this.#state = state;
    for (const { clientId } of gone) {
      this.#credentials.delete(clientId);
      this.#fresh.delete(clientId);
    }
    changed(new Set(revoked));
    this.#retryAt = 0;
    this.#onDisk(async () => {
      for (const { clientId } of gone) await wipeCredential(files, machineId, clientId);
      await files.write(machineId, stateFile, JSON.stringify({ identities, resource }));
    });
    this.#learnt.resolve();
  }

  #end(code: string): void {
    const { files, changed, log } = this.#dependencies;
    const { machineId, resourceId } = this.machine;
    const revoked = new Set(this.#identities.map(({ principalId }) => principalId));
    this.#ended = true;
    this.#identities = [];
    this.#credentials.clear();
    this.#fresh.clear();
    changed(revoked);
    log.warn({ machineId, resourceId, code }, 'this host is the resource no more: its keys are wiped');
    this.#onDisk(() => files.removeMachine(machineId));
    this.#learnt.resolve();
  }

  /** Fetches what is missing or due; one at a time, and not again at once after a failure. Never rejects. */
  #provision(): Promise<void> {
    const { clock, log } = this.#dependencies;
    this.#provisioning ??= this.#fetchDue()
      .catch((error: unknown) => {
        this.#retryAt = clock.monotonic() + soon;
        const { machineId } = this.machine;
        if (!this.#stopping.signal.aborted) {
          log.warn({ machineId, err: error }, 'credentials cannot be fetched');
        }
      })
      .finally(() => {
        this.#provisioning = undefined;
      });
    return this.#provisioning;
  }

  async #fetchDue(): Promise<void> {
    const { client, clock, proofs, randomness, log } = this.#dependencies;
    const { machineId } = this.machine;
    const now = proofs.serverClock.now();
    const due = this.#identities.filter(({ clientId, principalId }) => {
      const credential = this.#credentials.get(clientId);
      return credential?.principalId !== principalId || now >= credential.renewAt;
    });
    if (due.length === 0 || this.#ended || clock.monotonic() < this.#retryAt) return;
    const asked = await Promise.all(
      due.map(async ({ clientId }) => {
        const key = await this.#freshKey(clientId);
        const proof = await proveKey(key, { clientId, machineId }, proofs);
        return { clientId, publicKey: publicHalf(key).toString('base64'), proof };
      }),
    );
    const issued = await client.credentials(machineId, { credentials: asked }, this.#prove);
    for (const one of issued) {
      const key = this.#fresh.get(one.clientId);
      if (key === undefined) continue;
      this.#fresh.delete(one.clientId);
      const credential = credentialOf(one, key, randomness);
      if (!this.#carries(credential)) continue;
      this.#credentials.set(credential.clientId, credential);
      this.#onDisk(async () => {
        if (this.#carries(credential)) await saveCredential(this.#dependencies.files, machineId, credential);
      });
      log.info({ machineId, clientId: one.clientId, notAfter: one.notAfter }, 'credential received');
    }
  }

  async #freshKey(clientId: string): Promise<KeyObject> {
    const made = this.#fresh.get(clientId);
    if (made !== undefined) return made;
    const { privateKey } = await makeKeyPair('rsa', { modulusLength: 2048 });
    this.#fresh.set(clientId, privateKey);
    return privateKey;
  }

  #carries({ principalId }: Credential): boolean {
    return !this.#ended && this.#identities.some((identity) => identity.principalId === principalId);
  }

  #onDisk(work: () => Promise<void>): void {
    const { log } = this.#dependencies;
    const { machineId } = this.machine;
    this.#disk = this.#disk.then(work).catch((error: unknown) => {
      log.error({ machineId, err: error }, "the agent's files cannot be changed");
    });
  }
}

function isOver(code: string): boolean {
  return machineOverCodes.some((over) => over === code);
}
