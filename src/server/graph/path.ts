import { DomainError } from '../../foundation/domain-error.ts';
import { isStorable } from '../../foundation/storable-text.ts';
import type { PathKey } from './operation.ts';

const maxSegments = 8;
const keyed = /^([A-Za-z][A-Za-z0-9.$-]{0,127})\((?:([A-Za-z]{1,64})=)?'((?:[^']|''){0,256})'\)$/;
const word = /^[A-Za-z$][A-Za-z0-9.$]{0,127}$/;

/** A path as segments: names in lower case, and keys. */
export type Segment = { readonly name: string; readonly text: string } | { readonly key: PathKey };

/**
 * Reads what stands behind the version. `x(appId='…')`, `x('…')` and `x/…` are the same segments: a name and a key.
 *
 * @throws DomainError `malformed` for a path that can be none
 */
export function parsePath(path: string): readonly Segment[] {
  const parts = path.split('/').filter((part) => part !== '');
  if (parts.length === 0 || parts.length > maxSegments) throw unknownSegment(path);
  return parts.flatMap((part): Segment[] => {
    const text = decoded(part);
    const match = keyed.exec(text);
    if (match !== null) {
      const [, name = '', by = 'id', value = ''] = match;
      return [
        { name: canonical(name), text: name },
        { key: { by: by.toLowerCase(), value: value.replaceAll("''", "'") } },
      ];
    }
    return [
      word.test(text) ? { name: canonical(text), text } : { key: { by: 'id', value: text.slice(0, 256) } },
    ];
  });
}

/** The keys of a path that fits the template; `undefined` for one that doesn't. */
export function matchPath(template: readonly string[], segments: readonly Segment[]): PathKey[] | undefined {
  if (template.length !== segments.length) return undefined;
  const keys: PathKey[] = [];
  for (const [index, wanted] of template.entries()) {
    const segment = segments[index] as Segment;
    if (wanted === '{}') {
      // a key by itself may look like a name: `federatedIdentityCredentials/main`
      keys.push('key' in segment ? segment.key : { by: 'id', value: segment.text });
    } else if (!('name' in segment) || segment.name !== wanted) return undefined;
  }
  return keys;
}

/** `graph` is the alias of the namespace `microsoft.graph` (OData CSDL 4.01 §5.2); SDKs made by Kiota write it. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/^graph\./, 'microsoft.graph.');
}

function decoded(part: string): string {
  let text: string;
  try {
    text = decodeURIComponent(part);
  } catch {
    throw unknownSegment(part);
  }
  if (!isStorable(text)) throw unknownSegment(part);
  return text;
}

export function unknownSegment(segment: string): DomainError {
  return new DomainError('malformed', `Resource not found for the segment '${segment.slice(0, 128)}'.`);
}
