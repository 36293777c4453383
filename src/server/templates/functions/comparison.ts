import { sameValue } from '../json-value.ts';
import { type Operands, templateFunction } from './template-function.ts';

/** Comparisons; texts by their code units, so that case counts. */
export const comparisonFunctions = [
  templateFunction('equals', 2, (operands) => sameValue(operands.value(0), operands.value(1))),
  templateFunction('less', 2, (operands) => order(operands) < 0),
  templateFunction('lessOrEquals', 2, (operands) => order(operands) <= 0),
  templateFunction('greater', 2, (operands) => order(operands) > 0),
  templateFunction('greaterOrEquals', 2, (operands) => order(operands) >= 0),
];

function order(operands: Operands): number {
  if (typeof operands.value(0) === 'string') {
    const [one, other] = operands.strings() as [string, string];
    return one < other ? -1 : one > other ? 1 : 0;
  }
  return operands.number(0) - operands.number(1);
}
