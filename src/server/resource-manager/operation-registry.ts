import { anonymousRoutes, routesForEveryCaller } from './open-routes.ts';
import type { Method, Operation, ResourceType } from './provider.ts';
import { compileRoute, type Route } from './route.ts';

export interface RegisteredOperation {
  readonly type: ResourceType;
  readonly operation: Operation;
  readonly route: Route;
  /** `GET /subscriptions/{subscriptionId}/…`: the name of the operation in lists of routes. */
  readonly name: string;
  /** Who may call it beside those with the right. */
  readonly openTo: 'anyone' | 'every-caller' | 'nobody-else';
}

/** A path that some operation answers, and which does so for each method. */
export interface RouteMatch {
  readonly type: ResourceType;
  readonly byMethod: ReadonlyMap<Method, RegisteredOperation>;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface OperationRegistry {
  readonly types: readonly ResourceType[];
  readonly operations: readonly RegisteredOperation[];
  match(segments: readonly string[]): RouteMatch | undefined;
  /** The namespace in its own spelling, if anything is served under it. */
  namespace(name: string): string | undefined;
  hasType(namespace: string, type: string): boolean;
}

const actionPattern = /^[A-Za-z0-9.{}]+(?:\/[A-Za-z0-9]+)+\/(?:read|write|delete|action)$/;

/**
 * Registers all operations.
 *
 * @throws TypeError where one declares no right, writes without a body's shape, or answers what another answers: the
 *   server does not start
 */
export function createOperationRegistry(types: readonly ResourceType[]): OperationRegistry {
  const operations: RegisteredOperation[] = [];
  const routes = new Map<
    string,
    { route: Route; type: ResourceType; byMethod: Map<Method, RegisteredOperation> }
  >();
  for (const type of types) {
    if (type.apiVersions.length === 0) throw new TypeError(`${fullType(type)} names no api-version`);
    for (const operation of type.operations) {
      const name = `${operation.method} ${operation.path}`;
      requireSound(name, operation);
      const key = operation.path.toLowerCase().replace(/\{(?!scope\})[^}]+\}/g, '{}');
      const entry = routes.get(key) ?? { route: compileRoute(operation.path), type, byMethod: new Map() };
      if (entry.byMethod.has(operation.method)) throw new TypeError(`${name} is registered twice`);
      const registered: RegisteredOperation = {
        type,
        operation,
        route: entry.route,
        name,
        openTo: openTo(name),
      };
      entry.byMethod.set(operation.method, registered);
      routes.set(key, entry);
      operations.push(registered);
    }
  }
  for (const name of [...anonymousRoutes, ...routesForEveryCaller]) {
    if (!operations.some((operation) => operation.name === name)) {
      throw new TypeError(`${name} is open, and not registered`);
    }
  }
  const entries = [...routes.values()];
  // literal templates first: an extension's `{scope}` would take anything
  entries.sort((one, other) => specificity(other.route) - specificity(one.route));
  const namespaces = new Map(types.map(({ namespace }) => [namespace.toLowerCase(), namespace]));
  const typeNames = new Set(types.map((type) => fullType(type).toLowerCase()));

  return {
    types,
    operations,
    match(segments) {
      for (const { route, type, byMethod } of entries) {
        const parameters = route.match(segments);
        if (parameters !== undefined) return { type, byMethod, parameters };
      }
      return undefined;
    },
    namespace: (name) => namespaces.get(name.toLowerCase()),
    hasType: (namespace, type) => typeNames.has(`${namespace}/${type}`.toLowerCase()),
  };
}

function requireSound(name: string, operation: Operation): void {
  if (!actionPattern.test(operation.action)) {
    throw new TypeError(`${name} declares no action that a role could name: '${operation.action}'`);
  }
  if ((operation.method === 'PUT' || operation.method === 'PATCH') && operation.body === undefined) {
    throw new TypeError(`${name} writes without declaring a body`);
  }
  if (!operation.path.startsWith('/')) throw new TypeError(`${name} is no path`);
}

function openTo(name: string): RegisteredOperation['openTo'] {
  if (anonymousRoutes.includes(name)) return 'anyone';
  return routesForEveryCaller.includes(name) ? 'every-caller' : 'nobody-else';
}

function specificity(route: Route): number {
  return route.template.split('/').filter((part) => !part.startsWith('{')).length;
}

export function fullType(type: Pick<ResourceType, 'namespace' | 'type'>): string {
  return `${type.namespace}/${type.type}`;
}
