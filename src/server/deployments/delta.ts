import { canonicalLocation, isJsonObject, type JsonObject, type JsonValue } from '../../contract/arm.ts';

/** How a property differs, as what-if tells it. */
export interface PropertyChange {
  readonly path: string;
  readonly propertyChangeType: 'Create' | 'Delete' | 'Modify' | 'Array';
  readonly before?: JsonValue;
  readonly after?: JsonValue;
  readonly children?: readonly PropertyChange[];
}

/** Members that no request sets. */
const readOnly = new Set(['etag', 'systemdata', 'managedby', 'provisioningstate']);

/** A resource's GET without what it alone says: what a template could have said of it. */
export function settable(resource: JsonObject): JsonObject {
  const members: [string, JsonValue][] = [];
  for (const [name, value] of Object.entries(resource)) {
    if (readOnly.has(name.toLowerCase()) || value === null) continue;
    if (name === 'properties' && isJsonObject(value)) members.push([name, without(value, readOnly)]);
    else if (name === 'identity' && isJsonObject(value)) members.push([name, identityOf(value)]);
    else members.push([name, value]);
  }
  return Object.fromEntries(members);
}

function identityOf(identity: JsonObject): JsonObject {
  const kept = without(identity, new Set(['principalid', 'tenantid']));
  const map = kept['userAssignedIdentities'];
  if (!isJsonObject(map)) return kept;
  return { ...kept, userAssignedIdentities: Object.fromEntries(Object.keys(map).map((id) => [id, {}])) };
}

function without(object: JsonObject, names: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.has(name.toLowerCase())));
}

/** Members that a request replaces as a whole, where it has them. */
const replaced = new Set(['tags', 'identity']);

/**
 * A resource as it is after a template's body was written over it. What the template does not name, providers complete
 * with defaults of their own, so it is taken to stay; lists, tags and identities are replaced.
 *
 * @param isUnknown whether a value of the body is known only when the deployment runs
 */
export function predicted(
  before: JsonObject,
  body: JsonObject,
  isUnknown: (value: JsonValue) => boolean,
): JsonObject {
  const members = new Map<string, JsonValue>(Object.entries(before));
  for (const [name, value] of Object.entries(body)) {
    const known = namedAlike(before, name);
    const now = known === undefined ? undefined : before[known];
    if (value === null) continue;
    const whole = replaced.has(name.toLowerCase());
    members.set(known ?? name, whole ? value : overlay(now, value, isUnknown));
  }
  return Object.fromEntries(members);
}

function namedAlike(object: JsonObject, name: string): string | undefined {
  if (Object.hasOwn(object, name)) return name;
  return Object.keys(object).find((each) => each.toLowerCase() === name.toLowerCase());
}

function overlay(
  before: JsonValue | undefined,
  value: JsonValue,
  isUnknown: (value: JsonValue) => boolean,
): JsonValue {
  if (before === undefined) return value;
  if (isUnknown(value)) return before;
  if (Array.isArray(value) && Array.isArray(before)) {
    return value.map((element, at) => overlay(before[at], element, isUnknown));
  }
  if (!isJsonObject(value) || !isJsonObject(before)) return value;
  return predicted(before, value, isUnknown);
}

/** Where two states of a resource differ, by path. */
export function delta(before: JsonObject, after: JsonObject, path = ''): readonly PropertyChange[] {
  const changes: PropertyChange[] = [];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const name of [...names].sort()) {
    changes.push(...difference(`${path}${name}`, name, before[name], after[name]));
  }
  return changes;
}

function difference(
  path: string,
  name: string,
  before: JsonValue | undefined,
  after: JsonValue | undefined,
): readonly PropertyChange[] {
  if (before === undefined && after === undefined) return [];
  if (after === undefined) return [{ path, propertyChangeType: 'Delete', before: before ?? null }];
  if (before === undefined) return isEmpty(after) ? [] : [{ path, propertyChangeType: 'Create', after }];
  if (isJsonObject(before) && isJsonObject(after)) return delta(before, after, `${path}.`);
  if (Array.isArray(before) && Array.isArray(after)) {
    const children = elements(before, after);
    return children.length === 0 ? [] : [{ path, propertyChangeType: 'Array', children }];
  }
  return isSame(name, before, after) ? [] : [{ path, propertyChangeType: 'Modify', before, after }];
}

function elements(before: readonly JsonValue[], after: readonly JsonValue[]): readonly PropertyChange[] {
  const children: PropertyChange[] = [];
  for (let at = 0; at < Math.max(before.length, after.length); at += 1) {
    const [one, other] = [before[at], after[at]];
    if (isJsonObject(one) && isJsonObject(other)) {
      const inside = delta(one, other);
      if (inside.length > 0)
        children.push({ path: String(at), propertyChangeType: 'Modify', children: inside });
    } else children.push(...difference(String(at), '', one, other));
  }
  return children;
}

/** Ids and locations are the same in any spelling. */
function isSame(name: string, before: JsonValue, after: JsonValue): boolean {
  if (typeof before !== 'string' || typeof after !== 'string') return before === after;
  if (name.toLowerCase() === 'location') return canonicalLocation(before) === canonicalLocation(after);
  return before.startsWith('/') ? before.toLowerCase() === after.toLowerCase() : before === after;
}

function isEmpty(value: JsonValue): boolean {
  return isJsonObject(value) && Object.keys(value).length === 0;
}
