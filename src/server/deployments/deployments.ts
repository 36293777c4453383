import type { ArmErrorBody, JsonObject } from '../../contract/arm.ts';
import { type DeploymentBody, deploymentNamePattern } from '../../contract/deployments.ts';
import { canonicalId, type Scope, subscriptionOf } from '../../contract/resource-id.ts';
import { guid, type SubscriptionId, type TenantId } from '../../foundation/ids.ts';
import { ArmError } from '../http/dialects/arm.ts';
import { invalidResourceName, locationRequired } from '../resource-manager/arm-errors.ts';
import { requireLiveScope } from '../resource-manager/extended-scope.ts';
import type { Answer, OperationContext } from '../resource-manager/provider.ts';
import type { Queries } from '../storage/database.ts';
import { isUniqueViolation } from '../storage/database-errors.ts';
import { shownParameters } from '../templates/parameters.ts';
import { requireAllowance, requireValues, wholeAllowance } from './allowance.ts';
import { confidentialTexts, mask } from './confidential.ts';
import { type Deployment, isActive, type RunInputs } from './deployment.ts';
import { deploymentActive, inArmWords, invalidDeployment } from './deployment-error.ts';
import {
  countActive,
  findDeployment,
  openDeployment,
  saveDeployment,
  sealDeployment,
} from './deployment-store.ts';
import { defineDeployments, deploymentKind, type ExecutionParts } from './execution.ts';
import { parameterSecret } from './parameter-secrets.ts';
import { preflight, registerMissing, withoutRegistrable } from './preflight.ts';
import { deploymentIdOf, type Prepared, prepare } from './preparation.ts';
import { presentDeployment, presentValidated, shownDependencies, shownProviders } from './presentation.ts';

/** Deployments that stand within one another at most. */
const maxDepth = 8;

/** Operations outside every subscription are kept under this one, which is none. */
const noSubscription = guid<SubscriptionId>('00000000-0000-0000-0000-000000000000');

export type DeploymentContext = OperationContext<DeploymentBody>;

/** A deployment that is asked for: where, under which name, and what was made of its template. */
export interface AskedDeployment {
  readonly scope: Scope;
  readonly name: string;
  readonly mode: Deployment['mode'];
  readonly document: JsonObject;
  readonly prepared: Prepared;
}

/** Begins and checks deployments (`spec/resource-manager.md` a.14). */
export class Deployments {
  readonly #parts: ExecutionParts;

  constructor(parts: ExecutionParts) {
    this.#parts = parts;
    defineDeployments(parts);
  }

  get parts(): ExecutionParts {
    return this.#parts;
  }

  /** PUT: everything that can be found wrong beforehand is; the rest runs after the answer. */
  async begin(context: DeploymentContext, scope: Scope): Promise<Answer> {
    const { database, operations, randomness, sealer } = this.#parts;
    const { caller, at, origin, within } = context;
    const { tenantId } = caller;
    const canonical = canonicalId(context.target);
    const before = await findDeployment(database.read, tenantId, canonical);
    if (before !== undefined && isActive(before)) return await this.#active(context, before);
    const asked = await this.ask(context, scope);
    const { name, mode, document, prepared } = asked;
    await this.requireAllowed(context, asked, { registers: true });

    const outer = within?.confidential ?? [];
    const shownTemplate = mask(document, outer);
    const confidential = confidentialTexts(prepared.parameters.values(), outer);
    const inputs: RunInputs = {
      caller,
      origin,
      parameters: [...prepared.parameters.values()],
      depth: within?.depth ?? 0,
      allowance: within?.allowance ?? wholeAllowance,
      asker: within?.asker,
      confidential,
      ...(outer.length === 0 ? {} : { document }),
    };
    const sealed = await sealDeployment(sealer, { tenantId, canonical }, { template: shownTemplate, inputs });
    const store = () =>
      database.transaction(async (transaction) => {
        // a group that began to go meanwhile would leave the deployment to the next one of its name
        await requireLiveScope(transaction, context, scope);
        const existing = await findDeployment(transaction, tenantId, canonical);
        if (existing !== undefined && isActive(existing)) throw deploymentActive(existing.deploymentId);
        await requireRoom(transaction, tenantId);
        const operation = await operations.begin(transaction, {
          tenantId,
          subscriptionId: subscriptionOf(scope) ?? noSubscription,
          kind: deploymentKind,
          target: canonical,
          startedBy: caller.principalId,
          at,
        });
        const deployment: Deployment = {
          tenantId,
          canonical,
          scopeCanonical: canonicalId(scope),
          deploymentId: deploymentIdOf({ scope, name }),
          name,
          operationId: operation.operationId,
          state: 'Accepted',
          mode,
          startedAt: at,
          changedAt: at,
          shown: shownOf(context, asked, randomness.uuid(), confidential),
        };
        await saveDeployment(transaction, deployment, sealed);
        return { operation, deployment, status: existing === undefined ? 201 : 200 };
      });
    const { operation, deployment, status } = await store().catch((error: unknown) => {
      // another replica began the same meanwhile: now it is there to be seen
      if (isUniqueViolation(error)) return store();
      throw error;
    });
    operations.run(operation);
    return { status, headers: statusHeaders(context, deployment), body: presentDeployment(deployment) };
  }

