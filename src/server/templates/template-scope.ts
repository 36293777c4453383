import type { JsonValue } from '../../contract/arm.ts';
import { type EvaluationBudget, evaluationBudget } from './evaluation-budget.ts';
import { type DeploymentFacts, derivedScope, type EvaluationScope } from './evaluation-scope.ts';
import { parameterNotFound } from './parameters.ts';
import { evaluateProperties, unrolled } from './property-copy.ts';
import type { BoundParameters, Template } from './template-document.ts';
import { TemplateError } from './template-error.ts';

/** What only a running deployment can answer. */
export type DeploymentRuntime = Pick<EvaluationScope, 'reference' | 'list' | 'references' | 'resourceInfo'>;

export interface TemplateScopeParts {
  readonly template: Template;
  readonly parameters: BoundParameters;
  readonly facts: DeploymentFacts;
  /** Without it `reference()` and `list…()` are errors: before anything runs. */
  readonly runtime?: DeploymentRuntime;
  readonly budget?: EvaluationBudget;
}

/** The scope of a template's expressions. Variables are evaluated once, when they are first asked for. */
export function templateScope(parts: TemplateScopeParts): EvaluationScope {
  const { template, parameters, facts, runtime, budget = evaluationBudget() } = parts;
  const references = runtime?.references;
  const resourceInfo = runtime?.resourceInfo;
  const early: EvaluationScope = {
    facts,
    budget,
    userFunctions: template.userFunctions,
    async parameter(name) {
      const bound = parameters.get(name.toLowerCase());
      if (bound === undefined) throw parameterNotFound(name);
      return bound.value;
    },
    variable: (name) => variables(name),
    reference: notYet('reference'),
    list: (name) => notYet(name)(),
    copyIndex(loop) {
      throw new TemplateError(
        loop === undefined
          ? "The template function 'copyIndex' is not expected at this location. The function can only be used in a resource with copy specified. Please see https://aka.ms/arm-copy for usage details."
          : `The template function 'copyIndex' has the loop name '${loop.slice(0, 200)}', which is not a loop around it. Please see https://aka.ms/arm-copy for usage details.`,
      );
    },
  };
  const variables = variableReader(template, early);
  if (runtime === undefined) return early;
  return derivedScope(early, {
    reference: (id, apiVersion, full) => runtime.reference(id, apiVersion, full),
    list: (name, id, apiVersion, body) => runtime.list(name, id, apiVersion, body),
    ...(references === undefined ? {} : { references: references.bind(runtime) }),
    ...(resourceInfo === undefined ? {} : { resourceInfo: resourceInfo.bind(runtime) }),
  });
}

function notYet(name: string): () => Promise<JsonValue> {
  return async () => {
    throw new TemplateError(
      `The template function '${name}' is not expected at this location. Please see https://aka.ms/arm-functions for usage details.`,
    );
  };
}

/**
 * Values are kept, evaluations under way are not shared: resources are evaluated at the same time, and two that wait
 * for one another's variables would wait for ever. A chain finds its own circles.
 */
function variableReader(template: Template, scope: EvaluationScope): (name: string) => Promise<JsonValue> {
  const values = new Map<string, JsonValue>();
  const read = async (name: string, chain: readonly string[]): Promise<JsonValue> => {
    const key = name.toLowerCase();
    const known = values.get(key);
    if (known !== undefined) return known;
    const definition = template.variables.get(key);
    if (definition === undefined) {
      throw new TemplateError(
        `The template variable '${name.slice(0, 200)}' is not found. Please see https://aka.ms/arm-syntax-variables for usage details.`,
      );
    }
    if (chain.includes(key)) {
      throw new TemplateError(
        `The template variable '${definition.name}' depends on itself. Please see https://aka.ms/arm-syntax-variables for usage details.`,
      );
    }
    const inside = derivedScope(scope, { variable: (other) => read(other, [...chain, key]) });
    const value =
      'loop' in definition
        ? await unrolled(definition.loop, inside, evaluateProperties)
        : await evaluateProperties(definition.value, inside);
    values.set(key, value);
    return value;
  };
  return (name) => read(name, []);
}
