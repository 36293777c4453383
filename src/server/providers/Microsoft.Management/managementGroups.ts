import {
  groupNameAvailabilitySchema,
  managementGroupPatchSchema,
  managementGroupSchema,
} from '../../../contract/Microsoft.Management.ts';
import { pageOf, pageRequest } from '../../http/paging.ts';
import { Hierarchy, scopeOfGroup } from '../../management-groups/hierarchy.ts';
import type { ManagementGroup } from '../../management-groups/management-group-store.ts';
import { isManagementGroupName } from '../../management-groups/management-groups.ts';
import { managementGroupNotFound } from '../../resource-manager/arm-errors.ts';
import { listAnswer } from '../../resource-manager/list-answer.ts';
import {
  type Answer,
  type Operation,
  type OperationContext,
  parameter,
  type ResourceType,
} from '../../resource-manager/provider.ts';
import { listSubscriptions } from '../../resource-manager/subscription-store.ts';
import type { Database } from '../../storage/database.ts';
import { managementApiVersions } from './api-versions.ts';
import { descendants } from './descendants.ts';
import { getEntities } from './entities.ts';
import { type Patch, type Put, patch, presentDeletion, put, remove } from './group-writes.ts';
import { groupType, presentGroup, presentListed, readExpansion } from './presentation.ts';

const namespace = 'Microsoft.Management';
const path = `/providers/${groupType}`;
const item = `${path}/{groupId}`;

type CheckName = OperationContext<(typeof groupNameAvailabilitySchema)['_output']>;

/** Management groups (`spec/resource-manager.md` a.16); the rules are `server/management-groups`'. */
export function managementGroups(database: Database): ResourceType {
  return {
    namespace,
    type: 'managementGroups',
    apiVersions: managementApiVersions,
    owner: 'provider',
    tracked: false,
    operations: [
      { method: 'GET', path, action: `${groupType}/read`, run: (context) => list(database, context) },
      { method: 'GET', path: item, action: `${groupType}/read`, run: (context) => get(database, context) },
      {
        method: 'PUT',
        path: item,
        action: `${groupType}/write`,
        body: managementGroupSchema,
        // a new group takes a right at its parent, which the body names
        allowsOtherwise: async (context) => (await groupOf(database, context)) === undefined,
        run: (context: Put) => put(database, context),
      } as Operation,
      {
        method: 'PATCH',
        path: item,
        action: `${groupType}/write`,
        body: managementGroupPatchSchema,
        run: (context: Patch) => patch(database, context),
      } as Operation,
      {
        method: 'DELETE',
        path: item,
        action: `${groupType}/delete`,
        run: (context) => remove(database, context),
      },
      {
        method: 'GET',
        path: `/providers/${namespace}/operationResults/delete/managementGroups/{groupId}`,
        action: `${groupType}/read`,
        run: async (context) => ({ status: 200, body: presentDeletion(parameter(context, 'groupId')) }),
      },
      {
        method: 'GET',
        path: `${item}/descendants`,
        action: `${groupType}/descendants/read`,
        run: (context) => descendants(database, context),
      },
      {
        method: 'POST',
        path: `/providers/${namespace}/getEntities`,
        action: `${namespace}/getEntities/action`,
        effect: 'read',
        run: (context) => getEntities(database, context),
      },
      {
        method: 'POST',
        path: `/providers/${namespace}/checkNameAvailability`,
        action: `${namespace}/checkNameAvailability/action`,
        effect: 'read',
        body: groupNameAvailabilitySchema,
        run: (context: CheckName) => checkName(database, context),
      } as Operation,
      ...['startTenantBackfill', 'tenantBackfillStatus'].map(
        (name): Operation => ({
          method: 'POST',
          path: `/providers/${namespace}/${name}`,
          action: `${namespace}/${name}/action`,
          effect: 'read',
          // every subscription is in the hierarchy from its birth on
          run: async ({ caller: { tenantId } }) => ({
            status: 200,
            body: { tenantId, status: 'Completed' },
          }),
        }),
      ),
    ],
  };
}

async function groupOf(
  database: Database,
  context: Pick<OperationContext, 'caller' | 'parameters'>,
): Promise<ManagementGroup | undefined> {
  const hierarchy = await Hierarchy.load(database.read, context.caller.tenantId);
  return hierarchy.group(parameter(context, 'groupId'));
}

/** Groups that the caller may read. */
async function list(database: Database, context: OperationContext): Promise<Answer> {
  const request = pageRequest(undefined, context.query.get('$skiptoken'));
  const hierarchy = await Hierarchy.load(database.read, context.caller.tenantId);
  const visible: ManagementGroup[] = [];
  for (const group of hierarchy.groups.toSorted(byName)) {
    if (request.after !== undefined && group.name.toLowerCase() <= request.after) continue;
    if (await context.may(`${groupType}/read`, scopeOfGroup(group))) visible.push(group);
    if (visible.length > request.size) break;
  }
  const page = pageOf(visible, request, ({ name }) => name.toLowerCase());
  return listAnswer(context, page, page.items.map(presentListed));
}

function byName(one: ManagementGroup, other: ManagementGroup): number {
  return one.name.toLowerCase() < other.name.toLowerCase() ? -1 : 1;
}

async function get(database: Database, context: OperationContext): Promise<Answer> {
  const expansion = readExpansion(context.query);
  const { tenantId } = context.caller;
  const name = parameter(context, 'groupId');
  const hierarchy = await Hierarchy.load(database.read, tenantId);
  const group = hierarchy.group(name);
  if (group === undefined) throw managementGroupNotFound(name);
  const subscriptions = expansion.children === 'none' ? [] : await listSubscriptions(database.read, tenantId);
  return { status: 200, body: presentGroup(hierarchy, group, expansion, subscriptions) };
}

async function checkName(database: Database, context: CheckName): Promise<Answer> {
  const { name } = context.body;
  if (!isManagementGroupName(name)) {
    return { status: 200, body: unavailable('Invalid', `The name '${name}' is not valid.`) };
  }
  const hierarchy = await Hierarchy.load(database.read, context.caller.tenantId);
  if (hierarchy.group(name) === undefined) return { status: 200, body: { nameAvailable: true } };
  return { status: 200, body: unavailable('AlreadyExists', `The name '${name}' is taken.`) };
}

function unavailable(reason: string, message: string): object {
  return { nameAvailable: false, reason, message };
}
