import { templateFunction } from './template-function.ts';

/** What is true. `if`, `and`, `or` and `coalesce` evaluate only what they need and are forms of the evaluation itself. */
export const logicalFunctions = [
  templateFunction('true', 0, () => true),
  templateFunction('false', 0, () => false),
  templateFunction('not', 1, (operands) => !operands.bool(0)),
];
