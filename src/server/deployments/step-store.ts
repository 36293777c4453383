import type { ArmErrorBody } from '../../contract/arm.ts';
import type { Page, PageRequest } from '../http/paging.ts';
import { pageOf } from '../http/paging.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { DeploymentStepsTable } from '../storage/deployment-tables.ts';
import type { Deployment } from './deployment.ts';

export type StepState = 'Running' | 'Succeeded' | 'Failed' | 'Canceled';

/** What a deployment does to one resource. */
export interface Step {
  readonly stepId: string;
  /** The key of the instance in the expansion; empty for what is about no resource. */
  readonly instance: string;
  readonly operation: 'Create' | 'Read' | 'Delete' | 'EvaluateDeploymentOutput';
  readonly state: StepState;
  readonly startedAt: number;
  readonly changedAt: number;
  readonly trackingId: string;
  readonly statusCode: string | undefined;
  readonly error: ArmErrorBody | undefined;
  readonly target:
    | { readonly id: string; readonly resourceType: string; readonly resourceName: string }
    | undefined;
  /** Ids of the resources that there are by this step. */
  readonly outputResources: readonly string[];
}

type Key = Pick<Deployment, 'tenantId' | 'canonical'>;

function fromRow(row: DeploymentStepsTable): Step {
  return {
    stepId: row.step_id,
    instance: row.instance,
    operation: row.operation as Step['operation'],
    state: row.state as StepState,
    startedAt: Number(row.started_at),
    changedAt: Number(row.changed_at),
    trackingId: row.tracking_id,
    statusCode: row.status_code ?? undefined,
    error: row.status_message === null ? undefined : (JSON.parse(row.status_message) as ArmErrorBody),
    target: row.target === null ? undefined : (JSON.parse(row.target) as Step['target']),
    outputResources: JSON.parse(row.output_resources) as readonly string[],
  };
}

function where(queries: Queries, { tenantId, canonical }: Key) {
  return queries
    .selectFrom('deployment_steps')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('deployment_canonical', '=', canonical);
}

/** All steps of a deployment. */
export async function allSteps(queries: Queries, key: Key): Promise<readonly Step[]> {
  return (await where(queries, key).execute()).map(fromRow);
}

/** Steps in the order of their ids. */
export async function listSteps(queries: Queries, key: Key, request: PageRequest): Promise<Page<Step>> {
  let query = where(queries, key);
  if (request.after !== undefined) query = query.where('step_id', '>', request.after);
  const rows = await query
    .orderBy('step_id')
    .limit(request.size + 1)
    .execute();
  return pageOf(rows.map(fromRow), request, ({ stepId }) => stepId);
}

export async function findStep(queries: Queries, key: Key, stepId: string): Promise<Step | undefined> {
  const row = await where(queries, key).where('step_id', '=', stepId.toUpperCase()).executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

/** Writes a step, new or changed. */
export async function saveStep(transaction: Transaction, key: Key, step: Step): Promise<void> {
  const changing = {
    state: step.state,
    started_at: step.startedAt,
    changed_at: step.changedAt,
    status_code: step.statusCode ?? null,
    status_message: step.error === undefined ? null : JSON.stringify(step.error),
    output_resources: JSON.stringify(step.outputResources),
  };
  await transaction
    .insertInto('deployment_steps')
    .values({
      tenant_id: key.tenantId,
      deployment_canonical: key.canonical,
      step_id: step.stepId,
      instance: step.instance,
      operation: step.operation,
      tracking_id: step.trackingId,
      target: step.target === undefined ? null : JSON.stringify(step.target),
      ...changing,
    })
    .onConflict((conflict) =>
      conflict.columns(['tenant_id', 'deployment_canonical', 'step_id']).doUpdateSet(changing),
    )
    .execute();
}
