import type { JsonValue } from '../../contract/arm.ts';
import type { EvaluationBudget } from './evaluation-budget.ts';
import type { EvaluationScope } from './evaluation-scope.ts';
import type { Expression } from './expression.ts';

/** What holds at one place of an evaluation. */
export interface Evaluation {
  readonly scope: EvaluationScope;
  readonly budget: EvaluationBudget;
  /** Variables of the lambdas around, by name in lower case. */
  readonly lambdaVariables: ReadonlyMap<string, JsonValue>;
  /** How many functions of the template's own are under way, one within the other. */
  readonly callDepth: number;
  evaluate(expression: Expression, changes?: Partial<EvaluationParts>): Promise<JsonValue>;
  evaluateValue(value: JsonValue, changes?: Partial<EvaluationParts>): Promise<JsonValue>;
}

export type EvaluationParts = Omit<Evaluation, 'evaluate' | 'evaluateValue'>;
