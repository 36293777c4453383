import type { PlacedInstance } from './placed-instance.ts';
import type { InstanceDependency, ResourceInstance } from './resource-instance.ts';
import { validationFailed } from './template-error.ts';

/**
 * Completes resources with what they wait for. Loops that run in batches wait for the batch before; what is not written
 * (a condition says no, or it is only read) is replaced by what it waits for itself.
 *
 * @throws TemplateError where resources wait for one another in a circle
 */
export function settleDependencies(
  placed: readonly PlacedInstance[],
  direct: ReadonlyMap<string, readonly InstanceDependency[]>,
): readonly ResourceInstance[] {
  const batches = batchesBefore(placed);
  const byKey = new Map(placed.map((instance) => [instance.key, instance]));
  const edges = new Map(
    placed.map((instance) => [
      instance.key,
      new Set([
        ...(direct.get(instance.key) ?? []).map(({ key }) => key),
        ...(batches.get(instance.key) ?? []),
      ]),
    ]),
  );
  const settled = new Map<string, ReadonlySet<string>>();
  const trail: string[] = [];
  const settle = (key: string): ReadonlySet<string> => {
    const known = settled.get(key);
    if (known !== undefined) return known;
    if (trail.includes(key)) {
      throw validationFailed(
        `Circular dependency detected on resource: '${byKey.get(key)?.id ?? key}'. Please see https://aka.ms/arm-syntax-resources for usage details`,
        {
          additionalInfo: [{ type: 'TemplateViolation', info: { lineNumber: 0, linePosition: 0, path: '' } }],
        },
      );
    }
    trail.push(key);
    const waits = new Set<string>();
    for (const target of edges.get(key) ?? []) {
      const beyond = settle(target);
      const instance = byKey.get(target);
      if (instance === undefined) continue;
      if (instance.condition && !instance.existing) waits.add(target);
      else for (const each of beyond) waits.add(each);
    }
    trail.pop();
    settled.set(key, waits);
    return waits;
  };
  return placed.map(({ dependsOnEntries: _, ...instance }) => ({
    ...instance,
    dependsOn: [...settle(instance.key)],
    dependencies: direct.get(instance.key) ?? [],
  }));
}

/** For each resource of a serial loop: the keys of the batch before its own. */
function batchesBefore(placed: readonly PlacedInstance[]): ReadonlyMap<string, readonly string[]> {
  const loops = new Map<string, PlacedInstance[]>();
  for (const instance of placed) {
    if (instance.copy?.mode !== 'serial') continue;
    const around = instance.rounds.slice(0, -1).map(({ loop, index }) => `${loop}[${index}]`);
    const loop = [...around, instance.copy.loop].join('/').toLowerCase();
    loops.set(loop, [...(loops.get(loop) ?? []), instance]);
  }
  const before = new Map<string, readonly string[]>();
  for (const instances of loops.values()) {
    for (const { key, copy } of instances) {
      if (copy === undefined) continue;
      const batch = Math.floor(copy.index / copy.batchSize);
      const previous = instances.filter(
        (other) => other.copy !== undefined && Math.floor(other.copy.index / copy.batchSize) === batch - 1,
      );
      before.set(
        key,
        previous.map((other) => other.key),
      );
    }
  }
  return before;
}
