import { isJsonObject, type JsonObject, type JsonValue } from '../../contract/arm.ts';
import { evaluate } from './evaluation.ts';
import { type EvaluationBudget, evaluationBudget } from './evaluation-budget.ts';
import type { DeploymentFacts, EvaluationScope } from './evaluation-scope.ts';
import { member } from './json-value.ts';
import { wrongWith } from './parameter-check.ts';
import type {
  BoundParameter,
  BoundParameters,
  KeyVaultReference,
  ParameterDefinition,
  Template,
  TemplateType,
} from './template-document.ts';
import { type TemplateErrorDetail, validationFailed } from './template-error.ts';
import { holdsSecret } from './type-schema.ts';

export interface BindingContext {
  readonly facts: DeploymentFacts;
  /** For defaults; each call a new one. */
  newGuid(): string;
  /** Milliseconds since the epoch: one instant for the whole deployment. */
  utcNow(): number;
  /** The value of a secret, with the rights of whoever deploys. */
  secret(reference: KeyVaultReference): Promise<string>;
  readonly budget?: EvaluationBudget;
}

/**
 * Binds the parameters of a request to those of a template: given values, secrets of vaults, defaults; each checked
 * against its type.
 *
 * @param given `properties.parameters` of the request: `{name: {value}}` or `{name: {reference}}`
 * @throws TemplateError in Azure's words, with `additionalInfo`
 */
export async function bindParameters(
  template: Template,
  given: JsonValue | undefined,
  context: BindingContext,
): Promise<BoundParameters> {
  if (given !== undefined && given !== null && !isJsonObject(given)) {
    throw validationFailed('The parameters of the deployment are expected to be an object');
  }
  const values = given ?? {};
  requireKnown(template, values);
  const binding = new Binding(template, values, context);
  for (const definition of template.parameters.values()) {
    if (!binding.isGiven(definition)) requireOptional(definition);
  }
  const bound = new Map<string, BoundParameter>();
  for (const [key, definition] of template.parameters) {
    const value = await binding.value(key);
    bound.set(key, {
      name: definition.name,
      type: definition.schema.type ?? typeOf(value),
      value,
      secure: holdsSecret(definition.schema),
    });
  }
  return bound;
}

/** How `properties.parameters` of a deployment shows them: secure ones without their value. */
export function shownParameters(parameters: BoundParameters): JsonObject {
  return Object.fromEntries(
    [...parameters.values()].map(({ name, type, value, secure }) => [
      name,
      secure ? { type } : { type, value },
    ]),
  );
}

function requireKnown(template: Template, given: JsonObject): void {
  const unknown = Object.keys(given).filter((name) => !template.parameters.has(name.toLowerCase()));
  if (unknown.length === 0) return;
  const known = [...template.parameters.values()].map(({ name }) => name).join(', ');
  throw validationFailed(
    `The template parameters '${unknown.join(', ').slice(0, 2000)}' in the parameters file are not valid; they are not present in the original template and can therefore not be provided at deployment time. The only supported parameters for this template are '${known}'. Please see https://aka.ms/arm-pass-parameter-values for usage details.`,
    { additionalInfo: [{ type: 'TemplateViolation', info: { lineNumber: 0, linePosition: 0, path: '' } }] },
  );
}

function requireOptional(definition: ParameterDefinition): void {
  if (definition.defaultValue !== undefined || definition.schema.nullable) return;
  const { line, column } = definition.place ?? { line: 1, column: 1 };
  throw validationFailed(
    `The value for the template parameter '${definition.name}' at line '${line}' and column '${column}' is not provided. Please see https://aka.ms/arm-create-parameter-file for usage details.`,
    violation(definition),
  );
}

function violation({ name, place }: ParameterDefinition): TemplateErrorDetail {
  const { line, column } = place ?? { line: 1, column: 1 };
  const info = { lineNumber: line, linePosition: column, path: `properties.template.parameters.${name}` };
  return { additionalInfo: [{ type: 'TemplateViolation', info }] };
}

function typeOf(value: JsonValue): TemplateType {
  if (Array.isArray(value)) return 'Array';
  switch (typeof value) {
    case 'number':
      return 'Int';
    case 'boolean':
      return 'Bool';
    case 'string':
      return 'String';
    default:
      return 'Object';
  }
}

