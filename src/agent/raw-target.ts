import type { Refusal, Target } from './host-protocols/host-protocol.ts';

const maxTarget = 8192;
const maxParameters = 32;

/** Path characters that have one meaning for everybody; `%`, `;`, `\` and the like are not among them. */
const pathPattern = /^\/[A-Za-z0-9_./-]*$/;
const queryPattern = /^[!-~]*$/;

/**
 * Reads a request target as it came on the wire, for comparison with a fixed table: never with a URL parser, which
 * turns `\` into `/`, resolves dots and decodes. Duplicate slashes, a trailing slash and letter case are what official
 * clients really vary (`spec/host-protocols.md` §1.2); every other spelling is refused, whatever it would mean
 * elsewhere. Absolute and authority form, fragments and non-ASCII are refused.
 */
export function parseTarget(raw: string): Target | Refusal {
  if (raw.length > maxTarget) return malformed;
  const mark = raw.indexOf('?');
  const rawPath = mark === -1 ? raw : raw.slice(0, mark);
  const query = mark === -1 ? '' : raw.slice(mark + 1);
  if (!pathPattern.test(rawPath) || !queryPattern.test(query) || query.includes('#')) return malformed;
  const segments = rawPath.split('/').filter((segment) => segment !== '');
  if (segments.some((segment) => /^\.+$/.test(segment))) return malformed;
  const parameters = parseQuery(query);
  if ('kind' in parameters) return parameters;
  return { path: `/${segments.join('/').toLowerCase()}`, parameters };
}

const malformed: Refusal = { kind: 'malformed-target' };

/** Values may come unencoded. `+` stays what it is: no client encodes a space here, and none may stand in a value. */
function parseQuery(query: string): ReadonlyMap<string, string> | Refusal {
  const parameters = new Map<string, string>();
  if (query === '') return parameters;
  const pairs = query.split('&');
  if (pairs.length > maxParameters) return malformed;
  for (const pair of pairs) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals === -1 ? pair : pair.slice(0, equals))?.toLowerCase();
    const value = decode(equals === -1 ? '' : pair.slice(equals + 1));
    if (name === undefined || value === undefined || !/^[a-z0-9_-]{1,64}$/.test(name)) return malformed;
    if (parameters.has(name)) return { kind: 'duplicate-parameter', detail: name };
    parameters.set(name, value);
  }
  return parameters;
}

/** Percent-decoded once; `undefined` where an escape is broken, or hides a control character. */
function decode(text: string): string | undefined {
  if (!text.includes('%')) return text;
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    return undefined;
  }
  for (let at = 0; at < decoded.length; at += 1) {
    const code = decoded.charCodeAt(at);
    if (code < 0x20 || code === 0x7f) return undefined;
  }
  return decoded;
}
