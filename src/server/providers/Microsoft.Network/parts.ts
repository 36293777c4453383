import type { JsonObject, JsonValue } from '../../../contract/arm.ts';
import {
  networkNamePattern,
  networkPartSchema,
  networkPartsSchema,
} from '../../../contract/Microsoft.Network.ts';
import type { ResourceScope } from '../../../contract/resource-id.ts';
import { canonicalId } from '../../../contract/resource-id.ts';
import { ArmError } from '../../http/dialects/arm.ts';
import { invalidResourceName, resourceNotFound } from '../../resource-manager/arm-errors.ts';
import { without, withoutNulls } from '../../resource-manager/merge-patch.ts';
import { parentOf, requireParent } from '../../resource-manager/nested-resource.ts';
import {
  type Answer,
  type Operation,
  type OperationContext,
  parameter,
  type ResourceType,
} from '../../resource-manager/provider.ts';
import { changeResource } from '../../resource-manager/resource-change.ts';
import { entityTag } from '../../resource-manager/resource-presentation.ts';
import { findResource, type Resource } from '../../resource-manager/resource-store.ts';
import type { Database, Queries, Transaction } from '../../storage/database.ts';
import { networkApiVersions } from './api-versions.ts';

/**
 * Things that lie inside a resource and are reached by ids of their own: subnets of a network, rules of a security
 * group. They are kept where they are shown, in a list of the resource's properties.
 */
export interface Parts {
  /** Type of the resource: `virtualNetworks`. */
  readonly of: string;
  /** The list among its properties, which is also the type of what is in it: `subnets`. */
  readonly member: string;
  /** Properties that one has where they are not sent. */
  readonly defaults: JsonObject;
}

interface Part {
  readonly name: string;
  readonly properties: JsonObject;
}

const maxParts = 1000;
const readOnly = ['provisioningState', 'ipConfigurations', 'resourceGuid'];

/**
 * The list as it is stored, of what was sent; `undefined` where nothing was.
 *
 * @throws ArmError `InvalidRequestFormat`, `InvalidResourceName`
 */
export function storedParts({ of, member }: Parts, sent: JsonValue | undefined): JsonValue | undefined {
  if (sent === undefined) return undefined;
  const parsed = networkPartsSchema.safeParse(sent);
  if (!parsed.success) {
    throw tooMany(member);
  }
  const names = new Set<string>();
  return parsed.data.map(({ name, properties }) => {
    requireName(`Microsoft.Network/${of}/${member}`, name);
    if (names.has(name.toLowerCase())) throw duplicate(member, name);
    names.add(name.toLowerCase());
    return stored(name, properties ?? {});
  });
}

function stored(name: string, properties: JsonObject): JsonObject {
  return { name, properties: without(withoutNulls(properties), readOnly) };
}

function requireName(type: string, name: string): void {
  if (networkNamePattern.test(name)) return;
  throw invalidResourceName(
    type,
    name,
    'it has 1 to 80 letters, digits, underscores, hyphens and inner periods',
  );
}

/** The list as the resource shows it. */
export function presentParts(parts: Parts, resource: Resource): readonly JsonObject[] {
  return partsOf(parts, resource).map((part) => present(parts, resource, part));
}

function partsOf({ member }: Parts, { properties }: Pick<Resource, 'properties'>): readonly Part[] {
  const list = properties[member];
  return Array.isArray(list) ? (list as unknown as readonly Part[]) : [];
}

/** One of a resource's parts, by its name in any case. */
export function findPart(parts: Parts, resource: Resource, name: string): Part | undefined {
  return partsOf(parts, resource).find((part) => part.name.toLowerCase() === name.toLowerCase());
}

function present(parts: Parts, resource: Resource, { name, properties }: Part): JsonObject {
  const { of, member, defaults } = parts;
  return {
    name,
    id: `${resource.resourceId}/${member}/${name}`,
    etag: entityTag(resource),
    type: `Microsoft.Network/${of}/${member}`,
    properties: { provisioningState: 'Succeeded', ...defaults, ...properties },
  };
}

