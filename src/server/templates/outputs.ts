import type { JsonValue } from '../../contract/arm.ts';
import { evaluate } from './evaluation.ts';
import type { EvaluationScope } from './evaluation-scope.ts';
import { member, typeName } from './json-value.ts';
import { wrongWith } from './parameter-check.ts';
import { evaluateProperties, unrolled } from './property-copy.ts';
import type { OutputDefinition, Template, TemplateType } from './template-document.ts';
import { TemplateError } from './template-error.ts';
import { holdsSecret } from './type-schema.ts';

/** An output as a deployment shows it. */
export interface EvaluatedOutput {
  readonly type: TemplateType;
  /** Absent where it is secure: such an output is never shown, and never kept. */
  readonly value?: JsonValue;
}

/**
 * The outputs of a deployment whose resources are made, by name. An output whose condition says no is left out.
 *
 * @throws TemplateError `DeploymentOutputEvaluationFailed` that names the output
 */
export async function evaluateOutputs(
  template: Template,
  scope: EvaluationScope,
): Promise<Readonly<Record<string, EvaluatedOutput>>> {
  const outputs: [string, EvaluatedOutput][] = [];
  for (const definition of template.outputs.values()) {
    try {
      const output = await evaluatedOutput(definition, scope);
      if (output !== undefined) outputs.push([definition.name, output]);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      throw new TemplateError(`The template output '${definition.name}' is not valid: ${error.message}`, {
        code: 'DeploymentOutputEvaluationFailed',
        additionalInfo: error.additionalInfo,
      });
    }
  }
  return Object.fromEntries(outputs);
}

async function evaluatedOutput(
  definition: OutputDefinition,
  scope: EvaluationScope,
): Promise<EvaluatedOutput | undefined> {
  const { name, schema, condition, copy } = definition;
  if (condition !== undefined && condition !== null) {
    const holds = await evaluate(condition, scope);
    if (typeof holds !== 'boolean') {
      throw new TemplateError(
        `The 'condition' is expected to be a boolean and is of type '${typeName(holds)}'.`,
      );
    }
    if (!holds) return undefined;
  }
  const value =
    copy === undefined
      ? await evaluateProperties(definition.value ?? null, scope)
      : await unrolled(
          { name, count: member(copy, 'count') ?? null, input: member(copy, 'input') ?? null },
          scope,
          evaluateProperties,
        );
  const wrong = wrongWith(value, schema);
  if (wrong !== undefined)
    throw new TemplateError(`${wrong.replace('Template parameter', 'Template output')}.`);
  const type = schema.type ?? inferredType(value);
  return holdsSecret(schema) ? { type } : { type, value };
}

function inferredType(value: JsonValue): TemplateType {
  const names: Readonly<Record<string, TemplateType>> = {
    Array: 'Array',
    Boolean: 'Bool',
    Integer: 'Int',
    Float: 'Int',
    String: 'String',
  };
  return names[typeName(value)] ?? 'Object';
}
