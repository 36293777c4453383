import type { JsonObject } from '../../../contract/arm.ts';
import { roleAssignmentSchema } from '../../../contract/Microsoft.Authorization.ts';
import { canonicalId, formatScope, parseScope, type Scope } from '../../../contract/resource-id.ts';
import { type PrincipalId, parseGuid } from '../../../foundation/ids.ts';
import {
  findRoleAssignment,
  listRoleAssignments,
  type RoleAssignment,
} from '../../authorization/authorization-store.ts';
import { deleteRoleAssignment } from '../../authorization/role-assignment-removal.ts';
import { createOrUpdateRoleAssignment } from '../../authorization/role-assignments.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import { pageOf, pageRequest } from '../../http/paging.ts';
import { requireLiveScope } from '../../resource-manager/extended-scope.ts';
import { listAnswer } from '../../resource-manager/list-answer.ts';
import {
  type Answer,
  type Operation,
  type OperationContext,
  parameter,
  type ResourceType,
} from '../../resource-manager/provider.ts';
import { requireRight } from '../../resource-manager/required-right.ts';
import type { Database } from '../../storage/database.ts';
import { roleAssignmentApiVersions } from './api-versions.ts';
import { roleDefinitionPath } from './roleDefinitions.ts';

const type = 'Microsoft.Authorization/roleAssignments';
const path = `/{scope}/providers/${type}`;
const item = `${path}/{roleAssignmentName}`;

type Put = OperationContext<(typeof roleAssignmentSchema)['_output']>;

/** Role assignments at any scope (`spec/resource-manager.md` d.1, d.2, d.4); the rules are `server/authorization`'s. */
export function roleAssignments(database: Database): ResourceType {
  return {
    namespace: 'Microsoft.Authorization',
    type: 'roleAssignments',
    apiVersions: roleAssignmentApiVersions,
    owner: 'provider',
    tracked: false,
    operations: [
      { method: 'GET', path, action: `${type}/read`, run: (context) => list(database, context) },
      { method: 'GET', path: item, action: `${type}/read`, run: (context) => get(database, context) },
      {
        method: 'PUT',
        path: item,
        action: `${type}/write`,
        body: roleAssignmentSchema,
        run: (context: Put) => put(database, context),
      } as Operation,
      {
        method: 'DELETE',
        path: item,
        action: `${type}/delete`,
        whileDeleting: true,
        run: (context) => remove(database, context),
      },
    ],
  };
}

/** What the assignment is made at. */
function scopeOf(context: OperationContext): Scope {
  return parseScope(parameter(context, 'scope'));
}

async function get(database: Database, context: OperationContext): Promise<Answer> {
  const name = parameter(context, 'roleAssignmentName');
  const assignment = await findRoleAssignment(database.read, context.caller.tenantId, name);
  // under another scope it is another id
  if (assignment === undefined || assignment.scopeCanonical !== canonicalId(scopeOf(context)))
    throw notFound(name);
  return { status: 200, body: present(assignment, context.target) };
}

/** Always 201, for an update as well; `createdBy` is null in this answer and told by every later one (d.1). */
async function put(database: Database, context: Put): Promise<Answer> {
  const { caller, at, body } = context;
  const assignment = await database.transaction(async (transaction) => {
    await requireRight(transaction, caller, `${type}/write`, context.target);
    const scope = await requireLiveScope(transaction, context, scopeOf(context));
    const made = await createOrUpdateRoleAssignment(transaction, {
      tenantId: caller.tenantId,
      scope,
      name: parameter(context, 'roleAssignmentName'),
      ...without(body.properties),
      by: caller.principalId,
      at,
    });
    return made.assignment;
  });
  const made = present(assignment, context.target);
  return { status: 201, body: { ...made, properties: { ...made.properties, createdBy: null } } };
}

type Requested = Put['body']['properties'];

