import { DomainError } from '../../foundation/domain-error.ts';
import { isStorable } from '../../foundation/storable-text.ts';
import { type Filter, parseFilter } from './filter.ts';

/** Query options of one request (OData 4.01 §11.2), read and bounded. */
export interface QueryOptions {
  /** Members to show, lower case; all unless told. */
  readonly select: ReadonlySet<string> | undefined;
  /** Objects of a page. */
  readonly top: number;
  readonly filter: Filter | undefined;
  readonly search: { readonly property: string; readonly text: string } | undefined;
  readonly orderBy: { readonly property: string; readonly descending: boolean } | undefined;
  /** Relations to show with each object. */
  readonly expand: readonly Expansion[];
  readonly count: boolean;
  /** Where the page begins: what the page before gave out. */
  readonly skipToken: string | undefined;
  /** The options that the next page's address repeats. */
  readonly repeated: Readonly<Record<string, string>>;
}

/** A relation that `$expand` names. */
export interface Expansion {
  /** Lower case. */
  readonly relation: string;
  /** Members of the related objects to show, lower case; all unless told. */
  readonly select: ReadonlySet<string> | undefined;
}

/** Objects of a page: where none are asked for, and at most. */
export interface PageSizes {
  readonly usual: number;
  readonly largest: number;
}

const pageSizes: PageSizes = { usual: 100, largest: 999 };
const maxOption = 8192;

/** @throws DomainError for an option that is malformed, given twice, or too long */
export function readQueryOptions(
  query: Readonly<Record<string, unknown>>,
  pages: PageSizes = pageSizes,
): QueryOptions {
  const text = (name: string): string | undefined => {
    // the dollar sign may be left out (OData 4.01 §5.1)
    const value = query[`$${name}`] ?? query[name];
    if (value === undefined) return undefined;
    if (typeof value !== 'string' || value.length > maxOption) {
      throw new DomainError('malformed', `The query option '$${name}' is too long, or given more than once.`);
    }
    if (!isStorable(value)) {
      throw new DomainError('malformed', `The query option '$${name}' has characters that no text here has.`);
    }
    return value;
  };
  const names = ['select', 'top', 'filter', 'search', 'orderby', 'expand', 'count'] as const;
  const repeated: Record<string, string> = {};
  for (const name of names) {
    const value = text(name);
    if (value !== undefined) repeated[`$${name}`] = value;
  }
  const filter = text('filter');
  const select = text('select');
  return {
    select: select === undefined || select.trim() === '' ? undefined : new Set(words(select)),
    top: pageSize(text('top'), pages),
    filter: filter === undefined ? undefined : parseFilter(filter),
    search: readSearch(text('search')),
    orderBy: readOrder(text('orderby')),
    expand: readExpand(text('expand')),
    count: text('count')?.toLowerCase() === 'true',
    skipToken: text('skiptoken'),
    repeated,
  };
}

const expansion = /^\s*([A-Za-z0-9]{1,64})\s*(?:\(\s*\$select=([A-Za-z0-9,\s]{1,512})\))?\s*$/;
const maxExpansions = 4;

/** `owners,appRoleAssignments($select=id)`: relations, and of each the members that are asked for. */
function readExpand(text: string | undefined): readonly Expansion[] {
  if (text === undefined || text.trim() === '') return [];
  // commas within parentheses belong to the inner selection
  const parts = text.split(/,(?![^(]*\))/).map((part) => expansion.exec(part));
  const found = parts.flatMap((match): Expansion[] =>
    match?.[1] === undefined
      ? []
      : [
          {
            relation: match[1].toLowerCase(),
            select: match[2] === undefined ? undefined : new Set(words(match[2])),
          },
        ],
  );
  if (found.length === parts.length && found.length <= maxExpansions) return found;
  throw new DomainError(
    'unsupported',
    'The $expand is not a list of relations, each with at most a $select.',
  );
}

function words(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim().toLowerCase())
    .filter((word) => word !== '');
}

function pageSize(top: string | undefined, { usual, largest }: PageSizes): number {
  if (top === undefined) return usual;
  const size = /^\d{1,4}$/.test(top) ? Number(top) : 0;
  if (size >= 1 && size <= largest) return size;
  throw new DomainError(
    'malformed',
    `Invalid page size specified: '${top.slice(0, 32)}'. Must be between 1 and ${largest} inclusive.`,
  );
}

/** `"displayName:text"`: objects whose property has the text in it. */
function readSearch(text: string | undefined): QueryOptions['search'] {
  if (text === undefined) return undefined;
  const match = /^"?([A-Za-z]{1,64}):([^"]{1,256})"?$/.exec(text.trim());
  if (match === null) throw new DomainError('unsupported', 'The $search is not of the form "property:text".');
  return { property: match[1] ?? '', text: match[2] ?? '' };
}

function readOrder(text: string | undefined): QueryOptions['orderBy'] {
  if (text === undefined) return undefined;
  const match = /^([A-Za-z]{1,64})(?:\s+(asc|desc))?$/i.exec(text.trim());
  if (match === null) throw new DomainError('unsupported', 'The $orderby is not one property.');
  return { property: match[1] ?? '', descending: match[2]?.toLowerCase() === 'desc' };
}
