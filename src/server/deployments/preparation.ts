import { isJsonObject, type JsonObject, type JsonValue } from '../../contract/arm.ts';
import { formatScope } from '../../contract/resource-id.ts';
import type { Randomness } from '../../foundation/randomness.ts';
import { evaluationBudget } from '../templates/evaluation-budget.ts';
import type { DeploymentFacts, EvaluationScope } from '../templates/evaluation-scope.ts';
import { type Expansion, expandTemplate } from '../templates/expand.ts';
import { member } from '../templates/json-value.ts';
import { bindParameters, shownParameters } from '../templates/parameters.ts';
import { parseTemplate } from '../templates/template.ts';
import type { BoundParameters, KeyVaultReference, Template } from '../templates/template-document.ts';
import { calculateTemplateHash } from '../templates/template-hash.ts';
import { type DeploymentRuntime, templateScope } from '../templates/template-scope.ts';
import { maskAll } from './confidential.ts';
import { placesOf } from './deployment-content.ts';
import { type DeploymentPlace, deploymentFacts, type FactsParts } from './facts.ts';

export interface PreparationParts extends FactsParts {
  readonly randomness: Randomness;
}

/** What is asked to be deployed. */
export interface DeploymentRequest {
  readonly place: Omit<DeploymentPlace, 'properties'>;
  readonly mode: 'Incremental' | 'Complete';
  readonly document: JsonObject;
  readonly given: JsonValue | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Whether texts stand in the place of secure values. */
  readonly conceal: boolean;
  /** The value of a secret, if the deployer may use it. */
  secret(reference: KeyVaultReference): Promise<string>;
}

/** A template that is ready to run: its parameters have values, its loops are unrolled. */
export interface Prepared {
  readonly template: Template;
  readonly hash: string;
  readonly parameters: BoundParameters;
  readonly facts: DeploymentFacts;
  readonly expansion: Expansion;
  /** The scope of its expressions, with what a run knows of resources. */
  scope(runtime?: DeploymentRuntime): EvaluationScope;
}

/** Reads a template and binds its parameters. @throws TemplateError */
export async function prepare(parts: PreparationParts, request: DeploymentRequest): Promise<Prepared> {
  const template = parseTemplate(request.document, placesOf(request.document));
  const hash = calculateTemplateHash(request.document).templateHash;
  const facts = await deploymentFacts(parts, { ...request.place, properties: properties(request, hash, {}) });
  const bound = await bindParameters(template, request.given, {
    facts,
    newGuid: () => parts.randomness.uuid(),
    utcNow: () => request.at,
    secret: (reference) => request.secret(reference),
  });
  const parameters = withSecretsSecure(bound, request.given);
  return await prepareBound(parts, request, template, request.conceal ? concealed(parameters) : parameters);
}

/** What comes out of a vault is secure, whatever the template takes it for. */
function withSecretsSecure(parameters: BoundParameters, given: JsonValue | undefined): BoundParameters {
  if (!isJsonObject(given)) return parameters;
  return new Map(
    [...parameters].map(([key, bound]) => {
      const value = member(given, bound.name);
      const isReference = isJsonObject(value) && (member(value, 'reference') ?? null) !== null;
      return [key, isReference ? { ...bound, secure: true } : bound];
    }),
  );
}

function concealed(parameters: BoundParameters): BoundParameters {
  return new Map(
    [...parameters].map(([key, bound]) => [
      key,
      bound.secure ? { ...bound, value: maskAll(bound.value) } : bound,
    ]),
  );
}

/** The same once more, for who goes on with it: parameters keep the values they were bound to. @throws TemplateError */
export async function prepareAgain(
  parts: PreparationParts,
  request: Pick<DeploymentRequest, 'place' | 'mode' | 'document'>,
  parameters: BoundParameters,
): Promise<Prepared> {
  return await prepareBound(parts, request, parseTemplate(request.document), parameters);
}

async function prepareBound(
  parts: PreparationParts,
  request: Pick<DeploymentRequest, 'place' | 'mode' | 'document'>,
  template: Template,
  parameters: BoundParameters,
): Promise<Prepared> {
  const hash = calculateTemplateHash(request.document).templateHash;
  const shown = shownParameters(parameters);
  const facts = await deploymentFacts(parts, {
    ...request.place,
    properties: properties(request, hash, shown),
  });
  const budget = evaluationBudget();
  const scope = (runtime?: DeploymentRuntime) =>
    templateScope({ template, parameters, facts, budget, ...(runtime === undefined ? {} : { runtime }) });
  const expansion = await expandTemplate(template, scope());
  return { template, hash, parameters, facts, expansion, scope };
}

function properties(
  { document, mode }: Pick<DeploymentRequest, 'document' | 'mode'>,
  hash: string,
  parameters: JsonObject,
): JsonObject {
  return { template: document, templateHash: hash, parameters, mode, provisioningState: 'Accepted' };
}

/** The id of a deployment at a place, in the spelling of the place. */
export function deploymentIdOf({ scope, name }: Pick<DeploymentPlace, 'scope' | 'name'>): string {
  const at = scope.kind === 'tenant' ? '' : formatScope(scope);
  return `${at}/providers/Microsoft.Resources/deployments/${name}`;
}
