import { isJsonObject, type JsonObject, type JsonValue } from '../../contract/arm.ts';
import { hash64 } from './functions/hashes.ts';
import { isArray } from './json-value.ts';

export interface TemplateHash {
  /** The template without blanks, in capitals. */
  readonly minifiedTemplate: string;
  /** A decimal number of 64 bits. */
  readonly templateHash: string;
}

/**
 * The hash that deployments show: the language's hash over the template's minified text in capitals. Parameters,
 * resources and outputs are put into the order of members in which Azure holds them, as recorded deployments show it;
 * further members keep the template's order. The stamp of a compiler (`metadata._generator`) is no part of it: it holds a
 * hash itself.
 */
export function calculateTemplateHash(template: JsonValue): TemplateHash {
  const minifiedTemplate = JSON.stringify(inOrder(withoutStamp(template))).toUpperCase();
  return { minifiedTemplate, templateHash: String(hash64(Buffer.from(minifiedTemplate))) };
}

const orders: Readonly<Record<string, readonly string[]>> = {
  parameters: ['defaultvalue', 'allowedvalues', 'type', 'metadata'],
  resources: [
    'condition',
    'type',
    'apiversion',
    'name',
    'location',
    'dependson',
    'tags',
    'sku',
    'kind',
    'identity',
    'properties',
  ],
  outputs: ['type', 'value'],
};

function inOrder(template: JsonValue): JsonValue {
  if (!isJsonObject(template)) return template;
  return Object.fromEntries(
    Object.entries(template).map(([name, section]) => {
      const order = orders[name.toLowerCase()];
      return [name, order === undefined ? section : eachInOrder(section, order)];
    }),
  );
}

function eachInOrder(section: JsonValue, order: readonly string[]): JsonValue {
  const sort = (value: JsonValue): JsonValue => {
    if (!isJsonObject(value)) return value;
    const rank = ([name]: readonly [string, JsonValue]) => {
      const at = order.indexOf(name.toLowerCase());
      return at < 0 ? order.length : at;
    };
    return Object.fromEntries(Object.entries(value).sort((one, other) => rank(one) - rank(other)));
  };
  if (isArray(section)) return section.map(sort);
  if (!isJsonObject(section)) return section;
  return Object.fromEntries(Object.entries(section).map(([name, value]) => [name, sort(value)]));
}

function withoutStamp(template: JsonValue): JsonValue {
  if (!isJsonObject(template)) return template;
  const metadata = template['metadata'];
  if (!isJsonObject(metadata) || !Object.hasOwn(metadata, '_generator')) return template;
  const { metadata: _, ...rest } = template;
  const { _generator: __, ...kept } = metadata as JsonObject;
  return Object.keys(kept).length === 0 ? rest : { ...template, metadata: kept };
}
