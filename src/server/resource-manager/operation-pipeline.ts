import type { IncomingHttpHeaders } from 'node:http';
import { surfaceOf } from '../../contract/cloud-profile.ts';
import {
  canonicalId,
  parsePath,
  resourceGroupOf,
  type Scope,
  subscriptionOf,
} from '../../contract/resource-id.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Authorizer } from '../authorization/evaluate.ts';
import type { Caller } from '../http/bearer.ts';
import { preconditionsOf } from '../http/conditional.ts';
import { ArmError } from '../http/dialects/arm.ts';
import type { Database } from '../storage/database.ts';
import {
  authorizationFailed,
  resourceGroupBeingDeleted,
  resourceGroupNotFound,
  subscriptionNotFound,
} from './arm-errors.ts';
import { type Authentication, authenticate, requireTrust } from './authentication.ts';
import { readBody } from './body.ts';
import { requireExtended } from './extended-scope.ts';
import { effectOf, requireUnlocked } from './locks.ts';
import type { OperationRegistry, RegisteredOperation, RouteMatch } from './operation-registry.ts';
import type { Answer, Method, OperationContext, ResourceType, Within } from './provider.ts';
import { requireRegistered } from './registration.ts';
import { readRequestTarget } from './request-target.ts';
import { findResourceGroup, type ResourceGroup } from './resource-group-store.ts';
import { targetOf } from './route.ts';
import { findSubscription, type Subscription } from './subscription-store.ts';

/** A request as the socket gave it. */
export interface IncomingRequest {
  readonly method: string;
  /** The request target, raw. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** SHA-256 (base64url) of the certificate that its connection shows. */
  readonly certificate: () => string | undefined;
}

export interface PipelineOptions extends Authentication {
  readonly database: Database;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly registry: OperationRegistry;
}

/** What is asked, wherever it comes from. */
export interface AskedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly origin: string;
  readonly within?: Within | undefined;
  /** Who calls; the subscription is the one that the path names. */
  identify(subscription: Subscription | undefined): Promise<Caller>;
}

/** A request that may run: all is known but its body. */
export interface Admitted {
  readonly operation: RegisteredOperation;
  readonly context: OperationContext<undefined>;
}

/**
 * Admits a request of a socket.
 *
 * @throws ArmError, worded as ARM's front door does
 */
export async function admit(options: PipelineOptions, request: IncomingRequest): Promise<Admitted> {
  const { method, url, headers, certificate } = request;
  return await admitAsked(options, {
    ...{ method, url, headers },
    origin: originOf(options, headers.host),
    identify: (subscription) => authenticate(options, headers.authorization, subscription, certificate),
  });
}

/**
 * What is done for every request before its operation, in this order; the body is read only after the last step.
 *
 * @throws ArmError
 */
export async function admitAsked(options: PipelineOptions, request: AskedRequest): Promise<Admitted> {
  const { path, segments, query } = readRequestTarget(request.url);
  const match = options.registry.match(segments);
  const target = targetOf(path, segments, match?.parameters);
  if (match !== undefined) {
    const operation = operationOf(match, request.method);
    if (operation?.openTo === 'anyone') {
      return { operation, context: openContext(options, request, match, target, path, query) };
    }
  }

  const apiVersion = query.get('api-version');
  if (apiVersion === undefined || apiVersion === '') throw missingApiVersion();
  const subscriptionId = subscriptionOf(target);
  const subscription =
    subscriptionId === undefined ? undefined : await findSubscription(options.database.read, subscriptionId);
  const caller = await request.identify(subscription);
  if (subscriptionId !== undefined) {
    if (subscription === undefined) throw subscriptionNotFound(subscriptionId);
    requireTrust(options, caller, subscription);
  }
  if (match === undefined) throw unknownType(options.registry, path, apiVersion);
  requireKnownVersion(match.type, apiVersion);
  const operation = requireOperation(match, request.method);
  requireEnabled(operation, subscription);

  const context: OperationContext<undefined> = {
    caller,
    target,
    path,
    parameters: match.parameters,
    subscription,
    group: undefined,
    query,
    apiVersion,
    body: undefined,
    preconditions: preconditionsOf(request.headers),
    origin: request.origin,
    within: request.within,
    at: options.clock.now(),
    may: (action, scope) => decide(options, caller, action, scope),
  };
  await requirePermission(operation, context);
  const group = await requireGroup(options.database, operation, context);
  await requireRegistered(options.database, match.type, operation.operation.method, subscription);
  await requireExtended(options.database.read, operation.operation, context);
  await requireNoLock(options.database, operation, context);
  return { operation, context: { ...context, group } };
}

/** Reads the body under the declared schema and runs the operation. */
export async function perform(
  { database }: Pick<PipelineOptions, 'database'>,
  { operation, context }: Admitted,
  body: unknown,
): Promise<Answer> {
  const schema = operation.operation.body;
  if (schema === undefined) return await operation.operation.run(context);
  // a body can take its time to arrive, and rights can end meanwhile, and locks be made
  await requirePermission(operation, context);
  await requireNoLock(database, operation, context);
  return await operation.operation.run({
    ...context,
    body: readBody(schema, body, operation.operation.content),
  });
}

function operationOf(match: RouteMatch, method: string): RegisteredOperation | undefined {
  return match.byMethod.get(method as Method);
}

