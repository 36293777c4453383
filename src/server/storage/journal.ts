/** Values of one row of `sign_ins`, in the order of `signInColumns`. */
export type SignInRow = readonly (string | number | null)[];

export const signInColumns = [
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
] as const;

export const spentColumns = ['tenant_id', 'client_id', 'jti', 'expires_at'] as const;

/**
 * An assertion that is good once. Its expiry is part of its name: the same assertion has the same one, and nobody but its
 * client can make another.
 */
export interface Spending {
  readonly tenantId: string;
  readonly clientId: string;
  readonly jti: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** What the row says where the assertion had been spent before. */
  readonly replay: { readonly errorCode: number; readonly failureReason: string };
}

/** A row to be written, and what it hangs on. */
export interface JournalEntry {
  readonly row: SignInRow;
  readonly spends?: Spending;
}

/**
 * Appends to the sign-in log: rows that nobody keeps copies of, so no cache is told of them. Writes take turns with
 * transactions and are durable when they return.
 */
export interface Journal {
  /**
   * Writes all entries or none, in order: of two that spend the same, the first has it.
   *
   * @returns for each entry whether its row was written as it is, and not as the record of a replay
   */
  write(entries: readonly JournalEntry[]): Promise<readonly boolean[]>;
}

/** The row of a request whose assertion had been spent before. */
export function replayOf(row: SignInRow, { replay }: Spending): SignInRow {
  const details = JSON.parse(String(row[signInColumns.indexOf('details')])) as Record<string, unknown>;
  return row
    .with(signInColumns.indexOf('error_code'), replay.errorCode)
    .with(
      signInColumns.indexOf('details'),
      JSON.stringify({ ...details, failureReason: replay.failureReason }),
    );
}