/** The type that such parts are: read, written and taken away one by one. */
export function partsType(database: Database, parts: Parts): ResourceType {
  const { of, member } = parts;
  const type = `Microsoft.Network/${of}/${member}`;
  const collection = `/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/${of}/{name1}/${member}`;
  const item = `${collection}/{name}`;
  return {
    namespace: 'Microsoft.Network',
    type: `${of}/${member}`,
    apiVersions: networkApiVersions,
    owner: 'provider',
    tracked: false,
    operations: [
      {
        method: 'PUT',
        path: item,
        action: `${type}/write`,
        body: networkPartSchema,
        run: (context: OperationContext<(typeof networkPartSchema)['_output']>) =>
          put(database, parts, context),
      } as Operation,
      {
        method: 'GET',
        path: item,
        action: `${type}/read`,
        run: (context) => get(database.read, parts, context),
      },
      {
        method: 'DELETE',
        path: item,
        action: `${type}/delete`,
        run: (context) => remove(database, parts, context),
      },
      {
        method: 'GET',
        path: collection,
        action: `${type}/read`,
        async run(context) {
          const holder = await requireHolder(database.read, context, targetOf(context));
          return { status: 200, body: { value: presentParts(parts, holder) } };
        },
      },
    ],
  };
}

function targetOf({ target }: OperationContext<unknown>): ResourceScope {
  if (target.kind !== 'resource') throw new TypeError('the path names no resource');
  return target;
}

/** What a part lies in. @throws ArmError `ResourceNotFound`, as Azure answers for either */
async function requireHolder(
  queries: Queries,
  { caller }: OperationContext<unknown>,
  scope: ResourceScope,
): Promise<Resource> {
  const holder = await findResource(queries, caller.tenantId, canonicalId(scope));
  if (holder === undefined) throw resourceNotFound(scope);
  return holder;
}

async function get(queries: Queries, parts: Parts, context: OperationContext): Promise<Answer> {
  const scope = parentOf(targetOf(context)) as ResourceScope;
  const holder = await requireHolder(queries, context, scope);
  const part = findPart(parts, holder, parameter(context, 'name'));
  if (part !== undefined) return { status: 200, body: present(parts, holder, part) };
  const id = `${holder.resourceId}/${parts.member}/${parameter(context, 'name')}`;
  throw new ArmError('not-found', 'NotFound', `Resource ${id} not found.`, { refusedBy: 'service' });
}

async function put(
  database: Database,
  parts: Parts,
  context: OperationContext<(typeof networkPartSchema)['_output']>,
): Promise<Answer> {
  const name = parameter(context, 'name');
  requireName(`Microsoft.Network/${parts.of}/${parts.member}`, name);
  return await database.transaction(async (transaction) => {
    const holder = await requireHolderToWrite(transaction, context);
    const before = findPart(parts, holder, name);
    const part = stored(before?.name ?? name, context.body.properties ?? {}) as unknown as Part;
    const others = partsOf(parts, holder).filter((each) => each !== before);
    if (others.length >= maxParts) throw tooMany(parts.member);
    const changed = await save(transaction, parts, [...others, part], context);
    return { status: before === undefined ? 201 : 200, body: present(parts, changed, part) };
  });
}

async function remove(database: Database, parts: Parts, context: OperationContext): Promise<Answer> {
  return await database.transaction(async (transaction) => {
    const holder = await requireHolderToWrite(transaction, context);
    const part = findPart(parts, holder, parameter(context, 'name'));
    if (part === undefined) return { status: 204 };
    const others = partsOf(parts, holder).filter((each) => each !== part);
    await save(transaction, parts, others, context);
    return { status: 200 };
  });
}

async function requireHolderToWrite(
  transaction: Transaction,
  context: OperationContext<unknown>,
): Promise<Resource> {
  const holder = await requireParent(transaction, context.caller.tenantId, targetOf(context), 'write');
  if (holder === undefined) throw new TypeError('the path names no nested resource');
  return holder;
}

async function save(
  transaction: Transaction,
  { member }: Parts,
  list: readonly Part[],
  context: OperationContext<unknown>,
): Promise<Resource> {
  const scope = parentOf(targetOf(context)) as ResourceScope;
  return await changeResource(transaction, context, scope, (holder) => ({
    ...holder,
    properties: { ...holder.properties, [member]: list as unknown as JsonValue },
  }));
}

function tooMany(member: string): ArmError {
  const message = `Cannot parse the request: '${member}' is a list of up to ${maxParts} objects, each with a name.`;
  return new ArmError('invalid-value', 'InvalidRequestFormat', message, { refusedBy: 'service' });
}

function duplicate(member: string, name: string): ArmError {
  return new ArmError(
    'invalid-value',
    'InvalidRequestFormat',
    `Cannot parse the request: '${member}' has two of the name '${name}'.`,
    { refusedBy: 'service' },
  );
}
