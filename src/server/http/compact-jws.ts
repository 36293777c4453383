import { isUtf8 } from 'node:buffer';

/**
 * Reading a compact JWS (RFC 7515 §3.1) without trusting it: one text, one meaning. Base64url that is not canonical and
 * JSON with duplicate members are refused, since parsers disagree about them and a signature would not show it.
 */

/** A JSON object as parsed: no member has been checked. */
export type JsonMembers = Readonly<Record<string, unknown>>;

/** The parts of a JWS whose signature nobody has checked yet. */
export interface UnverifiedJws {
  readonly header: JsonMembers;
  readonly payload: JsonMembers;
  /** What is signed: the first two segments as they stand (ASCII). */
  readonly signingInput: string;
  readonly signature: Uint8Array;
}

const maxDepth = 16;

/**
 * Splits and parses.
 *
 * @param maxLength characters of the whole text at most
 * @returns `undefined` where the text is not exactly one compact JWS over a JSON object
 */
export function parseCompactJws(text: string, maxLength: number): UnverifiedJws | undefined {
  if (text.length > maxLength) return undefined;
  const first = text.indexOf('.');
  const second = text.indexOf('.', first + 1);
  if (first < 1 || second < 0 || text.indexOf('.', second + 1) >= 0) return undefined;
  const header = parseSegment(text.slice(0, first));
  if (header === undefined) return undefined;
  const payload = parseSegment(text.slice(first + 1, second));
  if (payload === undefined) return undefined;
  const signature = decodeBase64url(text.slice(second + 1));
  if (signature === undefined) return undefined;
  return { header, payload, signingInput: text.slice(0, second), signature };
}

/** Decodes base64url (RFC 4648 §5, unpadded) where the text is the one canonical spelling of its octets. */
export function decodeBase64url(text: string): Buffer | undefined {
  const octets = Buffer.from(text, 'base64url');
  return octets.toString('base64url') === text ? octets : undefined;
}

function parseSegment(segment: string): JsonMembers | undefined {
  const octets = decodeBase64url(segment);
  return octets !== undefined && isUtf8(octets) ? parseUniqueJson(octets.toString('utf8')) : undefined;
}

/**
 * Parses a JSON object of bounded depth in which no object names a member twice.
 *
 * @returns `undefined` where the text is anything else
 */
export function parseUniqueJson(text: string): JsonMembers | undefined {
  const written = countMembers(text);
  if (written === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  // each member is written with one colon outside strings; parsing keeps one of each name
  return keptMembers(value) === written ? (value as JsonMembers) : undefined;
}

function countMembers(text: string): number | undefined {
  let colons = 0;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x22: {
        let end = text.indexOf('"', at + 1);
        while (end > 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
        if (end < 0) return undefined;
        at = end;
        break;
      }
      case 0x3a:
        colons += 1;
        break;
      case 0x7b:
      case 0x5b:
        depth += 1;
        if (depth > maxDepth) return undefined;
        break;
      case 0x7d:
      case 0x5d:
        depth -= 1;
        break;
    }
  }
  return colons;
}

/** Whether an odd number of backslashes stands before the quotation mark. */
function isEscaped(text: string, quote: number): boolean {
  let at = quote - 1;
  while (text.charCodeAt(at) === 0x5c) at -= 1;
  return (quote - at) % 2 === 0;
}

function keptMembers(value: object): number {
  if (Array.isArray(value)) {
    let count = 0;
    for (const item of value) if (typeof item === 'object' && item !== null) count += keptMembers(item);
    return count;
  }
  const keys = Object.keys(value);
  let count = keys.length;
  for (const key of keys) {
    const item = (value as Record<string, unknown>)[key];
    if (typeof item === 'object' && item !== null) count += keptMembers(item);
  }
  return count;
}
