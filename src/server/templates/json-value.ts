import { isJsonObject, type JsonObject, type JsonValue } from '../../contract/arm.ts';

/** Questions about JSON values that the language asks everywhere. */

export function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** The name of a value's type, as messages have it. */
export function typeName(value: JsonValue): string {
  if (value === null) return 'Null';
  if (Array.isArray(value)) return 'Array';
  switch (typeof value) {
    case 'string':
      return 'String';
    case 'number':
      return Number.isInteger(value) ? 'Integer' : 'Float';
    case 'boolean':
      return 'Boolean';
    default:
      return 'Object';
  }
}

/** The spelling of a member in an object: exact where there is one, else without regard to case. */
export function memberName(object: JsonObject, name: string): string | undefined {
  if (Object.hasOwn(object, name)) return name;
  const wanted = name.toLowerCase();
  return Object.keys(object).find((candidate) => candidate.toLowerCase() === wanted);
}

/** A member by its name without regard to case. */
export function member(object: JsonObject, name: string): JsonValue | undefined {
  const spelled = memberName(object, name);
  return spelled === undefined ? undefined : object[spelled];
}

/** Whether two values are the same, whatever the order of members. Texts differ by case. */
export function sameValue(one: JsonValue, other: JsonValue): boolean {
  if (one === other) return true;
  if (isArray(one) && isArray(other)) {
    return one.length === other.length && one.every((value, at) => sameValue(value, other[at] as JsonValue));
  }
  if (!isJsonObject(one) || !isJsonObject(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every(
      (name) => Object.hasOwn(other, name) && sameValue(one[name] as JsonValue, other[name] as JsonValue),
    )
  );
}

/** A text that two values share exactly where they are the same: for sets. */
export function valueKey(value: JsonValue): string {
  if (isArray(value)) return `[${value.map(valueKey).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${valueKey(value[name] as JsonValue)}`);
  return `{${members.join(',')}}`;
}
