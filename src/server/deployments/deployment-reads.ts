import { canonicalId, type Scope } from '../../contract/resource-id.ts';
import type { CanonicalId } from '../../foundation/ids.ts';
import { ArmError } from '../http/dialects/arm.ts';
import { pageRequest } from '../http/paging.ts';
import { readFilter } from '../resource-manager/filter.ts';
import { listAnswer } from '../resource-manager/list-answer.ts';
import { type Answer, type OperationContext, parameter } from '../resource-manager/provider.ts';
import type { Database } from '../storage/database.ts';
import type { Sealer } from '../storage/sealed-column.ts';
import { type Deployment, isActive } from './deployment.ts';
import { deploymentNotFound } from './deployment-error.ts';
import { findDeployment, listDeployments, openDeployment } from './deployment-store.ts';
import { withoutSecureValues } from './exported-template.ts';
import { deploymentIdOf } from './preparation.ts';
import { presentDeployment, presentStep } from './presentation.ts';
import { findStep, listSteps } from './step-store.ts';

/** What can be asked about deployments that there are. */
export interface ReadParts {
  readonly database: Database;
  readonly sealer: Sealer;
}

function canonicalOf(context: OperationContext<unknown>, scope: Scope): CanonicalId {
  const id = deploymentIdOf({ scope, name: parameter(context, 'deploymentName') });
  return id.toLowerCase() as CanonicalId;
}

/** The deployment that the path names. @throws ArmError 404 */
export async function requireDeployment(
  { database }: Pick<ReadParts, 'database'>,
  context: OperationContext<unknown>,
  scope: Scope,
): Promise<Deployment> {
  const found = await findDeployment(database.read, context.caller.tenantId, canonicalOf(context, scope));
  if (found === undefined) throw deploymentNotFound(parameter(context, 'deploymentName'));
  return found;
}

export async function getDeployment(
  parts: ReadParts,
  context: OperationContext,
  scope: Scope,
): Promise<Answer> {
  return { status: 200, body: presentDeployment(await requireDeployment(parts, context, scope)) };
}

/** HEAD: 204 where it is there. */
export async function hasDeployment(
  parts: ReadParts,
  context: OperationContext,
  scope: Scope,
): Promise<Answer> {
  await requireDeployment(parts, context, scope);
  return { status: 204 };
}

export async function listOfDeployments(
  parts: ReadParts,
  context: OperationContext,
  scope: Scope,
): Promise<Answer> {
  const filter = readFilter(context.query.get('$filter'), ['provisioningstate']);
  const state = filter.get('provisioningstate');
  const page = await listDeployments(
    parts.database.read,
    {
      tenantId: context.caller.tenantId,
      scopeCanonical: canonicalId(scope),
      ...(state === undefined ? {} : { state }),
    },
    pageRequest(context.query.get('$top'), context.query.get('$skiptoken')),
  );
  return listAnswer(context, page, page.items.map(presentDeployment));
}

/** What pollers read: `Accepted` and `Running` are under way to them. @throws ArmError 404 */
export async function deploymentStatus(
  parts: ReadParts,
  context: OperationContext,
  scope: Scope,
): Promise<Answer> {
  const deployment = await requireDeployment(parts, context, scope);
  const operationId = parameter(context, 'operationId');
  if (deployment.operationId !== operationId.toLowerCase()) {
    throw new ArmError('not-found', 'NotFound', `The operation '${operationId}' could not be found.`);
  }
  const { state, shown } = deployment;
  return {
    status: 200,
    body: { status: state, ...(shown.error === undefined ? {} : { error: shown.error }) },
    ...(isActive(deployment) ? { headers: { 'Retry-After': '1' } } : {}),
  };
}

export async function listOfSteps(
  parts: ReadParts,
  context: OperationContext,
  scope: Scope,
): Promise<Answer> {
  const deployment = await requireDeployment(parts, context, scope);
  const request = pageRequest(context.query.get('$top'), context.query.get('$skiptoken'));
  const page = await listSteps(parts.database.read, deployment, request);
  return listAnswer(
    context,
    page,
    page.items.map((step) => presentStep(deployment, step)),
  );
}

export async function getStep(parts: ReadParts, context: OperationContext, scope: Scope): Promise<Answer> {
  const deployment = await requireDeployment(parts, context, scope);
  const operationId = parameter(context, 'operationId');
  const step = await findStep(parts.database.read, deployment, operationId);
  if (step === undefined) {
    throw new ArmError(
      'not-found',
      'DeploymentOperationNotFound',
      `Deployment operation '${operationId}' could not be found.`,
    );
  }
  return { status: 200, body: presentStep(deployment, step) };
}

/** The template as it was sent, less what its author wrote down for secure parameters. */
export async function exportedTemplate(
  parts: ReadParts,
  context: OperationContext,
  scope: Scope,
): Promise<Answer> {
  const deployment = await requireDeployment(parts, context, scope);
  const opened = await openDeployment(parts.database.read, parts.sealer, deployment);
  if (opened === undefined) throw deploymentNotFound(deployment.name);
  return { status: 200, body: { template: withoutSecureValues(opened.template) } };
}
