import type { PlacedInstance } from './placed-instance.ts';
import { validationFailed } from './template-error.ts';

/** The resources of an expansion, found by all the names that a template has for them. */
export class Instances {
  readonly list: readonly PlacedInstance[];
  readonly #byKey = new Map<string, PlacedInstance>();
  readonly #byId = new Map<string, PlacedInstance>();
  /** Names of resources, with and without their parents, to those that have them. */
  readonly #byName = new Map<string, PlacedInstance[]>();
  /** Symbols and names of loops. */
  readonly #groups = new Map<string, PlacedInstance[]>();
  /** Symbols and names of loops, those of no rounds as well. */
  readonly #loops: ReadonlySet<string>;
  readonly #symbolic: boolean;

  /** @throws TemplateError where two resources are the same one */
  constructor(placed: readonly PlacedInstance[], loops: ReadonlySet<string>, symbolic: boolean) {
    this.#loops = loops;
    this.#symbolic = symbolic;
    this.list = onceEach(placed, symbolic);
    for (const instance of this.list) {
      this.#byKey.set(instance.key.toLowerCase(), instance);
      const id = instance.id.toLowerCase();
      const before = this.#byId.get(id);
      // of a resource that is read and one that is written, a reference to the id means the one that is written
      if (before === undefined || before.existing || !before.condition) this.#byId.set(id, instance);
      add(this.#byName, instance.name.toLowerCase(), instance);
      if (instance.symbol !== undefined) add(this.#groups, instance.symbol.toLowerCase(), instance);
      const loop = instance.copy?.loop.toLowerCase();
      if (loop !== undefined && loop !== instance.symbol?.toLowerCase()) add(this.#groups, loop, instance);
    }
  }

  /** By symbol, id, relative id or name; what several resources could be meant by is nothing. */
  find(text: string): PlacedInstance | undefined {
    const key = keyOf(text);
    const exact = this.#byKey.get(key) ?? this.#byId.get(key);
    if (exact !== undefined) return exact;
    if (this.#symbolic && !key.includes('/')) return undefined;
    const found = this.#named(key);
    return found.length === 1 ? found[0] : undefined;
  }

  /** As `find`, and a symbol or loop means all of its rounds. */
  all(text: string): readonly PlacedInstance[] {
    const key = keyOf(text);
    const exact = this.#byKey.get(key) ?? this.#byId.get(key);
    if (exact !== undefined) return [exact];
    const group = this.#groups.get(key);
    if (group !== undefined) return group;
    return this.#symbolic && !key.includes('/') ? [] : this.#named(key);
  }

  /** Whether it is the symbol or the name of a loop, which may have no rounds. */
  isLoop(text: string): boolean {
    return this.#loops.has(text.toLowerCase());
  }

  #named(key: string): readonly PlacedInstance[] {
    const group = /^microsoft\.resources\/resourcegroups\/([^/]+)$/.exec(key)?.[1];
    if (group !== undefined) {
      return this.list.filter(({ id }) => id.toLowerCase().endsWith(`/resourcegroups/${group}`));
    }
    if (!key.startsWith('/') && /^[^/]*\.[^/]*\/.+\/.+/.test(key)) {
      const end = `/providers/${key}`;
      const found = this.list.filter(({ id }) => id.toLowerCase().endsWith(end));
      if (found.length > 0) return found;
    }
    return this.#byName.get(key) ?? [];
  }
}

function keyOf(text: string): string {
  if (text.length > 4096) return '';
  const key = text.toLowerCase().replace(/\/+$/, '');
  return key.replace('/providers/microsoft.resources/resourcegroups/', '/resourcegroups/');
}

function add(map: Map<string, PlacedInstance[]>, key: string, instance: PlacedInstance): void {
  const before = map.get(key);
  if (before === undefined) map.set(key, [instance]);
  else before.push(instance);
}

/**
 * A resource may be written twice where all but one have a condition that says no: the alternatives of one resource.
 * What no condition lets through is kept once.
 */
function onceEach(placed: readonly PlacedInstance[], symbolic: boolean): readonly PlacedInstance[] {
  const written = new Map<string, PlacedInstance>();
  for (const instance of placed) {
    if (instance.existing || !instance.condition) continue;
    const id = instance.id.toLowerCase();
    if (written.has(id)) {
      const { line, column } = instance.place ?? { line: 1, column: 1 };
      throw validationFailed(
        `The resource '${instance.type}/${instance.name}' at line '${line}' and column '${column}' is defined multiple times in a template. Please see https://aka.ms/arm-syntax-resources for usage details`,
        {
          additionalInfo: [
            { type: 'TemplateViolation', info: { lineNumber: line, linePosition: column, path: '' } },
          ],
        },
      );
    }
    written.set(id, instance);
  }
  if (symbolic) return placed;
  const kept = new Map<string, PlacedInstance>();
  for (const instance of placed) {
    const id = instance.id.toLowerCase();
    kept.set(id, written.get(id) ?? kept.get(id) ?? instance);
  }
  return [...kept.values()];
}
