import { isJsonObject, type JsonObject, type JsonValue } from '../../contract/arm.ts';
import { evaluationBudget } from './evaluation-budget.ts';
import type { Evaluation, EvaluationParts } from './evaluation-frame.ts';
import type { EvaluationScope } from './evaluation-scope.ts';
import { type Accessor, type Expression, isExpression, literalText, parseExpression } from './expression.ts';
import type { Lambda } from './functions/lambda.ts';
import { functionsOfLambdas, templateFunctions } from './functions/registry.ts';
import { Operands } from './functions/template-function.ts';
import { isArray, member, typeName } from './json-value.ts';
import { specialForms } from './special-forms.ts';
import { TemplateError } from './template-error.ts';

export type { DeploymentFacts, EvaluationScope, UserFunction } from './evaluation-scope.ts';

/**
 * Evaluates what is `[…]` in a value: in texts, in elements and members, and in the names of members. Operands that are
 * not needed (`if`, `and`, `or`, `coalesce`) are not evaluated.
 *
 * @throws TemplateError
 */
export async function evaluate(value: JsonValue, scope: EvaluationScope): Promise<JsonValue> {
  return evaluateValue(value, evaluationOf(scope), 0);
}

/** As `evaluate`, of an expression that is parsed already. @throws TemplateError */
export async function evaluateParsed(expression: Expression, scope: EvaluationScope): Promise<JsonValue> {
  return evaluateExpression(expression, evaluationOf(scope));
}

function evaluationOf(scope: EvaluationScope): Evaluation {
  return extended({
    scope,
    budget: scope.budget ?? evaluationBudget(),
    lambdaVariables: new Map(),
    callDepth: 0,
  });
}

function extended(parts: EvaluationParts): Evaluation {
  const evaluation: Evaluation = {
    ...parts,
    evaluate: (expression, changes) =>
      evaluateExpression(expression, changes === undefined ? evaluation : extended({ ...parts, ...changes })),
    evaluateValue: (value, changes) =>
      evaluateValue(value, changes === undefined ? evaluation : extended({ ...parts, ...changes }), 0),
  };
  return evaluation;
}

const maxDepth = 256;

async function evaluateValue(value: JsonValue, evaluation: Evaluation, depth: number): Promise<JsonValue> {
  if (typeof value === 'string') {
    return isExpression(value) ? evaluateExpression(parseExpression(value), evaluation) : literalText(value);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth > maxDepth) throw new TemplateError(`The template is nested deeper than '${maxDepth}' levels.`);
  evaluation.budget.visit(Object.keys(value).length + 1);
  if (isArray(value)) {
    const elements: JsonValue[] = [];
    for (const element of value) elements.push(await evaluateValue(element, evaluation, depth + 1));
    return elements;
  }
  const members = new Map<string, JsonValue>();
  for (const [name, inner] of Object.entries(value as JsonObject)) {
    members.set(await memberName(name, evaluation), await evaluateValue(inner, evaluation, depth + 1));
  }
  return Object.fromEntries(members);
}

async function memberName(name: string, evaluation: Evaluation): Promise<string> {
  if (!isExpression(name)) return literalText(name);
  const evaluated = await evaluateExpression(parseExpression(name), evaluation);
  if (typeof evaluated === 'string') return evaluated;
  throw new TemplateError(
    `The template language expression in the name of a property is expected to be of type 'String' and is of type '${typeName(evaluated)}'.`,
  );
}

async function evaluateExpression(expression: Expression, evaluation: Evaluation): Promise<JsonValue> {
  const { budget } = evaluation;
  budget.step();
  const rest = budget.rest();
  if (rest !== undefined) await rest;
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'call':
      return call(expression, evaluation);
    case 'access': {
      let value = await evaluateExpression(expression.of, evaluation);
      for (const accessor of expression.path) value = await access(value, accessor, evaluation);
      return value;
    }
  }
}

type Call = Extract<Expression, { kind: 'call' }>;

async function call(expression: Call, evaluation: Evaluation): Promise<JsonValue> {
  const name = expression.name.toLowerCase();
  if (name.includes('.')) return callOwn(expression, name, evaluation);
  const special = specialForms.get(name) ?? (name.startsWith('list') ? specialForms.get('list*') : undefined);
  if (special !== undefined) return special(expression, evaluation);
  const ofLambdas = functionsOfLambdas.get(name);
  const plain = templateFunctions.get(name);
  const { budget, scope } = evaluation;
  let value: JsonValue;
  if (ofLambdas !== undefined) {
    const { least, most } = ofLambdas.lambdas;
    requireCount(ofLambdas.name, expression, ofLambdas.plain + least, ofLambdas.plain + most);
    const operands = await evaluatedOperands(expression.operands.slice(0, ofLambdas.plain), evaluation);
    const [first, ...others] = expression.operands.slice(ofLambdas.plain);
    value = await ofLambdas.evaluate(new Operands(ofLambdas.name, operands), [
      lambdaOf(ofLambdas.name, first, evaluation),
      ...others.map((operand) => lambdaOf(ofLambdas.name, operand, evaluation)),
    ]);
  } else if (plain !== undefined) {
    requireCount(plain.name, expression, plain.operands.least, plain.operands.most);
    const operands = await evaluatedOperands(expression.operands, evaluation);
    value = plain.evaluate(new Operands(plain.name, operands), {
      facts: scope.facts,
      newGuid: scope.newGuid,
      utcNow: scope.utcNow,
    });
  } else {
    throw new TemplateError(
      `The template function '${expression.name}' is not valid. Please see https://aka.ms/arm-functions for usage details.`,
    );
  }
  budget.produce(value);
  return value;
}

