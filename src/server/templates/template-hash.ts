import type { JsonObject, JsonValue } from '../../contract/arm.ts';
import { hash64 } from './functions/hashes.ts';
import { isObject } from './json-value.ts';

export interface TemplateHash {
  /** The template without blanks, in capitals. */
  readonly minifiedTemplate: string;
  /** A decimal number of 64 bits. */
  readonly templateHash: string;
}

/**
 * `calculateTemplateHash`: the language's hash over the template's minified text in capitals, as in the example of the
 * interface's definition. The stamp of a compiler (`metadata._generator`) is no part of it: it holds a hash itself.
 */
export function calculateTemplateHash(template: JsonValue): TemplateHash {
  const minifiedTemplate = JSON.stringify(withoutStamp(template)).toUpperCase();
  return { minifiedTemplate, templateHash: String(hash64(Buffer.from(minifiedTemplate))) };
}

function withoutStamp(template: JsonValue): JsonValue {
  if (!isObject(template)) return template;
  const metadata = template['metadata'];
  if (!isObject(metadata) || !Object.hasOwn(metadata, '_generator')) return template;
  const { metadata: _, ...rest } = template;
  const { _generator: __, ...kept } = metadata as JsonObject;
  return Object.keys(kept).length === 0 ? rest : { ...template, metadata: kept };
}
