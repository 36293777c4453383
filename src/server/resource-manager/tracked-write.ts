import { canonicalLocation, type JsonObject, type JsonValue } from '../../contract/arm.ts';
import { canonicalId } from '../../contract/resource-id.ts';
import { requirePreconditions } from '../http/conditional.ts';
import { ArmError } from '../http/dialects/arm.ts';
import type { Transaction } from '../storage/database.ts';
import { isUniqueViolation } from '../storage/database-errors.ts';
import { locationRequired, resourceNotFound } from './arm-errors.ts';
import { withoutConfidential } from './confidential-values.ts';
import { deleteResources } from './deletion.ts';
import { doneHeaders } from './done-operation.ts';
import { writeIdentity } from './identity-change.ts';
import { requireLocation } from './locations.ts';
import { mergePatch } from './merge-patch.ts';
import { requireParent } from './nested-resource.ts';
import { fullType } from './operation-registry.ts';
import { type Answer, type OperationContext, parameter, subscriptionOfContext } from './provider.ts';
import { livePlace, type ResourcePlace, resourceTarget } from './resource-place.ts';
import { entityTag } from './resource-presentation.ts';
import {
  findResource,
  isGlobalNameTaken,
  type Resource,
  saveResource,
  type Writer,
} from './resource-store.ts';
import { answerWith } from './tracked-answer.ts';
import type { Tracked, TrackedBody, TrackedDeclaration, WriteFacts } from './tracked-type.ts';

/** PUT: the complete resource; makes it or replaces it, with its identities, in one transaction. */
export async function putTracked(tracked: Tracked, context: OperationContext<TrackedBody>): Promise<Answer> {
  const { declaration, dependencies } = tracked;
  declaration.requireName(parameter(context, 'name'));
  const write = () =>
    dependencies.database.transaction((transaction) => store(transaction, tracked, context));
  try {
    return await write();
  } catch (error) {
    // another replica made the same resource, or took its name, meanwhile: now it is there to be seen
    if (isUniqueViolation(error)) return await write();
    throw error;
  }
}

async function store(
  transaction: Transaction,
  tracked: Tracked,
  context: OperationContext<TrackedBody>,
): Promise<Answer> {
  const { declaration } = tracked;

  const place = await livePlace(transaction, declaration, context);
  const existing = await storedResource(transaction, tracked, context);
  const { body } = context;
  const base = existing ?? (await newResource(transaction, tracked, context, place));
  requireSameLocation(base, body, place);
  const facts = factsOf(tracked, context, base, existing, place);
  const properties = declaration.replace(body.properties ?? {}, facts);
  const extra = keptMembers(declaration, context);
  const resource = await save(transaction, tracked, context, 'replace', {
    ...base,
    tags: body.tags ?? existing?.tags ?? {},
    properties,
    extra,
  });
  const status = existing === undefined ? declaration.statusOfNew : 200;
  const answer = await answerWith(tracked, transaction, context, resource, status);
  if (existing !== undefined) return answer;
  const headers = await headersOfNew(transaction, tracked, context, resource);
  return headers === undefined ? answer : { ...answer, headers: { ...answer.headers, ...headers } };
}

async function headersOfNew(
  transaction: Transaction,
  { declaration, dependencies }: Tracked,
  context: OperationContext<TrackedBody>,
  resource: Resource,
): Promise<Readonly<Record<string, string>> | undefined> {
  if (declaration.tellsLocation === true) return { Location: resource.resourceId };
  if (declaration.creation !== 'polled') return undefined;
  const { namespace } = declaration;
  const done = { kind: 'resource-write', namespace, resource } as const;
  // a `Location` would be followed to an answer without the resource
  const { Location: _location, ...headers } = await doneHeaders(
    transaction,
    dependencies.operations,
    context,
    done,
  );
  return headers;
}

