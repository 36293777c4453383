import { isJsonObject, type JsonValue } from '../../contract/arm.ts';
import type { Content } from '../resource-manager/provider.ts';
import { member } from '../templates/json-value.ts';
import { type Places, readLenientJson } from '../templates/lenient-json.ts';

/** Where the parts of a template stand in the request that brought it, for messages. */
const places = new WeakMap<object, Places>();

/** Bodies with templates: `az` pastes the text of files into its requests (`spec/resource-manager.md` a.14). */
export const templateContent: Content = {
  maxOctets: 4 * 1024 * 1024,
  parse(text) {
    if (text.trim() === '') return undefined;
    const read = readLenientJson(text);
    const template = templateIn(read.value);
    if (template !== undefined) places.set(template, read.places);
    return read.value;
  },
};

function templateIn(body: JsonValue): object | undefined {
  const properties = isJsonObject(body) ? member(body, 'properties') : undefined;
  const template = isJsonObject(properties) ? member(properties, 'template') : undefined;
  return isJsonObject(template) ? template : undefined;
}

export function placesOf(template: object): Places | undefined {
  return places.get(template);
}