/** Values as they are asked for: the default of one parameter may use another. */
class Binding {
  readonly #template: Template;
  readonly #given: JsonObject;
  readonly #context: BindingContext;
  readonly #scope: EvaluationScope;
  readonly #values = new Map<string, Promise<JsonValue>>();
  /** Whose default is being evaluated, outermost first. */
  readonly #underWay: string[] = [];

  constructor(template: Template, given: JsonObject, context: BindingContext) {
    this.#template = template;
    this.#given = given;
    this.#context = context;
    this.#scope = this.#defaultScope();
  }

  isGiven(definition: ParameterDefinition): boolean {
    return member(this.#given, definition.name) !== undefined;
  }

  value(key: string): Promise<JsonValue> {
    const known = this.#values.get(key);
    if (this.#underWay.includes(key)) {
      throw validationFailed(
        `The template parameter '${key}' depends on itself: '${this.#underWay.join(', ')}'`,
      );
    }
    if (known !== undefined) return known;
    const value = this.#bind(key);
    this.#values.set(key, value);
    return value;
  }

  async #bind(key: string): Promise<JsonValue> {
    const definition = this.#template.parameters.get(key) as ParameterDefinition;
    const given = member(this.#given, definition.name);
    const value =
      given === undefined ? await this.#default(definition, key) : await this.#givenValue(definition, given);
    const wrong = wrongWith(value, definition.schema);
    if (wrong !== undefined) {
      throw validationFailed(
        wrong.startsWith('Template parameter')
          ? wrong
          : `The provided value for the template parameter '${definition.name}' is not valid. ${wrong}`,
        violation(definition),
      );
    }
    return value;
  }

  async #givenValue(definition: ParameterDefinition, given: JsonValue): Promise<JsonValue> {
    const { name, schema } = definition;
    if (!isJsonObject(given))
      throw validationFailed(`The parameter '${name}' is expected to be an object with a value`);
    const reference = member(given, 'reference');
    if (reference !== undefined && reference !== null) {
      return this.#context.secret(keyVaultReference(reference, name));
    }
    const value = member(given, 'value');
    if (value === undefined || (value === null && !schema.nullable)) {
      throw validationFailed(
        `The value of deployment parameter '${name}' is null. Please specify the value or use the parameter reference. See https://aka.ms/arm-create-parameter-file for details`,
        violation(definition),
      );
    }
    return value;
  }

  async #default({ defaultValue }: ParameterDefinition, key: string): Promise<JsonValue> {
    if (defaultValue === undefined) return null;
    this.#underWay.push(key);
    try {
      return await evaluate(defaultValue, this.#scope);
    } finally {
      this.#underWay.pop();
    }
  }

  #defaultScope(): EvaluationScope {
    const { facts, budget } = this.#context;
    const refuse = (what: string) => async () => {
      throw validationFailed(
        `The template function '${what}' is not expected in the default value of a parameter`,
      );
    };
    return {
      facts,
      budget: budget ?? evaluationBudget(),
      userFunctions: this.#template.userFunctions,
      newGuid: () => this.#context.newGuid(),
      utcNow: () => this.#context.utcNow(),
      parameter: async (name) => {
        if (!this.#template.parameters.has(name.toLowerCase())) throw parameterNotFound(name);
        return this.value(name.toLowerCase());
      },
      variable: refuse('variables'),
      reference: refuse('reference'),
      list: refuse('list'),
      copyIndex() {
        throw validationFailed(
          `The template function 'copyIndex' is not expected in the default value of a parameter`,
        );
      },
    };
  }
}

export function parameterNotFound(name: string): Error {
  return validationFailed(
    `The template parameter '${name.slice(0, 200)}' is not found. Please see https://aka.ms/arm-syntax-parameters for usage details`,
  );
}

function keyVaultReference(reference: JsonValue, name: string): KeyVaultReference {
  const vault = isJsonObject(reference) ? member(reference, 'keyVault') : undefined;
  const vaultId = isJsonObject(vault) ? member(vault, 'id') : undefined;
  const secretName = isJsonObject(reference) ? member(reference, 'secretName') : undefined;
  const version = isJsonObject(reference) ? member(reference, 'secretVersion') : undefined;
  if (typeof vaultId !== 'string' || typeof secretName !== 'string' || secretName === '') {
    throw validationFailed(
      `The reference of the parameter '${name}' is expected to name a key vault by its id and a secret by its name`,
    );
  }
  return {
    vaultId,
    secretName,
    secretVersion: typeof version === 'string' && version !== '' ? version : undefined,
  };
}
