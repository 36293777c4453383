import { DomainError } from '../../foundation/domain-error.ts';
import { matchesFilter } from './filter-match.ts';
import { invalidFilter } from './filter-tokens.ts';
import type { GraphAnswer, GraphRequest } from './operation.ts';

/** A source of objects in the order of a key that never changes. */
export interface Source<Row> {
  /** At most `limit` rows whose key sorts behind `after`. */
  rows(after: string | undefined, limit: number): Promise<readonly Row[]>;
  keyOf(row: Row): string;
  /** Rows as Graph shows them, in the order given; `undefined` for what is gone meanwhile, or is not shown. */
  present(rows: readonly Row[]): Promise<readonly (object | undefined)[]>;
}

const chunk = 200;
/** Objects that a sort or a count looks at, at most. */
const maxScanned = 50_000;
/** Behind `k` the last key of the page before, behind `o` how many went before. */
const tokenPattern = /^(?:k[\w-]{1,64}|o\d{1,6})$/;

/** Objects that a request means, a page of them: filtered, searched, ordered and counted as its options say. */
export async function listPage<Row>(
  { options, base }: Pick<GraphRequest, 'options' | 'base'>,
  { entitySet, path }: { readonly entitySet: string; readonly path: string },
  source: Source<Row>,
): Promise<GraphAnswer> {
  const { top, skipToken, count } = options;
  if (skipToken !== undefined && !tokenPattern.test(skipToken)) {
    throw new DomainError('malformed', "The '$skiptoken' is not one of ours.");
  }
  const mark = skipToken?.slice(1);
  const ordered = options.orderBy !== undefined;
  if (skipToken !== undefined && skipToken.startsWith('o') !== ordered) {
    throw new DomainError('malformed', "The '$skiptoken' is not one of this query's.");
  }
  const page = ordered
    ? await byOrder(options, source, Number(mark ?? 0), top)
    : await byKey(options, source, mark, top);
  const next = page.next === undefined ? undefined : nextLink(base, path, options.repeated, page.next);
  const total = count && skipToken === undefined ? await countAll(options, source) : undefined;
  return { kind: 'collection', entitySet, value: page.objects, count: total, next };
}

/** How many objects a request means. */
export async function countAll<Row>(
  options: Pick<GraphRequest['options'], 'filter' | 'search'>,
  source: Source<Row>,
): Promise<number> {
  let count = 0;
  for await (const _ of wanted(options, source, undefined)) count += 1;
  return count;
}

interface Page {
  readonly objects: readonly object[];
  readonly next: string | undefined;
}

async function byKey<Row>(
  options: GraphRequest['options'],
  source: Source<Row>,
  after: string | undefined,
  top: number,
): Promise<Page> {
  const objects: object[] = [];
  let last: string | undefined;
  for await (const { key, object } of wanted(options, source, after)) {
    if (objects.length === top) return { objects, next: `k${last}` };
    objects.push(object);
    last = key;
  }
  return { objects, next: undefined };
}

async function byOrder<Row>(
  options: GraphRequest['options'],
  source: Source<Row>,
  start: number,
  top: number,
): Promise<Page> {
  const { property = '', descending = false } = options.orderBy ?? {};
  const all: { readonly rank: string; readonly object: object }[] = [];
  for await (const { object } of wanted(options, source, undefined)) {
    all.push({ rank: textOf(object, property), object });
  }
  all.sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : 0) * (descending ? -1 : 1));
  const objects = all.slice(start, start + top).map(({ object }) => object);
  return { objects, next: start + top < all.length ? `o${start + top}` : undefined };
}

/** The objects of a source that filter and search mean, read as they are needed. */
async function* wanted<Row>(
  { filter, search }: Pick<GraphRequest['options'], 'filter' | 'search'>,
  source: Source<Row>,
  start: string | undefined,
): AsyncGenerator<{ readonly key: string; readonly object: object }> {
  let after = start;
  for (let scanned = 0; scanned < maxScanned; scanned += chunk) {
    const rows = await source.rows(after, chunk);
    const objects = await source.present(rows);
    for (const [index, row] of rows.entries()) {
      const object = objects[index];
      if (object === undefined) continue;
      if (filter !== undefined && !matchesFilter(filter, object)) continue;
      if (search !== undefined && !textOf(object, search.property).includes(search.text.toLowerCase()))
        continue;
      yield { key: source.keyOf(row), object };
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < chunk) return;
    after = source.keyOf(last);
  }
  throw new DomainError('unsupported', 'The query looks at too many objects: narrow it by a filter.');
}

function textOf(object: object, property: string): string {
  const lower = property.toLowerCase();
  const entry = Object.entries(object).find(([name]) => name.toLowerCase() === lower);
  if (entry === undefined || (typeof entry[1] === 'object' && entry[1] !== null)) throw invalidFilter();
  return String(entry[1] ?? '').toLowerCase();
}

/** The next page's address: absolute, with the query repeated. */
export function nextLink(
  base: string,
  path: string,
  repeated: Readonly<Record<string, string>>,
  after: string,
): string {
  const url = new URL(`${base}/${path}`);
  for (const [name, value] of Object.entries(repeated)) url.searchParams.set(name, value);
  url.searchParams.set('$skiptoken', after);
  return url.href;
}

/** A source over rows that are in memory. */
export function inMemory<Row>(
  rows: readonly Row[],
  keyOf: (row: Row) => string,
  present: (rows: readonly Row[]) => Promise<readonly (object | undefined)[]>,
): Source<Row> {
  const sorted = [...rows].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return {
    rows: async (after, limit) =>
      sorted.filter((row) => after === undefined || keyOf(row) > after).slice(0, limit),
    keyOf,
    present,
  };
}
