import type { JsonValue } from '../../contract/arm.ts';
import type { Evaluation } from './evaluation-frame.ts';
import type { Expression } from './expression.ts';
import { Operands } from './functions/template-function.ts';
import { TemplateError } from './template-error.ts';

type Call = Extract<Expression, { kind: 'call' }>;

/** A form of the language: it decides itself which operands are evaluated, or asks the scope. */
type SpecialForm = (call: Call, evaluation: Evaluation) => Promise<JsonValue>;

/** By name in lower case; `list*` stands for every function whose name begins so. */
export const specialForms: ReadonlyMap<string, SpecialForm> = new Map<string, SpecialForm>([
  [
    'parameters',
    async (call, evaluation) => {
      const operands = await all(call, evaluation, 1, 1);
      return evaluation.scope.parameter(operands.string(0));
    },
  ],
  [
    'variables',
    async (call, evaluation) => {
      const operands = await all(call, evaluation, 1, 1);
      return evaluation.scope.variable(operands.string(0));
    },
  ],
  [
    'if',
    async (call, evaluation) => {
      requireCount(call, 3, 3);
      return operand(call, evaluation, (await condition(call, evaluation, 0)) ? 1 : 2);
    },
  ],
  ['and', (call, evaluation) => firstThatDecides(call, evaluation, false)],
  ['or', (call, evaluation) => firstThatDecides(call, evaluation, true)],
  [
    'coalesce',
    async (call, evaluation) => {
      requireCount(call, 1);
      for (const at of call.operands.keys()) {
        const value = await operand(call, evaluation, at);
        if (value !== null) return value;
      }
      return null;
    },
  ],
  [
    'copyindex',
    async (call, evaluation) => {
      const operands = await all(call, evaluation, 0, 2);
      const named = operands.has(0) && typeof operands.value(0) === 'string';
      const offsetAt = named ? 1 : 0;
      return evaluation.scope.copyIndex(
        named ? operands.string(0) : undefined,
        operands.has(offsetAt) ? operands.int(offsetAt) : 0,
      );
    },
  ],
  [
    'reference',
    async (call, evaluation) => {
      const operands = await all(call, evaluation, 1, 3);
      const apiVersion = operands.has(1) && operands.value(1) !== null ? operands.string(1) : undefined;
      return evaluation.scope.reference(operands.string(0), apiVersion, full(operands, 2));
    },
  ],
  [
    'references',
    async (call, evaluation) => {
      const operands = await all(call, evaluation, 1, 2);
      const { references } = evaluation.scope;
      if (references === undefined) return operands.fail('is not expected at this location');
      return references.call(evaluation.scope, operands.string(0), full(operands, 1));
    },
  ],
  [
    'resourceinfo',
    async (call, evaluation) => {
      const operands = await all(call, evaluation, 1, 1);
      const { resourceInfo } = evaluation.scope;
      if (resourceInfo === undefined) return operands.fail('is not expected at this location');
      return resourceInfo.call(evaluation.scope, operands.string(0));
    },
  ],
  [
    'list*',
    async (call, evaluation) => {
      const operands = await all(call, evaluation, 2, 3);
      return evaluation.scope.list(
        call.name,
        operands.string(0),
        operands.string(1),
        operands.has(2) ? operands.value(2) : undefined,
      );
    },
  ],
  [
    'lambdavariables',
    async (call, evaluation) => {
      const operands = await all(call, evaluation, 1, 1);
      const value = evaluation.lambdaVariables.get(operands.string(0).toLowerCase());
      return value === undefined ? operands.fail(`has no variable '${operands.string(0)}'`) : value;
    },
  ],
  [
    'lambda',
    async (call) =>
      new Operands(call.name, []).fail(
        'is not expected at this location: it is an operand of another function',
      ),
  ],
]);

function requireCount(call: Call, least: number, most = Number.POSITIVE_INFINITY): void {
  const count = call.operands.length;
  if (count >= least && count <= most) return;
  throw new TemplateError(
    `Unable to evaluate template language function '${call.name}': function requires ${least} argument(s) while ${count} were provided. Please see https://aka.ms/arm-functions#${call.name.toLowerCase()} for usage details.`,
  );
}

async function all(call: Call, evaluation: Evaluation, least: number, most: number): Promise<Operands> {
  requireCount(call, least, most);
  const values: JsonValue[] = [];
  for (const at of call.operands.keys()) values.push(await operand(call, evaluation, at));
  return new Operands(call.name, values);
}

function operand(call: Call, evaluation: Evaluation, at: number): Promise<JsonValue> {
  return evaluation.evaluate(call.operands[at] as Expression);
}

async function condition(call: Call, evaluation: Evaluation, at: number): Promise<boolean> {
  const value = await operand(call, evaluation, at);
  return new Operands(call.name, [value]).bool(0);
}

async function firstThatDecides(call: Call, evaluation: Evaluation, decisive: boolean): Promise<JsonValue> {
  requireCount(call, 1);
  for (const at of call.operands.keys()) {
    if ((await condition(call, evaluation, at)) === decisive) return decisive;
  }
  return !decisive;
}

function full(operands: Operands, at: number): boolean {
  if (!operands.has(at) || operands.value(at) === null) return false;
  if (operands.string(at).toLowerCase() === 'full') return true;
  return operands.fail(`expects 'Full' in its parameter '${at + 1}'`);
}
