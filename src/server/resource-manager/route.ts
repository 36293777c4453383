import {
  formatScope,
  parsePath,
  parseScope,
  ResourceIdError,
  type Scope,
  scopeBelow,
} from '../../contract/resource-id.ts';
import { ArmError } from '../http/dialects/arm.ts';

/** A compiled path template. */
export interface Route {
  readonly template: string;
  /**
   * Holds a path's segments against the template.
   *
   * @returns the parameters, or `undefined` where it is another path
   */
  match(segments: readonly string[]): Readonly<Record<string, string>> | undefined;
}

/** Compiles a template: see `Operation.path`. */
export function compileRoute(template: string): Route {
  const parts = template.split('/').slice(1);
  if (parts[0] === '{scope}') return extensionRoute(template, parts.slice(1));
  return { template, match: (segments) => matchSegments(parts, segments) };
}

function matchSegments(
  parts: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (parts.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const segment = segments[index] as string;
    const name = parameterName(part);
    if (name !== undefined) parameters[name] = segment;
    else if (part.toLowerCase() !== segment.toLowerCase()) return undefined;
  }
  return parameters;
}

/**
 * A type that hangs from any scope. Where the scope ends is read from the left, as every id is, never from the right:
 * a resource may be named `providers`.
 */
function extensionRoute(template: string, tail: readonly string[]): Route {
  return {
    template,
    match(segments) {
      if (segments.length < tail.length) return undefined;
      const below = matchSegments(tail, segments.slice(segments.length - tail.length));
      if (below === undefined) return undefined;
      const path = readPath(`/${segments.join('/')}`);
      if (path === undefined || (path.kind !== 'resource' && path.kind !== 'collection')) return undefined;
      if (path.types.length + path.names.length + 2 !== tail.length) return undefined;
      return { ...below, scope: formatScope(path.parent) };
    },
  };
}

function readPath(path: string): ReturnType<typeof parsePath> | undefined {
  try {
    return parsePath(path);
  } catch (error) {
    if (error instanceof ResourceIdError) return undefined;
    throw error;
  }
}

function parameterName(part: string): string | undefined {
  return part.startsWith('{') && part.endsWith('}') ? part.slice(1, -1) : undefined;
}

/**
 * What a path names, for the question whether the caller may: the resource or scope itself; for a collection or an
 * action, what it hangs from; for ARM's own lists (`…/resources`, `…/providers`), the group or subscription they are
 * of.
 *
 * @throws ArmError `InvalidSubscriptionId`, `InvalidResourceId`
 */
export function targetOf(
  path: string,
  segments: readonly string[],
  parameters: Readonly<Record<string, string>> | undefined,
): Scope {
  if (segments[0]?.toLowerCase() === 'subscriptions' && segments[1] !== undefined) {
    requireSubscriptionId(segments[1]);
  }
  const parsed = readPath(path);
  if (parsed !== undefined) return parsed.kind === 'collection' ? containerOf(parsed) : parsed;
  const subscriptionId = parameters?.['subscriptionId'];
  const group = parameters?.['resourceGroupName'];
  if (subscriptionId === undefined) {
    if (parameters === undefined) throw invalidId(path);
    return { kind: 'tenant' };
  }
  return parseScope(
    `/subscriptions/${subscriptionId}${group === undefined ? '' : `/resourceGroups/${group}`}`,
  );
}

type Collection = Extract<ReturnType<typeof parsePath>, { kind: 'collection' }>;

/** `…/vaults/kv1/secrets` hangs from `…/vaults/kv1`; `…/vaults` from the group. */
function containerOf(collection: Collection): Scope {
  const { parent, namespace, types, names } = collection;
  if (names.length === 0) return parent;
  return scopeBelow(parent, namespace, types.slice(0, -1), names);
}

function requireSubscriptionId(text: string): void {
  const parsed = readPath(`/subscriptions/${text}`);
  if (parsed?.kind === 'subscription') return;
  throw new ArmError(
    'malformed',
    'InvalidSubscriptionId',
    `The provided subscription identifier '${text}' is malformed or invalid.`,
  );
}

function invalidId(path: string): ArmError {
  let reason = 'it names nothing that can exist';
  try {
    parsePath(path);
  } catch (error) {
    if (!(error instanceof ResourceIdError)) throw error;
    reason = error.message;
  }
  return new ArmError('malformed', 'InvalidResourceId', `The request path is not a resource id: ${reason}.`);
}
