import { isJsonObject, type JsonObject, type JsonValue } from '../../contract/arm.ts';
import { evaluate } from './evaluation.ts';
import { evaluationBudget } from './evaluation-budget.ts';
import { derivedScope, type EvaluationScope } from './evaluation-scope.ts';
import { isExpression, literalText } from './expression.ts';
import { isArray, member, typeName } from './json-value.ts';
import type { LoopRound } from './resource-instance.ts';
import { TemplateError } from './template-error.ts';

/** Azure's own bound on every loop. */
export const maxCopies = 800;

/**
 * As `evaluate`, and an object with `copy: [{name, count, input}]` has an array under each of the names: the loops of
 * properties and of variables. Loops may lie in one another.
 *
 * @throws TemplateError
 */
export async function evaluateProperties(value: JsonValue, scope: EvaluationScope): Promise<JsonValue> {
  const bounded = scope.budget === undefined ? withBudget(scope) : scope;
  return expanded(value, bounded, 0);
}

function withBudget(scope: EvaluationScope): EvaluationScope {
  const budget = evaluationBudget();
  return derivedScope(scope, { budget });
}

async function expanded(value: JsonValue, scope: EvaluationScope, depth: number): Promise<JsonValue> {
  if (typeof value === 'string') return isExpression(value) ? evaluate(value, scope) : literalText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > 256) throw new TemplateError(`The template is nested deeper than '256' levels.`);
  if (isArray(value)) {
    scope.budget?.visit(value.length + 1);
    const elements: JsonValue[] = [];
    for (const element of value) elements.push(await expanded(element, scope, depth + 1));
    return elements;
  }
  const object = value as JsonObject;
  scope.budget?.visit(Object.keys(object).length + 1);
  const loops = propertyLoops(object);
  const members = new Map<string, JsonValue>();
  for (const [name, inner] of Object.entries(object)) {
    if (loops !== undefined && name.toLowerCase() === 'copy') continue;
    members.set(await spelled(name, scope), await expanded(inner, scope, depth + 1));
  }
  for (const loop of loops ?? []) {
    members.set(loop.name, await unrolled(loop, scope, (inner, each) => expanded(inner, each, depth + 1)));
  }
  return Object.fromEntries(members);
}

async function spelled(name: string, scope: EvaluationScope): Promise<string> {
  if (!name.startsWith('[')) return name;
  return Object.keys((await evaluate({ [name]: null }, scope)) as JsonObject)[0] as string;
}

export interface ValueLoop {
  readonly name: string;
  readonly count: JsonValue;
  readonly input: JsonValue;
}

/** The loops of an object, if its `copy` is a list of loops and not a property that happens to be called so. */
export function propertyLoops(object: JsonObject): readonly ValueLoop[] | undefined {
  const copy = member(object, 'copy');
  if (!isArray(copy) || copy.length === 0) return undefined;
  const loops = copy.map(valueLoop);
  return loops.every((loop) => loop !== undefined) ? loops : undefined;
}

function valueLoop(copy: JsonValue): ValueLoop | undefined {
  if (!isJsonObject(copy)) return undefined;
  const [name, count, input] = ['name', 'count', 'input'].map((part) => member(copy, part));
  return typeof name === 'string' && count !== undefined && input !== undefined
    ? { name, count, input }
    : undefined;
}

/** The array that a loop makes. */
export async function unrolled(
  loop: ValueLoop,
  scope: EvaluationScope,
  evaluateInput: (input: JsonValue, scope: EvaluationScope) => Promise<JsonValue>,
): Promise<JsonValue> {
  const count = await copyCount(loop.count, scope, loop.name);
  const elements: JsonValue[] = [];
  for (let index = 0; index < count; index += 1) {
    await pass(scope);
    elements.push(await evaluateInput(loop.input, inLoop(scope, loop.name, index)));
  }
  return elements;
}

/** A round of a loop counts, and lets other work of the process pass now and then. */
export async function pass({ budget }: EvaluationScope): Promise<void> {
  budget?.step();
  const rest = budget?.rest();
  if (rest !== undefined) await rest;
}

/** How often a loop runs. @throws TemplateError where that is no number from 0 to 800 */
export async function copyCount(count: JsonValue, scope: EvaluationScope, loop: string): Promise<number> {
  const value = await evaluate(count, scope);
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw new TemplateError(
      `The template 'copy' definition '${loop}' has a count of type '${typeName(value)}': an integer is expected. Please see https://aka.ms/arm-copy for usage details.`,
    );
  }
  if (value < 0 || value > maxCopies) {
    throw new TemplateError(
      `The value for the count of the template 'copy' definition '${loop}' is not within the range 0 to '${maxCopies}': '${value}'. Please see https://aka.ms/arm-copy for usage details.`,
    );
  }
  return value;
}

/**
 * The scope inside one round of a loop. Without a name `copyIndex()` means the loop of the resource around, if there is
 * one.
 */
export function inLoop(scope: EvaluationScope, loop: string, index: number): EvaluationScope {
  return derivedScope(scope, {
    copyIndex(name, offset) {
      if (name?.toLowerCase() === loop.toLowerCase()) return index + offset;
      if (name !== undefined) return scope.copyIndex(name, offset);
      try {
        return scope.copyIndex(undefined, offset);
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        return index + offset;
      }
    },
  });
}

/** The scope of a resource's body: the rounds of its loops are around it. */
export function scopeInRounds(scope: EvaluationScope, rounds: readonly LoopRound[]): EvaluationScope {
  return rounds.reduce((around, { loop, index }) => inLoop(around, loop, index), scope);
}
