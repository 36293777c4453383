import type { AppRole, PermissionScope } from '../../contract/graph-application.ts';
import { DomainError } from '../../foundation/domain-error.ts';
import type { ApplicationManifest } from './application-manifest.ts';

/**
 * Holds a manifest to the rules that no single member shows, given the one it follows (empty for a new application).
 *
 * @throws DomainError `invalid-value` with the broken rule
 */
export function checkManifest(before: ApplicationManifest, after: ApplicationManifest): void {
  const roles = after.appRoles ?? [];
  const scopes = after.api?.oauth2PermissionScopes ?? [];
  // a role and a scope may share a value, and then must share the id; each list for itself has no double
  assertUnique('appRoles', roles);
  assertUnique('api.oauth2PermissionScopes', scopes);
  for (const role of roles) {
    const scope = scopes.find(({ id }) => id === role.id);
    if (scope !== undefined && (scope.value ?? null) !== (role.value ?? null)) {
      throw new DomainError(
        'invalid-value',
        `The permission id '${role.id}' names an app role and a scope of different values.`,
        { target: 'appRoles' },
      );
    }
  }
  assertDisabledFirst('appRoles', before.appRoles ?? [], roles);
  assertDisabledFirst('api.oauth2PermissionScopes', before.api?.oauth2PermissionScopes ?? [], scopes);
  const personal = after.signInAudience?.includes('Personal') === true;
  if (personal && after.api?.requestedAccessTokenVersion !== 2) {
    throw new DomainError(
      'invalid-value',
      'api.requestedAccessTokenVersion must be 2 where the sign-in audience includes personal accounts.',
      { target: 'signInAudience' },
    );
  }
  if (before.uniqueName && after.uniqueName !== before.uniqueName) {
    throw new DomainError('invalid-value', 'uniqueName cannot be changed once it is set.', {
      target: 'uniqueName',
    });
  }
  for (const [name, addresses] of redirectAddresses(after)) {
    for (const address of addresses) assertRedirectAddress(name, address);
  }
}

function assertUnique(list: string, permissions: readonly (AppRole | PermissionScope)[]): void {
  const ids = new Set(permissions.map(({ id }) => id));
  const named = permissions.flatMap(({ value }) => (value ? [value] : []));
  if (ids.size !== permissions.length || new Set(named).size !== named.length) {
    throw new DomainError('invalid-value', `Two entries of ${list} have the same id or value.`, {
      target: list,
      code: 'Request_BadRequest',
    });
  }
}

/** Permissions in use must not vanish at a stroke: one is disabled first, and removed or renamed then. */
function assertDisabledFirst(
  list: string,
  before: readonly (AppRole | PermissionScope)[],
  after: readonly (AppRole | PermissionScope)[],
): void {
  for (const old of before) {
    if (!old.isEnabled) continue;
    const now = after.find(({ id }) => id === old.id);
    if (now !== undefined && (now.value ?? null) === (old.value ?? null)) continue;
    throw new DomainError(
      'invalid-value',
      'Permission (scope or role) cannot be deleted or updated unless disabled first.',
      { target: list, code: 'CannotDeleteOrUpdateEnabledEntitlement' },
    );
  }
}

function redirectAddresses(manifest: ApplicationManifest): readonly (readonly [string, readonly string[]])[] {
  return [
    ['web.redirectUris', manifest.web?.redirectUris ?? []],
    ['spa.redirectUris', manifest.spa?.redirectUris ?? []],
    ['publicClient.redirectUris', manifest.publicClient?.redirectUris ?? []],
  ];
}

/**
 * RFC 6749 §3.1.2: absolute, without fragment; no wildcard, no user information. Browsers' own kinds of address that run
 * as scripts are none.
 */
function assertRedirectAddress(list: string, address: string): void {
  const url = URL.parse(address);
  const web = url !== null && (url.protocol === 'https:' || url.protocol === 'http:');
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url?.hostname ?? '');
  const legal =
    url !== null &&
    /^[\x21-\x7e]+$/.test(address) &&
    !/[#*\\]/.test(address) &&
    url.username === '' &&
    url.password === '' &&
    !['javascript:', 'data:', 'vbscript:', 'file:', 'blob:'].includes(url.protocol) &&
    (url.protocol !== 'http:' || loopback) &&
    (list === 'publicClient.redirectUris' || web || /^ms-app[a-z-]*:$/.test(url.protocol));
  if (legal) return;
  throw new DomainError('invalid-value', `${list} holds an address that is not allowed.`, { target: list });
}
