import type { Clock } from '../../foundation/clock.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import type { PrincipalId, TenantId } from '../../foundation/ids.ts';
import type { Log } from '../../foundation/log.ts';
import type { Database } from '../storage/database.ts';
import { auditKeys } from './key-audit.ts';
import { defaultPeriods, jitter, type KeyPeriods, retiresAt, SteadyAges } from './key-schedule.ts';
import type { Signer } from './signer.ts';
import {
  beginLine,
  forgetRetired,
  type KeyLine,
  type KeyRecord,
  removeKey,
  revokeKey,
  selectAged,
  selectForeign,
  selectLine,
  selectTenantKeys,
  turnLine,
} from './signing-key-store.ts';

export interface KeyKeeperParts {
  readonly database: Database;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly log: Log;
  readonly periods?: KeyPeriods;
}

/** Keys of a tenant at most, so that its key set stays one that validators read. */
const maxKeys = 100;
/** Keys looked at in one round at most. */
const perRound = 10_000;
/** What a replica that has not heard of a turn yet may still sign with. */
const forgottenAfter = 60_000;
const longestRound = 60_000;
const shortestRound = 1000;
/** Attempts at a change that others make at the same time. */
const attempts = 5;

/**
 * Leads every tenant's keys through their life: prepared, active, retired, gone; and revoked, on demand. Every change is
 * one transaction that looks at the state again, so that of several replicas one makes it. Keys are made outside of it.
 */
export class KeyKeeper implements AsyncDisposable {
  readonly #parts: KeyKeeperParts;
  readonly #periods: KeyPeriods;
  readonly #ages: SteadyAges;
  readonly #beginning = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #ending = false;

  constructor(parts: KeyKeeperParts) {
    this.#parts = parts;
    this.#periods = parts.periods ?? defaultPeriods;
    this.#ages = new SteadyAges(parts.clock);
  }

  /** Looks after the keys from now on, until disposed of. */
  start(): void {
    const { preparedFor, activeFor, retiredFor } = this.#periods;
    const shortest = Math.min(preparedFor, activeFor, retiredFor) / 10;
    const every = Math.min(longestRound, Math.max(shortestRound, shortest));
    this.#timer = setInterval(() => void this.look(), every);
    this.#timer.unref();
  }

  /** One round: turns what is due, removes what has been. Never rejects. */
  async look(): Promise<void> {
    this.#round ??= this.#lookOnce()
      .catch((error: unknown) =>
        this.#parts.log.error({ err: error }, 'signing keys could not be looked after'),
      )
      .finally(() => {
        this.#round = undefined;
      });
    await this.#round;
  }

  /**
   * Turns every line of a tenant now: what was announced signs, however short that was ago.
   *
   * @param by who asks for it, for the log
   * @throws DomainError `conflict` where the tenant's key set is full of keys that retired lately
   */
  async rotate(tenantId: TenantId, by?: PrincipalId): Promise<void> {
    const keys = await selectTenantKeys(this.#parts.database.read, tenantId);
    requireRoom(keys);
    for (const key of keys.filter(({ state }) => state === 'active')) await this.#turn(key, () => true, by);
  }

  /**
   * Revokes a key: published and accepted no more, by this deployment within a second. Where it signed, the announced
   * one does from then on.
   *
   * @param by who asks for it, for the log
   * @returns false where the tenant has no such key
   * @throws DomainError `conflict` where the tenant's key set is full of keys that retired lately
   */
  async revoke(tenantId: TenantId, kid: string, by?: PrincipalId): Promise<boolean> {
    const { clock, database, log, signer } = this.#parts;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const keys = await selectTenantKeys(database.read, tenantId);
      const key = keys.find((candidate) => candidate.kid === kid);
      if (key === undefined) return false;
      if (key.state === 'revoked') return true;
      if (key.state !== 'retired') requireRoom(keys);
      const next = key.state === 'retired' ? undefined : await signer.generate(tenantId, key.alg);
      const done = await database.transaction(async (transaction) => {
        const at = clock.now();
        if (!(await revokeKey(transaction, { key, next, at }))) return false;
        const keys = [{ kid, from: key.state, to: 'revoked' }];
        await auditKeys(transaction, 'revoked', { tenantId, at, by, keys });
        return true;
      });
      if (!done) continue;
      log.warn(
        { event: 'signing-key-revoked', tenantId, kid, state: key.state, by },
        'a signing key is revoked',
      );
      return true;
    }
    throw new DomainError('conflict', 'The signing keys are being changed by others; try again.');
  }

