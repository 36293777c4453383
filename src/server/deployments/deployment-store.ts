import type { JsonObject } from '../../contract/arm.ts';
import { type CanonicalId, guid, type TenantId } from '../../foundation/ids.ts';
import { type Page, type PageRequest, pageOf } from '../http/paging.ts';
import type { Queries, Transaction } from '../storage/database.ts';
import type { DeploymentsTable } from '../storage/deployment-tables.ts';
import { portionsOf } from '../storage/portions.ts';
import type { SealedPlace, Sealer } from '../storage/sealed-column.ts';
import type { Deployment, DeploymentState, RunInputs, ShownDeployment } from './deployment.ts';

/** Deployments kept at a scope; the oldest that have ended go. */
const keptPerScope = 800;

type Key = Pick<Deployment, 'tenantId' | 'canonical'>;

const columns = [
  'tenant_id',
  'canonical',
  'scope_canonical',
  'deployment_id',
  'name',
  'operation_id',
  'state',
  'mode',
  'started_at',
  'changed_at',
  'shown',
] as const satisfies readonly (keyof DeploymentsTable)[];

type Row = Pick<DeploymentsTable, (typeof columns)[number]>;

function fromRow(row: Row): Deployment {
  return {
    tenantId: guid<TenantId>(row.tenant_id),
    canonical: row.canonical as CanonicalId,
    scopeCanonical: row.scope_canonical as CanonicalId,
    deploymentId: row.deployment_id,
    name: row.name,
    operationId: row.operation_id,
    state: row.state as DeploymentState,
    mode: row.mode as Deployment['mode'],
    startedAt: Number(row.started_at),
    changedAt: Number(row.changed_at),
    shown: JSON.parse(row.shown) as ShownDeployment,
  };
}

export async function findDeployment(
  queries: Queries,
  tenantId: TenantId,
  canonical: CanonicalId,
): Promise<Deployment | undefined> {
  const row = await queries
    .selectFrom('deployments')
    .select(columns)
    .where('tenant_id', '=', tenantId)
    .where('canonical', '=', canonical)
    .executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
}

/** Whether a run is still the deployment's own, and in which state; without what is shown, which can be large. */
export async function findRunState(
  queries: Queries,
  { tenantId, canonical, operationId }: Key & Pick<Deployment, 'operationId'>,
): Promise<DeploymentState | undefined> {
  const row = await queries
    .selectFrom('deployments')
    .select('state')
    .where('tenant_id', '=', tenantId)
    .where('canonical', '=', canonical)
    .where('operation_id', '=', operationId)
    .executeTakeFirst();
  return row?.state as DeploymentState | undefined;
}

/** Deployments to a scope, newest first. */
export async function listDeployments(
  queries: Queries,
  filter: { readonly tenantId: TenantId; readonly scopeCanonical: CanonicalId; readonly state?: string },
  request: PageRequest,
): Promise<Page<Deployment>> {
  let query = queries
    .selectFrom('deployments')
    .select(columns)
    .where('tenant_id', '=', filter.tenantId)
    .where('scope_canonical', '=', filter.scopeCanonical);
  if (filter.state !== undefined) {
    const state = filter.state.toLowerCase();
    query = query.where((eb) => eb(eb.fn<string>('lower', ['state']), '=', state));
  }
  if (request.after !== undefined) {
    const mark = request.after.indexOf(':');
    const [at, canonical] = [Number(request.after.slice(0, mark)), request.after.slice(mark + 1)];
    query = query.where((eb) =>
      eb.or([
        eb('started_at', '<', at),
        eb.and([eb('started_at', '=', at), eb('canonical', '>', canonical)]),
      ]),
    );
  }
  const rows = await query
    .orderBy('started_at', 'desc')
    .orderBy('canonical')
    .limit(request.size + 1)
    .execute();
  return pageOf(rows.map(fromRow), request, ({ startedAt, canonical }) => `${startedAt}:${canonical}`);
}

/** Deployments of a tenant that have not ended. */
export async function countActive(queries: Queries, tenantId: TenantId): Promise<number> {
  const row = await queries
    .selectFrom('deployments')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('tenant_id', '=', tenantId)
    .where('state', 'in', ['Accepted', 'Running'])
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** What only a run, or an export, opens. */
export interface SealedParts {
  readonly template: JsonObject;
  /** Absent once the run has ended. */
  readonly inputs: RunInputs | undefined;
}

function placeOf({ tenantId, canonical }: Key, column: string): SealedPlace {
  return { tenantId, table: 'deployments', column, row: canonical };
}

async function seal(sealer: Sealer, place: SealedPlace, value: unknown): Promise<Uint8Array> {
  return await sealer.seal(place, Buffer.from(JSON.stringify(value), 'utf8'));
}

async function open<Value>(sealer: Sealer, place: SealedPlace, sealed: Uint8Array): Promise<Value> {
  return JSON.parse(Buffer.from(await sealer.open(place, sealed)).toString('utf8')) as Value;
}

export async function openDeployment(
  queries: Queries,
  sealer: Sealer,
  key: Key,
): Promise<SealedParts | undefined> {
  const row = await queries
    .selectFrom('deployments')
    .select(['template_sealed', 'inputs_sealed'])
    .where('tenant_id', '=', key.tenantId)
    .where('canonical', '=', key.canonical)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    template: await open<JsonObject>(sealer, placeOf(key, 'template_sealed'), row.template_sealed),
    inputs:
      row.inputs_sealed === null
        ? undefined
        : await open<RunInputs>(sealer, placeOf(key, 'inputs_sealed'), row.inputs_sealed),
  };
}

