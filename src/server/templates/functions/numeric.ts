import { isArray } from '../json-value.ts';
import { any, type Operands, templateFunction } from './template-function.ts';

/** Arithmetic over integers. What leaves the exact integers of a double is refused, never rounded. */
export const numericFunctions = [
  templateFunction('add', 2, (operands) => exact(operands, operands.number(0) + operands.number(1))),
  templateFunction('sub', 2, (operands) => exact(operands, operands.number(0) - operands.number(1))),
  templateFunction('mul', 2, (operands) => exact(operands, operands.number(0) * operands.number(1))),
  templateFunction('div', 2, (operands) =>
    exact(operands, Math.trunc(operands.number(0) / divisor(operands))),
  ),
  templateFunction('mod', 2, (operands) => exact(operands, operands.number(0) % divisor(operands))),
  templateFunction('min', [1, any], (operands) =>
    numbers(operands).reduce((one, other) => Math.min(one, other)),
  ),
  templateFunction('max', [1, any], (operands) =>
    numbers(operands).reduce((one, other) => Math.max(one, other)),
  ),
];

function exact(operands: Operands, value: number): number {
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) operands.fail('has a result that is too large or too small');
  return value === 0 ? 0 : value;
}

function divisor(operands: Operands): number {
  const value = operands.number(1);
  return value === 0 ? operands.fail('attempted to divide by zero') : value;
}

function numbers(operands: Operands): number[] {
  const given = operands.count === 1 && isArray(operands.value(0)) ? operands.array(0) : operands.values;
  if (given.length === 0) operands.fail('expects at least one number');
  return given.map((value, at) =>
    typeof value === 'number' ? value : operands.expects(Math.min(at, operands.count - 1), 'Integer'),
  );
}
