import { isJsonObject, type JsonObject, type JsonValue } from '../../contract/arm.ts';

/** JSON merge patch (RFC 7396): members replace, null removes, objects merge. */
export function mergePatch(stored: JsonObject, patch: JsonObject): JsonObject {
  const merged: Record<string, JsonValue> = { ...stored };
  for (const [member, value] of Object.entries(patch)) {
    if (value === null) {
      delete merged[member];
    } else if (isJsonObject(value)) {
      const before = merged[member];
      merged[member] = mergePatch(before !== undefined && isJsonObject(before) ? before : {}, value);
    } else {
      merged[member] = value;
    }
  }
  return merged;
}

/** A copy without members that are null, at any depth: what a PUT leaves open in so many words. */
export function withoutNulls(object: JsonObject): JsonObject {
  return nullsRemoved(object) as JsonObject;
}

function nullsRemoved(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => nullsRemoved(item));
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value as JsonObject).filter(([, inside]) => inside !== null);
  return Object.fromEntries(kept.map(([name, inside]) => [name, nullsRemoved(inside)]));
}

/** A copy with these members alone; names compare as they are spelled. */
export function only(object: JsonObject, names: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => names.has(name)));
}

/**
 * A copy without some members.
 *
 * @param paths dotted, compared without case; `*` stands for every item of a list, or every member of an object
 */
export function without(object: JsonObject, paths: readonly string[]): JsonObject {
  return paths.reduce<JsonObject>(
    (rest, path) => removeAt(rest, path.toLowerCase().split('.')) as JsonObject,
    object,
  );
}

function removeAt(value: JsonValue, [member, ...deeper]: readonly string[]): JsonValue {
  if (member === undefined || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    return member === '*' ? value.map((item: JsonValue) => removeAt(item, deeper)) : value;
  }
  const kept: [string, JsonValue][] = [];
  for (const [name, inside] of Object.entries(value as JsonObject)) {
    if (member !== '*' && name.toLowerCase() !== member) kept.push([name, inside]);
    else if (deeper.length > 0) kept.push([name, removeAt(inside, deeper)]);
  }
  return Object.fromEntries(kept);
}
