import { isJsonObject, type JsonObject, type JsonValue } from '../../../contract/arm.ts';
import { isArray, member } from '../json-value.ts';
import { any, type Operands, templateFunction } from './template-function.ts';

/** Functions over objects. */
export const objectFunctions = [
  templateFunction('createObject', [0, any], (operands) => {
    if (operands.count % 2 !== 0) operands.fail('expects an even number of parameters');
    const members = new Map<string, JsonValue>();
    for (let at = 0; at < operands.count; at += 2) members.set(operands.string(at), operands.value(at + 1));
    return Object.fromEntries(members);
  }),
  templateFunction('null', 0, () => null),
  templateFunction('items', 1, (operands) => {
    const object = operands.object(0);
    return sorted(object).map((key) => ({ key, value: object[key] as JsonValue }));
  }),
  templateFunction('objectKeys', 1, (operands) => Object.keys(operands.object(0))),
  templateFunction('shallowMerge', 1, (operands) => {
    const members = new Map<string, JsonValue>();
    for (const object of operands.array(0)) {
      if (!isJsonObject(object)) return operands.fail('expects an array of objects');
      for (const [name, value] of Object.entries(object)) members.set(name, value);
    }
    return Object.fromEntries(members);
  }),
  templateFunction('tryGet', [2, any], (operands) => {
    let value: JsonValue = operands.value(0);
    for (const at of operands.values.keys()) if (at > 0) value = inside(value, operands, at);
    return value;
  }),
];

function sorted(object: JsonObject): string[] {
  const folded = (name: string) => name.toLowerCase();
  return Object.keys(object).sort((one, other) => {
    const [a, b] = [folded(one), folded(other)];
    return a < b ? -1 : a > b ? 1 : one < other ? -1 : 1;
  });
}

function inside(value: JsonValue, operands: Operands, at: number): JsonValue {
  const key = operands.value(at);
  if (typeof key === 'string') return isJsonObject(value) ? (member(value, key) ?? null) : null;
  if (typeof key !== 'number') return operands.expects(at, 'String or Integer');
  return isArray(value) ? (value[key] ?? null) : null;
}
