import { type CanonicalId, isGuid, type SubscriptionId } from '../foundation/ids.ts';

/**
 * ARM ids and scopes (`spec/resource-manager.md` a.1). Segments, provider and type names compare without regard to
 * case; the caller's spelling of names is kept for display.
 */
export type Scope =
  | { readonly kind: 'tenant' }
  | { readonly kind: 'managementGroup'; readonly managementGroup: string }
  | { readonly kind: 'subscription'; readonly subscriptionId: SubscriptionId }
  | {
      readonly kind: 'resourceGroup';
      readonly subscriptionId: SubscriptionId;
      readonly resourceGroup: string;
    }
  | ResourceScope;

export interface ResourceScope {
  readonly kind: 'resource';
  /** What the last `/providers/` hangs from: group, subscription, tenant, or for an extension another resource. */
  readonly parent: Scope;
  readonly namespace: string;
  /** Type segments below the namespace, outermost first: `['virtualMachines']`, `['vaults', 'secrets']`. */
  readonly types: readonly string[];
  readonly names: readonly string[];
}

/** What a path names: a scope, or the collection below one (`…/virtualMachines`), with the type asked for. */
export interface CollectionPath {
  readonly kind: 'collection';
  readonly parent: Scope;
  readonly namespace: string;
  /** Type segments; one more than `names`. */
  readonly types: readonly string[];
  readonly names: readonly string[];
}

/** A broken id: the reason in a few words, for the surface's error message. */
export class ResourceIdError extends Error {
  override readonly name = 'ResourceIdError';
}

const maxIdLength = 2048;
/**
 * Printable ASCII without what ARM forbids in names; `/` separates, `%` cannot remain after one decoding, `;` would
 * start a matrix parameter for some readers of paths.
 */
