import { parseScope, resourceGroupOf } from '../../../contract/resource-id.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import { pageOf, pageRequest } from '../../http/paging.ts';
import { carriersOf, userAssignedOf } from '../../managed-identities/identity-store.ts';
import { listAnswer } from '../../resource-manager/list-answer.ts';
import type { Operation, OperationContext } from '../../resource-manager/provider.ts';
import { findResources, type Resource } from '../../resource-manager/resource-store.ts';
import { findSubscription } from '../../resource-manager/subscription-store.ts';
import { requireResource } from '../../resource-manager/tracked-answer.ts';
import type { TrackedDependencies } from '../../resource-manager/tracked-type.ts';

interface Associated {
  readonly id: string;
  readonly type: string;
  readonly resourceGroup: string;
  readonly subscriptionId: string;
  readonly subscriptionDisplayName: string;
}

/**
 * Which resources carry an identity, of those that the caller may read (b.2). There is no index that lags: the answer
 * is of this moment.
 */
export function associatedResources(dependencies: TrackedDependencies, identityType: string): Operation {
  const { read } = dependencies.database;
  return {
    method: 'POST',
    path: `/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/${identityType}/{name}/listAssociatedResources`,
    action: `${identityType}/listAssociatedResources/action`,
    async run(context) {
      const { query } = context;
      const wanted = readFilter(query.get('$filter'));
      const request = pageRequest(query.get('$top'), query.get('$skiptoken'));
      const { canonical, tenantId } = await requireResource({ dependencies }, context);
      const identity = await userAssignedOf(read, tenantId, canonical);
      const carriers = identity === undefined ? [] : await carriersOf(read, tenantId, identity.principalId);
      const found: Associated[] = [];
      for (const carrier of await findResources(read, tenantId, carriers)) {
        const associated = await describe(context, carrier);
        if (associated !== undefined && wanted(associated)) found.push(associated);
      }
      const keyOf = ({ id }: Associated) => id.toLowerCase();
      const left = found.filter((each) => request.after === undefined || keyOf(each) > request.after);
      const page = pageOf(left, request, keyOf);
      const { status, body } = listAnswer(context, page, page.items);
      return { status, body: { totalCount: found.length, ...(body as object) } };
    },
  };

  /** @returns `undefined` for a resource that the caller may not read */
  async function describe(context: OperationContext, resource: Resource): Promise<Associated | undefined> {
    const scope = parseScope(resource.resourceId);
    if (!(await context.may(`${resource.type}/read`, scope))) return undefined;
    const { resourceId: id, type, subscriptionId } = resource;
    return {
      id,
      type: type.toLowerCase(),
      resourceGroup: resourceGroupOf(scope) ?? '',
      subscriptionId,
      subscriptionDisplayName: (await findSubscription(read, subscriptionId))?.displayName ?? '',
    };
  }
}

/** `contains(type,'microsoft.compute/virtualmachines')`, the one form that tools send; texts compare without case. */
function readFilter(filter: string | undefined): (associated: Associated) => boolean {
  if (filter === undefined || filter === '') return () => true;
  const [, member, text = ''] =
    /^contains\((type|id|resourceGroup|subscriptionId), ?'([^']{0,256})'\)$/i.exec(filter) ?? [];
  const name = (['type', 'id', 'resourceGroup', 'subscriptionId'] as const).find(
    (known) => known.toLowerCase() === member?.toLowerCase(),
  );
  if (name === undefined) {
    throw new ArmError('invalid-value', 'BadRequest', "The query parameter '$filter' is not understood.", {
      refusedBy: 'service',
    });
  }
  return (associated) => associated[name].toLowerCase().includes(text.toLowerCase());
}
