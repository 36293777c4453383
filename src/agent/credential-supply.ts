import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { AgentsClient, Prove } from '../client/agents-client.ts';
import type { CarriedIdentity } from '../contract/agent.ts';
import { maxCredentialsAtOnce } from '../contract/machine-proof.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Randomness } from '../foundation/randomness.ts';
import {
  type Credential,
  clientIdsAmong,
  credentialOf,
  loadCredential,
  saveCredential,
  wipeCredential,
} from './credential.ts';
import type { KeyFiles } from './key-files.ts';
import { type ProofSources, proveKey, publicHalf } from './proofs.ts';
import type { WorkQueue } from './work-queue.ts';

const makeKeyPair = promisify(generateKeyPair);
/** Milliseconds after a failure during which the server is not asked again. */
const askAgainAfter = 1_000;

export interface SupplyDependencies {
  readonly client: AgentsClient;
  readonly files: KeyFiles;
  readonly proofs: ProofSources;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly log: Log;
}

/**
 * The keys and certificates of one machine, in memory and on the disk: fetched when missing, renewed at half their
 * life, wiped with their identity.
 */
export class CredentialSupply {
  readonly #machineId: string;
  readonly #prove: Prove;
  readonly #disk: WorkQueue;
  readonly #dependencies: SupplyDependencies;
  readonly #credentials = new Map<string, Credential>();
  /** Keys made for credentials that the server has not certified yet, by client id. */
  readonly #fresh = new Map<string, KeyObject>();
  #wanted: readonly CarriedIdentity[] = [];
  #fetching: Promise<void> | undefined;
  #retryAt = 0;

  constructor(machineId: string, prove: Prove, disk: WorkQueue, dependencies: SupplyDependencies) {
    this.#machineId = machineId;
    this.#prove = prove;
    this.#disk = disk;
    this.#dependencies = dependencies;
  }

  /** Reads what an earlier run left. */
  async load(): Promise<void> {
    const { files, randomness, log } = this.#dependencies;
    const machineId = this.#machineId;
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

  /** These identities and no others: what belongs to others goes, from memory now, then from the disk. */
  want(identities: readonly CarriedIdentity[]): void {
    this.#wanted = identities;
    this.#retryAt = 0;
    const { files } = this.#dependencies;
    for (const credential of [...this.#credentials.values()]) {
      if (this.#isWanted(credential)) continue;
      const { clientId } = credential;
      this.#credentials.delete(clientId);
      this.#disk.add(() => wipeCredential(files, this.#machineId, clientId));
    }
    const clientIds = new Set(identities.map(({ clientId }) => clientId));
    for (const clientId of this.#fresh.keys()) if (!clientIds.has(clientId)) this.#fresh.delete(clientId);
  }

  /** The credential that an identity can use now, if there is one. */
  get({ clientId, principalId }: CarriedIdentity): Credential | undefined {
    const credential = this.#credentials.get(clientId);
    const now = this.#dependencies.proofs.serverClock.now();
    return credential?.principalId === principalId && now < credential.notAfter ? credential : undefined;
  }

  /** Fetches what is missing or due; one request at a time, and not again at once after a failure. Never rejects. */
  fetchDue(): Promise<void> {
    const { clock, log } = this.#dependencies;
    this.#fetching ??= this.#fetch()
      .catch((error: unknown) => {
        this.#retryAt = clock.monotonic() + askAgainAfter;
        log.warn({ machineId: this.#machineId, err: error }, 'credentials cannot be fetched');
      })
      .finally(() => {
        this.#fetching = undefined;
      });
    return this.#fetching;
  }

  /** Resolves when no request is under way. */
  get settled(): Promise<void> {
    return this.#fetching ?? Promise.resolve();
  }

  async #fetch(): Promise<void> {
    const { clock, proofs } = this.#dependencies;
    const now = proofs.serverClock.now();
    const due = this.#wanted.filter(({ clientId, principalId }) => {
      const credential = this.#credentials.get(clientId);
      return credential?.principalId !== principalId || now >= credential.renewAt;
    });
    if (clock.monotonic() < this.#retryAt) return;
    for (let at = 0; at < due.length; at += maxCredentialsAtOnce) {
      await this.#request(due.slice(at, at + maxCredentialsAtOnce));
    }
  }

  async #request(due: readonly CarriedIdentity[]): Promise<void> {
    const { client, proofs, randomness, files, log } = this.#dependencies;
    const machineId = this.#machineId;
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
      if (!this.#isWanted(credential)) continue;
      this.#credentials.set(credential.clientId, credential);
      this.#disk.add(async () => {
        if (this.#isWanted(credential)) await saveCredential(files, machineId, credential);
      });
      log.info({ machineId, clientId: one.clientId, notAfter: one.notAfter }, 'credential received');
    }
  }

  /** The key that was made for a request that failed serves the next one. */
  async #freshKey(clientId: string): Promise<KeyObject> {
    const made = this.#fresh.get(clientId);
    if (made !== undefined) return made;
    const { privateKey } = await makeKeyPair('rsa', { modulusLength: 2048 });
    this.#fresh.set(clientId, privateKey);
    return privateKey;
  }

  #isWanted({ clientId, principalId }: Credential): boolean {
    return this.#wanted.some(
      (identity) => identity.principalId === principalId && identity.clientId === clientId,
    );
  }
}
