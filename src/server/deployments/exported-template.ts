import { isJsonObject, type JsonObject, type JsonValue } from '../../contract/arm.ts';
import { member } from '../templates/json-value.ts';

/** References from one definition of a type to the next that are followed. */
const maxReferences = 16;

/**
 * A template as it was sent, less what its author wrote down for secure parameters: their defaults, and what nested
 * templates are given for theirs.
 */
export function withoutSecureValues(template: JsonObject): JsonObject {
  const secure = secureParameters(template);
  return mapMembers(template, (name, value) =>
    name === 'parameters' && isJsonObject(value)
      ? withoutMember(value, secure, 'defaultvalue')
      : nested(value),
  );
}

/** The same of all templates inside a value. */
function nested(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(nested);
  if (!isJsonObject(value)) return value;
  const template = member(value, 'template');
  if (!isJsonObject(template)) return mapMembers(value, (_name, inside) => nested(inside));
  const secure = secureParameters(template);
  return mapMembers(value, (name, inside) => {
    if (name === 'template') return withoutSecureValues(template);
    return name === 'parameters' && isJsonObject(inside)
      ? withoutMember(inside, secure, 'value')
      : nested(inside);
  });
}

/** Names, in lower case, of the parameters of a template that are secure, themselves or by the type they refer to. */
function secureParameters(template: JsonObject): ReadonlySet<string> {
  const definitions = member(template, 'definitions');
  const isSecure = (definition: JsonValue | undefined, references = 0): boolean => {
    if (!isJsonObject(definition) || references > maxReferences) return false;
    const type = member(definition, 'type');
    if (typeof type === 'string') return /^secure/i.test(type);
    const name = /^#\/definitions\/(.+)$/.exec(String(member(definition, '$ref') ?? ''))?.[1];
    if (name === undefined || !isJsonObject(definitions)) return false;
    return isSecure(member(definitions, name), references + 1);
  };
  const parameters = member(template, 'parameters');
  const all = isJsonObject(parameters) ? Object.entries(parameters) : [];
  return new Set(all.flatMap(([name, each]) => (isSecure(each) ? [name.toLowerCase()] : [])));
}

function withoutMember(parameters: JsonObject, secure: ReadonlySet<string>, dropped: string): JsonObject {
  return mapMembers(parameters, (name, value) => {
    if (!secure.has(name) || !isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).filter(([each]) => each.toLowerCase() !== dropped));
  });
}

/** @param map is told names in lower case */
function mapMembers(object: JsonObject, map: (name: string, value: JsonValue) => JsonValue): JsonObject {
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => [name, map(name.toLowerCase(), value)]),
  );
}
