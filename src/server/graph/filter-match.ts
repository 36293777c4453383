import type { Filter } from './filter.ts';
import { invalidFilter } from './filter-tokens.ts';

/**
 * Whether an object, as Graph shows it, is one that a filter means. Text is compared without regard to case.
 *
 * @throws DomainError `unsupported` for a property that the object has not
 */
export function matchesFilter(filter: Filter, object: object): boolean {
  return holds(filter, { object, variables: new Map() });
}

interface Scope {
  readonly object: object;
  readonly variables: ReadonlyMap<string, unknown>;
}

function holds(filter: Filter, scope: Scope): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.parts.every((part) => holds(part, scope));
    case 'or':
      return filter.parts.some((part) => holds(part, scope));
    case 'not':
      return !holds(filter.part, scope);
    case 'compare':
      return compares(valueAt(filter.path, scope), filter.by, filter.value);
    case 'in': {
      const found = valueAt(filter.path, scope);
      return filter.values.some((value) => compares(found, 'eq', value));
    }
    case 'match': {
      const found = valueAt(filter.path, scope);
      if (typeof found !== 'string') return false;
      const [text, wanted] = [found.toLowerCase(), filter.value.toLowerCase()];
      if (filter.by === 'startswith') return text.startsWith(wanted);
      return filter.by === 'endswith' ? text.endsWith(wanted) : text.includes(wanted);
    }
    case 'any': {
      const found = valueAt(filter.path, scope);
      if (!Array.isArray(found)) throw invalidFilter();
      const { part, variable } = filter;
      if (part === undefined) return found.length > 0;
      return found.some((value) =>
        holds(part, { ...scope, variables: new Map([...scope.variables, [variable.toLowerCase(), value]]) }),
      );
    }
    default:
      return filter satisfies never;
  }
}

function compares(found: unknown, by: string, wanted: string | number | boolean | null): boolean {
  if (by === 'eq' || by === 'ne') return same(found, wanted) === (by === 'eq');
  const [left, right] = [comparable(found), comparable(wanted)];
  if (left === undefined || right === undefined || typeof left !== typeof right) return false;
  if (by === 'gt') return left > right;
  if (by === 'ge') return left >= right;
  return by === 'lt' ? left < right : left <= right;
}

function same(found: unknown, wanted: unknown): boolean {
  if (typeof found === 'string' && typeof wanted === 'string') {
    return found.toLowerCase() === wanted.toLowerCase();
  }
  return found === wanted;
}

function comparable(value: unknown): string | number | undefined {
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}

/** `a/b/c`, beginning with a variable or a property; a list's `$count` is its length. */
function valueAt(path: string, { object, variables }: Scope): unknown {
  const [first = '', ...rest] = path.split('/');
  const variable = first.toLowerCase();
  let value = variables.has(variable) ? variables.get(variable) : property(object, first);
  for (const name of rest) {
    if (Array.isArray(value)) {
      if (name !== '$count') throw invalidFilter();
      value = value.length;
    } else if (value === null || value === undefined) return null;
    else if (typeof value === 'object') value = property(value, name);
    else throw invalidFilter();
  }
  return value ?? null;
}

/** A property by name, in any case. */
function property(object: object, name: string): unknown {
  const lower = name.toLowerCase();
  const entry = Object.entries(object).find(([known]) => known.toLowerCase() === lower);
  if (entry === undefined) throw invalidFilter();
  return entry[1];
}
