import type { Database, Transaction } from '../storage/database.ts';
import { GroupCommit } from '../storage/group-commit.ts';
import { RowInserter } from '../storage/row-inserter.ts';
import type { SignIn, SpentAssertion } from './sign-in.ts';

interface Entry {
  readonly signIn: SignIn;
  readonly spent: SpentAssertion | undefined;
}

/** Whether a request's assertion was good, or had been used before. */
export type RecordOutcome = 'recorded' | 'replayed';

/**
 * The sign-in log. A record is on the disk when `record` returns; concurrent requests share one write, which spends
 * their assertions too, so that neither is there without the other, on whichever replica.
 */
export class SignInLog {
  readonly #database: Database;
  readonly #commit: GroupCommit<Entry, RecordOutcome>;
  readonly #signIns: RowInserter<'sign_ins'>;
  readonly #spent: RowInserter<'spent_assertions'>;

  constructor(database: Database) {
    this.#database = database;
    this.#commit = new GroupCommit((entries) =>
      this.#database.append((transaction) => this.#write(transaction, entries)),
    );
    const { engine } = database;
    this.#signIns = new RowInserter(engine, 'sign_ins', [
      'sign_in_id',
      'tenant_id',
      'at',
      'kind',
      'account_id',
      'client_id',
      'resource_app_id',
      'correlation_id',
      'error_code',
      'details',
    ]);
    this.#spent = new RowInserter(
      engine,
      'spent_assertions',
      ['tenant_id', 'client_id', 'jti', 'expires_at'],
      'on conflict do nothing returning "tenant_id", "client_id", "jti"',
    );
  }

  /**
   * Records a request for a token.
   *
   * @param spent the assertion that the request uses up; where it was used before, the request is recorded as refused
   * @throws DomainError `unavailable` where nothing could be written: then there shall be no token
   */
  record(signIn: SignIn, spent?: SpentAssertion): Promise<RecordOutcome> {
    return this.#commit.add({ signIn, spent });
  }

  async #write(transaction: Transaction, entries: readonly Entry[]): Promise<readonly RecordOutcome[]> {
    const fresh = await this.#spend(transaction, entries);
    const outcomes = entries.map(({ spent }): RecordOutcome => {
      // of two in one write with the same assertion, the first has it
      return spent === undefined || fresh.delete(nameOf(spent)) ? 'recorded' : 'replayed';
    });
    const rows = entries.map(({ signIn, spent }, index) =>
      rowOf(outcomes[index] === 'replayed' ? { ...signIn, ...spent?.replay } : signIn),
    );
    await this.#signIns.insert(transaction, rows);
    return outcomes;
  }

  /** @returns the names of those that nobody had spent */
  async #spend(transaction: Transaction, entries: readonly Entry[]): Promise<Set<string>> {
    const spent = entries.flatMap((entry) => entry.spent ?? []);
    if (spent.length === 0) return new Set();
    // in one order on every replica, so that none waits for another that waits for it
    const ordered = spent.length === 1 ? spent : spent.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    const rows = await this.#spent.insert<{ tenant_id: string; client_id: string; jti: string }>(
      transaction,
      ordered.map(({ tenantId, clientId, jti, expiresAt }) => [
        tenantId,
        clientId,
        jti,
        Math.ceil(expiresAt),
      ]),
    );
    return new Set(rows.map((row) => `${row.tenant_id}|${row.client_id}|${row.jti}`));
  }
}

function nameOf({ tenantId, clientId, jti }: SpentAssertion): string {
  return `${tenantId}|${clientId}|${jti}`;
}

function rowOf(signIn: SignIn): readonly unknown[] {
  const {
    signInId,
    tenantId,
    at,
    kind,
    accountId,
    clientId,
    resourceAppId,
    correlationId,
    errorCode,
    ...details
  } = signIn;
  return [
    signInId,
    tenantId,
    at,
    kind,
    accountId ?? null,
    clientId ?? null,
    resourceAppId ?? null,
    correlationId,
    errorCode,
    // escaped by JSON, so that every database keeps whatever characters a caller sent
    JSON.stringify(details),
  ];
}
