import type { Database } from '../storage/database.ts';
import { GroupCommit } from '../storage/group-commit.ts';
import type { JournalEntry, SignInRow, Spending } from '../storage/journal.ts';
import type { SignIn } from './sign-in.ts';

/** Whether a request's assertion was good, or had been used before. */
export type RecordOutcome = 'recorded' | 'replayed';

/**
 * The sign-in log. A record is on the disk when `record` returns; concurrent requests share one write, which spends
 * their assertions too, so that neither is there without the other, on whichever replica.
 */
export class SignInLog {
  readonly #commit: GroupCommit<JournalEntry, boolean>;

  constructor({ journal }: Pick<Database, 'journal'>) {
    this.#commit = new GroupCommit((entries) => journal.write(entries));
  }

  /**
   * Records a request for a token.
   *
   * @param spent the assertion that the request uses up; where it was used before, the request is recorded as refused
   * @throws DomainError `unavailable` where nothing could be written: then there shall be no token
   */
  async record(signIn: SignIn, spent?: Spending): Promise<RecordOutcome> {
    const row = rowOf(signIn);
    const entry = spent === undefined ? { row } : { row, spends: spent };
    return (await this.#commit.add(entry)) ? 'recorded' : 'replayed';
  }
}

function rowOf(signIn: SignIn): SignInRow {
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
