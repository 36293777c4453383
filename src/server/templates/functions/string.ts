import type { JsonValue } from '../../../contract/arm.ts';
import { isArray } from '../json-value.ts';
import { compositeFormat } from './composite-format.ts';
import { nameGuid, uniqueText } from './hashes.ts';
import { any, type Operands, templateFunction } from './template-function.ts';
import { isTooMuchToSearch, maxMade, textOf } from './text.ts';

/** Functions over texts. Positions count UTF-16 units, as in .NET. */
export const stringFunctions = [
  templateFunction('concat', [0, any], concat),
  templateFunction('format', [1, any], (operands) =>
    compositeFormat(operands.string(0), operands.values.slice(1), (reason) => operands.fail(reason)),
  ),
  templateFunction('toLower', 1, (operands) => operands.text(0).toLowerCase()),
  templateFunction('toUpper', 1, (operands) => operands.text(0).toUpperCase()),
  templateFunction('trim', 1, (operands) => operands.text(0).trim()),
  templateFunction('substring', [2, 3], substring),
  templateFunction('replace', 3, replace),
  templateFunction('split', 2, split),
  templateFunction('join', 2, join),
  templateFunction('startsWith', 2, (operands) => lower(operands, 0).startsWith(lower(operands, 1))),
  templateFunction('endsWith', 2, (operands) => lower(operands, 0).endsWith(lower(operands, 1))),
  templateFunction('padLeft', [2, 3], padLeft),
  templateFunction('guid', [1, any], (operands) =>
    nameGuid(operands.values.map((_, at) => operands.text(at))),
  ),
  templateFunction('uniqueString', [1, any], (operands) =>
    uniqueText(operands.values.map((_, at) => operands.text(at))),
  ),
  templateFunction('newGuid', 0, (operands, { newGuid }) => {
    if (newGuid !== undefined) return newGuid();
    return operands.fail(
      'is not expected at this location: it may only be used in the default value of a parameter',
    );
  }),
  templateFunction('fail', 1, (operands) => operands.fail(`failed with the message '${operands.string(0)}'`)),
];

function lower(operands: Operands, at: number): string {
  return operands.string(at).toLowerCase();
}

function concat(operands: Operands): JsonValue {
  const { values } = operands;
  if (values.some(isArray)) {
    const arrays = values.map((_, at) => operands.array(at));
    requireSize(operands, arrays);
    return arrays.flat(1);
  }
  const texts = values.map((value, at) =>
    typeof value === 'object' ? operands.expects(at, 'String') : textOf(value),
  );
  requireSize(operands, texts);
  return texts.join('');
}

function requireSize(operands: Operands, parts: readonly { readonly length: number }[]): void {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  if (size > maxMade) operands.fail(`would make a value larger than '${maxMade}'`);
}

function substring(operands: Operands): string {
  const text = operands.string(0);
  const start = operands.int(1);
  if (start < 0 || start > text.length) {
    operands.fail(
      `has a start index that is out of range: it must not be less than zero nor greater than '${text.length}'`,
    );
  }
  const length = operands.has(2) ? operands.int(2) : text.length - start;
  if (length < 0 || start + length > text.length) {
    operands.fail(
      `has index and length parameters that do not refer to a location within the string: index '${start}', length '${length}', the length of the string '${text.length}'`,
    );
  }
  return text.slice(start, start + length);
}

function replace(operands: Operands): string {
  const [text, old, fresh] = operands.strings() as [string, string, string];
  if (old === '') operands.fail('expects a text that is not empty in its parameter 2');
  if (isTooMuchToSearch(text, old)) operands.fail('expects shorter texts');
  let count = 0;
  for (let at = text.indexOf(old); at >= 0; at = text.indexOf(old, at + old.length)) count += 1;
  if (text.length + count * fresh.length > maxMade)
    operands.fail(`would make a value larger than '${maxMade}'`);
  return text.replaceAll(old, () => fresh);
}

function split(operands: Operands): string[] {
  const text = operands.string(0);
  const given = operands.value(1);
  const delimiters = typeof given === 'string' ? [given] : operands.array(1);
  const used = delimiters.filter((delimiter): delimiter is string => {
    if (typeof delimiter !== 'string') operands.expects(1, 'String');
    return delimiter !== '';
  });
  if (used.length === 0) return [text];
  if (isTooMuchToSearch(text, used.join(''))) operands.fail('expects shorter texts');
  const alternatives = used.map((delimiter) => delimiter.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  const parts = text.split(new RegExp(alternatives.join('|')), 100_001);
  if (parts.length > 100_000) operands.fail("would make an array of more than '100000' elements");
  return parts;
}

function join(operands: Operands): string {
  const parts = operands.array(0).map(textOf);
  const delimiter = operands.string(1);
  requireSize(operands, [...parts, { length: delimiter.length * parts.length }]);
  return parts.join(delimiter);
}

function padLeft(operands: Operands): string {
  const text = operands.text(0);
  const length = operands.int(1);
  const pad = operands.has(2) ? operands.string(2) : ' ';
  if (pad.length !== 1) operands.fail("expects a single character in its parameter '3'");
  if (length > maxMade) operands.fail(`would make a value larger than '${maxMade}'`);
  return text.padStart(length, pad);
}