/** PATCH: JSON merge patch (RFC 7396), but tags replace the whole bag and identities merge by their own rules. */
export async function patchTracked(
  tracked: Tracked,
  context: OperationContext<TrackedBody>,
): Promise<Answer> {
  const { declaration, dependencies } = tracked;
  return await dependencies.database.transaction(async (transaction) => {
    const place = await livePlace(transaction, declaration, context);
    const existing = await storedResource(transaction, tracked, context);
    if (existing === undefined) throw resourceNotFound(resourceTarget(context));
    const { body } = context;
    requireSameLocation(existing, body, place);
    const resource = await save(transaction, tracked, context, 'merge', {
      ...existing,
      tags: body.tags ?? existing.tags,
      properties: mergedProperties(tracked, context, existing, place),
      extra: mergePatch(existing.extra, keptMembers(declaration, context)),
    });
    return await answerWith(tracked, transaction, context, resource, 200);
  });
}

/**
 * DELETE: all that hangs from the resource ends in one transaction, which is committed before the answer, also where
 * the answer is 202: an acknowledged deletion has taken effect.
 */
export async function deleteTracked(tracked: Tracked, context: OperationContext): Promise<Answer> {
  const { declaration, dependencies } = tracked;
  const { database, operations, participants } = dependencies;
  const { tenantId } = subscriptionOfContext(context);
  return await database.transaction(async (transaction) => {
    const existing = await storedResource(transaction, tracked, context);
    if (existing === undefined) {
      const target = resourceTarget(context);
      if (!declaration.unparented) await requireParent(transaction, tenantId, target, 'delete');
      return { status: 204 };
    }
    const resourceCanonicals = [existing.canonical];
    await deleteResources(transaction, participants, { tenantId, resourceCanonicals, at: context.at });
    if (declaration.deletion === 'at-once') return { status: 200 };
    const { namespace } = declaration;
    const done = { kind: 'resource-deletion', namespace, resource: existing } as const;
    return { status: 202, headers: await doneHeaders(transaction, operations, context, done) };
  });
}

/** What is stored under the path, held against the request's preconditions. */
async function storedResource(
  transaction: Transaction,
  { declaration }: Tracked,
  context: Pick<OperationContext, 'target' | 'caller' | 'preconditions'>,
): Promise<Resource | undefined> {
  const existing = await findResource(transaction, context.caller.tenantId, canonicalId(context.target));
  const tag = declaration.entityTags && existing !== undefined ? entityTag(existing) : null;
  requirePreconditions(context.preconditions, existing === undefined ? undefined : tag);
  return existing;
}

function factsOf(
  { dependencies }: Tracked,
  context: OperationContext<TrackedBody>,
  { resourceId }: Resource,
  existing: Resource | undefined,
  { parent }: ResourcePlace,
): WriteFacts {
  return {
    tenantId: context.caller.tenantId,
    name: parameter(context, 'name'),
    resourceId,
    existing,
    parent,
    confidential: context.within?.confidential ?? [],
    at: context.at,
    randomness: dependencies.randomness,
  };
}

/** A resource about to be stored for the first time: what never changes about it. */
async function newResource(
  transaction: Transaction,
  { declaration }: Tracked,
  context: OperationContext<TrackedBody>,
  { group, resourceId }: ResourcePlace,
): Promise<Resource> {
  const name = parameter(context, 'name');
  const type = fullType(declaration);
  if (declaration.global !== undefined && (await isGlobalNameTaken(transaction, type, name))) {
    throw declaration.global.taken(name);
  }
  const { subscriptionId, tenantId } = subscriptionOfContext(context);
  const writer = writerOf(context);
  return {
    canonical: canonicalId(context.target),
    tenantId,
    subscriptionId,
    groupCanonical: group?.canonical,
    resourceId: declaration.spelled?.(resourceId) ?? resourceId,
    type,
    name,
    location: placeOf(declaration, context.body),
    tags: {},
    properties: {},
    extra: {},
    state: {},
    identityType: undefined,
    provisioningState: 'Succeeded',
    version: 0,
    createdAt: context.at,
    createdBy: writer,
    changedAt: context.at,
    changedBy: writer,
    globalName: declaration.global === undefined ? undefined : name.toLowerCase(),
  };
}

