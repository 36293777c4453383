import { aadsts } from '../http/dialects/aadsts.ts';

/** Parameters of a token request; each name once. */
export type TokenForm = ReadonlyMap<string, string>;

const maxParameters = 64;

/**
 * Reads an `application/x-www-form-urlencoded` body (RFC 6749 §3.2). Unknown parameters are kept and ignored later:
 * MSAL puts its telemetry there (a.8).
 *
 * @throws DomainError AADSTS9000411 for a name given twice, AADSTS9002313 for anything that is no form
 */
export function parseTokenForm(body: string): TokenForm {
  const form = new Map<string, string>();
  for (const pair of body.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    if (form.has(name)) throw aadsts(9000411, { parameter: name });
    if (form.size === maxParameters) throw aadsts(9002313, { reason: 'The body has too many parameters.' });
    form.set(name, equals < 0 ? '' : decode(pair.slice(equals + 1)));
  }
  return form;
}

/** A value that is there and not empty. */
export function given(form: TokenForm, name: string): string | undefined {
  const value = form.get(name);
  return value === '' ? undefined : value;
}

/** @throws DomainError AADSTS900144 where it is missing or empty */
export function required(form: TokenForm, name: string): string {
  const value = given(form, name);
  if (value === undefined) throw aadsts(900144, { parameter: name });
  return value;
}

/**
 * Undoes form encoding: `+` is a space.
 *
 * @throws DomainError AADSTS9002313
 */
export function decode(text: string): string {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw aadsts(9002313, { reason: 'The body is not form-encoded.' });
  }
}