  /** A deployment under way is what its own asker asks for once more, after it was taken up again; to others it is in use. */
  async #active(context: DeploymentContext, deployment: Deployment): Promise<Answer> {
    const { database, sealer } = this.#parts;
    const opened =
      context.within === undefined ? undefined : await openDeployment(database.read, sealer, deployment);
    if (opened?.inputs?.asker === undefined || opened.inputs.asker !== context.within?.asker) {
      throw deploymentActive(deployment.deploymentId);
    }
    return { status: 200, headers: statusHeaders(context, deployment), body: presentDeployment(deployment) };
  }

  /**
   * Reads what is asked for.
   *
   * @param conceal puts texts in the place of secure values: for what only looks
   * @throws ArmError where it is wrong in itself
   */
  async ask(
    context: DeploymentContext,
    scope: Scope,
    { conceal = false }: { readonly conceal?: boolean } = {},
  ): Promise<AskedDeployment> {
    const { body, caller, at, within, parameters } = context;
    const { properties } = body;
    const name = parameters['deploymentName'] ?? '';
    if (!deploymentNamePattern.test(name)) {
      throw invalidResourceName(
        'Microsoft.Resources/deployments',
        name,
        'it has 1 to 64 letters, digits, underscores, parentheses, hyphens and periods',
      );
    }
    const location = body.location ?? undefined;
    if (scope.kind !== 'resourceGroup' && (location === undefined || location === ''))
      throw locationRequired();
    if (!/^(?:none)?$/i.test(body.identity?.type ?? '')) {
      throw invalidTemplate(
        'A deployment runs as whoever begins it: an identity of its own is not supported',
      );
    }
    if ((properties.onErrorDeployment ?? undefined) !== undefined) {
      throw new ArmError(
        'invalid-value',
        'FeatureNotSupported',
        'A deployment is not rolled back here: send it without onErrorDeployment.',
      );
    }
    const mode = properties.mode.toLowerCase() === 'complete' ? 'Complete' : 'Incremental';
    if (mode === 'Complete') requireCompletable(scope, within?.depth ?? 0);
    if ((within?.depth ?? 0) > maxDepth) {
      throw invalidTemplate(`Deployments are nested deeper than '${maxDepth}' levels`);
    }
    const document = requireInline(properties);
    const place = { tenantId: caller.tenantId, scope, name, location, caller };
    const prepared = await inArmWords(() =>
      prepare(this.#parts, {
        ...{ place, mode, document, at, conceal },
        given: properties.parameters ?? undefined,
        secret: (reference) => parameterSecret(this.#parts, context, reference),
      }),
    );
    requireValues('parameters', [...prepared.parameters.values()]);
    requireAllowance(within?.allowance ?? wholeAllowance, prepared.expansion.instances.length);
    return { scope, name, mode, document, prepared };
  }

  /**
   * @param registers registers what a subscription does without, where the caller may do that
   * @throws ArmError `InvalidTemplateDeployment` with what the caller may not
   */
  async requireAllowed(
    { caller, origin }: DeploymentContext,
    { name, prepared }: AskedDeployment,
    { registers = false }: { readonly registers?: boolean } = {},
  ): Promise<void> {
    const { dispatch, randomness } = this.#parts;
    const as = { caller, origin };
    const { instances } = prepared.expansion;
    let refused = await preflight(dispatch, as, instances);
    if (!registers) refused = await withoutRegistrable(dispatch, as, refused);
    else if (await registerMissing(dispatch, as, refused)) {
      refused = await preflight(dispatch, as, instances);
    }
    if (refused.length > 0) throw invalidDeployment(name, randomness.uuid(), refused);
  }

  /** POST `validate`: all that PUT checks, and nothing more. */
  async validate(context: DeploymentContext, scope: Scope): Promise<Answer> {
    const asked = await this.ask(context, scope);
    await this.requireAllowed(context, asked);
    const { name, mode, prepared } = asked;
    const confidential = confidentialTexts(prepared.parameters.values());
    const written = prepared.expansion.instances.filter(({ condition, existing }) => condition && !existing);
    const validated = {
      deploymentId: deploymentIdOf({ scope, name }),
      name,
      mode,
      shown: shownOf(context, asked, this.#parts.randomness.uuid(), confidential),
    };
    return {
      status: 200,
      body: presentValidated(
        validated,
        written.map(({ id }) => mask(id, confidential)),
      ),
    };
  }
}

