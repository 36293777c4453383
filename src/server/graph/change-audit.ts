import { referencedId } from '../../contract/odata.ts';
import { isGuid } from '../../foundation/ids.ts';
import type { AuditInitiator, AuditTarget, ModifiedProperty } from '../audit/directory-audit.ts';
import { recordDirectoryAudit } from '../audit/directory-audits.ts';
import { type ObjectFacts, selectObjectFacts } from '../directory/object-facts.ts';
import type { Transaction } from '../storage/database.ts';
import type { ChangeActivity, GraphAnswer, GraphRequest, WriteOperation, WriteRequest } from './operation.ts';

/** Where a request came from. */
export interface RequestOrigin {
  /** GUID that the caller may have given its requests. */
  readonly correlationId: string;
  readonly address: string;
}

const operations = { POST: 'Add', PATCH: 'Update', PUT: 'Update', DELETE: 'Delete' } as const;
/** Characters of a value in an audit; of a longer one the beginning. */
const longestValue = 4096;
/** Members of bodies that are object ids. */
const idMembers = ['principalId', 'resourceId', 'clientId'] as const;

/**
 * Runs a change and records it, in the one transaction (C20). What is recorded follows from what the operation declares
 * and from the objects as they were before and are after; no operation words an audit by itself.
 */
export async function auditedChange(
  transaction: Transaction,
  operation: WriteOperation,
  request: WriteRequest,
  origin: RequestOrigin,
): Promise<GraphAnswer> {
  const { tenantId, caller, application, principal } = request;
  const self = operation.path.startsWith('me/') ? [caller.principalId] : [];
  const ids = [application?.objectId, principal?.principalId, ...self, ...namedIds(request)];
  const namedBefore = ids.flatMap((id) => id ?? []);
  const before = await selectObjectFacts(transaction, tenantId, [...namedBefore, caller.principalId]);
  const answer = await operation.run(request, transaction);
  const named = [...namedBefore, ...(answer.kind === 'nothing' ? (answer.about ?? []) : [])];
  const made = madeId(answer);
  const after = await selectObjectFacts(transaction, tenantId, [
    ...named,
    ...(made === undefined ? [] : [made]),
  ]);
  const { shows = [], name, category } = operation.activity;
  const shown = [...shownMembers(shows, request.body, answer), ...updatedMembers(operation, request)];
  const targets = targetsOf(before, after, named, made);
  const [first, ...others] = targets.length === 0 ? [unnamedTarget] : targets;
  await recordDirectoryAudit(transaction, {
    tenantId,
    at: request.at,
    activity: { name, category },
    operation: operations[operation.method],
    initiatedBy: initiatorOf(request, before, origin),
    correlationId: origin.correlationId,
    targets: [{ ...(first ?? unnamedTarget), modified: [...(first?.modified ?? []), ...shown] }, ...others],
    additional: additionalOf(request),
  });
  return answer;
}

const unnamedTarget: AuditTarget = { id: null, displayName: null, type: 'Other', modified: [] };

/** Ids that path and body name: of objects of the directory, or not. */
function namedIds({ keys, body }: Pick<GraphRequest, 'keys' | 'body'>): readonly string[] {
  const members = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const references = Object.entries(members).flatMap(([name, value]) =>
    name === '@odata.id' || name.endsWith('@odata.bind') ? [value].flat() : [],
  );
  return [
    ...keys.flatMap(({ by, value }) => (by === 'id' ? [value] : [])),
    ...idMembers.flatMap((name) => members[name] ?? []),
    ...references.flatMap((address) => (typeof address === 'string' ? (referencedId(address) ?? []) : [])),
  ].flatMap((value) => (typeof value === 'string' ? [value.toLowerCase()] : []));
}

/** The id of an object that an answer shows. */
function madeId(answer: GraphAnswer): string | undefined {
  if (answer.kind !== 'entity') return undefined;
  const { id } = answer.value as { readonly id?: unknown };
  return typeof id === 'string' && isGuid(id) ? id.toLowerCase() : undefined;
}

