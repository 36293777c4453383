import { pageOf, pageRequest } from '../../http/paging.ts';
import { Hierarchy } from '../../management-groups/hierarchy.ts';
import { managementGroupNotFound } from '../../resource-manager/arm-errors.ts';
import { listAnswer } from '../../resource-manager/list-answer.ts';
import { type Answer, type OperationContext, parameter } from '../../resource-manager/provider.ts';
import { listSubscriptions } from '../../resource-manager/subscription-store.ts';
import type { Database } from '../../storage/database.ts';
import { groupType, idOfGroup, placementType, placesOf } from './presentation.ts';

/** Everything below a group: the groups, then the subscriptions. */
export async function descendants(database: Database, context: OperationContext): Promise<Answer> {
  const { caller, query } = context;
  const request = pageRequest(query.get('$top'), query.get('$skiptoken'));
  const name = parameter(context, 'groupId');
  const hierarchy = await Hierarchy.load(database.read, caller.tenantId);
  const group = hierarchy.group(name);
  if (group === undefined) throw managementGroupNotFound(name);
  const groups = hierarchy.below(group);
  const places = placesOf(hierarchy, await listSubscriptions(database.read, caller.tenantId));
  const all = [
    ...groups.map((each) => ({
      id: idOfGroup(each),
      type: groupType,
      name: each.name,
      properties: {
        displayName: each.displayName,
        parent: { id: idOfGroup(hierarchy.pathFrom(each)[1] ?? hierarchy.root) },
      },
    })),
    ...[group, ...groups].flatMap((parent) =>
      (places.get(parent) ?? []).map(({ subscriptionId, displayName }) => ({
        id: `/subscriptions/${subscriptionId}`,
        type: placementType,
        name: subscriptionId,
        properties: { displayName, parent: { id: idOfGroup(parent) } },
      })),
    ),
  ];
  // `/providers/…` sorts before `/subscriptions/…`
  const rest = all
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
    .filter(({ id }) => request.after === undefined || id > request.after);
  const page = pageOf(rest, request, ({ id }) => id);
  return listAnswer(context, page, page.items);
}