const segmentPattern = /^[A-Za-z0-9 !$'()*+,.=@_~-]+$/;

/**
 * Parses an id or scope as it stands on the wire, percent-decoding once. Repeated slashes and a trailing slash are
 * tolerated; dot segments, encoded separators and characters outside printable ASCII are refused.
 *
 * @throws ResourceIdError where the text is no id
 */
export function parseScope(text: string): Scope {
  const path = parsePath(text);
  if (path.kind === 'collection') throw new ResourceIdError('a name is missing after the last type');
  return path;
}

/** As `parseScope`, and also accepts a collection (a path that ends with a type). */
export function parsePath(text: string): Scope | CollectionPath {
  const segments = pathSegments(text);
  let at = 0;
  let scope: Scope = { kind: 'tenant' };

  const first = segments[0]?.toLowerCase();
  if (first === 'subscriptions') {
    const id = segments[1];
    if (id === undefined) {
      return {
        kind: 'collection',
        parent: scope,
        namespace: 'Microsoft.Resources',
        types: ['subscriptions'],
        names: [],
      };
    }
    if (!isGuid(id)) throw new ResourceIdError(`the subscription id '${id}' is not a GUID`);
    const subscriptionId = id.toLowerCase() as SubscriptionId;
    scope = { kind: 'subscription', subscriptionId };
    at = 2;
    if (segments[2]?.toLowerCase() === 'resourcegroups') {
      const resourceGroup = segments[3];
      if (resourceGroup === undefined) {
        return {
          kind: 'collection',
          parent: scope,
          namespace: 'Microsoft.Resources',
          types: ['resourceGroups'],
          names: [],
        };
      }
      scope = { kind: 'resourceGroup', subscriptionId, resourceGroup };
      at = 4;
    }
  }

  while (at < segments.length) {
    if (segments[at]?.toLowerCase() !== 'providers') {
      throw new ResourceIdError(`'${segments[at]}' is not expected here`);
    }
    at += 1;
    const namespace = segments[at];
    if (namespace === undefined) throw new ResourceIdError('a namespace is missing after providers');
    at += 1;
    const types: string[] = [];
    const names: string[] = [];
    while (at < segments.length && segments[at]?.toLowerCase() !== 'providers') {
      types.push(segments[at] as string);
      const name = segments[at + 1];
      if (name === undefined) return { kind: 'collection', parent: scope, namespace, types, names };
      names.push(name);
      at += 2;
    }
    if (types.length === 0) throw new ResourceIdError(`a type is missing after providers/${namespace}`);
    scope = scopeBelow(scope, namespace, types, names);
  }
  return scope;
}

/** What types and names below a parent are: a management group, or a resource. */
export function scopeBelow(
  parent: Scope,
  namespace: string,
  types: readonly string[],
  names: readonly string[],
): Scope {
  return parent.kind === 'tenant' &&
    namespace.toLowerCase() === 'microsoft.management' &&
    types.length === 1 &&
    types[0]?.toLowerCase() === 'managementgroups'
    ? { kind: 'managementGroup', managementGroup: names[0] as string }
    : { kind: 'resource', parent, namespace, types, names };
}

/**
 * The decoded segments of a path. Whoever matches a path by other means than `parsePath` starts here, so that one
 * spelling never means two things.
 *
 * @throws ResourceIdError where a segment is no ARM name: dot segments, encoded separators, control characters,
 *   anything outside ASCII, names that end in a dot or a space
 */
export function pathSegments(text: string): string[] {
  if (text.length > maxIdLength) throw new ResourceIdError(`the id is longer than ${maxIdLength} characters`);
  if (!text.startsWith('/')) throw new ResourceIdError('an id starts with /');
  const segments: string[] = [];
  for (const raw of text.split('/')) {
    if (raw === '') continue;
    let segment: string;
    try {
      segment = decodeURIComponent(raw);
    } catch {
      throw new ResourceIdError('a percent sign does not start a valid escape');
    }
    if (!segmentPattern.test(segment) || /^ |[. ]$/.test(segment)) {
      throw new ResourceIdError('a segment has characters that are not allowed');
    }
    segments.push(segment);
  }
  return segments;
}

/** The id for people and clients: canonical segment words, names as the caller spelled them. Tenant root is `/`. */
export function formatScope(scope: Scope): string {
  switch (scope.kind) {
    case 'tenant':
      return '/';
    case 'managementGroup':
      return `/providers/Microsoft.Management/managementGroups/${scope.managementGroup}`;
    case 'subscription':
      return `/subscriptions/${scope.subscriptionId}`;
    case 'resourceGroup':
      return `/subscriptions/${scope.subscriptionId}/resourceGroups/${scope.resourceGroup}`;
    case 'resource': {
      const below = scope.types.map((type, index) => `/${type}/${scope.names[index]}`).join('');
      return `${scope.parent.kind === 'tenant' ? '' : formatScope(scope.parent)}/providers/${scope.namespace}${below}`;
    }
  }
}

/** The form for keys and comparison: lower case throughout. */
export function canonicalId(scope: Scope): CanonicalId {
  return formatScope(scope).toLowerCase() as CanonicalId;
}

/**
 * What an id lies in, innermost first: resource, parent resources, group, subscription, `/`. Which management groups
 * are between the last two, ids do not tell.
 */
export function ancestors(scope: Scope): Scope[] {
  const chain: Scope[] = [scope];
  switch (scope.kind) {
    case 'tenant':
      return chain;
    case 'managementGroup':
    case 'subscription':
      return [...chain, { kind: 'tenant' }];
    case 'resourceGroup':
      return [...chain, ...ancestors({ kind: 'subscription', subscriptionId: scope.subscriptionId })];
    case 'resource': {
      if (scope.types.length > 1) {
        const { parent, namespace, types, names } = scope;
        const outer = scopeBelow(parent, namespace, types.slice(0, -1), names.slice(0, -1));
        return [...chain, ...ancestors(outer)];
      }
      return [...chain, ...ancestors(scope.parent)];
    }
  }
}

/** `Microsoft.Compute/virtualMachines`, as the id spells it. */
export function resourceType(scope: ResourceScope | CollectionPath): string {
  return `${scope.namespace}/${scope.types.join('/')}`;
}

/** `Microsoft.Compute/virtualMachines/vm1`: type and names interleaved, as ARM words a missing resource. */
export function typedName(scope: ResourceScope): string {
  const below = scope.types.map((type, index) => `${type}/${scope.names[index]}`).join('/');
  return `${scope.namespace}/${below}`;
}

/** The subscription an id lies in, if any. */
export function subscriptionOf(scope: Scope): SubscriptionId | undefined {
  switch (scope.kind) {
    case 'tenant':
    case 'managementGroup':
      return undefined;
    case 'subscription':
    case 'resourceGroup':
      return scope.subscriptionId;
    case 'resource':
      return subscriptionOf(scope.parent);
  }
}

/** The name of the resource group an id lies in, as spelled, if any. */
export function resourceGroupOf(scope: Scope): string | undefined {
  if (scope.kind === 'resourceGroup') return scope.resourceGroup;
  return scope.kind === 'resource' ? resourceGroupOf(scope.parent) : undefined;
}