function openContext(
  options: PipelineOptions,
  request: AskedRequest,
  match: RouteMatch,
  target: Scope,
  path: string,
  query: OperationContext['query'],
): OperationContext<undefined> {
  return {
    // an anonymous operation has no caller to look at; reading it anyway is a bug that shows
    get caller(): Caller {
      throw new TypeError('an anonymous operation has no caller');
    },
    target,
    path,
    parameters: match.parameters,
    subscription: undefined,
    group: undefined,
    query,
    apiVersion: query.get('api-version') ?? '',
    body: undefined,
    preconditions: { ifMatch: undefined, ifNoneMatch: undefined },
    origin: request.origin,
    within: request.within,
    at: options.clock.now(),
    may: async () => false,
  };
}

function missingApiVersion(): ArmError {
  return new ArmError(
    'missing-parameter',
    'MissingApiVersionParameter',
    'The api-version query parameter (?api-version=) is required for all requests.',
  );
}

function unknownType(registry: OperationRegistry, path: string, apiVersion: string): ArmError {
  const parsed = parsePath(path);
  if (parsed.kind !== 'resource' && parsed.kind !== 'collection') {
    return new ArmError('not-found', 'NotFound', 'The requested path does not exist.');
  }
  const namespace = registry.namespace(parsed.namespace);
  if (namespace === undefined) {
    return new ArmError(
      'not-found',
      'InvalidResourceNamespace',
      `The resource namespace '${parsed.namespace}' is invalid.`,
    );
  }
  return new ArmError(
    'not-found',
    'InvalidResourceType',
    `The resource type could not be found in the namespace '${namespace}' for api version '${printable(apiVersion)}'.`,
  );
}

function requireKnownVersion(type: ResourceType, apiVersion: string): void {
  if (type.apiVersions.some((version) => version.toLowerCase() === apiVersion.toLowerCase())) return;
  const versions = [...type.apiVersions].sort().reverse();
  if (type.owner === 'resource-manager') {
    throw new ArmError(
      'invalid-value',
      'InvalidApiVersionParameter',
      `The api-version '${printable(apiVersion)}' is invalid. The supported versions are '${versions.join(',')}'.`,
    );
  }
  throw new ArmError(
    'invalid-value',
    'NoRegisteredProviderFound',
    `No registered resource provider found for location '' and API version '${printable(apiVersion)}' for type '${type.type}'. The supported api-versions are '${versions.join(', ')}'. The supported locations are ''.`,
  );
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 64);
}

function requireOperation(match: RouteMatch, method: string): RegisteredOperation {
  const operation = operationOf(match, method);
  if (operation !== undefined) return operation;
  throw new ArmError(
    'unsupported',
    'HttpMethodNotAllowed',
    `The HTTP method '${method}' is not supported at this resource.`,
    { headers: { Allow: [...match.byMethod.keys()].join(', ') } },
  );
}

const writing: ReadonlySet<Method> = new Set(['PUT', 'PATCH', 'POST', 'DELETE']);

function requireEnabled({ operation }: RegisteredOperation, subscription: Subscription | undefined): void {
  if (subscription === undefined || subscription.state === 'Enabled' || !writing.has(operation.method))
    return;
  throw new ArmError(
    'conflict',
    'ReadOnlyDisabledSubscription',
    `The subscription '${subscription.subscriptionId}' is disabled and therefore marked as read only. You cannot perform any write actions on this subscription until it is re-enabled.`,
  );
}

async function decide(
  { authorizer }: Pick<PipelineOptions, 'authorizer'>,
  caller: Caller,
  action: string,
  scope: Scope,
): Promise<boolean> {
  const { principalId, tenantId } = caller;
  return (await authorizer.decide({ principalId, tenantId, action, scope, plane: 'control' })).allowed;
}

async function requirePermission(
  { operation, openTo }: RegisteredOperation,
  context: OperationContext<undefined>,
): Promise<void> {
  if (openTo === 'every-caller') return;
  const action = operation.action.replace(/\{([A-Za-z]+)\}/g, (_whole, name: string) =>
    (context.parameters[name] ?? '').replace(/[^A-Za-z0-9.]/g, ''),
  );
  if (await context.may(action, context.target)) return;
  if ((await operation.allowsOtherwise?.(context)) === true) return;
  throw authorizationFailed(context.caller, action, context.target);
}

async function requireGroup(
  database: Database,
  { operation }: RegisteredOperation,
  { target, subscription }: OperationContext<undefined>,
): Promise<ResourceGroup | undefined> {
  const name = resourceGroupOf(target);
  if (name === undefined || subscription === undefined) return undefined;
  const { subscriptionId, tenantId } = subscription;
  const canonical = canonicalId({ kind: 'resourceGroup', subscriptionId, resourceGroup: name });
  const group = await findResourceGroup(database.read, tenantId, canonical);
  if (group === undefined) {
    if (operation.makesGroup) return undefined;
    throw resourceGroupNotFound(name);
  }
  if (group.provisioningState === 'Deleting' && writing.has(operation.method) && !operation.whileDeleting) {
    throw resourceGroupBeingDeleted(group.name);
  }
  return group;
}

/** Rights do not count against a lock: who may take it off does that first (a.12). */
async function requireNoLock(
  database: Database,
  { operation }: RegisteredOperation,
  { caller, target }: OperationContext<undefined>,
): Promise<void> {
  const effect = effectOf(operation);
  if (effect === 'none') return;
  await requireUnlocked(database.read, { tenantId: caller.tenantId, scope: target, effect });
}

/** Absolute addresses lead back to the authority the caller used, if it is ours; a Host header is only a claim. */
function originOf(
  { origins, profile }: Pick<PipelineOptions, 'origins' | 'profile'>,
  claimedHost: string | undefined,
): string {
  const match = /^[a-z0-9.-]+(:\d{1,5})?$/i.exec(claimedHost ?? '');
  const isOurs = match !== null && surfaceOf(profile, match[0])?.kind === 'management';
  return isOurs ? `https://${match[0].toLowerCase()}` : origins.management;
}
