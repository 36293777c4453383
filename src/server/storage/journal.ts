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

/** A row to be written, and what it hangs on. */
export interface JournalEntry {
  readonly row: SignInRow;
  /** An assertion that must not have been spent; where it has, `otherwise` is written in place of `row`. */
  readonly spends?: {
    readonly tenantId: string;
    readonly clientId: string;
    readonly jti: string;
    /** Milliseconds since the epoch. */
    readonly expiresAt: number;
    readonly otherwise: SignInRow;
  };
}

/**
 * Appends to the sign-in log: rows that nobody keeps copies of, so no cache is told of them. Writes take turns with
 * transactions and are durable when they return.
 */
export interface Journal {
  /**
   * Writes all entries or none, in order: of two that spend the same, the first has it.
   *
   * @returns for each entry whether `row` was written
   */
  write(entries: readonly JournalEntry[]): Promise<readonly boolean[]>;
}
