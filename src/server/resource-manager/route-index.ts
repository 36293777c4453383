import type { Route } from './route.ts';

interface Indexed {
  readonly route: Route;
}

export interface IndexedMatch<Entry> {
  readonly entry: Entry;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Finds the entry that a path belongs to; of several, the one that spells out the most. */
export type RouteIndex<Entry> = (segments: readonly string[]) => IndexedMatch<Entry> | undefined;

interface Branch<Entry> {
  readonly literals: Map<string, Branch<Entry>>;
  parameter: Branch<Entry> | undefined;
  readonly entries: Entry[];
}

/**
 * Indexes routes by their segments, so that a path is held against the few that could be its own however many there
 * are. Extensions (`{scope}/…`) are found by the segments behind the scope.
 */
export function indexRoutes<Entry extends Indexed>(entries: readonly Entry[]): RouteIndex<Entry> {
  const fixed = branch<Entry>();
  const extensions = branch<Entry>();
  for (const entry of entries) {
    const parts = entry.route.template.split('/').slice(1);
    if (parts[0] === '{scope}') insert(extensions, parts.slice(1).reverse(), entry);
    else insert(fixed, parts, entry);
  }
  return (segments) => {
    const candidates: Entry[] = [];
    collect(fixed, segments, 0, false, candidates);
    // from the end, since nobody knows where a scope ends before it is read
    collect(extensions, [...segments].reverse(), 0, true, candidates);
    candidates.sort((one, other) => specificity(other.route) - specificity(one.route));
    for (const entry of candidates) {
      const parameters = entry.route.match(segments);
      if (parameters !== undefined) return { entry, parameters };
    }
    return undefined;
  };
}

function branch<Entry>(): Branch<Entry> {
  return { literals: new Map(), parameter: undefined, entries: [] };
}

function insert<Entry>(root: Branch<Entry>, parts: readonly string[], entry: Entry): void {
  let at = root;
  for (const part of parts) {
    if (part.startsWith('{')) {
      at.parameter ??= branch();
      at = at.parameter;
      continue;
    }
    const key = part.toLowerCase();
    const next = at.literals.get(key) ?? branch<Entry>();
    at.literals.set(key, next);
    at = next;
  }
  at.entries.push(entry);
}

function collect<Entry>(
  at: Branch<Entry>,
  segments: readonly string[],
  depth: number,
  open: boolean,
  found: Entry[],
): void {
  if (open || depth === segments.length) found.push(...at.entries);
  const segment = segments[depth];
  if (segment === undefined) return;
  const literal = at.literals.get(segment.toLowerCase());
  if (literal !== undefined) collect(literal, segments, depth + 1, open, found);
  if (at.parameter !== undefined) collect(at.parameter, segments, depth + 1, open, found);
}

function specificity({ template }: Route): number {
  return template.split('/').filter((part) => !part.startsWith('{')).length;
}
