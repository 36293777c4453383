import { type FilterToken, filterTokens, invalidFilter } from './filter-tokens.ts';

type Literal = string | number | boolean | null;
type Comparison = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le';

/** A `$filter` read: what it says of one object. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly part: Filter }
  | { readonly kind: 'compare'; readonly path: string; readonly by: Comparison; readonly value: Literal }
  | { readonly kind: 'in'; readonly path: string; readonly values: readonly Literal[] }
  | { readonly kind: 'match'; readonly path: string; readonly by: TextMatch; readonly value: string }
  | {
      readonly kind: 'any';
      readonly path: string;
      readonly variable: string;
      readonly part: Filter | undefined;
    };

type TextMatch = 'startswith' | 'endswith' | 'contains';

const comparisons: readonly string[] = ['eq', 'ne', 'gt', 'ge', 'lt', 'le'];
const textMatches: readonly string[] = ['startswith', 'endswith', 'contains'];
const maxDepth = 16;

/**
 * Reads a `$filter` (OData 4.01 §5.1.1, as far as `spec/token-service-and-directory.md` h.2 names it): comparisons, `in`,
 * `startswith`, `endswith`, `contains`, `any`, `/$count`, joined by `and`, `or`, `not`.
 *
 * @throws DomainError `unsupported` for any other
 */
export function parseFilter(text: string): Filter {
  const reader = new FilterReader(filterTokens(text));
  const filter = reader.either(0);
  reader.end();
  return filter;
}

class FilterReader {
  readonly #tokens: readonly FilterToken[];
  #at = 0;

  constructor(tokens: readonly FilterToken[]) {
    this.#tokens = tokens;
  }

  end(): void {
    if (this.#at !== this.#tokens.length) throw invalidFilter();
  }

  either(depth: number): Filter {
    return this.#joined('or', () => this.#both(depth));
  }

  #both(depth: number): Filter {
    return this.#joined('and', () => this.#one(depth));
  }

  #joined(kind: 'and' | 'or', part: () => Filter): Filter {
    const first = part();
    const parts = [first];
    while (this.#takeWord(kind)) parts.push(part());
    return parts.length === 1 ? first : { kind, parts };
  }

  #one(depth: number): Filter {
    if (depth > maxDepth) throw invalidFilter();
    if (this.#takeWord('not')) return { kind: 'not', part: this.#one(depth + 1) };
    if (this.#takeSign('(')) {
      const inner = this.either(depth + 1);
      this.#needSign(')');
      return inner;
    }
    const word = this.#needWord();
    const lower = word.toLowerCase();
    if (textMatches.includes(lower)) return this.#match(lower as TextMatch);
    if (lower.endsWith('/any')) return this.#any(word.slice(0, -4), depth);
    const operator = this.#needWord().toLowerCase();
    if (operator === 'in') return { kind: 'in', path: word, values: this.#list() };
    if (!comparisons.includes(operator)) throw invalidFilter();
    return { kind: 'compare', path: word, by: operator as Comparison, value: this.#needLiteral() };
  }

  #match(by: TextMatch): Filter {
    this.#needSign('(');
    const path = this.#needWord();
    this.#needSign(',');
    const value = this.#needLiteral();
    this.#needSign(')');
    if (typeof value !== 'string') throw invalidFilter();
    // `startswith(x,'a') eq true` is the same
    if (this.#takeWord('eq') && this.#needLiteral() !== true) throw invalidFilter();
    return { kind: 'match', path, by, value };
  }

  #any(path: string, depth: number): Filter {
    this.#needSign('(');
    if (this.#takeSign(')')) return { kind: 'any', path, variable: '', part: undefined };
    const variable = this.#needWord();
    this.#needSign(':');
    const part = this.either(depth + 1);
    this.#needSign(')');
    return { kind: 'any', path, variable, part };
  }

  #list(): Literal[] {
    this.#needSign('(');
    const values = [this.#needLiteral()];
    while (this.#takeSign(',')) values.push(this.#needLiteral());
    this.#needSign(')');
    return values;
  }

  #takeWord(text: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word' || token.text.toLowerCase() !== text) return false;
    this.#at += 1;
    return true;
  }

  #takeSign(text: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'sign' || token.text !== text) return false;
    this.#at += 1;
    return true;
  }

  #needSign(text: string): void {
    if (!this.#takeSign(text)) throw invalidFilter();
  }

  #needWord(): string {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word') throw invalidFilter();
    this.#at += 1;
    return token.text;
  }

  #needLiteral(): Literal {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'literal') throw invalidFilter();
    this.#at += 1;
    return token.value;
  }
}

/**
 * Values that a property must have for the filter to hold, in lower case, where the filter says so outright: what a
 * store can look up instead of reading everything. `undefined` where it doesn't.
 */
export function requiredValues(filter: Filter | undefined, path: string): readonly string[] | undefined {
  switch (filter?.kind) {
    case 'and':
      return filter.parts.map((part) => requiredValues(part, path)).find((values) => values !== undefined);
    case 'compare':
      return filter.by === 'eq' && isPath(filter.path, path) ? texts([filter.value]) : undefined;
    case 'in':
      return isPath(filter.path, path) ? texts(filter.values) : undefined;
    case 'any':
      return isPath(filter.path, path) ? requiredValues(filter.part, filter.variable) : undefined;
    default:
      return undefined;
  }
}

function isPath(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function texts(values: readonly Literal[]): readonly string[] | undefined {
  const found = values.flatMap((value) => (typeof value === 'string' ? [value.toLowerCase()] : []));
  return found.length === values.length ? found : undefined;
}
