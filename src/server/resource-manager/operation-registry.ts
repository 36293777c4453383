import { anonymousRoutes, isForEveryCaller, routesForEveryCaller } from './open-routes.ts';
import type { Method, Operation, ResourceType } from './provider.ts';
import { compileRoute, type Route } from './route.ts';
import { indexRoutes, type RouteIndex } from './route-index.ts';

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
}

/** Types beside those that are registered one by one: too many to be made before somebody asks for them. */
export interface FurtherTypes {
  /** The type that a path could belong to; the same one each time. */
  at(segments: readonly string[]): ResourceType | undefined;
  /** The namespace in its own spelling, if anything is served under it. */
  namespace(name: string): string | undefined;
}

const noFurtherTypes: FurtherTypes = {
  at: () => undefined,
  namespace: () => undefined,
};

const actionPattern = /^[A-Za-z0-9.{}]+(?:\/[A-Za-z0-9{}-]+)+\/(?:read|write|delete|action)$/;

interface Entry {
  readonly route: Route;
  readonly type: ResourceType;
  readonly byMethod: Map<Method, RegisteredOperation>;
}

/**
 * Registers all operations. A type that is registered goes before a further one.
 *
 * @throws TypeError where one declares no right, writes without a body's shape, or answers what another answers: the
 *   server does not start
 */
export function createOperationRegistry(
  types: readonly ResourceType[],
  further: FurtherTypes = noFurtherTypes,
): OperationRegistry {
  const entries = entriesOf(types);
  const operations = entries.flatMap(({ byMethod }) => [...byMethod.values()]);
  for (const name of [...anonymousRoutes, ...routesForEveryCaller]) {
    if (!operations.some((operation) => operation.name === name)) {
      throw new TypeError(`${name} is open, and not registered`);
    }
  }
  const find = indexRoutes(entries);
  const finders = new WeakMap<ResourceType, RouteIndex<Entry>>();
  const findFurther = (segments: readonly string[]) => {
    const type = further.at(segments);
    if (type === undefined) return undefined;
    const known = finders.get(type) ?? indexRoutes(entriesOf([type]));
    finders.set(type, known);
    return known(segments);
  };
  const namespaces = new Map(types.map(({ namespace }) => [namespace.toLowerCase(), namespace]));

  return {
    types,
    operations,
    match(segments) {
      const found = find(segments) ?? findFurther(segments);
      if (found === undefined) return undefined;
      const { type, byMethod } = found.entry;
      return { type, byMethod, parameters: found.parameters };
    },
    namespace: (name) => namespaces.get(name.toLowerCase()) ?? further.namespace(name),
  };
}

/** The operations of types by the paths that they share. */
function entriesOf(types: readonly ResourceType[]): readonly Entry[] {
  const entries = new Map<string, Entry>();
  for (const type of types) {
    if (type.apiVersions.length === 0) throw new TypeError(`${fullType(type)} names no api-version`);
    for (const operation of type.operations) {
      const name = `${operation.method} ${operation.path}`;
      requireSound(name, operation);
      const key = operation.path.toLowerCase().replace(/\{(?!scope\})[^}]+\}/g, '{}');
      const entry = entries.get(key) ?? { route: compileRoute(operation.path), type, byMethod: new Map() };
      if (entry.byMethod.has(operation.method)) throw new TypeError(`${name} is registered twice`);
      entry.byMethod.set(operation.method, {
        ...{ type, operation, name },
        route: entry.route,
        openTo: openTo(name),
      });
      entries.set(key, entry);
    }
  }
  return [...entries.values()];
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
  return isForEveryCaller(name) ? 'every-caller' : 'nobody-else';
}

export function fullType(type: Pick<ResourceType, 'namespace' | 'type'>): string {
  return `${type.namespace}/${type.type}`;
}