/** What was changed, in the order in which it is named, with how its members are different now. */
function targetsOf(
  before: readonly ObjectFacts[],
  after: readonly ObjectFacts[],
  named: readonly string[],
  made: string | undefined,
): readonly AuditTarget[] {
  const order = [...(made === undefined ? [] : [made]), ...named];
  const found = new Map<string, AuditTarget>();
  for (const name of order) {
    const is = (facts: ObjectFacts) =>
      facts.id === name || facts.userPrincipalName?.toLowerCase() === name.toLowerCase();
    const [old, now] = [before.find(is), after.find(is)];
    const facts = now ?? old;
    if (facts === undefined || found.has(facts.id)) continue;
    const { id, displayName, type, userPrincipalName } = facts;
    found.set(id, {
      id,
      displayName,
      type,
      ...(userPrincipalName === undefined ? {} : { userPrincipalName }),
      modified: differences(old?.members ?? {}, now?.members ?? {}),
    });
  }
  return [...found.values()];
}

function differences(
  old: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
): readonly ModifiedProperty[] {
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((name) => {
    const [oldValue, newValue] = [valueText(old[name]), valueText(now[name])];
    if (oldValue === newValue) return [];
    return [
      {
        name,
        ...(oldValue === undefined ? {} : { oldValue }),
        ...(newValue === undefined ? {} : { newValue }),
      },
    ];
  });
}

/** Members that the operation declares fit to be shown, of its body or else its answer. */
function shownMembers(
  shows: readonly string[],
  body: unknown,
  answer: GraphAnswer,
): readonly ModifiedProperty[] {
  const given = (body ?? {}) as Record<string, unknown>;
  const answered = (answer.kind === 'entity' ? answer.value : {}) as Record<string, unknown>;
  return shows.flatMap((name) => {
    const newValue = valueText(given[name] ?? answered[name]);
    return newValue === undefined ? [] : [{ name, newValue }];
  });
}

/** Of an update the names of all members that it sets, as Entra lists them: values are another matter. */
function updatedMembers({ method }: WriteOperation, { body }: WriteRequest): readonly ModifiedProperty[] {
  if (method !== 'PATCH' || typeof body !== 'object' || body === null) return [];
  const names = Object.entries(body).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  return [{ name: 'Included Updated Properties', newValue: JSON.stringify(names.join(', ')) }];
}

function valueText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return JSON.stringify(value)?.slice(0, longestValue);
}

function initiatorOf(
  { caller }: WriteRequest,
  facts: readonly ObjectFacts[],
  { address }: RequestOrigin,
): AuditInitiator {
  const own = facts.find(({ id }) => id === caller.principalId);
  const displayName = own?.displayName ?? null;
  if (caller.principalType !== 'User') {
    const { clientId: appId, principalId } = caller;
    return { kind: 'application', displayName, appId, principalId };
  }
  const userPrincipalName = own?.userPrincipalName ?? null;
  return { kind: 'user', userId: caller.principalId, displayName, userPrincipalName, address };
}

/** Which token it was, for whom an application acted, and what the path names beside objects. */
function additionalOf({ caller, keys }: WriteRequest) {
  const inner = keys.flatMap(({ by, value }, index) =>
    index === 0 && isGuid(value) ? [] : [{ key: by, value: value.slice(0, 256) }],
  );
  const acting =
    caller.principalType === 'User' ? [{ key: 'ActingApplicationId', value: caller.clientId }] : [];
  return [{ key: 'UniqueTokenIdentifier', value: caller.tokenId }, ...acting, ...inner];
}

/** Whether an operation declares what it is recorded as. */
export function declaresActivity({ activity }: { readonly activity?: ChangeActivity }): boolean {
  return activity !== undefined && activity.name !== '';
}
