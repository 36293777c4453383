import type { JsonValue } from '../../contract/arm.ts';
import { type Place, TemplateError } from './template-error.ts';

const maxLength = 4 * 1024 * 1024;
const maxDepth = 100;
const maxMembers = 200_000;

/**
 * Where the objects and arrays of a text stand: the place of the opening bracket, counted as Azure counts
 * (`lineNumber`, `linePosition`).
 */
export interface Places {
  of(value: JsonValue): Place | undefined;
}

export interface ReadJson {
  readonly value: JsonValue;
  readonly places: Places;
}

/**
 * Reads JSON as Azure's front door does: comments, names without quotes, single quotes, trailing commas and raw line
 * breaks in strings are taken, since `az` pastes template files into its requests as they are. Everything else is the
 * grammar of RFC 8259. A name that comes twice has its last value. Names are data: none reaches a prototype.
 *
 * @throws TemplateError `InvalidRequestContent` with line and position
 */
export function parseLenientJson(text: string): JsonValue {
  return readLenientJson(text).value;
}

/** As `parseLenientJson`, and says where things stand. @throws TemplateError */
export function readLenientJson(text: string): ReadJson {
  if (text.length > maxLength) {
    throw new TemplateError(
      `The request content was invalid and could not be deserialized: 'The content is longer than ${maxLength} characters'.`,
      { code: 'InvalidRequestContent' },
    );
  }
  const offsets = new WeakMap<object, number>();
  const value = new Reader(text, offsets).document();
  let starts: readonly number[] | undefined;
  return {
    value,
    places: {
      of(searched) {
        if (typeof searched !== 'object' || searched === null) return undefined;
        const offset = offsets.get(searched);
        if (offset === undefined) return undefined;
        starts ??= lineStarts(text);
        return placeIn(starts, offset);
      },
    },
  };
}

function lineStarts(text: string): readonly number[] {
  return [0, ...Array.from(text.matchAll(/\r\n|\r|\n/g), (found) => found.index + found[0].length)];
}

function placeIn(starts: readonly number[], offset: number): Place {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (starts[low] as number) + 1 };
}

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const namePattern = /[A-Za-z_$][A-Za-z0-9_$]*/y;
const literals: readonly [string, JsonValue][] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

class Reader {
  readonly #text: string;
  readonly #offsets: WeakMap<object, number>;
  #at = 0;
  #depth = 0;
  #members = 0;

  constructor(text: string, offsets: WeakMap<object, number>) {
    this.#text = text;
    this.#offsets = offsets;
    if (text.charCodeAt(0) === 0xfeff) this.#at = 1;
  }

  document(): JsonValue {
    this.#skip();
    const value = this.#value();
    this.#skip();
    if (this.#at < this.#text.length) this.#unexpected();
    return value;
  }

  #value(): JsonValue {
    const character = this.#text.charAt(this.#at);
    if (character === '{') return this.#nested(() => this.#object());
    if (character === '[') return this.#nested(() => this.#array());
    if (character === '"' || character === "'") return this.#string();
    for (const [word, value] of literals) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        if (/[A-Za-z0-9_$]/.test(this.#text.charAt(this.#at))) this.#unexpected();
        return value;
      }
    }
    return this.#number();
  }

  #nested<Value extends object & JsonValue>(read: () => Value): Value {
    const offset = this.#at;
    this.#depth += 1;
    if (this.#depth > maxDepth) this.#fail(`The content is nested deeper than ${maxDepth} levels`);
    const value = read();
    this.#depth -= 1;
    this.#offsets.set(value, offset);
    return value;
  }

