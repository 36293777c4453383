import type { DomainError } from '../../foundation/domain-error.ts';
import type { JsonMembers } from '../http/compact-jws.ts';
import { aadsts } from '../http/dialects/aadsts.ts';

/** Seconds by which the clock of whoever made an assertion may differ (b.2 rule 5). */
export const assertionSkew = 300;

interface AssertionTimes {
  /** Epoch seconds; the later of `nbf` and `iat`. */
  readonly from: number;
  /** Epoch seconds. */
  readonly expires: number;
}

/**
 * Holds `exp`, and `nbf` and `iat` where they are there, against the clock.
 *
 * @param now milliseconds since the epoch
 * @param longest seconds that an assertion may have left to live; `undefined` for any
 * @returns `exp`
 * @throws DomainError AADSTS700024, or 50027 where one is missing or is no time
 */
export function checkTimes(payload: JsonMembers, now: number, longest: number | undefined): number {
  const { from, expires } = readTimes(payload);
  const seconds = now / 1000;
  const tooLong = longest !== undefined && expires - seconds > longest + assertionSkew;
  if (expires + assertionSkew <= seconds || from - assertionSkew > seconds || tooLong) {
    throw outOfTime(payload, now);
  }
  return expires;
}

/** The refusal of an assertion whose time is not now. */
export function outOfTime(payload: JsonMembers, now: number, cause?: unknown): DomainError {
  const { from, expires } = readTimes(payload);
  return aadsts(700024, { now: isoTime(now / 1000), from: isoTime(from), until: isoTime(expires) }, cause);
}

function readTimes(payload: JsonMembers): AssertionTimes {
  const expires = readTime(payload['exp']);
  const starts = payload['nbf'] === undefined ? 0 : readTime(payload['nbf']);
  const issued = payload['iat'] === undefined ? 0 : readTime(payload['iat']);
  if (expires === undefined || starts === undefined || issued === undefined) {
    throw aadsts(50027, { reason: 'A time of the client assertion is missing or is no time.' });
  }
  return { from: Math.max(starts, issued), expires };
}

/** NumericDate as clients really send it: a number, with fraction or not, or its text (b.2). */
function readTime(value: unknown): number | undefined {
  const number =
    typeof value === 'string' && /^\d{1,12}(\.\d{1,9})?$/.test(value) ? Number(value) : (value as number);
  return typeof number === 'number' && number >= 0 && number < 253_402_300_800 ? number : undefined;
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