/** Seals before the transaction that stores: it holds no lock while it does. */
export async function sealDeployment(
  sealer: Sealer,
  key: Key,
  parts: { readonly template: JsonObject; readonly inputs: RunInputs },
): Promise<Pick<DeploymentsTable, 'template_sealed' | 'inputs_sealed'>> {
  return {
    template_sealed: await seal(sealer, placeOf(key, 'template_sealed'), parts.template),
    inputs_sealed: await seal(sealer, placeOf(key, 'inputs_sealed'), parts.inputs),
  };
}

/** Stores a deployment that begins, in the place of one of the same name that has ended. */
export async function saveDeployment(
  transaction: Transaction,
  deployment: Deployment,
  sealed: Pick<DeploymentsTable, 'template_sealed' | 'inputs_sealed'>,
): Promise<void> {
  await deleteDeployment(transaction, deployment);
  await removeOldest(transaction, deployment);
  await transaction
    .insertInto('deployments')
    .values({
      tenant_id: deployment.tenantId,
      canonical: deployment.canonical,
      scope_canonical: deployment.scopeCanonical,
      deployment_id: deployment.deploymentId,
      name: deployment.name,
      operation_id: deployment.operationId,
      state: deployment.state,
      mode: deployment.mode,
      started_at: deployment.startedAt,
      changed_at: deployment.changedAt,
      shown: JSON.stringify(deployment.shown),
      ...sealed,
    })
    .execute();
}

async function removeOldest(
  transaction: Transaction,
  { tenantId, scopeCanonical }: Deployment,
): Promise<void> {
  const rows = await transaction
    .selectFrom('deployments')
    .select('canonical')
    .where('tenant_id', '=', tenantId)
    .where('scope_canonical', '=', scopeCanonical)
    .where('state', 'not in', ['Accepted', 'Running'])
    .orderBy('started_at', 'desc')
    .offset(keptPerScope - 1)
    .limit(keptPerScope)
    .execute();
  const canonicals = rows.map(({ canonical }) => canonical as CanonicalId);
  await deleteDeployments(transaction, tenantId, canonicals);
}

export async function deleteDeployment(
  transaction: Transaction,
  { tenantId, canonical }: Key,
): Promise<void> {
  await deleteDeployments(transaction, tenantId, [canonical]);
}

async function deleteDeployments(
  transaction: Transaction,
  tenantId: TenantId,
  canonicals: readonly CanonicalId[],
): Promise<void> {
  for (const portion of portionsOf(canonicals)) {
    await transaction
      .deleteFrom('deployment_steps')
      .where('tenant_id', '=', tenantId)
      .where('deployment_canonical', 'in', portion)
      .execute();
    await transaction
      .deleteFrom('deployments')
      .where('tenant_id', '=', tenantId)
      .where('canonical', 'in', portion)
      .execute();
  }
}

/**
 * Changes the state of a run that is active; at its end the inputs go.
 *
 * @returns whether the run was still the one and active
 */
export async function changeState(
  transaction: Transaction,
  deployment: Key & Pick<Deployment, 'operationId'>,
  change: {
    readonly state: DeploymentState;
    readonly at: number;
    readonly shown?: ShownDeployment;
  },
): Promise<boolean> {
  const ended = change.state !== 'Accepted' && change.state !== 'Running';
  const { numUpdatedRows } = await transaction
    .updateTable('deployments')
    .set({
      state: change.state,
      changed_at: change.at,
      ...(change.shown === undefined ? {} : { shown: JSON.stringify(change.shown) }),
      ...(ended ? { inputs_sealed: null } : {}),
    })
    .where('tenant_id', '=', deployment.tenantId)
    .where('canonical', '=', deployment.canonical)
    .where('operation_id', '=', deployment.operationId)
    .where('state', 'in', ['Accepted', 'Running'])
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Deployments to groups go with them; a participant of deletions. */
export async function removeDeploymentsOf(
  transaction: Transaction,
  {
    tenantId,
    resourceCanonicals,
  }: { readonly tenantId: TenantId; readonly resourceCanonicals: readonly CanonicalId[] },
): Promise<void> {
  // nothing is deployed to a resource
  const scopes = resourceCanonicals.filter((canonical) => !canonical.includes('/providers/'));
  if (scopes.length === 0) return;
  const rows = await transaction
    .selectFrom('deployments')
    .select('canonical')
    .where('tenant_id', '=', tenantId)
    .where('scope_canonical', 'in', scopes)
    .execute();
  const canonicals = rows.map(({ canonical }) => canonical as CanonicalId);
  await deleteDeployments(transaction, tenantId, canonicals);
}
