import { isJsonObject, type JsonValue } from '../../contract/arm.ts';
import { isArray, memberName, typeName, valueKey } from './json-value.ts';
import type { TemplateType, TypeSchema } from './template-document.ts';

const expected: Readonly<Record<TemplateType, readonly [string, (value: JsonValue) => boolean]>> = {
  String: ['String, Uri', (value) => typeof value === 'string'],
  SecureString: ['String, Uri', (value) => typeof value === 'string'],
  Int: ['Integer', (value) => typeof value === 'number' && Number.isInteger(value)],
  Bool: ['Boolean', (value) => typeof value === 'boolean'],
  Array: ['Array', (value) => isArray(value)],
  Object: ['Object', (value) => isJsonObject(value)],
  SecureObject: ['Object', (value) => isJsonObject(value)],
};

/**
 * What is wrong with a value for its type, in words that do not show a secure value; `undefined` where nothing is.
 *
 * @param path where in the value; empty for the whole
 */
export function wrongWith(value: JsonValue, schema: TypeSchema, path = '', hops = 0): string | undefined {
  const at = path === '' ? '' : ` at '${path}'`;
  if (value === null && schema.nullable) return undefined;
  if (schema.type !== undefined) {
    const [names, holds] = expected[schema.type];
    if (!holds(value)) {
      return `Template parameter JToken type is not valid${at}. Expected '${names}'. Actual '${typeName(value)}'. Please see https://aka.ms/arm-create-parameter-file for usage details`;
    }
  }
  return (
    notAllowed(value, schema, at) ??
    outOfBounds(value, schema, at) ??
    wrongMember(value, schema, path, hops) ??
    wrongElement(value, schema, path)
  );
}

function notAllowed(value: JsonValue, schema: TypeSchema, at: string): string | undefined {
  const { allowedValues: allowed } = schema;
  if (allowed === undefined) return undefined;
  const keys = allowedKeys(allowed);
  const holds = (each: JsonValue) => keys.has(allowedKey(each));
  if (holds(value) || (isArray(value) && !allowed.some(isArray) && value.every(holds))) return undefined;
  const shown = schema.secure ? '' : ` '${JSON.stringify(value).replace(/^"|"$/g, '').slice(0, 200)}'`;
  const known = allowed.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))).join(',');
  return `The value${shown}${at} is not part of the allowed value(s): '${known.slice(0, 2000)}'`;
}

const keysOf = new WeakMap<readonly JsonValue[], ReadonlySet<string>>();

function allowedKeys(allowed: readonly JsonValue[]): ReadonlySet<string> {
  const known = keysOf.get(allowed);
  if (known !== undefined) return known;
  const keys = new Set(allowed.map(allowedKey));
  keysOf.set(allowed, keys);
  return keys;
}

/** Texts are allowed in any case. */
function allowedKey(value: JsonValue): string {
  return typeof value === 'string' ? `"${value.toLowerCase()}` : valueKey(value);
}

function outOfBounds(value: JsonValue, schema: TypeSchema, at: string): string | undefined {
  const length = typeof value === 'string' || isArray(value) ? value.length : undefined;
  if (length !== undefined) {
    if (schema.minLength !== undefined && length < schema.minLength) {
      return `Length of the value${at} should be greater than or equal to '${schema.minLength}'`;
    }
    if (schema.maxLength !== undefined && length > schema.maxLength) {
      return `Length of the value${at} should be less than or equal to '${schema.maxLength}'`;
    }
  }
  if (typeof value === 'number') {
    if (schema.minValue !== undefined && value < schema.minValue) {
      return `The value${at} should be greater than or equal to '${schema.minValue}'`;
    }
    if (schema.maxValue !== undefined && value > schema.maxValue) {
      return `The value${at} should be less than or equal to '${schema.maxValue}'`;
    }
  }
  return undefined;
}

/** Variants that are themselves told apart may lead back to where they came from. */
const maxHops = 16;

function wrongMember(value: JsonValue, schema: TypeSchema, path: string, hops: number): string | undefined {
  if (!isJsonObject(value)) return undefined;
  const { discriminator } = schema;
  if (discriminator !== undefined) {
    const spelled = memberName(value, discriminator.propertyName);
    const kind = spelled === undefined ? undefined : value[spelled];
    const variant = typeof kind === 'string' ? discriminator.mapping.get(kind) : undefined;
    if (variant === undefined) {
      return `The value of '${joined(path, discriminator.propertyName)}' is not part of the allowed value(s): '${[...discriminator.mapping.keys()].join(',')}'`;
    }
    if (hops > maxHops) return `The type at '${path}' leads to itself`;
    return wrongWith(value, variant, path, hops + 1);
  }
  const { properties } = schema;
  const known = new Set<string>();
  for (const [name, type] of properties ?? []) {
    const spelled = memberName(value, name);
    if (spelled === undefined) {
      if (type.nullable) continue;
      return `The property '${joined(path, name)}' is required and is not provided`;
    }
    known.add(spelled);
    const wrong = wrongWith(value[spelled] as JsonValue, type, joined(path, name));
    if (wrong !== undefined) return wrong;
  }
  const additional = schema.additionalProperties;
  if (additional === undefined || additional === true) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    if (known.has(name)) continue;
    if (additional === false) return `The property '${joined(path, name)}' is not allowed`;
    const wrong = wrongWith(inner, additional, joined(path, name));
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function wrongElement(value: JsonValue, schema: TypeSchema, path: string): string | undefined {
  if (!isArray(value)) return undefined;
  for (const [at, element] of value.entries()) {
    const type = schema.prefixItems?.[at] ?? schema.items;
    const wrong = type === undefined ? undefined : wrongWith(element, type, `${path}[${at}]`);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
