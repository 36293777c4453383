import type { JsonValue } from '../../../contract/arm.ts';

/** A value as `concat`, `format` and `string` write it: booleans as .NET does, objects and arrays as JSON. */
export function textOf(value: JsonValue): string {
  if (value === null) return '';
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
      return value ? 'True' : 'False';
    case 'number':
      return String(value);
    default:
      return JSON.stringify(value);
  }
}

/** Looking for one text in another may cost the product of their lengths; beyond this it is not done. */
export function isTooMuchToSearch(text: string, part: string): boolean {
  return text.length * part.length > 256 * maxMade;
}

/** Characters of a text, and members of an array, that one function may make. */
export const maxMade = 1024 * 1024;
