import { arrayFunctions } from './array.ts';
import { cidrFunctions } from './cidr.ts';
import { comparisonFunctions } from './comparison.ts';
import { dateFunctions } from './date.ts';
import { encodingFunctions } from './encoding.ts';
import { lambdaFunctions } from './lambda.ts';
import { logicalFunctions } from './logical.ts';
import { numericFunctions } from './numeric.ts';
import { objectFunctions } from './object.ts';
import { resourceIdFunctions } from './resource-ids.ts';
import { scopeFunctions } from './scope.ts';
import { stringFunctions } from './string.ts';

function byName<Kind extends { readonly name: string }>(
  functions: readonly Kind[],
): ReadonlyMap<string, Kind> {
  return new Map(functions.map((each) => [each.name.toLowerCase(), each]));
}

/** Functions whose operands are evaluated before them, by name in lower case. */
export const templateFunctions = byName([
  ...arrayFunctions,
  ...cidrFunctions,
  ...comparisonFunctions,
  ...dateFunctions,
  ...encodingFunctions,
  ...logicalFunctions,
  ...numericFunctions,
  ...objectFunctions,
  ...resourceIdFunctions,
  ...scopeFunctions,
  ...stringFunctions,
]);

export const functionsOfLambdas = byName(lambdaFunctions);