  /** Makes sure that a tenant can sign with an algorithm; those who ask together wait for one making. */
  async begin(line: KeyLine): Promise<void> {
    const name = `${line.tenantId}/${line.alg}`;
    let beginning = this.#beginning.get(name);
    if (beginning === undefined) {
      beginning = this.#begin(line, (keys) => !keys.some(({ state }) => state === 'active')).finally(() =>
        this.#beginning.delete(name),
      );
      this.#beginning.set(name, beginning);
    }
    await beginning;
  }

  /**
   * Replaces keys in use that another holder keeps, which is what a change between a signer of its own and none leaves:
   * to be called before a server serves. What they signed is accepted for as long as after any turn.
   */
  async adopt(): Promise<void> {
    const { clock, database, signer } = this.#parts;
    const foreign = await selectForeign(database.read, signer.holder);
    for (const key of foreign) {
      await this.#begin(key, (keys) =>
        keys.some(({ kid, state }) => kid === key.kid && (state === 'prepared' || state === 'active')),
      );
    }
    if (foreign.length === 0) return;
    await database.transaction((transaction) => forgetRetired(transaction, clock.now()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending = true;
    clearInterval(this.#timer);
    await Promise.allSettled([this.#round, ...this.#beginning.values()]);
  }

  async #lookOnce(): Promise<void> {
    const { clock, database } = this.#parts;
    const { activeFor, preparedFor, retiredFor } = this.#periods;
    this.#ages.look();
    const now = clock.now();
    const aged = await selectAged(database.read, {
      state: 'active',
      before: now - activeFor * (1 - jitter),
      limit: perRound,
    });
    for (const key of aged) {
      if (this.#ending) return;
      if (!this.#isDue(key)) continue;
      await this.#turn(key, (next) => this.#ages.of(next.createdAt) >= preparedFor);
    }
    for (const state of ['retired', 'revoked'] as const) {
      const ended = await selectAged(database.read, { state, before: now - retiredFor, limit: perRound });
      for (const key of ended) {
        if (this.#ending) return;
        if (this.#ages.of(key.retiredAt ?? now) < retiredFor) continue;
        await database.transaction((transaction) => removeKey(transaction, key, now));
      }
    }
    await database.transaction((transaction) => forgetRetired(transaction, now - forgottenAfter));
  }

  #isDue(key: KeyRecord): boolean {
    const { activatedAt } = key;
    if (activatedAt === undefined) return false;
    const life = retiresAt({ ...key, activatedAt }, this.#periods) - activatedAt;
    return this.#ages.of(activatedAt) >= life;
  }

  /** Turns a key's line where it still signs and what is announced may. */
  async #turn(key: KeyRecord, mayTurn: (next: KeyRecord) => boolean, by?: PrincipalId): Promise<void> {
    const { clock, database, log, signer } = this.#parts;
    const { tenantId, alg, kid: from } = key;
    const line = await selectLine(database.read, key);
    const next = line.find(({ state }) => state === 'prepared');
    if (line.find(({ state }) => state === 'active')?.kid !== from) return;
    if (next === undefined || !mayTurn(next)) return;
    if (line.length >= maxKeys) {
      log.warn(
        { event: 'signing-keys-full', tenantId, alg },
        'signing keys turn no more until retired ones have gone',
      );
      return;
    }
    const prepared = await signer.generate(tenantId, alg);
    const turned = await database.transaction(async (transaction) => {
      const at = clock.now();
      if (!(await turnLine(transaction, { from, prepared, at }))) return false;
      const keys = [
        { kid: next.kid, from: 'prepared', to: 'active' },
        { kid: from, from: 'active', to: 'retired' },
        { kid: prepared.kid, to: 'prepared' },
      ];
      await auditKeys(transaction, 'turned', { tenantId, at, by, keys });
      return true;
    });
    if (!turned) return;
    const facts = { event: 'signing-keys-turned', tenantId, alg, retired: from, active: next.kid };
    log.info({ ...facts, announced: prepared.kid, by }, 'signing keys have turned');
  }

  async #begin(line: KeyLine, isNeeded: (keys: readonly KeyRecord[]) => boolean): Promise<void> {
    const { clock, database, log, signer } = this.#parts;
    const { tenantId, alg } = line;
    if (!isNeeded(await selectLine(database.read, line))) return;
    const [active, prepared] = await Promise.all([
      signer.generate(tenantId, alg),
      signer.generate(tenantId, alg),
    ]);
    const begun = await database.transaction(async (transaction) => {
      if (!isNeeded(await selectLine(transaction, line))) return false;
      const at = clock.now();
      await beginLine(transaction, { active, prepared }, at);
      const keys = [
        { kid: active.kid, to: 'active' },
        { kid: prepared.kid, to: 'prepared' },
      ];
      await auditKeys(transaction, 'begun', { tenantId, at, keys });
      return true;
    });
    if (begun)
      log.info({ event: 'signing-keys-begun', tenantId, alg, active: active.kid }, 'signing keys are new');
  }
}

function requireRoom(keys: readonly KeyRecord[]): void {
  if (keys.length < maxKeys) return;
  throw new DomainError(
    'conflict',
    `The tenant has ${keys.length} signing keys whose tokens may still be in use. A key goes two days after it retired.`,
  );
}
