import type { ArmErrorBody, JsonObject } from '../../contract/arm.ts';
import { parseScope, type Scope } from '../../contract/resource-id.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import type { CallerResumption } from '../http/bearer.ts';
import { ArmError } from '../http/dialects/arm.ts';
import { type AsyncOperation, Interrupted } from '../resource-manager/async-operations.ts';
import type { Dispatch } from '../resource-manager/inner-request.ts';
import type { Sealer } from '../storage/sealed-column.ts';
import { type EvaluatedOutput, evaluateOutputs } from '../templates/outputs.ts';
import { evaluateResource } from '../templates/resource-body.ts';
import type { ResourceInstance } from '../templates/resource-instance.ts';
import { requireValues, shareOf } from './allowance.ts';
import { deleteUnlisted } from './complete-mode.ts';
import { mask } from './confidential.ts';
import { askAs, endsRun } from './deployer.ts';
import { type Deployment, type DeploymentState, isActive, type RunInputs } from './deployment.ts';
import { cancelNested } from './deployment-end.ts';
import { deploymentFailed, detailOf } from './deployment-error.ts';
import { changeState, findDeployment, openDeployment } from './deployment-store.ts';
import type { ReadSecret } from './parameter-secrets.ts';
import { type PreparationParts, prepareAgain } from './preparation.ts';
import { outputName } from './presentation.ts';
import { resourceStates } from './resource-states.ts';
import { type Ask, settled, urlOf } from './resource-write.ts';
import { Run, RunCanceled, type RunParts, type StepOutcome } from './run.ts';

/** The kind of operation that a deployment runs as. */
export const deploymentKind = 'deployment';

export interface ExecutionParts extends RunParts, PreparationParts {
  readonly sealer: Sealer;
  readonly dispatch: Dispatch;
  readonly callers: CallerResumption;
  readonly readSecret: ReadSecret;
}

/** Defines what runs a deployment, from its beginning or from where another process left it. */
export function defineDeployments(parts: ExecutionParts): void {
  parts.operations.define(deploymentKind, (operation, renew) => execute(parts, operation, renew));
}

async function execute(
  parts: ExecutionParts,
  { tenantId, target, operationId }: AsyncOperation,
  renew: () => Promise<void>,
): Promise<void> {
  const found = await findDeployment(parts.database.read, tenantId, target);
  if (found?.operationId !== operationId) return;
  if (!isActive(found)) {
    // its process ended between the end of the deployment and that of the operation
    if (found.shown.error !== undefined) throw asError(found.shown.error);
    return;
  }
  const opened = await openDeployment(parts.database.read, parts.sealer, found);
  if (opened?.inputs === undefined) return;
  const { inputs, template } = opened;
  const running: Deployment = { ...found, state: 'Running' };
  try {
    if (!(await change(parts, running, 'Running', {}))) return;
    await perform(parts, running, inputs, inputs.document ?? template, renew);
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    if (error instanceof RunCanceled) return;
    const body = mask(failureOf(running, error) as unknown as JsonObject, inputs.confidential);
    const shown = body as unknown as ArmErrorBody;
    const outputResources = error instanceof DeploymentFailure ? error.outputResources : [];
    await change(parts, running, 'Failed', { error: shown, outputResources });
    throw error instanceof DomainError ? asError(shown) : error;
  }
}

/** Not all steps succeeded. */
class DeploymentFailure extends DomainError {
  readonly body: ArmErrorBody;
  readonly outputResources: readonly string[];

  constructor(body: ArmErrorBody, outputResources: readonly string[]) {
    super('conflict', body.message, { code: body.code });
    this.body = body;
    this.outputResources = outputResources;
  }
}

function failureOf({ deploymentId }: Deployment, error: unknown): ArmErrorBody {
  return error instanceof DeploymentFailure ? error.body : deploymentFailed(deploymentId, [detailOf(error)]);
}

function asError({ code, message, details }: ArmErrorBody): ArmError {
  return new ArmError('conflict', code, message, details === undefined ? {} : { details });
}