async function evaluatedOperands(
  operands: readonly Expression[],
  evaluation: Evaluation,
): Promise<JsonValue[]> {
  const values: JsonValue[] = [];
  for (const operand of operands) {
    const value = operand.kind === 'literal' ? operand.value : await evaluateExpression(operand, evaluation);
    evaluation.budget.read(value);
    values.push(value);
  }
  return values;
}

function requireCount(name: string, expression: Call, least: number, most: number): void {
  const count = expression.operands.length;
  if (count >= least && count <= most) return;
  const wanted = least === most ? `${least}` : count < least ? `at least ${least}` : `at most ${most}`;
  throw new TemplateError(
    `Unable to evaluate template language function '${name}': function requires ${wanted} argument(s) while ${count} were provided. Please see https://aka.ms/arm-functions#${name.toLowerCase()} for usage details.`,
  );
}

const maxCallDepth = 32;

/** A function of the template's own: it sees its parameters, and other functions of the template. */
async function callOwn(expression: Call, name: string, evaluation: Evaluation): Promise<JsonValue> {
  const { scope } = evaluation;
  const own = scope.userFunctions.get(name);
  if (own === undefined) {
    throw new TemplateError(
      `The template function '${expression.name}' is not valid. Please see https://aka.ms/arm-functions for usage details.`,
    );
  }
  if (evaluation.callDepth >= maxCallDepth) {
    throw new TemplateError(`The template function '${expression.name}' calls itself without end.`);
  }
  requireCount(expression.name, expression, own.parameters.length, own.parameters.length);
  const values = await evaluatedOperands(expression.operands, evaluation);
  const parameters = new Map(
    own.parameters.map((parameter, at) => [parameter.name.toLowerCase(), values[at]]),
  );
  const refuse = (what: string) => async () => {
    throw new TemplateError(
      `The template function '${what}' is not expected inside of a user-defined function.`,
    );
  };
  return evaluation.evaluateValue(own.output, {
    callDepth: evaluation.callDepth + 1,
    lambdaVariables: new Map(),
    scope: {
      facts: scope.facts,
      userFunctions: scope.userFunctions,
      async parameter(wanted) {
        const value = parameters.get(wanted.toLowerCase());
        if (value !== undefined) return value;
        throw new TemplateError(
          `The parameter '${wanted}' of the function '${expression.name}' is not found.`,
        );
      },
      variable: refuse('variables'),
      reference: refuse('reference'),
      list: refuse('list'),
      copyIndex() {
        throw new TemplateError(
          `The template function 'copyIndex' is not expected inside of a user-defined function.`,
        );
      },
    },
  });
}

function lambdaOf(name: string, expression: Expression | undefined, evaluation: Evaluation): Lambda {
  if (
    expression?.kind !== 'call' ||
    expression.name.toLowerCase() !== 'lambda' ||
    expression.operands.length === 0
  ) {
    throw new TemplateError(
      `The template language function '${name}' expects a lambda expression. Please see https://aka.ms/arm-functions#${name.toLowerCase()} for usage details.`,
    );
  }
  const body = expression.operands.at(-1) as Expression;
  const variables = expression.operands.slice(0, -1).map((variable) => {
    if (variable.kind === 'literal' && typeof variable.value === 'string')
      return variable.value.toLowerCase();
    throw new TemplateError('The variables of a lambda expression are expected to be string literals.');
  });
  return {
    arity: variables.length,
    call: (...values) =>
      evaluation.evaluate(body, {
        lambdaVariables: new Map([
          ...evaluation.lambdaVariables,
          ...variables.map((variable, at): [string, JsonValue] => [variable, values[at] ?? null]),
        ]),
      }),
  };
}

async function access(value: JsonValue, accessor: Accessor, evaluation: Evaluation): Promise<JsonValue> {
  const key = accessor.kind === 'member' ? accessor.name : await evaluation.evaluate(accessor.index);
  if (value === null && accessor.safe) return null;
  if (typeof key === 'string') {
    if (!isJsonObject(value)) {
      if (accessor.safe) return null;
      throw new TemplateError(
        `The language expression property '${key}' can't be evaluated, property access is not supported on a value of type '${typeName(value)}'.`,
      );
    }
    const found = member(value, key);
    if (found !== undefined) return found;
    if (accessor.safe) return null;
    throw new TemplateError(
      `The language expression property '${key}' doesn't exist, available properties are '${Object.keys(value).join(', ').slice(0, 2000)}'.`,
    );
  }
  if (typeof key !== 'number' || !isArray(value)) {
    if (accessor.safe) return null;
    throw new TemplateError(
      `The language expression index of type '${typeName(key)}' can't be used on a value of type '${typeName(value)}'.`,
    );
  }
  const element = value[key];
  if (element !== undefined) return element;
  if (accessor.safe) return null;
  throw new TemplateError(`The language expression property array index '${key}' is out of bounds.`);
}
