import { isJsonObject, type JsonValue } from '../../contract/arm.ts';
import { evaluateParsed } from './evaluation.ts';
import type { EvaluationScope } from './evaluation-scope.ts';
import { type Expression, isExpression, parseExpression } from './expression.ts';
import type { Instances } from './instances.ts';
import { isArray, member } from './json-value.ts';
import type { PlacedInstance } from './placed-instance.ts';
import { copyCount, inLoop, pass, propertyLoops, scopeInRounds } from './property-copy.ts';
import type { InstanceDependency } from './resource-instance.ts';
import { TemplateError, validationFailed } from './template-error.ts';

/**
 * What a resource waits for: what its `dependsOn` names, and what its expressions ask for (`reference`, `references`,
 * `list…`). The branch of an `if` that is not taken counts as well.
 *
 * @throws TemplateError where `dependsOn` names nothing of the template
 */
export async function dependenciesOf(
  instance: PlacedInstance,
  instances: Instances,
  scope: EvaluationScope,
): Promise<readonly InstanceDependency[]> {
  const found = new Map<string, InstanceDependency>();
  const add = (target: PlacedInstance, details: Partial<InstanceDependency> = {}) => {
    if (target.key === instance.key) return;
    const { key, id, type, name } = target;
    const { apiVersion, actionName } = details;
    // what is thrown here is not caught as a name that is none
    scope.budget?.step();
    const mark =
      apiVersion === undefined && actionName === undefined ? key : `${key}|${apiVersion}|${actionName}`;
    if (!found.has(mark)) found.set(mark, { key, id, resourceType: type, resourceName: name, ...details });
  };
  for (const entry of instance.dependsOnEntries) {
    const targets = instances.all(entry);
    if (targets.length === 0 && !instances.isLoop(entry)) throw notDefined(entry);
    for (const target of targets) add(target);
  }
  const inner = scopeInRounds(scope, instance.rounds);
  for (const [name, value] of Object.entries(instance.definition)) {
    if (!consumed.has(name.toLowerCase())) await scan(value, inner, instance, instances, add);
  }
  return [...found.values()];
}

/** Members that are evaluated before anything runs. */
const consumed = new Set([
  'name',
  'type',
  'apiversion',
  'scope',
  'condition',
  'copy',
  'dependson',
  'resources',
]);

function notDefined(entry: string): TemplateError {
  return validationFailed(
    `The resource '${entry.slice(0, 500)}' is not defined in the template. Please see https://aka.ms/arm-syntax for usage details`,
    { additionalInfo: [{ type: 'TemplateViolation', info: { lineNumber: 0, linePosition: 0, path: '' } }] },
  );
}

type Add = (target: PlacedInstance, details?: Partial<InstanceDependency>) => void;

async function scan(
  value: JsonValue,
  scope: EvaluationScope,
  instance: PlacedInstance,
  instances: Instances,
  add: Add,
): Promise<void> {
  if (typeof value === 'string') {
    scope.budget?.step();
    if (mayAsk.test(value) && isExpression(value)) {
      for (const call of askingCalls(parseExpression(value))) await follow(call, scope, instances, add);
    }
    return;
  }
  if (isArray(value)) {
    for (const element of value) await scan(element, scope, instance, instances, add);
    return;
  }
  if (!isJsonObject(value)) return;
  const loops = propertyLoops(value);
  for (const [name, inside] of Object.entries(value)) {
    if (loops !== undefined && name.toLowerCase() === 'copy') continue;
    // the template of a nested deployment with a scope of its own asks within itself
    if (
      instance.nested === 'inner' &&
      value === member(instance.definition, 'properties') &&
      name.toLowerCase() === 'template'
    ) {
      continue;
    }
    await scan(name, scope, instance, instances, add);
    await scan(inside, scope, instance, instances, add);
  }
  for (const loop of loops ?? []) {
    if (!mayAsk.test(JSON.stringify(loop.input))) continue;
    const count = await early(() => copyCount(loop.count, scope, loop.name));
    for (let index = 0; index < (count ?? 0); index += 1) {
      await pass(scope);
      await scan(loop.input, inLoop(scope, loop.name, index), instance, instances, add);
    }
  }
}

const mayAsk = /reference|list/i;

type Call = Extract<Expression, { kind: 'call' }>;

function askingCalls(expression: Expression): Call[] {
  switch (expression.kind) {
    case 'literal':
      return [];
    case 'access':
      return [
        ...askingCalls(expression.of),
        ...expression.path.flatMap((accessor) =>
          accessor.kind === 'index' ? askingCalls(accessor.index) : [],
        ),
      ];
    case 'call': {
      const inside = expression.operands.flatMap(askingCalls);
      return /^(references?$|list)/i.test(expression.name) ? [expression, ...inside] : inside;
    }
  }
}

async function follow(call: Call, scope: EvaluationScope, instances: Instances, add: Add): Promise<void> {
  const text = async (at: number): Promise<string | undefined> => {
    const operand = call.operands[at];
    if (operand === undefined) return undefined;
    const value = await early(() => evaluateParsed(operand, scope));
    return typeof value === 'string' ? value : undefined;
  };
  const named = await text(0);
  if (named === undefined) return;
  const several = call.name.toLowerCase() === 'references';
  const targets = several ? instances.all(named) : [instances.find(named)];
  const apiVersion = several ? undefined : await text(1);
  for (const target of targets) {
    if (target === undefined) continue;
    add(target, {
      ...(apiVersion === undefined ? {} : { apiVersion }),
      ...(/^list/i.test(call.name) ? { actionName: call.name } : {}),
    });
  }
}

/** Names of resources are known before anything runs; what is not is no name of this template. */
async function early<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TemplateError) return undefined;
    throw error;
  }
}
