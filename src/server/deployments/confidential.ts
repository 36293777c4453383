import type { JsonValue } from '../../contract/arm.ts';
import { confidentialIn } from '../resource-manager/confidential-values.ts';
import type { BoundParameter } from '../templates/template-document.ts';
import { validationFailed } from '../templates/template-error.ts';

/** What is shown in the place of a value that is not. */
export const masked = '*******';
/** Texts shorter than this are in everything: hiding them would show which they are. */
const shortest = 4;

/** Texts that are looked for in all that a deployment shows: each costs a look at every text of its template. */
const mostTexts = 1000;

/**
 * The texts inside values of secure parameters, as they are and in base64.
 *
 * @param outer those of the deployments around
 * @throws TemplateError where there are more than can be hidden
 */
export function confidentialTexts(
  parameters: Iterable<BoundParameter>,
  outer: readonly string[] = [],
): readonly string[] {
  const texts = new Set<string>(outer);
  const collect = (value: JsonValue): void => {
    if (typeof value === 'string') {
      if (value.length < shortest) return;
      texts.add(value);
      // as scripts and settings take them
      texts.add(Buffer.from(value, 'utf8').toString('base64'));
    } else if (typeof value === 'object' && value !== null) {
      for (const inside of Object.values(value)) collect(inside as JsonValue);
    }
  };
  for (const { secure, value } of parameters) if (secure) collect(value);
  if (texts.size > mostTexts) {
    throw validationFailed(
      `The values of secure parameters have more than '${mostTexts / 2}' different texts inside, with those of the deployments around`,
    );
  }
  return [...texts];
}

/** A value in which every text that has a confidential one inside is masked. */
export function mask<Value extends JsonValue>(value: Value, confidential: readonly string[]): Value {
  if (confidential.length === 0) return value;
  const isConfidential = confidentialIn(confidential);
  const shown = (text: string) => (isConfidential(text) ? masked : text);
  const visit = (inside: JsonValue): JsonValue => {
    if (typeof inside === 'string') return shown(inside);
    if (Array.isArray(inside)) return inside.map(visit);
    if (typeof inside !== 'object' || inside === null) return inside;
    return Object.fromEntries(Object.entries(inside).map(([name, member]) => [shown(name), visit(member)]));
  };
  return visit(value) as Value;
}

/** A value of the same form whose texts are all masked: a secret as far as it can be shown. */
export function maskAll(value: JsonValue): JsonValue {
  if (typeof value === 'string') return masked;
  if (Array.isArray(value)) return value.map(maskAll);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, maskAll(member)]));
}
