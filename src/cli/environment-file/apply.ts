import { ApiError } from '../../client/agents-client.ts';
import { CommandError } from '../command.ts';
import type { Outcome, Step, World } from './step.ts';

/** A step and what became of it. */
export interface Applied {
  readonly step: Step;
  readonly outcome: Outcome;
}

/**
 * Takes the steps of a plan, one after another. What was done before one fails stays done: the next time it is found.
 *
 * @param tell is told of each step before it is taken
 * @throws CommandError that names the place in the file; `Unreachable`, `UnexpectedAnswer`
 */
export async function applySteps(
  steps: readonly Step[],
  world: World,
  tell: (step: Step, at: number) => void,
): Promise<readonly Applied[]> {
  const applied: Applied[] = [];
  for (const [at, step] of steps.entries()) {
    tell(step, at);
    try {
      applied.push({ step, outcome: await step.apply(world) });
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof CommandError)) throw error;
      throw new CommandError(`${step.place}: ${step.what} ${step.name}: ${error.message}`);
    }
  }
  return applied;
}

/** What was done, in a sentence. */
export function summary(applied: readonly Applied[]): string {
  const count = (wanted: Outcome) => applied.filter(({ outcome }) => outcome === wanted).length;
  const [created, changed, unchanged] = [count('created'), count('changed'), count('unchanged')];
  if (created + changed === 0) return `nothing to change (${unchanged} found as wanted)`;
  const parts = [
    created > 0 ? `${created} created` : '',
    changed > 0 ? `${changed} changed` : '',
    unchanged > 0 ? `${unchanged} found as wanted` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** A line for each thing that was made or changed. */
export function changesTold(applied: readonly Applied[]): readonly string[] {
  return applied
    .filter(({ outcome }) => outcome !== 'unchanged')
    .map(({ step, outcome }) => `${step.what} ${step.name} ${outcome}`);
}