/** Absent members are absent: a member of value `undefined` is something else to the types. */
function without(requested: Requested): {
  readonly [Member in keyof Requested]: Exclude<Requested[Member], undefined>;
} {
  const present = Object.entries(requested).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as ReturnType<typeof without>;
}

async function remove(database: Database, context: OperationContext): Promise<Answer> {
  const { caller, at } = context;
  const assignment = await database.transaction(async (transaction) => {
    await requireRight(transaction, caller, `${type}/delete`, context.target);
    return await deleteRoleAssignment(transaction, {
      tenantId: caller.tenantId,
      scope: scopeOf(context),
      name: parameter(context, 'roleAssignmentName'),
      at,
    });
  });
  return assignment === undefined
    ? { status: 204 }
    : { status: 200, body: present(assignment, context.target) };
}

/** The filters that Azure knows, and no other (d.2). */
async function list(database: Database, context: OperationContext): Promise<Answer> {
  const { query, caller } = context;
  const scope = scopeOf(context);
  const { atScope, ...whose } = readFilter(query.get('$filter'));
  const request = pageRequest(query.get('$top'), query.get('$skiptoken'));
  const rows = await listRoleAssignments(database.read, {
    tenantId: caller.tenantId,
    scope,
    reach: atScope ? 'at-and-above' : 'all',
    limit: request.size + 1,
    ...whose,
    ...(request.after === undefined ? {} : { after: request.after }),
  });
  const page = pageOf(rows, request, ({ name }) => name);
  return listAnswer(
    context,
    page,
    page.items.map((each) => present(each, context.target)),
  );
}

interface AssignmentFilter {
  readonly atScope: boolean;
  readonly principalId?: PrincipalId;
  readonly assignedTo?: PrincipalId;
}

const assigned = /^(atScope\(\)\s+and\s+)?assignedTo\('([^']*)'\)$/i;
const ofPrincipal = /^principalId\s+eq\s+'([^']*)'$/i;

function readFilter(text = ''): AssignmentFilter {
  const filter = text.trim();
  if (filter === '') return { atScope: false };
  if (/^atScope\(\)$/i.test(filter)) return { atScope: true };
  const [, atScope, assignee] = assigned.exec(filter) ?? [];
  const assignedTo = parseGuid<PrincipalId>(assignee ?? '');
  if (assignedTo !== undefined) return { atScope: atScope !== undefined, assignedTo };
  const principalId = parseGuid<PrincipalId>(ofPrincipal.exec(filter)?.[1] ?? '');
  if (principalId !== undefined) return { atScope: false, principalId };
  throw new ArmError(
    'invalid-value',
    'UnsupportedQuery',
    "The filter is not supported. Supported filters are either atScope() or principalId eq '{value}' or assignedTo('{value}').",
    { refusedBy: 'service' },
  );
}

/** @param asked the scope under whose subscription the role is named (d.1) */
function present(assignment: RoleAssignment, asked: Scope): AssignmentBody {
  const scope = parseScope(assignment.scope);
  const place = scope.kind === 'tenant' ? '' : formatScope(scope);
  return {
    properties: {
      roleDefinitionId: roleDefinitionPath(assignment.roleDefinitionId, asked),
      principalId: assignment.principalId,
      principalType: assignment.principalType,
      scope: assignment.scope,
      condition: assignment.condition,
      conditionVersion: assignment.conditionVersion,
      createdOn: new Date(assignment.createdAt).toISOString(),
      updatedOn: new Date(assignment.updatedAt).toISOString(),
      createdBy: assignment.createdBy,
      updatedBy: assignment.updatedBy,
      delegatedManagedIdentityResourceId: null,
      description: assignment.description,
    },
    id: `${place}/providers/${type}/${assignment.name}`,
    type,
    name: assignment.name,
  };
}

interface AssignmentBody {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly properties: JsonObject;
}

function notFound(name: string): ArmError {
  return new ArmError('not-found', 'RoleAssignmentNotFound', `The role assignment '${name}' is not found.`, {
    refusedBy: 'service',
  });
}
