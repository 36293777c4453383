import { ArmError } from '../http/dialects/arm.ts';

/** `field eq 'value'` terms joined by `and`, with the field names in lower case. */
export type Filter = ReadonlyMap<string, string>;

const term = /^\s*([A-Za-z][A-Za-z/]{0,63})\s+eq\s+'((?:[^']|'')*)'\s*/i;
const conjunction = /^and\s+/i;
const maxLength = 2048;

/**
 * Reads a `$filter` of equalities (`spec/resource-manager.md` a.12).
 *
 * @param fields names that the list can be filtered by, in lower case
 * @throws ArmError `InvalidFilterInQueryString`
 */
export function readFilter(text: string | undefined, fields: readonly string[]): Filter {
  const terms = new Map<string, string>();
  if (text === undefined || text.trim() === '') return terms;
  if (text.length > maxLength) throw invalid('it is too long');
  let rest = text;
  for (;;) {
    const match = term.exec(rest);
    if (match === null) throw invalid("a term is not of the form field eq 'value'");
    const field = (match[1] as string).toLowerCase();
    if (!fields.includes(field)) throw invalid(`'${match[1]}' is not one of ${fields.join(', ')}`);
    if (terms.has(field)) throw invalid(`'${match[1]}' occurs twice`);
    terms.set(field, (match[2] as string).replaceAll("''", "'"));
    rest = rest.slice(match[0].length);
    if (rest === '') return terms;
    const and = conjunction.exec(rest);
    if (and === null) throw invalid("terms are joined by 'and'");
    rest = rest.slice(and[0].length);
  }
}

function invalid(reason: string): ArmError {
  return new ArmError(
    'invalid-value',
    'InvalidFilterInQueryString',
    `Invalid $filter in the query of the request: ${reason}.`,
  );
}
