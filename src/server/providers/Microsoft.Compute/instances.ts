import { canonicalId, type ResourceScope } from '../../../contract/resource-id.ts';
import { pageOf, pageRequest } from '../../http/paging.ts';
import { resourceNotFound } from '../../resource-manager/arm-errors.ts';
import { doneHeaders } from '../../resource-manager/done-operation.ts';
import { presentIdentities } from '../../resource-manager/identity-presentation.ts';
import { listAnswer } from '../../resource-manager/list-answer.ts';
import { parentOf, requireThere } from '../../resource-manager/nested-resource.ts';
import type { Answer, OperationContext, ResourceType } from '../../resource-manager/provider.ts';
import { findResource, type Resource } from '../../resource-manager/resource-store.ts';
import { collectionPath } from '../../resource-manager/tracked-resource.ts';
import type { TrackedDependencies } from '../../resource-manager/tracked-type.ts';
import type { Queries } from '../../storage/database.ts';
import { computeApiVersions } from './api-versions.ts';
import { machineActions } from './machine-state.ts';
import {
  instancesOf,
  instanceType,
  presentInstance,
  removeInstances,
  viewOfInstance,
} from './scale-set-instances.ts';

const namespace = 'Microsoft.Compute';
const type = 'virtualMachineScaleSets/virtualMachines';
const collection = collectionPath({ namespace, type });
const item = `${collection}/{name}`;

/** Instances of scale sets. They come and go with the set's capacity, and have its identities. */
export function scaleSetInstances(dependencies: TrackedDependencies): ResourceType {
  const { database } = dependencies;
  return {
    ...{ namespace, type, apiVersions: computeApiVersions, owner: 'provider', tracked: false },
    operations: [
      {
        method: 'GET',
        path: collection,
        action: `${instanceType}/read`,
        run: (context) => list(database.read, context),
      },
      {
        method: 'GET',
        path: item,
        action: `${instanceType}/read`,
        async run(context) {
          const { set, instance } = await requireInstance(database.read, context);
          const identity = (await presentIdentities(database.read, [set])).get(set.canonical);
          return { status: 200, body: presentInstance(set, instance, identity, isExpanded(context)) };
        },
      },
      {
        method: 'GET',
        path: `${item}/instanceView`,
        action: `${instanceType}/instanceView/read`,
        async run(context) {
          const { set, instance } = await requireInstance(database.read, context);
          return { status: 200, body: viewOfInstance(set, instance) };
        },
      },
      {
        method: 'DELETE',
        path: item,
        action: `${instanceType}/delete`,
        run: (context) => remove(dependencies, context),
      },
      ...machineActions(dependencies, { item, namespace, type: instanceType }),
    ],
  };
}

function isExpanded({ query }: Pick<OperationContext, 'query'>): boolean {
  return /^instanceview$/i.test(query.get('$expand') ?? '');
}

async function list(queries: Queries, context: OperationContext): Promise<Answer> {
  const { target, caller, query } = context;
  if (target.kind !== 'resource') throw new TypeError('the path names no scale set');
  const set = await requireThere(queries, caller.tenantId, type, target, 'read');
  const request = pageRequest(query.get('$top'), query.get('$skiptoken'));
  const all = await instancesOf(queries, set);
  const after = request.after === undefined ? -1 : Number(request.after);
  const rest = all.filter(({ name }) => Number(name) > after).slice(0, request.size + 1);
  const page = pageOf(rest, request, ({ name }) => name);
  const identity = (await presentIdentities(queries, [set])).get(set.canonical);
  const expanded = isExpanded(context);
  return listAnswer(
    context,
    page,
    page.items.map((instance) => presentInstance(set, instance, identity, expanded)),
  );
}

interface Found {
  readonly set: Resource;
  readonly instance: Resource;
}

async function findInstance(queries: Queries, context: OperationContext): Promise<Found | undefined> {
  const { target, caller } = context;
  if (target.kind !== 'resource') throw new TypeError('the path names no instance');
  const set = await requireThere(queries, caller.tenantId, type, parentOf(target) as ResourceScope, 'read');
  const instance = await findResource(queries, caller.tenantId, canonicalId(target));
  return instance === undefined ? undefined : { set, instance };
}

/** @throws ArmError `ParentResourceNotFound`, `ResourceNotFound` */
async function requireInstance(queries: Queries, context: OperationContext): Promise<Found> {
  const found = await findInstance(queries, context);
  if (found !== undefined) return found;
  throw resourceNotFound(context.target as ResourceScope);
}

async function remove(
  { database, participants, operations }: TrackedDependencies,
  context: OperationContext,
): Promise<Answer> {
  return await database.transaction(async (transaction) => {
    const found = await findInstance(transaction, context);
    if (found === undefined) return { status: 204 };
    const { set, instance } = found;
    await removeInstances(transaction, participants, set, [instance], context);
    const done = {
      kind: 'resource-deletion',
      namespace,
      resource: { ...instance, location: set.location },
    } as const;
    return { status: 202, headers: await doneHeaders(transaction, operations, context, done) };
  });
}
