import { isGuid } from '../../../foundation/ids.ts';
import type { LogCondition } from '../../audit/log-reading.ts';
import type { Filter } from '../filter.ts';
import { invalidFilter } from '../filter-tokens.ts';

/** Properties of a log's entries that a filter may name, by their paths in lower case. */
export type LogProperties<Column extends string> = Readonly<Record<string, LogProperty<Column>>>;

export interface LogProperty<Column extends string> {
  readonly column: Column;
  readonly type: 'id' | 'text' | 'number' | 'time';
}

/** What one log reads in a filter beside its properties; `undefined` for what is not its own. */
type Special<Column extends string> = (filter: Filter) => LogCondition<Column> | undefined;

/** Comparisons of one filter: each is looked at for each row. */
const maxComparisons = 100;
const operators = { eq: '=', ne: '!=', gt: '>', ge: '>=', lt: '<', le: '<=' } as const;

/**
 * A `$filter` as a condition on a log's columns, whole: a log is too long to be read and sifted.
 *
 * @throws DomainError `unsupported` for what names no column
 */
export function logCondition<Column extends string>(
  filter: Filter,
  properties: LogProperties<Column>,
  special: Special<Column>,
): LogCondition<Column> {
  let left = maxComparisons;
  const translate = (part: Filter): LogCondition<Column> => {
    left -= 1;
    if (left < 0) throw invalidFilter();
    const own = special(part);
    if (own !== undefined) return own;
    switch (part.kind) {
      case 'and':
      case 'or':
        return { kind: part.kind, parts: part.parts.map(translate) };
      case 'compare': {
        const { column, type } = propertyOf(properties, part.path);
        const ordered = type === 'number' || type === 'time';
        if (!ordered && part.by !== 'eq' && part.by !== 'ne') throw invalidFilter();
        return { kind: 'compare', column, by: operators[part.by], value: columnValue(type, part.value) };
      }
      case 'in': {
        const { column, type } = propertyOf(properties, part.path);
        left -= part.values.length;
        if (left < 0) throw invalidFilter();
        return { kind: 'among', column, values: part.values.map((value) => columnValue(type, value)) };
      }
      default:
        throw invalidFilter();
    }
  };
  return translate(filter);
}

function propertyOf<Column extends string>(
  properties: LogProperties<Column>,
  path: string,
): LogProperty<Column> {
  const lower = path.toLowerCase();
  const property = Object.hasOwn(properties, lower) ? properties[lower] : undefined;
  if (property === undefined) throw invalidFilter();
  return property;
}

function columnValue(type: LogProperty<string>['type'], value: unknown): string | number {
  if (type === 'number') {
    if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31) return value;
    throw invalidFilter();
  }
  if (typeof value !== 'string' || value.length > 256 || value.includes('\0')) throw invalidFilter();
  if (type === 'time') {
    const at = Date.parse(value);
    if (!Number.isSafeInteger(at)) throw invalidFilter();
    return at;
  }
  if (type === 'text') return value;
  // what is no id is nobody's: the filter is well formed, and holds for nothing
  return isGuid(value) ? value.toLowerCase() : '';
}

/** Whether a filter names a property anywhere. */
export function mentions(filter: Filter, path: string): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.parts.some((part) => mentions(part, path));
    case 'not':
      return mentions(filter.part, path);
    default:
      return filter.path.toLowerCase() === path.toLowerCase();
  }
}