async function change(
  { database, clock }: ExecutionParts,
  deployment: Deployment,
  state: DeploymentState,
  shown: Partial<Deployment['shown']>,
): Promise<boolean> {
  return await database.transaction((transaction) =>
    changeState(transaction, deployment, {
      state,
      at: clock.now(),
      shown: { ...deployment.shown, ...shown },
    }),
  );
}

async function perform(
  parts: ExecutionParts,
  deployment: Deployment,
  inputs: RunInputs,
  document: JsonObject,
  renew: () => Promise<void>,
): Promise<void> {
  const { deploymentId, tenantId, name, operationId, mode, shown } = deployment;
  const { caller, origin, depth, confidential, allowance } = inputs;
  const place = { tenantId, scope: scopeOf(deploymentId), name, location: shown.location, caller };
  const parameters = new Map(inputs.parameters.map((one) => [one.name.toLowerCase(), one]));
  const prepared = await prepareAgain(parts, { place, mode, document }, parameters);
  const { instances } = prepared.expansion;
  const within = {
    ...{ depth: depth + 1, asker: operationId, confidential },
    allowance: shareOf(allowance, instances),
  };
  const ask = askAs(parts, { caller, origin, within });
  const run = new Run(parts, { deployment, inputs, prepared, ask, renew });
  const pause = (milliseconds: number) => run.pause(milliseconds);
  const scope = prepared.scope(resourceStates(ask, prepared.expansion));

  try {
    await run.instances(async (instance) => {
      const body = await evaluateResource(instance, scope);
      return await writeInstance(ask, pause, instance, body);
    });
  } catch (error) {
    if (error instanceof RunCanceled) await cancelNested(ask, run.interrupted);
    if (endsRun(error)) throw error;
  }
  if (run.failures.length === 0 && mode === 'Complete') {
    await deleteUnlisted({ ask, pause, run, types: parts.types() }, place.scope);
  }
  requireSuccess(deployment, run);

  let outputs: JsonObject = {};
  await run.step('EvaluateDeploymentOutput', undefined, async () => {
    outputs = shownOutputs(await evaluateOutputs(prepared.template, scope));
    requireValues('outputs', outputs, 'DeploymentOutputEvaluationFailed');
    return { statusCode: 'OK', outputResources: [] };
  });
  requireSuccess(deployment, run);
  const outputResources = run.outputResources;
  await change(parts, deployment, 'Succeeded', { outputs, outputResources });
}

function requireSuccess({ deploymentId }: Deployment, run: Run): void {
  if (run.failures.length === 0) return;
  throw new DeploymentFailure(deploymentFailed(deploymentId, run.failures), run.outputResources);
}

/** What a deployment deploys to. */
export function scopeOf(deploymentId: string): Scope {
  const scope = parseScope(deploymentId);
  if (scope.kind !== 'resource') throw new TypeError('a deployment has an id that is none');
  return scope.parent;
}

async function writeInstance(
  ask: Ask,
  pause: (milliseconds: number) => Promise<void>,
  instance: ResourceInstance,
  body: JsonObject,
): Promise<StepOutcome> {
  const url = urlOf(instance.id, instance.apiVersion);
  const { status } = await settled(ask, pause, { method: 'PUT', url, body });
  return {
    statusCode: status === 201 ? 'Created' : 'OK',
    outputResources: instance.nested === undefined ? [instance.id] : await resourcesOfNested(ask, url),
  };
}

async function resourcesOfNested(ask: Ask, url: string): Promise<readonly string[]> {
  const { body } = await ask({ method: 'GET', url });
  const { properties } = body as {
    readonly properties: { readonly outputResources?: readonly { readonly id: string }[] };
  };
  return (properties.outputResources ?? []).map(({ id }) => id);
}

function shownOutputs(outputs: Readonly<Record<string, EvaluatedOutput>>): JsonObject {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { type, value }]) => [
      outputName(name),
      value === undefined ? { type } : { type, value },
    ]),
  );
}
