import { DomainError } from '../../../foundation/domain-error.ts';
import type { LogPage, LogPlace } from '../../audit/log-reading.ts';
import { nextLink } from '../collection.ts';
import { invalidFilter } from '../filter-tokens.ts';
import type { GraphAnswer, GraphRequest } from '../operation.ts';

/** Entries of a page, as Graph counts them in its logs. */
export const logPages = { usual: 1000, largest: 1000 } as const;

/** A page of a log, latest first; the only order that logs have. */
export async function logPage<Row>(
  { options, base }: Pick<GraphRequest, 'options' | 'base'>,
  { entitySet, time }: { readonly entitySet: string; readonly time: string },
  read: (from: { readonly after: LogPlace | undefined; readonly limit: number }) => Promise<LogPage<Row>>,
  present: (rows: readonly Row[]) => Promise<readonly object[]>,
): Promise<GraphAnswer> {
  const { orderBy, search, expand, skipToken, top, repeated } = options;
  if (search !== undefined || expand.length > 0) throw invalidFilter();
  if (orderBy !== undefined && !(orderBy.property.toLowerCase() === time.toLowerCase() && orderBy.descending))
    throw new DomainError('unsupported', `The only order is '${time} desc'.`);
  const after = skipToken === undefined ? undefined : placeOf(skipToken);
  const { rows, next } = await read({ after, limit: top });
  return {
    kind: 'collection',
    entitySet,
    value: await present(rows),
    next: next && nextLink(base, entitySet, repeated, tokenOf(next)),
  };
}

function tokenOf({ at, sequence }: LogPlace): string {
  return Buffer.from(`${at}.${sequence}`).toString('base64url');
}

function placeOf(token: string): LogPlace {
  const text = token.length > 64 ? '' : Buffer.from(token, 'base64url').toString('latin1');
  const match = /^(\d{1,15})\.(\d{1,15})$/.exec(text);
  if (match === null) throw new DomainError('malformed', "The '$skiptoken' is not one of ours.");
  return { at: Number(match[1]), sequence: Number(match[2]) };
}
