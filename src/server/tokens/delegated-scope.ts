import { aadsts } from '../http/dialects/aadsts.ts';

/** Scopes of OpenID Connect: they name no resource. */
const openidScopes = ['openid', 'profile', 'email', 'offline_access'] as const;
export type OpenidScope = (typeof openidScopes)[number];

/** What an application asks to do as a person: a resource, and what there. */
export interface DelegatedScope {
  readonly openid: ReadonlySet<OpenidScope>;
  /** The one resource, as the caller names it; `undefined` where it names none: Graph is meant. */
  readonly resource: string | undefined;
  /** Whether all that was granted at the resource is asked for (`/.default`). */
  readonly everything: boolean;
  /** Permissions by name. */
  readonly permissions: readonly string[];
}

const longestScope = 4096;
const longestPermission = 120;

/**
 * Reads a `scope` parameter (c.2): names of OpenID Connect, `<resource>/.default`, `<resource>/<permission>`, and bare
 * permissions, which are Graph's. All of one resource.
 *
 * @throws DomainError AADSTS70011 for what is none of these, 28003 for several resources
 */
export function parseDelegatedScope(scope: string): DelegatedScope {
  if (scope.length > longestScope) throw aadsts(70011, { scope });
  const openid = new Set<OpenidScope>();
  const permissions = new Set<string>();
  const resources = new Map<string, string | undefined>();
  let everything = false;
  for (const word of scope.split(' ')) {
    if (word === '') continue;
    const known = openidScopes.find((name) => name === word.toLowerCase());
    if (known !== undefined) {
      openid.add(known);
      continue;
    }
    const { resource, permission } = readWord(word);
    resources.set(resource === undefined ? '' : resource.toLowerCase().replace(/\/$/, ''), resource);
    if (permission === undefined) everything = true;
    else permissions.add(permission);
  }
  if (resources.size > 1) throw aadsts(28003, { scope });
  const [resource] = resources.values();
  return { openid, resource, everything, permissions: [...permissions] };
}

function readWord(word: string): { resource: string | undefined; permission: string | undefined } {
  if (word === '.default') return { resource: undefined, permission: undefined };
  const slash = word.lastIndexOf('/');
  const permission = word.slice(slash + 1);
  if (!/^[A-Za-z0-9._:-]+$/.test(permission) || permission.length > longestPermission) {
    throw aadsts(70011, { scope: word });
  }
  const resource = slash < 0 ? undefined : word.slice(0, slash);
  if (resource === '') throw aadsts(70011, { scope: word });
  return { resource, permission: permission === '.default' ? undefined : permission };
}
