import { readFileSync, writeFileSync } from 'node:fs';

/** What is known of resource types, as the source tells it (`data/resource-types.json`). */
export interface SourceTypes {
  readonly source: string;
  readonly providers: Readonly<Record<string, Readonly<Record<string, SourceType>>>>;
}

interface SourceType {
  readonly apiVersions: readonly string[];
  readonly location: boolean;
  readonly locationRequired: boolean;
}

/** Namespaces whose spelling in the source is not the one that Azure answers with. */
const spellings: ReadonlyMap<string, string> = new Map([['microsoft.insights', 'microsoft.insights']]);

/** Versions that official clients ask for and the source does not have, after the last of the namespace that it has. */
const laterVersions: ReadonlyMap<string, { readonly after: string; readonly version: string }> = new Map([
  ['microsoft.app', { after: '2026-01-01', version: '2026-07-01' }],
  ['microsoft.web', { after: '2025-03-01', version: '2025-05-01' }],
]);

/** What a segment of a type that can be served looks like. */
const segmentPattern = /^[A-Za-z0-9-]+$/;

/**
 * The facts as `facts.json` keeps them: versions once, sets of them once, and of each type the number
 * `3 * set + location`, where location is 0 for none, 1 for optional, 2 for required. One namespace a line.
 */
export function writeFacts({ source, providers }: SourceTypes): string {
  const namespaces = merged(providers);
  const types = [...namespaces.values()].flatMap((each) => [...each.values()]);
  const versions = [...new Set(types.flatMap(({ apiVersions }) => apiVersions))].sort();
  const indexes = new Map(versions.map((version, index) => [version, index]));
  const sets = new Map<string, number>();
  const lines = [...namespaces].map(([namespace, each]) => {
    const entries = [...each].map(([type, { apiVersions, location, locationRequired }]) => {
      const set = apiVersions.map((version) => indexes.get(version)).join(',');
      const index = sets.get(set) ?? sets.size;
      sets.set(set, index);
      return [type, 3 * index + (locationRequired ? 2 : location ? 1 : 0)];
    });
    return `${JSON.stringify(namespace)}:${JSON.stringify(Object.fromEntries(entries))}`;
  });
  return [
    '{',
    `"source":${JSON.stringify(source)},`,
    `"versions":${JSON.stringify(versions)},`,
    `"sets":[${[...sets.keys()].map((set) => `[${set}]`).join(',')}],`,
    '"namespaces":{',
    lines.join(',\n'),
    '}}',
    '',
  ].join('\n');
}

/** Namespaces and types by one spelling each, in order. The source has some in several. */
function merged(providers: SourceTypes['providers']): Map<string, Map<string, SourceType>> {
  const known = new Map<string, { name: string; types: Map<string, [string, SourceType]> }>();
  // the spelling of the most types is the usual one
  const bySize = Object.entries(providers).sort(
    ([, one], [, other]) => Object.keys(other).length - Object.keys(one).length,
  );
  for (const [name, types] of bySize) {
    const key = name.toLowerCase();
    const entry = known.get(key) ?? { name: spellings.get(key) ?? name, types: new Map() };
    known.set(key, entry);
    for (const [type, facts] of Object.entries(types)) {
      if (!type.split('/').every((segment) => segmentPattern.test(segment))) continue;
      if (entry.types.has(type.toLowerCase())) continue;
      const apiVersions = allVersions(key, facts.apiVersions);
      entry.types.set(type.toLowerCase(), [type, { ...facts, apiVersions }]);
    }
  }
  return new Map(
    [...known].sort(byKey).map(([, { name, types }]) => [name, new Map([...types.values()].sort(byKey))]),
  );
}

/** The versions of a type with those that the source does not have yet. */
export function allVersions(namespace: string, known: readonly string[]): readonly string[] {
  const later = laterVersions.get(namespace.toLowerCase());
  if (later === undefined || !known.includes(later.after) || known.includes(later.version)) return known;
  return [...known, later.version];
}

function byKey([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  const [left, right] = [one.toLowerCase(), other.toLowerCase()];
  return left < right ? -1 : left > right ? 1 : 0;
}

// run as a program: writes the facts anew from a file of the source
if (import.meta.main) {
  const [file] = process.argv.slice(2);
  if (file === undefined) throw new TypeError('name the file that the facts are read from');
  const source = JSON.parse(readFileSync(file, 'utf8')) as SourceTypes;
  writeFileSync(new URL('./facts.json', import.meta.url), writeFacts(source));
}
