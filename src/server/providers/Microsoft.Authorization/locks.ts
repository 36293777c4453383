import type { JsonObject } from '../../../contract/arm.ts';
import { lockNamePattern, lockSchema } from '../../../contract/Microsoft.Authorization.ts';
import {
  ancestors,
  canonicalId,
  formatScope,
  parseScope,
  type Scope,
  subscriptionOf,
} from '../../../contract/resource-id.ts';
import type { SubscriptionId } from '../../../foundation/ids.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import { pageOf, pageRequest } from '../../http/paging.ts';
import { invalidResourceName } from '../../resource-manager/arm-errors.ts';
import { requireLiveScope } from '../../resource-manager/extended-scope.ts';
import { listAnswer } from '../../resource-manager/list-answer.ts';
import {
  deleteLockRow,
  findLock,
  type Lock,
  listLocks,
  lockKey,
  saveLock,
} from '../../resource-manager/lock-store.ts';
import {
  type Answer,
  type Operation,
  type OperationContext,
  parameter,
  type ResourceType,
} from '../../resource-manager/provider.ts';
import { presentSystemData } from '../../resource-manager/resource-presentation.ts';
import type { Database, Transaction } from '../../storage/database.ts';
import { lockApiVersions } from './api-versions.ts';

const type = 'Microsoft.Authorization/locks';
const path = `/{scope}/providers/${type}`;
const item = `${path}/{lockName}`;

const maxLocksPerScope = 20;

type Put = OperationContext<(typeof lockSchema)['_output']>;

/**
 * Locks at subscriptions, groups and resources (`spec/resource-manager.md` a.12); what they forbid is
 * `resource-manager/locks`. They are made and taken off by who has the right to, whatever is locked.
 */
export function locks(database: Database): ResourceType {
  return {
    namespace: 'Microsoft.Authorization',
    type: 'locks',
    apiVersions: lockApiVersions,
    owner: 'resource-manager',
    tracked: false,
    operations: [
      { method: 'GET', path, action: `${type}/read`, run: (context) => list(database, context) },
      { method: 'GET', path: item, action: `${type}/read`, run: (context) => get(database, context) },
      {
        method: 'PUT',
        path: item,
        action: `${type}/write`,
        effect: 'none',
        body: lockSchema,
        run: (context: Put) => put(database, context),
      } as Operation,
      {
        method: 'DELETE',
        path: item,
        action: `${type}/delete`,
        effect: 'none',
        whileDeleting: true,
        run: (context) => remove(database, context),
      },
    ],
  };
}

interface Place {
  readonly scope: Scope;
  /** Absent where there are no locks: above subscriptions. */
  readonly subscriptionId: SubscriptionId | undefined;
}

function placeOf(context: OperationContext): Place {
  const scope = parseScope(parameter(context, 'scope'));
  return { scope, subscriptionId: subscriptionOf(scope) };
}

async function get(database: Database, context: OperationContext): Promise<Answer> {
  const { scope } = placeOf(context);
  const name = parameter(context, 'lockName');
  const lock = await findLock(database.read, context.caller.tenantId, canonicalId(scope), name);
  if (lock === undefined) {
    throw new ArmError('not-found', 'LockNotFound', `The lock '${name}' could not be found.`);
  }
  return { status: 200, body: present(lock, context) };
}

async function put(database: Database, context: Put): Promise<Answer> {
  const { scope, subscriptionId } = placeOf(context);
  const { caller, at, body } = context;
  const { level, notes, owners } = body.properties;
  const name = parameter(context, 'lockName');
  if (!lockNamePattern.test(name)) {
    throw invalidResourceName(
      type,
      name,
      'it has 1 to 90 letters, digits, underscores, parentheses, hyphens and periods, and does not end with a period',
    );
  }
  if (subscriptionId === undefined) {
    throw new ArmError(
      'invalid-value',
      'LockScopeNotSupported',
      'A lock is made at a subscription, a resource group or a resource.',
    );
  }
  const { tenantId, principalId, principalType } = caller;
  return await database.transaction(async (transaction) => {
    const displayed = await requireLiveScope(transaction, context, scope);
    const scopeCanonical = canonicalId(scope);
    const existing = await findLock(transaction, tenantId, scopeCanonical, name);
    const by = { principalId, principalType };
    const lock: Lock = {
      tenantId,
      subscriptionId,
      scope: existing?.scope ?? formatScope(displayed),
      scopeCanonical,
      name: existing?.name ?? name,
      level,
      notes: notes ?? undefined,
      owners: owners?.map(({ applicationId }) => applicationId),
      createdAt: existing?.createdAt ?? at,
      createdBy: existing?.createdBy ?? by,
      changedAt: at,
      changedBy: by,
    };
    if (existing === undefined) await requireRoom(transaction, lock);
    await saveLock(transaction, lock);
    return { status: existing === undefined ? 201 : 200, body: present(lock, context) };
  });
}

async function requireRoom(
  transaction: Transaction,
  { tenantId, subscriptionId, scope, scopeCanonical }: Lock,
): Promise<void> {
  const there = { tenantId, subscriptionId, at: [scopeCanonical], limit: maxLocksPerScope };
  if ((await listLocks(transaction, there)).length < maxLocksPerScope) return;
  throw new ArmError(
    'conflict',
    'LockLimitExceeded',
    `No more locks can be created at '${scope}': it has ${maxLocksPerScope}.`,
  );
}

async function remove(database: Database, context: OperationContext): Promise<Answer> {
  const { scope } = placeOf(context);
  const name = parameter(context, 'lockName');
  const existed = await database.transaction((transaction) =>
    deleteLockRow(transaction, context.caller.tenantId, canonicalId(scope), name),
  );
  return { status: existed ? 200 : 204 };
}

/** At the scope, above and below it; with `atScope()` not below: as for role assignments. */
async function list(database: Database, context: OperationContext): Promise<Answer> {
  const { scope, subscriptionId } = placeOf(context);
  const { caller, query } = context;
  const request = pageRequest(query.get('$top'), query.get('$skiptoken'));
  const atScope = isAtScope(query.get('$filter'));
  if (subscriptionId === undefined) return listAnswer(context, { after: undefined }, []);
  const rows = await listLocks(database.read, {
    tenantId: caller.tenantId,
    subscriptionId,
    at: ancestors(scope).map(canonicalId),
    ...(atScope ? {} : { below: canonicalId(scope) }),
    limit: request.size + 1,
    ...(request.after === undefined ? {} : { after: request.after }),
  });
  const page = pageOf(rows, request, lockKey);
  return listAnswer(
    context,
    page,
    page.items.map((each) => present(each, context)),
  );
}

function isAtScope(filter = ''): boolean {
  if (/^\s*$/.test(filter)) return false;
  if (/^\s*atScope\(\)\s*$/i.test(filter)) return true;
  throw new ArmError(
    'invalid-value',
    'UnsupportedQuery',
    'The filter is not supported. The supported filter is atScope().',
  );
}

function present(lock: Lock, { apiVersion }: Pick<OperationContext, 'apiVersion'>): JsonObject {
  const { level, notes, owners, scope, name } = lock;
  return {
    properties: {
      level,
      ...(notes === undefined ? {} : { notes }),
      ...(owners === undefined ? {} : { owners: owners.map((applicationId) => ({ applicationId })) }),
    },
    id: `${scope}/providers/${type}/${name}`,
    type,
    name,
    ...(apiVersion >= '2020-05-01' ? { systemData: presentSystemData(lock) } : {}),
  };
}
