import { isJsonObject, type JsonObject, type JsonValue } from '../../../contract/arm.ts';
import { isArray, member, memberName, sameValue, valueKey } from '../json-value.ts';
import { any, type Operands, templateFunction } from './template-function.ts';
import { isTooMuchToSearch, maxMade } from './text.ts';

/** Functions over arrays; several take texts and objects as well. */
export const arrayFunctions = [
  templateFunction('array', 1, (operands) => {
    const value = operands.value(0);
    return isArray(value) ? value : [value];
  }),
  templateFunction('createArray', [0, any], (operands) => operands.values),
  templateFunction('range', 2, range),
  templateFunction('length', 1, (operands) => {
    const value = operands.value(0);
    if (typeof value === 'string' || isArray(value)) return value.length;
    return isJsonObject(value) ? Object.keys(value).length : operands.expects(0, 'Array, Object or String');
  }),
  templateFunction('empty', 1, (operands) => {
    const value = operands.value(0);
    if (value === null || value === '') return true;
    if (typeof value === 'string') return false;
    return typeof value === 'object'
      ? Object.keys(value).length === 0
      : operands.expects(0, 'Array, Object or String');
  }),
  templateFunction('contains', 2, contains),
  templateFunction('first', 1, (operands) => {
    const value = sequence(operands);
    return typeof value === 'string' ? value.slice(0, 1) : (value[0] ?? null);
  }),
  templateFunction('last', 1, (operands) => {
    const value = sequence(operands);
    return typeof value === 'string' ? value.slice(-1) : (value.at(-1) ?? null);
  }),
  templateFunction('take', 2, (operands) => sequence(operands).slice(0, Math.max(0, operands.int(1)))),
  templateFunction('skip', 2, (operands) => sequence(operands).slice(Math.max(0, operands.int(1)))),
  templateFunction('indexOf', 2, (operands) => position(operands, 'first')),
  templateFunction('lastIndexOf', 2, (operands) => position(operands, 'last')),
  templateFunction('union', [2, any], union),
  templateFunction('intersection', [2, any], intersection),
  templateFunction('flatten', 1, flatten),
  templateFunction('indexFromEnd', 2, (operands) => {
    const found = operands.int(1) < 1 ? undefined : operands.array(0).at(-operands.int(1));
    return found === undefined
      ? operands.fail(`has the index '${operands.int(1)}', which is out of bounds`)
      : found;
  }),
  templateFunction('tryIndexFromEnd', 2, (operands) =>
    operands.int(1) < 1 ? null : (operands.array(0).at(-operands.int(1)) ?? null),
  ),
];

function sequence(operands: Operands): string | readonly JsonValue[] {
  const value = operands.value(0);
  return typeof value === 'string' ? value : isArray(value) ? value : operands.expects(0, 'Array or String');
}

const maxRange = 10_000;

function range(operands: Operands): number[] {
  const [start, count] = [operands.int(0), operands.int(1)];
  if (count < 0 || count > maxRange) operands.fail(`expects a count from 0 to '${maxRange}'`);
  if (Math.abs(start) + count > 2_147_483_647) operands.fail("expects numbers up to '2147483647'");
  return Array.from({ length: count }, (_, at) => start + at);
}

function contains(operands: Operands): boolean {
  const [container, item] = [operands.value(0), operands.value(1)];
  if (typeof container === 'string') {
    const part = operands.text(1);
    if (isTooMuchToSearch(container, part)) operands.fail('expects shorter texts');
    return container.includes(part);
  }
  if (isArray(container)) return container.some((value) => sameValue(value, item));
  if (isJsonObject(container)) return memberName(container, operands.text(1)) !== undefined;
  return operands.expects(0, 'Array, Object or String');
}

/** In texts without regard to case, in arrays by equality; -1 where there is none. */
function position(operands: Operands, which: 'first' | 'last'): number {
  const value = sequence(operands);
  if (typeof value === 'string') {
    const [text, part] = [value.toLowerCase(), operands.string(1).toLowerCase()];
    if (isTooMuchToSearch(text, part)) operands.fail('expects shorter texts');
    return which === 'first' ? text.indexOf(part) : text.lastIndexOf(part);
  }
  const item = operands.value(1);
  return which === 'first'
    ? value.findIndex((element) => sameValue(element, item))
    : value.findLastIndex((element) => sameValue(element, item));
}

function union(operands: Operands): JsonValue {
  if (isJsonObject(operands.value(0)))
    return merged([...operands.values.keys()].map((at) => operands.object(at)));
  const found = new Map<string, JsonValue>();
  for (const at of operands.values.keys()) {
    for (const value of operands.array(at)) {
      const key = valueKey(value);
      if (!found.has(key)) found.set(key, value);
    }
  }
  return [...found.values()];
}

/**
 * The later wins; where a member of it and of the one before are both objects, they are merged in turn. Names compare
 * without regard to case. All are merged at once: one after the other would copy what is common again and again.
 */
function merged(objects: readonly JsonObject[]): JsonObject {
  const spelled = new Map<string, string>();
  const values = new Map<string, JsonValue[]>();
  for (const object of objects) {
    for (const [name, value] of Object.entries(object)) {
      const key = name.toLowerCase();
      const own = spelled.get(key) ?? name;
      spelled.set(key, own);
      const before = values.get(own);
      if (before === undefined) values.set(own, [value]);
      else before.push(value);
    }
  }
  return Object.fromEntries([...values].map(([name, all]) => [name, settled(all)]));
}

function settled(values: readonly JsonValue[]): JsonValue {
  const last = values.at(-1) as JsonValue;
  const plain = values.findLastIndex((value) => !isJsonObject(value));
  const objects = values.slice(plain + 1).filter(isJsonObject);
  return objects.length < 2 ? last : merged(objects);
}

function intersection(operands: Operands): JsonValue {
  const rest = [...operands.values.keys()].slice(1);
  if (isJsonObject(operands.value(0))) {
    return rest.reduce<JsonObject>((common, at) => {
      const other = operands.object(at);
      return Object.fromEntries(
        Object.entries(common).filter(([name, value]) => {
          const theirs = member(other, name);
          return theirs !== undefined && sameValue(value, theirs);
        }),
      );
    }, operands.object(0));
  }
  const first = new Map(operands.array(0).map((value) => [valueKey(value), value]));
  const sets = rest.map((at) => new Set(operands.array(at).map(valueKey)));
  return [...first].filter(([key]) => sets.every((set) => set.has(key))).map(([, value]) => value);
}

function flatten(operands: Operands): JsonValue[] {
  const arrays = operands.array(0);
  let size = 0;
  for (const inner of arrays) {
    if (!isArray(inner)) return operands.fail('expects an array of arrays');
    size += inner.length;
  }
  if (size > maxMade) operands.fail(`would make an array of more than '${maxMade}' elements`);
  return arrays.flat(1) as JsonValue[];
}
