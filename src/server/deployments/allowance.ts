import { ArmError } from '../http/dialects/arm.ts';
import type { ResourceInstance } from '../templates/resource-instance.ts';

/**
 * Resources that one deployment may make with all that is nested in it. A few lines with loops in loops would otherwise
 * ask for more than anyone can wait for.
 */
export const wholeAllowance = 100_000;

/** Resources that one prediction tells of: all of it is asked for, and answered, at once. */
export const predictedAllowance = 5_000;

/** What is left for each nested deployment, of which every one gets the same. */
export function shareOf(allowance: number, instances: readonly ResourceInstance[]): number {
  const nested = instances.filter((instance) => instance.nested !== undefined).length;
  return nested === 0 ? 0 : Math.floor((allowance - instances.length) / nested);
}

/** Characters of JSON that the values of all parameters, and those of all outputs, have at most. */
const maxValues = 4 * 1024 * 1024;

/** @throws ArmError where values are more than are kept */
export function requireValues(
  what: 'parameters' | 'outputs',
  values: unknown,
  code = 'InvalidTemplate',
): void {
  if (JSON.stringify(values).length <= maxValues) return;
  throw new ArmError(
    'invalid-value',
    code,
    `The values of the ${what} of the deployment exceed the allowed size of '${maxValues}' characters.`,
  );
}

/** @throws ArmError `InvalidTemplate` where a template has more resources than it may make */
export function requireAllowance(allowance: number, count: number): void {
  if (count <= allowance) return;
  throw new ArmError(
    'invalid-value',
    'InvalidTemplate',
    `Deployment template validation failed: 'The number of resources exceeds the '${Math.max(allowance, 0)}' that are left to this deployment: a deployment makes '${wholeAllowance}' at most, with all that is nested in it'.`,
  );
}
