import { isJsonObject, type JsonObject, type JsonValue } from '../../contract/arm.ts';
import { isArray, member } from './json-value.ts';
import type { TemplateType, TypeSchema } from './template-document.ts';
import { parseFailed, validationFailed } from './template-error.ts';

const types: ReadonlyMap<string, TemplateType> = new Map(
  (['String', 'SecureString', 'Int', 'Bool', 'Array', 'Object', 'SecureObject'] as const).map((type) => [
    type.toLowerCase(),
    type,
  ]),
);

/** `{-readonly}`, so that types that hold themselves can be tied. */
type Draft = { -readonly [Member in keyof TypeSchema]: TypeSchema[Member] };

const maxDepth = 64;

/**
 * Reads types: of parameters, of outputs, and with languageVersion 2.0 the parts of them and the `definitions` that
 * `$ref` points to. A definition may hold itself.
 */
export class TypeReader {
  readonly #definitions: JsonObject;
  readonly #read = new Map<string, Draft>();
  /** Definitions that are being read: what refers to them is completed when they are. */
  readonly #unfinished = new Set<Draft>();
  #ties: (() => void)[] = [];

  constructor(definitions: JsonValue | undefined) {
    this.#definitions = isJsonObject(definitions) ? definitions : {};
  }

  /** @throws TemplateError where it is no type, or a reference leads nowhere */
  read(type: JsonObject, path: string): TypeSchema {
    const schema = this.#type(type, path, 0);
    for (const tie of this.#ties) tie();
    this.#ties = [];
    return schema;
  }

  #type(type: JsonObject, path: string, depth: number): TypeSchema {
    if (depth > maxDepth)
      throw validationFailed(`The type at '${path}' is nested deeper than '${maxDepth}' levels`);
    const reference = member(type, '$ref');
    const base = reference === undefined ? undefined : this.#referenced(reference, path, depth);
    const own = this.#own(type, path, depth);
    const draft: Draft = { ...empty(), ...base, ...own };
    if (base !== undefined && this.#unfinished.has(base)) {
      this.#ties.push(() => Object.assign(draft, base, own));
    }
    return draft;
  }

  #referenced(reference: JsonValue, path: string, depth: number): Draft {
    const name = typeof reference === 'string' ? /^#\/definitions\/(.+)$/.exec(reference)?.[1] : undefined;
    const definition = name === undefined ? undefined : member(this.#definitions, decoded(name));
    if (name === undefined || !isJsonObject(definition)) {
      throw validationFailed(
        `The type reference at '${path}' is not valid: it names no definition of the template`,
      );
    }
    const key = name.toLowerCase();
    const known = this.#read.get(key);
    if (known !== undefined) return known;
    const draft: Draft = empty();
    this.#read.set(key, draft);
    this.#unfinished.add(draft);
    Object.assign(draft, this.#type(definition, `definitions.${name}`, depth + 1));
    this.#unfinished.delete(draft);
    return draft;
  }

  /** What the type says itself, beside what it refers to. */
  #own(type: JsonObject, path: string, depth: number): Partial<Draft> {
    const draft: Partial<Draft> = {};
    const named = member(type, 'type');
    if (named !== undefined) {
      const known = typeof named === 'string' ? types.get(named.toLowerCase()) : undefined;
      if (known === undefined) {
        throw parseFailed(
          `Error converting value to type 'TemplateParameterType'. Path '${path}.type'. The known types are '${[...types.values()].join(', ')}'`,
        );
      }
      draft.type = known;
      draft.secure = known === 'SecureString' || known === 'SecureObject';
    }
    if (member(type, 'nullable') === true) draft.nullable = true;
    const allowed = member(type, 'allowedValues');
    if (isArray(allowed)) draft.allowedValues = allowed;
    for (const bound of ['minLength', 'maxLength', 'minValue', 'maxValue'] as const) {
      const value = member(type, bound);
      if (value === undefined || value === null) continue;
      if (typeof value !== 'number')
        throw parseFailed(`The value at '${path}.${bound}' is expected to be an integer`);
      draft[bound] = value;
    }
    const inner = (value: JsonValue, name: string) => {
      if (!isJsonObject(value))
        throw parseFailed(`The type at '${path}.${name}' is expected to be an object`);
      return this.#type(value, `${path}.${name}`, depth + 1);
    };
    const properties = member(type, 'properties');
    if (isJsonObject(properties)) {
      draft.properties = new Map(
        Object.entries(properties).map(([name, value]) => [name, inner(value, `properties.${name}`)]),
      );
    }
    const additional = member(type, 'additionalProperties');
    if (typeof additional === 'boolean') draft.additionalProperties = additional;
    else if (isJsonObject(additional)) draft.additionalProperties = inner(additional, 'additionalProperties');
    const items = member(type, 'items');
    if (isJsonObject(items)) draft.items = inner(items, 'items');
    const prefix = member(type, 'prefixItems');
    if (isArray(prefix)) draft.prefixItems = prefix.map((item, at) => inner(item, `prefixItems[${at}]`));
    const discriminator = member(type, 'discriminator');
    if (isJsonObject(discriminator)) {
      const propertyName = member(discriminator, 'propertyName');
      const mapping = member(discriminator, 'mapping');
      if (typeof propertyName === 'string' && isJsonObject(mapping)) {
        draft.discriminator = {
          propertyName,
          mapping: new Map(
            Object.entries(mapping).map(([name, value]) => [
              name,
              inner(value, `discriminator.mapping.${name}`),
            ]),
          ),
        };
      }
    }
    return draft;
  }
}

function empty(): Draft {
  return {
    type: undefined,
    nullable: false,
    secure: false,
    allowedValues: undefined,
    minLength: undefined,
    maxLength: undefined,
    minValue: undefined,
    maxValue: undefined,
    properties: undefined,
    additionalProperties: undefined,
    items: undefined,
    prefixItems: undefined,
    discriminator: undefined,
  };
}

/** JSON pointers escape `~` and `/` (RFC 6901). */
function decoded(name: string): string {
  return name.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** Whether a value of the type holds something that is never shown: itself, or a part of it. */
export function holdsSecret(schema: TypeSchema, seen = new Set<TypeSchema>()): boolean {
  if (schema.secure) return true;
  if (seen.has(schema)) return false;
  seen.add(schema);
  const parts = [
    ...(schema.properties?.values() ?? []),
    ...(schema.discriminator?.mapping.values() ?? []),
    ...(schema.prefixItems ?? []),
    ...(schema.items === undefined ? [] : [schema.items]),
    ...(typeof schema.additionalProperties === 'object' ? [schema.additionalProperties] : []),
  ];
  return parts.some((part) => holdsSecret(part, seen));
}
