import type { JsonValue } from '../../../contract/arm.ts';
import { parseLenientJson } from '../lenient-json.ts';
import { type Operands, templateFunction } from './template-function.ts';
import { textOf } from './text.ts';

/** Functions that turn a value into another form of it. */
export const encodingFunctions = [
  templateFunction('string', 1, (operands) => textOf(operands.value(0))),
  templateFunction('int', 1, toInt),
  templateFunction('float', 1, toFloat),
  templateFunction('bool', 1, toBool),
  templateFunction('json', 1, (operands) => readJson(operands, operands.string(0))),
  templateFunction('base64', 1, (operands) => Buffer.from(operands.string(0)).toString('base64')),
  templateFunction('base64ToString', 1, (operands) => fromBase64(operands, operands.string(0))),
  templateFunction('base64ToJson', 1, (operands) =>
    readJson(operands, fromBase64(operands, operands.string(0))),
  ),
  templateFunction('uri', 2, combineUri),
  templateFunction('uriComponent', 1, (operands) => escapeComponent(operands, operands.string(0))),
  templateFunction('uriComponentToString', 1, unescapeComponent),
  templateFunction('dataUri', 1, (operands) => {
    const octets = Buffer.from(textOf(operands.value(0))).toString('base64');
    return `data:text/plain;charset=utf8;base64,${octets}`;
  }),
  templateFunction('dataUriToString', 1, fromDataUri),
];

function toInt(operands: Operands): number {
  const value = operands.value(0);
  if (typeof value === 'number') return Math.trunc(value);
  if (typeof value !== 'string') return operands.expects(0, 'String or Integer');
  const number = isShort(value) && /^[+-]?\d+$/.test(value.trim()) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(number)) operands.fail('cannot convert the provided value to an integer');
  return number === 0 ? 0 : number;
}

/** Numbers are short; longer texts are not looked at. */
function isShort(text: string): boolean {
  return text.length <= 400;
}

function toFloat(operands: Operands): number {
  const value = operands.value(0);
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return operands.expects(0, 'String or Integer');
  const number =
    isShort(value) && /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(value.trim())
      ? Number(value)
      : Number.NaN;
  if (!Number.isFinite(number)) operands.fail('cannot convert the provided value to a number');
  return number;
}

function toBool(operands: Operands): boolean {
  const value = operands.value(0);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  if (typeof value !== 'string') return operands.expects(0, 'String or Integer');
  const word = value.trim().toLowerCase();
  if (word === 'true' || word === '1') return true;
  if (word === 'false' || word === '0') return false;
  return operands.fail('cannot convert the provided value to a boolean');
}

function readJson(operands: Operands, text: string): JsonValue {
  if (text.trim() === '') return null;
  try {
    return parseLenientJson(text);
  } catch {
    return operands.fail('expects a text that is valid JSON');
  }
}

function fromBase64(operands: Operands, text: string): string {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text.replace(/\s+/g, ''))) operands.fail('expects a text in base64');
  return Buffer.from(text, 'base64').toString();
}

function combineUri(operands: Operands): string {
  const [base, relative] = operands.strings() as [string, string];
  const combined = URL.canParse(base) ? URL.parse(relative, base) : null;
  return combined === null ? operands.fail('expects a base URI and a relative URI') : combined.href;
}

/** As `Uri.EscapeDataString`: all but letters, digits and `-_.~`. */
function escapeComponent(operands: Operands, text: string): string {
  if (!text.isWellFormed()) operands.fail('expects well-formed text');
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function unescapeComponent(operands: Operands): string {
  try {
    return decodeURIComponent(operands.string(0));
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return operands.fail('expects a text that is percent-encoded');
  }
}

function fromDataUri(operands: Operands): string {
  const match = /^data:([^,]*),/i.exec(operands.string(0).slice(0, 512));
  if (match === null) return operands.fail('expects a data URI');
  const data = operands.string(0).slice(match[0].length);
  if (/;base64$/i.test(match[1] as string)) return fromBase64(operands, data);
  try {
    return decodeURIComponent(data);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return operands.fail('expects a data URI');
  }
}
