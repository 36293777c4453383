import { canonicalId, type Scope, subscriptionOf } from '../../contract/resource-id.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import { ArmError } from '../http/dialects/arm.ts';
import type { AsyncOperations } from '../resource-manager/async-operations.ts';
import type { Dispatch } from '../resource-manager/inner-request.ts';
import { polledAtResult } from '../resource-manager/location-operations.ts';
import type { Answer, OperationContext } from '../resource-manager/provider.ts';
import { isActive } from './deployment.ts';
import { deploymentActive } from './deployment-error.ts';
import { type ReadParts, requireDeployment } from './deployment-reads.ts';
import { changeState, deleteDeployment, findDeployment } from './deployment-store.ts';
import { type Ask, urlOf } from './resource-write.ts';
import { allSteps, type Step } from './step-store.ts';

export interface EndParts extends ReadParts {
  readonly operations: AsyncOperations;
  readonly dispatch: Dispatch;
}

/** POST `cancel`: what is under way is finished, nothing further is begun, here and in the deployments within. */
export async function cancelDeployment(
  parts: EndParts,
  context: OperationContext,
  scope: Scope,
): Promise<Answer> {
  const deployment = await requireDeployment(parts, context, scope);
  const { tenantId, operationId, name } = deployment;
  const { at } = context;
  const canceled = await parts.database.transaction(async (transaction) => {
    await parts.operations.cancel(transaction, { tenantId, operationId, at });
    return await changeState(transaction, deployment, { state: 'Canceled', at });
  });
  if (!canceled) {
    throw new ArmError(
      'conflict',
      'DeploymentCannotBeCancelled',
      `The deployment '${name}' cannot be cancelled: it has ended.`,
    );
  }
  const { caller, origin } = context;
  const steps = await allSteps(parts.database.read, deployment);
  await cancelNested(
    (request) => parts.dispatch({ ...request, caller, origin }),
    steps.filter(({ state }) => state === 'Running'),
  );
  return { status: 204 };
}

/** Cancels the deployments among some steps, as far as whoever asks may. */
export async function cancelNested(ask: Ask, steps: readonly Step[]): Promise<void> {
  for (const { target, operation } of steps) {
    if (operation !== 'Create' || target?.resourceType.toLowerCase() !== 'microsoft.resources/deployments') {
      continue;
    }
    try {
      await ask({ method: 'POST', url: urlOf(`${target.id}/cancel`, '2022-09-01') });
    } catch (error) {
      // it may have ended meanwhile, or be another's to cancel
      if (!(error instanceof DomainError)) throw error;
    }
  }
}

/** DELETE: of the record alone; what the deployment made stays. */
export async function removeDeployment(
  { database, operations }: EndParts,
  context: OperationContext,
  scope: Scope,
): Promise<Answer> {
  const { caller, at, target } = context;
  const { tenantId } = caller;
  const subscriptionId = subscriptionOf(scope);
  return await database.transaction(async (transaction) => {
    const canonical = canonicalId(target);
    const found = await findDeployment(transaction, tenantId, canonical);
    if (found === undefined) return { status: 204 };
    if (isActive(found)) throw deploymentActive(found.deploymentId);
    await deleteDeployment(transaction, found);
    if (subscriptionId === undefined) return { status: 204 };
    const operation = await operations.completed(transaction, {
      tenantId,
      subscriptionId,
      kind: 'deployment-deletion',
      target: canonical,
      startedBy: caller.principalId,
      at,
    });
    return polledAtResult(operation, context);
  });
}