function shownOf(
  { body }: DeploymentContext,
  { scope, prepared }: AskedDeployment,
  correlationId: string,
  confidential: readonly string[],
): Deployment['shown'] {
  const { parameters, expansion, hash } = prepared;
  const { debugSetting } = body.properties;
  return {
    location: scope.kind === 'resourceGroup' ? undefined : (body.location ?? undefined),
    tags: body.tags ?? undefined,
    templateHash: hash,
    parameters: mask(shownParameters(parameters), confidential),
    correlationId,
    providers: mask(shownProviders(expansion.instances), confidential),
    dependencies: mask(shownDependencies(expansion.instances), confidential),
    ...(debugSetting === undefined || debugSetting === null ? {} : { debugSetting }),
  };
}

function statusHeaders(
  { origin, apiVersion }: Pick<OperationContext, 'origin' | 'apiVersion'>,
  { deploymentId, operationId }: Deployment,
): Readonly<Record<string, string>> {
  const version = encodeURIComponent(apiVersion);
  return {
    'Azure-AsyncOperation': `${origin}${encodeURI(deploymentId)}/operationStatuses/${operationId}?api-version=${version}`,
    'Retry-After': '1',
  };
}

/** Deployments of a tenant that are under way at once at most, nested ones included. */
const maxActive = 500;

/** @throws ArmError 429 */
async function requireRoom(queries: Queries, tenantId: TenantId): Promise<void> {
  if ((await countActive(queries, tenantId)) < maxActive) return;
  throw new ArmError(
    'throttled',
    'TooManyRequests',
    `The number of active deployments exceeded the limit of '${maxActive}'. Please try again when some have ended.`,
    { retryAfter: 10 },
  );
}

/** @throws ArmError where the template is not in the request */
function requireInline(properties: DeploymentBody['properties']): JsonObject {
  const { template, templateLink, parametersLink } = properties;
  if ((templateLink ?? undefined) !== undefined || (parametersLink ?? undefined) !== undefined) {
    throw new ArmError(
      'invalid-value',
      'InvalidContentLink',
      'Unable to download deployment content: templates and parameters are taken from the request alone, links are not followed here.',
    );
  }
  if (template === undefined || template === null) {
    throw new ArmError(
      'malformed',
      'InvalidRequestContent',
      "The request content was invalid and could not be deserialized: 'Required property 'template' not found in JSON. Path 'properties'.'.",
    );
  }
  return template;
}

function requireCompletable(scope: Scope, depth: number): void {
  if (scope.kind === 'resourceGroup' && depth === 0) return;
  throw invalidTemplate(
    "The deployment mode 'Complete' is not supported for a nested deployment, nor outside a resource group. Please use 'Incremental'",
  );
}

function invalidTemplate(reason: string, details?: readonly ArmErrorBody[]): ArmError {
  return new ArmError(
    'invalid-value',
    'InvalidTemplate',
    `Deployment template validation failed: '${reason}'.`,
    {
      ...(details === undefined ? {} : { details }),
    },
  );
}
