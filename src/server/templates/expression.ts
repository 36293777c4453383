import { TemplateError } from './template-error.ts';

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number }
  | {
      readonly kind: 'call';
      /** As written; `namespace.name` for functions of the template's own. */
      readonly name: string;
      readonly operands: readonly Expression[];
    }
  | { readonly kind: 'access'; readonly of: Expression; readonly path: readonly Accessor[] };

/** `.name`, `[index]`; with `safe` (`.?name`, `[?index]`) what is missing is null. */
export type Accessor =
  | { readonly kind: 'member'; readonly name: string; readonly safe: boolean }
  | { readonly kind: 'index'; readonly index: Expression; readonly safe: boolean };

/** Azure's own bound. */
const maxLength = 24_576;
const maxDepth = 64;
const keptExpressions = 2_000;

/** Whether a string is `[…]` to be evaluated, and not text that begins with a bracket. */
export function isExpression(text: string): boolean {
  return text.length > 1 && text.startsWith('[') && text.endsWith(']') && !text.startsWith('[[');
}

/** What a string that is no expression stands for: `[[x]` is the text `[x]`. */
export function literalText(text: string): string {
  return text.startsWith('[[') && text.endsWith(']') ? text.slice(1) : text;
}

/** The string of a template that stands for a text, whatever the text is. */
export function escapedText(text: string): string {
  return text.startsWith('[') && text.endsWith(']') ? `[${text}` : text;
}

const parsed = new Map<string, Expression>();

/**
 * Parses `[…]`. Results are kept, since loops come back to the same texts.
 *
 * @throws TemplateError with the position in the expression
 */
export function parseExpression(text: string): Expression {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  if (text.length > maxLength) {
    throw new TemplateError(
      `The language expression length limit exceeded. Limit: '${maxLength}' and actual: '${text.length}'. Please see https://aka.ms/arm-functions for usage details.`,
    );
  }
  const expression = new Parser(text.slice(1, -1)).whole();
  if (parsed.size >= keptExpressions) parsed.clear();
  if (text.length <= 1024) parsed.set(text, expression);
  return expression;
}

type TokenKind =
  | 'Identifier'
  | 'String'
  | 'Integer'
  | 'LeftParenthesis'
  | 'RightParenthesis'
  | 'LeftSquareBracket'
  | 'RightSquareBracket'
  | 'Comma'
  | 'Dot'
  | 'QuestionMark'
  | 'EndOfData';

interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
}

const punctuation: Readonly<Record<string, TokenKind>> = {
  '(': 'LeftParenthesis',
  ')': 'RightParenthesis',
  '[': 'LeftSquareBracket',
  ']': 'RightSquareBracket',
  ',': 'Comma',
  '.': 'Dot',
  '?': 'QuestionMark',
};

const blank = /[ \t\r\n]*/y;
const patterns: readonly [RegExp, TokenKind][] = [
  [/[A-Za-z_$][A-Za-z0-9_$]*/y, 'Identifier'],
  [/[+-]?[0-9]+/y, 'Integer'],
  [/'[^']*(?:''[^']*)*'/y, 'String'],
];

class Parser {
  readonly #text: string;
  #next: Token;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#next = this.#scan();
  }

  whole(): Expression {
    const expression = this.#expression();
    if (this.#next.kind !== 'EndOfData') this.#expected('EndOfData');
    return expression;
  }

  #expression(): Expression {
    this.#depth += 1;
    if (this.#depth > maxDepth) this.#fail(`it is nested deeper than ${maxDepth} levels`);
    const start = this.#primary();
    const path: Accessor[] = [];
    for (;;) {
      if (this.#next.kind === 'Dot') {
        this.#advance();
        const safe = this.#optional();
        path.push({ kind: 'member', name: this.#take('Identifier').text, safe });
      } else if (this.#next.kind === 'LeftSquareBracket') {
        this.#advance();
        const safe = this.#optional();
        path.push({ kind: 'index', index: this.#expression(), safe });
        this.#take('RightSquareBracket');
      } else {
        this.#depth -= 1;
        return path.length === 0 ? start : { kind: 'access', of: start, path };
      }
    }
  }

  #primary(): Expression {
    const token = this.#next;
    switch (token.kind) {
      case 'String':
        this.#advance();
        return { kind: 'literal', value: token.text.slice(1, -1).replaceAll("''", "'") };
      case 'Integer': {
        const value = Number(token.text);
        if (!Number.isSafeInteger(value)) this.#fail(`the number '${token.text}' is too large`);
        this.#advance();
        return { kind: 'literal', value: value === 0 ? 0 : value };
      }
      case 'Identifier':
        return this.#call();
      default:
        return this.#expected('Identifier');
    }
  }

  #call(): Expression {
    let name = this.#take('Identifier').text;
    if (this.#next.kind === 'Dot') {
      this.#advance();
      name += `.${this.#take('Identifier').text}`;
    }
    this.#take('LeftParenthesis');
    const operands: Expression[] = [];
    if (this.#next.kind !== 'RightParenthesis') {
      operands.push(this.#expression());
      while (this.#next.kind === 'Comma') {
        this.#advance();
        operands.push(this.#expression());
      }
    }
    this.#take('RightParenthesis');
    return { kind: 'call', name, operands };
  }

  #optional(): boolean {
    if (this.#next.kind !== 'QuestionMark') return false;
    this.#advance();
    return true;
  }

  #take(kind: TokenKind): Token {
    const token = this.#next;
    if (token.kind !== kind) this.#expected(kind);
    this.#advance();
    return token;
  }

  #advance(): void {
    this.#next = this.#scan();
  }

  #scan(): Token {
    blank.lastIndex = this.#at;
    this.#at += blank.exec(this.#text)?.[0].length ?? 0;
    const at = this.#at;
    const character = this.#text.charAt(at);
    if (character === '') return { kind: 'EndOfData', text: '', at };
    if (Object.hasOwn(punctuation, character)) {
      this.#at += 1;
      return { kind: punctuation[character] as TokenKind, text: character, at };
    }
    for (const [pattern, kind] of patterns) {
      pattern.lastIndex = at;
      const text = pattern.exec(this.#text)?.[0];
      if (text === undefined) continue;
      this.#at += text.length;
      return { kind, text, at };
    }
    return this.#fail(
      character === "'" ? 'a string is not closed' : `the character '${character}' is not expected`,
      at,
    );
  }

  #expected(kind: TokenKind): never {
    throw new TemplateError(
      `Unable to parse language expression '${shortened(this.#text)}': expected token '${kind}' and actual '${this.#next.kind}' at position ${this.#next.at + 2}.`,
      { place: { line: 1, column: this.#next.at + 2 } },
    );
  }

  #fail(reason: string, at = this.#next.at): never {
    throw new TemplateError(
      `Unable to parse language expression '${shortened(this.#text)}': ${reason} at position ${at + 2}.`,
      { place: { line: 1, column: at + 2 } },
    );
  }
}

function shortened(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
