import type { Insertable, Kysely } from 'kysely';
import type { SignInsTable } from './audit-tables.ts';
import { asUnavailable } from './database-errors.ts';
import {
  type Journal,
  type JournalEntry,
  replayOf,
  type SignInRow,
  type Spending,
  signInColumns,
} from './journal.ts';
import type { Tables } from './tables.ts';

interface SpentRow {
  readonly expires_at: number;
  readonly tenant_id: string;
  readonly client_id: string;
  readonly jti: string;
}

/**
 * The journal on PostgreSQL: a transaction of two inserts. READ COMMITTED is enough, since a unique key alone decides
 * between replicas.
 */
export function postgresJournal(write: Kysely<Tables>): Journal {
  return {
    async write(entries) {
      try {
        return await write
          .transaction()
          .setIsolationLevel('read committed')
          .execute((transaction) => writeAll(transaction, entries));
      } catch (error) {
        throw asUnavailable(error) ?? error;
      }
    },
  };
}

async function writeAll(
  transaction: Kysely<Tables>,
  entries: readonly JournalEntry[],
): Promise<readonly boolean[]> {
  const fresh = await spend(transaction, entries);
  const written = entries.map(({ spends }) => spends === undefined || fresh.delete(nameOf(spends)));
  const rows = entries.map(({ row, spends }, index) =>
    spends === undefined || written[index] === true ? row : replayOf(row, spends),
  );
  await transaction.insertInto('sign_ins').values(rows.map(asValues)).execute();
  return written;
}

/** @returns the names of those that nobody had spent */
async function spend(transaction: Kysely<Tables>, entries: readonly JournalEntry[]): Promise<Set<string>> {
  const spends = entries.flatMap((entry) => entry.spends ?? []);
  if (spends.length === 0) return new Set();
  // in one order on every replica, so that none waits for another that waits for it
  const ordered = spends.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const rows: readonly SpentRow[] = await transaction
    .insertInto('spent_assertions')
    .values(
      ordered.map(({ tenantId, clientId, jti, expiresAt }) => ({
        tenant_id: tenantId,
        client_id: clientId,
        jti,
        expires_at: expiresAt,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .returning(['expires_at', 'tenant_id', 'client_id', 'jti'])
    .execute();
  return new Set(rows.map((row) => `${row.expires_at}|${row.tenant_id}|${row.client_id}|${row.jti}`));
}

function nameOf({ tenantId, clientId, jti, expiresAt }: Spending): string {
  return `${expiresAt}|${tenantId}|${clientId}|${jti}`;
}

function asValues(row: SignInRow): Insertable<SignInsTable> {
  const members = signInColumns.map((column, index) => [column, row[index]] as const);
  return Object.fromEntries(members) as unknown as Insertable<SignInsTable>;
}
