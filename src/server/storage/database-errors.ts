import { DomainError } from '../../foundation/domain-error.ts';

/** The database cannot be used: not reachable, not ours, not safe. The message is a sentence for the operator. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
}

/** A database made by a newer version: its schema is left alone. */
export class NewerSchemaError extends DatabaseError {}

interface EngineError {
  /** SQLSTATE on PostgreSQL, a system error, or `ERR_SQLITE_ERROR`. */
  readonly code?: unknown;
  /** SQLite's extended result code. */
  readonly errcode?: unknown;
}

const uniqueViolation = '23505';
/** SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY */
const sqliteUniqueViolations: readonly unknown[] = [2067, 1555];
/** serialization_failure, deadlock_detected */
const conflicts: readonly unknown[] = ['40001', '40P01'];

function engineError(error: unknown): EngineError {
  // a domain error's code is a surface's own
  if (error instanceof DomainError) return {};
  return typeof error === 'object' && error !== null ? error : {};
}

/** Whether a row with this key was there already. On either engine the transaction has failed and cannot go on. */
export function isUniqueViolation(error: unknown): boolean {
  const { code, errcode } = engineError(error);
  return code === uniqueViolation || sqliteUniqueViolations.includes(errcode);
}

/** Whether PostgreSQL gave up a transaction for another's sake, so that running it again may succeed. */
export function isSerializationConflict(error: unknown): boolean {
  return conflicts.includes(engineError(error).code);
}

/** SQLITE_NOMEM, SQLITE_IOERR, SQLITE_FULL, SQLITE_BUSY: primary codes, the low byte of the extended ones. */
const sqliteTroubles: readonly number[] = [7, 10, 13, 5];
/** SQLSTATE classes: connection, resources, operator intervention, conflicts that every attempt met. */
const postgresTroubles = /^(08|53|57|40)[0-9A-Z]{3}$/;
/** What a disk answers: broken, full, used up. */
const diskTroubles = /^E(IO|NOSPC|DQUOT|ROFS)$/;
const networkTroubles = /^E(CONNREFUSED|CONNRESET|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN|PIPE|TIMEDOUT)$/;

/**
 * What a caller is told when the database cannot serve at the moment: the disk is full, PostgreSQL is away, others are
 * in the way. `undefined` for any other error.
 */
export function asUnavailable(error: unknown): DomainError | undefined {
  const { code, errcode } = engineError(error);
  const trouble =
    (typeof errcode === 'number' && sqliteTroubles.includes(errcode & 0xff)) ||
    (typeof code === 'string' &&
      [postgresTroubles, networkTroubles, diskTroubles].some((troubles) => troubles.test(code))) ||
    (error instanceof Error &&
      /^(timeout exceeded|Connection terminated|Query read timeout)/.test(error.message));
  if (!trouble) return undefined;
  return new DomainError('unavailable', 'The database cannot complete the request at the moment.', {
    retryAfter: 2,
    cause: error,
  });
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'its host name could not be resolved',
  ENOENT: 'no such socket',
  ETIMEDOUT: 'it did not answer in time',
  EHOSTUNREACH: 'no route to its host',
  ECONNRESET: 'it closed the connection',
  '28P01': 'the password was refused',
  '28000': 'the user may not sign in',
  '3D000': 'there is no such database',
  '42501': 'the user may not create tables',
  '53300': 'it has no connection left',
  '57P03': 'it is starting up or shutting down',
};

/** Why PostgreSQL cannot be used, from the error's code alone: its text could repeat what was sent. */
export function postgresReason(error: unknown): string {
  const { code } = engineError(error);
  if (typeof code === 'string') return reasons[code] ?? `error ${code}`;
  if (error instanceof Error && /timeout/i.test(error.message)) return 'it did not answer in time';
  if (error instanceof Error && /SSL/.test(error.message)) return 'it does not offer TLS';
  if (error instanceof Error && /password/i.test(error.message)) return 'it asks for a password';
  return 'the connection failed';
}