/** Where a new resource is said to be; empty where the type has no place. @throws ArmError `LocationRequired` */
function placeOf(declaration: TrackedDeclaration, { location }: TrackedBody): string {
  if (declaration.location === 'none') return '';
  if (location !== undefined && location !== null && location !== '') {
    return requireLocation(location, fullType(declaration));
  }
  if (declaration.location === 'optional') return '';
  throw locationRequired();
}

/** Stores the resource and makes its identities what the body asks for, then answers what is now stored. */
async function save(
  transaction: Transaction,
  { declaration, dependencies }: Tracked,
  context: OperationContext<TrackedBody>,
  how: 'replace' | 'merge',
  written: Resource,
): Promise<Resource> {
  const { body, at } = context;
  const changed = (await declaration.settle?.(transaction, written, context)) ?? written;
  const identityType = await writeIdentity(transaction, {
    request: body.identity,
    how,
    support: declaration.identity,
    resource: changed,
    context,
    randomness: dependencies.randomness,
  });
  const resource: Resource = {
    ...changed,
    identityType,
    version: changed.version + 1,
    changedAt: at,
    changedBy: writerOf(context),
  };
  await saveResource(transaction, resource);
  if (changed.version === 0) await declaration.born?.(transaction, resource);
  await declaration.written?.(transaction, resource, body.properties);
  return resource;
}

function writerOf({ caller }: Pick<OperationContext, 'caller'>): Writer {
  return { principalId: caller.principalId, principalType: caller.principalType };
}

function requireSameLocation(
  resource: Resource,
  { location }: TrackedBody,
  { group }: Pick<ResourcePlace, 'group'>,
): void {
  if (location === undefined || location === null || location === '') return;
  if (resource.location === '' || canonicalLocation(location) === resource.location) return;
  throw new ArmError(
    'conflict',
    'InvalidResourceLocation',
    `The resource '${resource.name}' already exists in location '${resource.location}' in resource group '${group?.name ?? ''}'. A resource with the same name cannot be created in location '${canonicalLocation(location)}'. Please select a new resource name.`,
  );
}

function keptMembers(
  declaration: TrackedDeclaration,
  { body, within }: Pick<OperationContext<TrackedBody>, 'body' | 'within'>,
): JsonObject {
  const members: [string, JsonValue][] = [];
  for (const [name, value] of Object.entries(body as Readonly<Record<string, JsonValue | undefined>>)) {
    if (value !== undefined && isKept(declaration, name)) members.push([name, value]);
  }
  const sent = Object.fromEntries(members);
  const kept =
    declaration.extraMembers === 'all' ? withoutConfidential(sent, within?.confidential ?? []) : sent;
  return declaration.envelope?.(kept) ?? kept;
}

/** Members that the envelope itself has, or that answers make up. */
const envelope: ReadonlySet<string> = new Set([
  ...['id', 'name', 'type', 'location', 'tags', 'identity', 'properties', 'systemData', 'etag'],
]);

function isKept({ extraMembers }: TrackedDeclaration, name: string): boolean {
  return extraMembers === 'all' ? !envelope.has(name) : extraMembers.includes(name);
}

function mergedProperties(
  tracked: Tracked,
  context: OperationContext<TrackedBody>,
  existing: Resource,
  place: ResourcePlace,
): JsonObject {
  const { declaration } = tracked;
  const { properties } = context.body;
  if (properties === undefined || properties === null) return existing.properties;
  const facts = factsOf(tracked, context, existing, existing, place);
  if (declaration.merge !== undefined) return declaration.merge(properties, { ...facts, existing });
  const sent = declaration.replace(properties, facts);
  return mergePatch(existing.properties, sent);
}
