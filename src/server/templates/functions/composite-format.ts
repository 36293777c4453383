import type { JsonValue } from '../../../contract/arm.ts';
import { maxMade, textOf } from './text.ts';

/**
 * Composite formatting as .NET does it: `{0}`, `{1,-8}`, `{2:x4}`; `{{` and `}}` are braces. Numbers take the standard
 * formats D, X, N, F, P and patterns of zeros; other values are written as they are.
 *
 * @param fail called with the reason where the text is no format
 */
export function compositeFormat(
  format: string,
  values: readonly JsonValue[],
  fail: (reason: string) => never,
): string {
  const pieces: string[] = [];
  let size = 0;
  const add = (piece: string) => {
    size += piece.length;
    if (size > maxMade) fail(`would make a value larger than '${maxMade}'`);
    pieces.push(piece);
  };
  const token = /\{\{|\}\}|\{(\d{1,6})(?:,\s*(-?\d{1,6}))?\s*(?::([^{}]*))?\}|[{}]|[^{}]+/gy;
  for (const match of format.matchAll(token)) {
    const [text, index, width, style] = match;
    if (index !== undefined) {
      const value = values[Number(index)];
      if (value === undefined) {
        fail(
          'has a format that is not valid: the index of a format item must be less than the number of arguments',
        );
      }
      add(aligned(formatted(value as JsonValue, style, fail), Number(width ?? 0)));
    } else if (text === '{{' || text === '}}') {
      add(text.charAt(0));
    } else if (text === '{' || text === '}') {
      fail('has a format that is not valid: a brace stands alone');
    } else {
      add(text);
    }
  }
  return pieces.join('');
}

function aligned(text: string, width: number): string {
  return width < 0 ? text.padEnd(-width) : text.padStart(width);
}

function formatted(value: JsonValue, style: string | undefined, fail: (reason: string) => never): string {
  if (style === undefined || style === '' || typeof value !== 'number') return textOf(value);
  const standard = /^([A-Za-z])(\d{0,2})$/.exec(style);
  if (standard === null) return pattern(value, style, fail);
  const kind = standard[1] as string;
  const digits = standard[2] === '' ? undefined : Number(standard[2]);
  if (/[dx]/i.test(kind) && !Number.isInteger(value))
    return fail(`has a format '${style}' that is of integers alone`);
  switch (kind.toUpperCase()) {
    case 'D':
      return signed(value, String(Math.abs(value)).padStart(digits ?? 0, '0'));
    case 'X': {
      const octets = value < 0 ? (BigInt(value) & 0xffff_ffff_ffff_ffffn).toString(16) : value.toString(16);
      const padded = octets.padStart(digits ?? 0, '0');
      return kind === 'X' ? padded.toUpperCase() : padded;
    }
    case 'N':
      return signed(value, grouped(Math.abs(value).toFixed(digits ?? 2)));
    case 'F':
      return value.toFixed(digits ?? 2);
    case 'P':
      return `${signed(value, grouped((Math.abs(value) * 100).toFixed(digits ?? 2)))} %`;
    case 'G':
      return String(value);
    default:
      return fail(`has a format that is not valid: '${style}'`);
  }
}

function signed(value: number, digits: string): string {
  return value < 0 ? `-${digits}` : digits;
}

function grouped(digits: string): string {
  const [whole = '', fraction] = digits.split('.');
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? groups : `${groups}.${fraction}`;
}

/** `000`, `#,##0.00`: the patterns that templates use. */
function pattern(value: number, style: string, fail: (reason: string) => never): string {
  const match = /^(#,##)?(0+)(?:\.(0+))?$/.exec(style);
  if (match === null) return fail(`has a format that is not valid: '${style}'`);
  const [, thousands, zeros, fraction] = match;
  const [whole = '', decimals] = Math.abs(value)
    .toFixed(fraction?.length ?? 0)
    .split('.');
  const padded = whole.padStart((zeros as string).length, '0');
  const text = thousands === undefined ? padded : grouped(padded);
  return signed(value, decimals === undefined ? text : `${text}.${decimals}`);
}
