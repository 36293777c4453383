import type { JsonObject, JsonValue } from '../../../contract/arm.ts';
import type { Operands } from './template-function.ts';

/** A `lambda(…)` that was an operand; missing values are null. */
export interface Lambda {
  readonly arity: number;
  call(...values: readonly JsonValue[]): Promise<JsonValue>;
}

/** A function with lambdas among its operands: first the plain ones, then the lambdas. */
export interface LambdaFunction {
  readonly name: string;
  readonly plain: number;
  readonly lambdas: { readonly least: number; readonly most: number };
  evaluate(operands: Operands, lambdas: readonly [Lambda, ...Lambda[]]): Promise<JsonValue>;
}

function lambdaFunction(
  name: string,
  plain: number,
  most: number,
  evaluate: LambdaFunction['evaluate'],
): LambdaFunction {
  return { name, plain, lambdas: { least: 1, most }, evaluate };
}

/** Lambdas are called one after the other: what they cost is counted in order, and the answer does not depend on timing. */
export const lambdaFunctions = [
  lambdaFunction('map', 1, 1, async (operands, [lambda]) => {
    const made: JsonValue[] = [];
    for (const [index, element] of operands.array(0).entries()) made.push(await lambda.call(element, index));
    return made;
  }),
  lambdaFunction('filter', 1, 1, async (operands, [lambda]) => {
    const kept: JsonValue[] = [];
    for (const [index, element] of operands.array(0).entries()) {
      if (truth(operands, await lambda.call(element, index))) kept.push(element);
    }
    return kept;
  }),
  lambdaFunction('reduce', 2, 1, async (operands, [lambda]) => {
    let current = operands.value(1);
    for (const [index, element] of operands.array(0).entries())
      current = await lambda.call(current, element, index);
    return current;
  }),
  lambdaFunction('sort', 1, 1, (operands, [lambda]) => sorted(operands, operands.array(0), lambda)),
  lambdaFunction('toObject', 1, 2, async (operands, [key, value]) => {
    const members = new Map<string, JsonValue>();
    for (const element of operands.array(0)) {
      members.set(
        text(operands, await key.call(element)),
        value === undefined ? element : await value.call(element),
      );
    }
    return Object.fromEntries(members);
  }),
  lambdaFunction('groupBy', 1, 1, async (operands, [lambda]) => {
    const groups = new Map<string, JsonValue[]>();
    for (const element of operands.array(0)) {
      const key = text(operands, await lambda.call(element));
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [element]);
      else group.push(element);
    }
    return Object.fromEntries(groups) as JsonObject;
  }),
  lambdaFunction('mapValues', 1, 1, async (operands, [lambda]) => {
    const members = new Map<string, JsonValue>();
    for (const [name, value] of Object.entries(operands.object(0)))
      members.set(name, await lambda.call(value));
    return Object.fromEntries(members);
  }),
];

function truth(operands: Operands, value: JsonValue): boolean {
  return typeof value === 'boolean' ? value : operands.fail('expects its lambda to return a boolean');
}

function text(operands: Operands, value: JsonValue): string {
  return typeof value === 'string' ? value : operands.fail('expects its lambda to return a string');
}

/** A merge sort, so that a comparison that contradicts itself ends all the same; what is equal stays in order. */
async function sorted(
  operands: Operands,
  values: readonly JsonValue[],
  before: Lambda,
): Promise<readonly JsonValue[]> {
  if (values.length < 2) return values;
  const middle = values.length >> 1;
  const left = await sorted(operands, values.slice(0, middle), before);
  const right = await sorted(operands, values.slice(middle), before);
  const merged: JsonValue[] = [];
  let [l, r] = [0, 0];
  while (l < left.length && r < right.length) {
    const [a, b] = [left[l] as JsonValue, right[r] as JsonValue];
    // the right one goes first only where it must: it is before the left one, and not the other way round as well
    if (truth(operands, await before.call(b, a)) && !truth(operands, await before.call(a, b))) {
      merged.push(b);
      r += 1;
    } else {
      merged.push(a);
      l += 1;
    }
  }
  return [...merged, ...left.slice(l), ...right.slice(r)];
}
