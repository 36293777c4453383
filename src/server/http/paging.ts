import { DomainError } from '../../foundation/domain-error.ts';
import { isStorable } from '../../foundation/storable-text.ts';

/** Items of a list beyond this many go to a further page, whatever the caller asks for. */
export const maxPageSize = 1000;
const defaultPageSize = 250;

/** One page of a list ordered by a key; `after` is the key to go on from, where there is more. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly after: string | undefined;
}

export interface PageRequest {
  readonly size: number;
  /** The key of the last item of the page before. */
  readonly after: string | undefined;
}

/**
 * The page that `$top` and `$skiptoken` ask for.
 *
 * @throws DomainError `invalid-value` where one is not what it should be
 */
export function pageRequest(top: string | undefined, skipToken: string | undefined): PageRequest {
  let size = defaultPageSize;
  if (top !== undefined) {
    if (!/^\d{1,9}$/.test(top) || Number(top) === 0) {
      throw new DomainError('invalid-value', "The query parameter '$top' is not a positive number.");
    }
    size = Math.min(Number(top), maxPageSize);
  }
  return { size, after: skipToken === undefined ? undefined : readSkipToken(skipToken) };
}

/**
 * The page out of rows read in the order of their keys; the reader asks its store for `size + 1` rows, so that the
 * last one tells whether there is more.
 */
export function pageOf<Item>(
  rows: readonly Item[],
  request: PageRequest,
  keyOf: (item: Item) => string,
): Page<Item> {
  const items = rows.slice(0, request.size);
  const last = items.at(-1);
  return { items, after: rows.length > request.size && last !== undefined ? keyOf(last) : undefined };
}

/** A position, opaque to clients: base64url of the last key. It grants nothing; the store's own conditions hold. */
export function skipToken(after: string): string {
  return Buffer.from(after, 'utf8').toString('base64url');
}

function readSkipToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString('utf8');
  if (token.length > 4096 || token === '' || skipToken(text) !== token || !isStorable(text)) {
    throw new DomainError('invalid-value', "The query parameter '$skiptoken' is not one that was given out.");
  }
  return text;
}
