import { pathSegments, ResourceIdError } from '../../contract/resource-id.ts';
import { isStorable } from '../../foundation/storable-text.ts';
import { ArmError } from '../http/dialects/arm.ts';

/** Query parameters by lower-case name. Names compare without case and occur once. */
export type QueryParameters = ReadonlyMap<string, string>;

export interface RequestTarget {
  /** Decoded segments; repeated and trailing slashes are gone. */
  readonly segments: readonly string[];
  /** `/` and the segments: every reader of the path reads this one form. */
  readonly path: string;
  readonly query: QueryParameters;
}

const maxQueryLength = 8192;
const maxParameters = 32;
const forbiddenInPath = /[^\x21-\x7e]|[\\;#]|%(?:5c|2f|3b|25|00)/i;

/**
 * Reads the raw request target (RFC 9112 §3.2.1, origin form). Nothing between the socket and here rewrites it, so
 * that no spelling passes one reader as one thing and the next as another.
 *
 * @throws ArmError 400 for a path that no resource can have, or an ambiguous query
 */
export function readRequestTarget(raw: string): RequestTarget {
  const mark = raw.indexOf('?');
  const rawPath = withPlainScope(mark === -1 ? raw : raw.slice(0, mark));
  if (!rawPath.startsWith('/') || forbiddenInPath.test(rawPath)) {
    throw invalidPath('it has characters that are not allowed');
  }
  let segments: string[];
  try {
    segments = pathSegments(rawPath);
  } catch (error) {
    if (error instanceof ResourceIdError) throw invalidPath(error.message);
    throw error;
  }
  return {
    segments,
    path: `/${segments.join('/')}`,
    query: readQuery(mark === -1 ? '' : raw.slice(mark + 1)),
  };
}

const encodedScope = /^\/((?:%2f)?(?:subscriptions|providers)%2f[^/]*)(?=\/providers\/)/i;

/**
 * Some official clients send the scope of an extension as one segment, with its slashes encoded. At the beginning of a
 * path, and before `/providers/`, that can mean nothing else; everywhere else an encoded slash is refused.
 */
function withPlainScope(rawPath: string): string {
  return rawPath.replace(encodedScope, (_whole, scope: string) => `/${scope.replace(/%2f/gi, '/')}`);
}

function invalidPath(reason: string): ArmError {
  return new ArmError('malformed', 'InvalidRequestPath', `The request path is invalid: ${reason}.`);
}

function readQuery(text: string): QueryParameters {
  if (text.length > maxQueryLength) throw invalidQuery('it is too long');
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    const key = name.toLowerCase();
    if (parameters.has(key)) throw invalidQuery(`the parameter '${printable(key)}' occurs more than once`);
    if (!isStorable(value))
      throw invalidQuery(`the parameter '${printable(key)}' has a character that no text has`);
    if (parameters.size >= maxParameters) throw invalidQuery('it has too many parameters');
    parameters.set(key, value);
  }
  return parameters;
}

function invalidQuery(reason: string): ArmError {
  return new ArmError(
    'malformed',
    'InvalidQueryParameterValue',
    `The query of the request is invalid: ${reason}.`,
  );
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 64);
}

/**
 * The query as it goes into a further address, without what the caller of this sets itself. Names keep their `$`:
 * clients add parameters of their own to the address, and know those that are there by their plain names alone.
 */
export function queryString(query: QueryParameters, replaced: Readonly<Record<string, string>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of query) if (!(name in replaced)) parameters.set(name, value);
  for (const [name, value] of Object.entries(replaced)) parameters.set(name, value);
  return parameters.toString().replace(/(^|&)%24/g, '$1$$');
}
