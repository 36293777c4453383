import { ArmError } from '../http/dialects/arm.ts';

/** One comparison of a field, its name in lower case, with a text or with nothing. */
export interface FilterTerm {
  readonly kind: 'equals' | 'differs' | 'contains' | 'starts-with';
  readonly field: string;
  /** `null` where the field shall be absent. */
  readonly value: string | null;
}

/** A `$filter`: terms under `and` and `or`, of which `and` binds more tightly. */
export type FilterExpression =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly FilterExpression[] }
  | { readonly kind: 'term'; readonly term: FilterTerm };

const maxLength = 4096;
const maxTerms = 64;
const maxDepth = 16;

type Token =
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'word'; readonly value: string }
  | { readonly kind: 'sign'; readonly value: '(' | ')' | ',' };

const token = /\s*(?:'((?:[^']|'')*)'|([A-Za-z][A-Za-z0-9/]{0,63})|([(),]))/y;

/**
 * Reads a `$filter` of comparisons (`spec/resource-manager.md` a.12): `field eq 'value'`, `ne`, `eq null`,
 * `substringof('part', field)`, `startswith(field, 'start')`, joined by `and` and `or`, with parentheses.
 *
 * @returns `undefined` where nothing is asked
 * @throws ArmError `InvalidFilterInQueryString`
 */
export function readFilterExpression(text: string | undefined): FilterExpression | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  if (text.length > maxLength) throw invalidFilter('it is too long');
  const reader = new Reader(tokensOf(text));
  const expression = reader.disjunction(0);
  reader.end();
  return expression;
}

function tokensOf(text: string): readonly Token[] {
  const trimmed = text.trimEnd();
  const tokens: Token[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < trimmed.length) {
    const match = token.exec(trimmed);
    if (match === null)
      throw invalidFilter('it has something that is neither a name, a text nor a comparison');
    const [, quoted, word, sign] = match;
    if (quoted !== undefined) tokens.push({ kind: 'text', value: quoted.replaceAll("''", "'") });
    else if (word !== undefined) tokens.push({ kind: 'word', value: word.toLowerCase() });
    else tokens.push({ kind: 'sign', value: sign as '(' });
  }
  return tokens;
}

class Reader {
  readonly #tokens: readonly Token[];
  #at = 0;
  #terms = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  disjunction(depth: number): FilterExpression {
    const parts = [this.#conjunction(depth)];
    while (this.#takes('word', 'or')) parts.push(this.#conjunction(depth));
    return joined('or', parts);
  }

  #conjunction(depth: number): FilterExpression {
    const parts = [this.#part(depth)];
    while (this.#takes('word', 'and')) parts.push(this.#part(depth));
    return joined('and', parts);
  }

  #part(depth: number): FilterExpression {
    if (depth > maxDepth) throw invalidFilter('its parentheses are nested too deep');
    if (this.#takes('sign', '(')) {
      const inside = this.disjunction(depth + 1);
      this.#expect('sign', ')');
      return inside;
    }
    this.#terms += 1;
    if (this.#terms > maxTerms) throw invalidFilter(`it has more than ${maxTerms} terms`);
    return { kind: 'term', term: this.#term() };
  }

  #term(): FilterTerm {
    const word = this.#take('word');
    if (word === 'substringof' && this.#takes('sign', '(')) {
      const value = this.#take('text');
      this.#expect('sign', ',');
      const field = this.#take('word');
      this.#expect('sign', ')');
      return { kind: 'contains', field, value };
    }
    if (word === 'startswith' && this.#takes('sign', '(')) {
      const field = this.#take('word');
      this.#expect('sign', ',');
      const value = this.#take('text');
      this.#expect('sign', ')');
      return { kind: 'starts-with', field, value };
    }
    const comparison = this.#take('word');
    if (comparison !== 'eq' && comparison !== 'ne')
      throw invalidFilter("fields are compared by 'eq' and 'ne'");
    const value = this.#takes('word', 'null') ? null : this.#take('text');
    return { kind: comparison === 'eq' ? 'equals' : 'differs', field: word, value };
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw invalidFilter("terms are joined by 'and' and 'or'");
  }

  #takes(kind: Token['kind'], value: string): boolean {
    const next = this.#tokens[this.#at];
    if (next?.kind !== kind || next.value !== value) return false;
    this.#at += 1;
    return true;
  }

  #take(kind: 'text' | 'word'): string {
    const next = this.#tokens[this.#at];
    if (next?.kind !== kind) {
      throw invalidFilter(kind === 'text' ? 'a text in quotation marks is missing' : 'a name is missing');
    }
    this.#at += 1;
    return next.value;
  }

  #expect(kind: Token['kind'], value: string): void {
    if (!this.#takes(kind, value)) throw invalidFilter(`'${value}' is missing`);
  }
}

function joined(kind: 'and' | 'or', parts: readonly FilterExpression[]): FilterExpression {
  return parts.length === 1 ? (parts[0] as FilterExpression) : { kind, parts };
}

/** 400 for a `$filter` that cannot be read, or asks for what a list cannot be filtered by. */
export function invalidFilter(reason: string): ArmError {
  return new ArmError(
    'invalid-value',
    'InvalidFilterInQueryString',
    `Invalid $filter in the query of the request: ${reason}.`,
  );
}
