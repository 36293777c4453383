import { FileErrors } from './file-position.ts';
import type { Step } from './step.ts';

/**
 * Steps in an order in which each has what it needs before it; as the files have them, where that leaves a choice.
 *
 * @throws FileErrors where steps need one another in a ring
 */
export function inOrder(steps: readonly Step[]): readonly Step[] {
  const byKey = new Map(steps.map((step) => [step.key, step]));
  const done = new Set<string>();
  const ordered: Step[] = [];
  const visit = (step: Step, trail: readonly Step[]) => {
    if (done.has(step.key)) return;
    const at = trail.indexOf(step);
    if (at >= 0) {
      const ring = [...trail.slice(at), step].map(({ name }) => name).join(' needs ');
      throw new FileErrors([`${step.place}: nothing of this can be first: ${ring}`]);
    }
    for (const key of step.needs) {
      const needed = byKey.get(key);
      if (needed !== undefined) visit(needed, [...trail, step]);
    }
    done.add(step.key);
    ordered.push(step);
  };
  for (const step of steps) visit(step, []);
  return ordered;
}