  #object(): { [name: string]: JsonValue } {
    const members = new Map<string, JsonValue>();
    this.#at += 1;
    this.#skip();
    while (this.#text.charAt(this.#at) !== '}') {
      const name = this.#name();
      this.#skip();
      this.#take(':');
      this.#skip();
      members.set(name, this.#value());
      this.#count();
      this.#skip();
      if (this.#text.charAt(this.#at) !== ',') break;
      this.#at += 1;
      this.#skip();
    }
    this.#take('}');
    return Object.fromEntries(members);
  }

  #array(): JsonValue[] {
    const elements: JsonValue[] = [];
    this.#at += 1;
    this.#skip();
    while (this.#text.charAt(this.#at) !== ']') {
      elements.push(this.#value());
      this.#count();
      this.#skip();
      if (this.#text.charAt(this.#at) !== ',') break;
      this.#at += 1;
      this.#skip();
    }
    this.#take(']');
    return elements;
  }

  #name(): string {
    const character = this.#text.charAt(this.#at);
    if (character === '"' || character === "'") return this.#string();
    namePattern.lastIndex = this.#at;
    const name = namePattern.exec(this.#text)?.[0];
    if (name === undefined) this.#unexpected();
    this.#at += name.length;
    return name;
  }

  #string(): string {
    const quote = this.#text.charAt(this.#at);
    const plain = quote === '"' ? /[^"\\]*/y : /[^'\\]*/y;
    const pieces: string[] = [];
    this.#at += 1;
    for (;;) {
      plain.lastIndex = this.#at;
      const piece = plain.exec(this.#text)?.[0] ?? '';
      pieces.push(piece);
      this.#at += piece.length;
      const character = this.#text.charAt(this.#at);
      if (character === '') this.#fail('A string is not closed');
      this.#at += 1;
      if (character === quote) return pieces.join('');
      pieces.push(this.#escape());
    }
  }

  #escape(): string {
    const character = this.#text.charAt(this.#at);
    if (character === 'u') {
      const digits = this.#text.slice(this.#at + 1, this.#at + 5);
      if (!/^[0-9A-Fa-f]{4}$/.test(digits)) this.#fail('An escape of four digits is expected');
      this.#at += 5;
      return String.fromCharCode(Number.parseInt(digits, 16));
    }
    if (!Object.hasOwn(escapes, character)) this.#fail('A string has an escape that is none');
    this.#at += 1;
    return escapes[character] as string;
  }

  #number(): number {
    numberPattern.lastIndex = this.#at;
    const digits = numberPattern.exec(this.#text)?.[0];
    if (digits === undefined) this.#unexpected();
    const value = Number(digits);
    if (!Number.isFinite(value)) this.#fail('A number is too large');
    this.#at += digits.length;
    if (/[A-Za-z0-9_$.]/.test(this.#text.charAt(this.#at))) this.#unexpected();
    return value;
  }

  /** Blanks and comments. */
  #skip(): void {
    for (;;) {
      const character = this.#text.charAt(this.#at);
      if (character === ' ' || character === '\t' || character === '\n' || character === '\r') {
        this.#at += 1;
      } else if (this.#text.startsWith('//', this.#at)) {
        const rest = /[\r\n]/g;
        rest.lastIndex = this.#at;
        this.#at = rest.exec(this.#text)?.index ?? this.#text.length;
      } else if (this.#text.startsWith('/*', this.#at)) {
        const end = this.#text.indexOf('*/', this.#at + 2);
        if (end < 0) this.#fail('A comment is not closed');
        this.#at = end + 2;
      } else {
        return;
      }
    }
  }

  #take(character: string): void {
    if (this.#text.charAt(this.#at) !== character) this.#unexpected();
    this.#at += 1;
  }

  #count(): void {
    this.#members += 1;
    if (this.#members > maxMembers) this.#fail(`There are more than ${maxMembers} members`);
  }

  #unexpected(): never {
    const point = this.#text.codePointAt(this.#at);
    this.#fail(
      point === undefined
        ? 'The content ends too early'
        : `Unexpected character ${JSON.stringify(String.fromCodePoint(point))}`,
    );
  }

  #fail(reason: string): never {
    const place = placeIn(lineStarts(this.#text), this.#at);
    throw new TemplateError(
      `The request content was invalid and could not be deserialized: '${reason}. Line ${place.line}, position ${place.column}.'.`,
      { code: 'InvalidRequestContent', place },
    );
  }
}
