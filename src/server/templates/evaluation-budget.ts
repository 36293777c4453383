import { TemplateError } from './template-error.ts';

/**
 * What the evaluation of one deployment may cost. A template is written by whoever may deploy; without a bound a few
 * nested `range` and `concat` would take the process down.
 */
export interface EvaluationBudget {
  /** @throws TemplateError once more than the allowed number of steps were taken */
  step(count?: number): void;
  /** Accounts for characters and members that a function made. @throws TemplateError past the limit */
  produce(size: number): void;
}

export interface BudgetLimits {
  readonly steps: number;
  /** Characters of text, and members of arrays and objects, that functions may make in all. */
  readonly produced: number;
}

const ordinary: BudgetLimits = { steps: 500_000, produced: 32 * 1024 * 1024 };

export function evaluationBudget(limits: BudgetLimits = ordinary): EvaluationBudget {
  let steps = 0;
  let produced = 0;
  return {
    step(count = 1) {
      steps += count;
      if (steps > limits.steps) {
        throw new TemplateError(
          `The template language expressions take more than the allowed number of '${limits.steps}' steps.`,
        );
      }
    },
    produce(size) {
      produced += size;
      if (produced > limits.produced) {
        throw new TemplateError(
          `The values made by template language expressions exceed the allowed size of '${limits.produced}'.`,
        );
      }
    },
  };
}
