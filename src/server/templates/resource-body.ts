import { isJsonObject, type JsonObject, type JsonValue } from '../../contract/arm.ts';
import type { EvaluationScope } from './evaluation-scope.ts';

import { evaluatedTemplate } from './nested-template.ts';
import { evaluateProperties, scopeInRounds } from './property-copy.ts';
import type { ResourceInstance } from './resource-instance.ts';
import { TemplateError } from './template-error.ts';

/** Members of a resource in a template that are no part of the request's body. */
const consumed = new Set([
  'name',
  'type',
  'apiversion',
  'scope',
  'condition',
  'copy',
  'dependson',
  'resources',
  'existing',
  'comments',
  'subscriptionid',
  'resourcegroup',
  '@options',
]);

/**
 * The body of the request that makes a resource: everything evaluated. Of a nested deployment with a scope of its own
 * the template stays as it is; of another one it is evaluated with the scope of this template.
 *
 * @param scope the template's, with what the running deployment answers
 * @throws TemplateError that names the resource
 */
export async function evaluateResource(
  instance: ResourceInstance,
  scope: EvaluationScope,
): Promise<JsonObject> {
  const inner = scopeInRounds(scope, instance.rounds);
  try {
    const body: [string, JsonValue][] = [];
    for (const [name, value] of Object.entries(instance.definition)) {
      const key = name.toLowerCase();
      if (consumed.has(key)) continue;
      const nested = key === 'properties' && instance.nested !== undefined && isJsonObject(value);
      body.push([
        name,
        nested ? await deploymentProperties(value, instance, inner) : await evaluateProperties(value, inner),
      ]);
    }
    return Object.fromEntries(body);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const { line, column } = instance.place ?? { line: 1, column: 1 };
    throw new TemplateError(
      `Unable to process template language expressions for resource '${instance.id}' at line '${line}' and column '${column}'. '${error.message}'`,
      {
        additionalInfo: [
          { type: 'TemplateViolation', info: { lineNumber: line, linePosition: column, path: '' } },
        ],
      },
    );
  }
}

async function deploymentProperties(
  properties: JsonObject,
  instance: ResourceInstance,
  scope: EvaluationScope,
): Promise<JsonObject> {
  const evaluated: [string, JsonValue][] = [];
  for (const [name, value] of Object.entries(properties)) {
    const isTemplate = name.toLowerCase() === 'template';
    if (!isTemplate) evaluated.push([name, await evaluateProperties(value, scope)]);
    else evaluated.push([name, instance.nested === 'inner' ? value : await evaluatedTemplate(value, scope)]);
  }
  return Object.fromEntries(evaluated);
}
