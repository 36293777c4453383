import type { Scope } from '../../../contract/resource-id.ts';
import { pageOf, pageRequest } from '../../http/paging.ts';
import { Hierarchy, scopeOfGroup } from '../../management-groups/hierarchy.ts';
import type { ManagementGroup } from '../../management-groups/management-group-store.ts';
import { managementGroupNotFound } from '../../resource-manager/arm-errors.ts';
import { listAnswer } from '../../resource-manager/list-answer.ts';
import type { Answer, OperationContext } from '../../resource-manager/provider.ts';
import { listSubscriptions } from '../../resource-manager/subscription-store.ts';
import type { Database } from '../../storage/database.ts';
import { badRequest, groupType, idOfGroup, type Places, placesOf } from './presentation.ts';

interface Entity {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly displayName: string;
  readonly scope: Scope;
  /** Absent for the root group. */
  readonly parent: ManagementGroup | undefined;
  /** The group, where it is one. */
  readonly group: ManagementGroup | undefined;
}

const views = ['fullhierarchy', 'groupsonly', 'subscriptionsonly', 'audit'];

/** Groups and subscriptions that the caller may read, wherever in the hierarchy. */
export async function getEntities(database: Database, context: OperationContext): Promise<Answer> {
  const { caller, query } = context;
  const request = pageRequest(query.get('$top'), query.get('$skiptoken'));
  const view = (query.get('$view') ?? 'FullHierarchy').toLowerCase();
  if (!views.includes(view)) throw badRequest('The $view is not one that is known.');
  if (query.get('$search') !== undefined) throw badRequest('$search is not supported.');
  const name = readFilter(query.get('$filter'));
  const skipped = readSkip(query.get('$skip'));
  const hierarchy = await Hierarchy.load(database.read, caller.tenantId);
  const subscriptions = await listSubscriptions(database.read, caller.tenantId);
  const places = placesOf(hierarchy, subscriptions);
  const entities = below(hierarchy, places, query.get('groupname')).filter(
    (entity) =>
      (view !== 'groupsonly' || entity.group !== undefined) &&
      (view !== 'subscriptionsonly' || entity.group === undefined) &&
      (name === undefined || entity.name.toLowerCase() === name),
  );
  const visible: Entity[] = [];
  for (const entity of entities.toSorted((one, other) => (one.id < other.id ? -1 : 1))) {
    if (request.after !== undefined && entity.id <= request.after) continue;
    if (await context.may(`${rights(entity)}/read`, entity.scope)) visible.push(entity);
    if (visible.length > skipped + request.size) break;
  }
  const page = pageOf(visible.slice(skipped), request, ({ id }) => id);
  const value = await Promise.all(page.items.map((entity) => present(context, hierarchy, places, entity)));
  const answer = listAnswer(context, page, value);
  return { ...answer, body: { ...(answer.body as object), count: value.length } };
}

function readFilter(text = ''): string | undefined {
  const filter = text.trim();
  if (filter === '') return undefined;
  const name = /^name\s+eq\s+'([^']*)'$/i.exec(filter)?.[1];
  if (name === undefined) throw badRequest("The supported $filter is name eq '{name}'.");
  return name.toLowerCase();
}

function readSkip(text = '0'): number {
  if (!/^\d{1,6}$/.test(text)) throw badRequest('$skip is no number.');
  return Number(text);
}

function below(hierarchy: Hierarchy, places: Places, name: string | undefined): readonly Entity[] {
  const top = name === undefined ? hierarchy.root : hierarchy.group(name);
  if (top === undefined) throw managementGroupNotFound(name ?? '');
  return [top, ...hierarchy.below(top)].flatMap((group) => [
    {
      id: idOfGroup(group),
      type: groupType,
      name: group.name,
      displayName: group.displayName,
      scope: scopeOfGroup(group),
      parent: hierarchy.pathFrom(group)[1],
      group,
    },
    ...(places.get(group) ?? []).map(({ subscriptionId, displayName }) => ({
      id: `/subscriptions/${subscriptionId}`,
      type: '/subscriptions',
      name: subscriptionId,
      displayName,
      scope: { kind: 'subscription', subscriptionId } as const,
      parent: group,
      group: undefined,
    })),
  ]);
}

async function present(
  context: OperationContext,
  hierarchy: Hierarchy,
  places: Places,
  entity: Entity,
): Promise<object> {
  const { id, type, name, displayName, parent, group } = entity;
  const above = parent === undefined ? [] : hierarchy.pathFrom(parent).toReversed();
  const groups = group === undefined ? [] : hierarchy.below(group);
  const held = (within: ManagementGroup) => places.get(within)?.length ?? 0;
  const childGroups = group === undefined ? 0 : hierarchy.childrenOf(group).length;
  const direct = group === undefined ? 0 : held(group);
  return {
    id,
    type,
    name,
    properties: {
      tenantId: context.caller.tenantId,
      displayName,
      ...(parent === undefined ? {} : { parent: { id: idOfGroup(parent) } }),
      permissions: await permissions(context, rights(entity), entity.scope),
      inheritedPermissions:
        parent === undefined ? 'noaccess' : await permissions(context, groupType, scopeOfGroup(parent)),
      parentDisplayNameChain: above.map((each) => each.displayName),
      parentNameChain: above.map((each) => each.name),
      numberOfDescendants: groups.length + groups.reduce((sum, each) => sum + held(each), direct),
      numberOfChildren: childGroups + direct,
      numberOfChildGroups: childGroups,
    },
  };
}

function rights({ group }: Entity): string {
  return group === undefined ? 'Microsoft.Resources/subscriptions' : groupType;
}

/** The most that the caller may do there. */
async function permissions(context: OperationContext, type: string, scope: Scope): Promise<string> {
  if (await context.may(`${type}/delete`, scope)) return 'delete';
  if (await context.may(`${type}/write`, scope)) return 'edit';
  return (await context.may(`${type}/read`, scope)) ? 'view' : 'noaccess';
}
