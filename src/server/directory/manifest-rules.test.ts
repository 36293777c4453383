import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { applicationChange } from '../../contract/graph-application.ts';
import type { DomainError } from '../../foundation/domain-error.ts';
import { changedManifest, emptyManifest, parseManifest } from './application-manifest.ts';
import { checkManifest } from './manifest-rules.ts';

const ids = ['1', '2', '3'].map((digit) => `00000000-0000-4000-8000-00000000000${digit}`);
const role = (id: number, value: string | null, isEnabled = true) => ({
  id: ids[id] as string,
  value,
  displayName: 'role',
  description: 'role',
  allowedMemberTypes: ['Application' as const],
  isEnabled,
});
const scope = (id: number, value: string) => ({ id: ids[id] as string, value });

/** A manifest after a change that the schema has seen, held to the rules. */
function changed(before: object, change: object) {
  const from = parseManifest(JSON.stringify(before));
  const { displayName: _, ...members } = applicationChange.parse(change);
  const after = changedManifest(from, members);
  checkManifest(from, after);
  return after;
}

const refuses = (before: object, change: object, code?: string) =>
  assert.throws(
    () => changed(before, change),
    (error: DomainError) => error.kind === 'invalid-value' && (code === undefined || error.code === code),
    JSON.stringify(change),
  );

describe('a change of what an application declares', () => {
  test('leaves what it does not name, members of members too', () => {
    const before = {
      notes: 'a',
      tags: ['x'],
      web: { redirectUris: ['https://a.example'], homePageUrl: 'https://a' },
    };
    const after = changed(before, { notes: null, web: { homePageUrl: null }, isFallbackPublicClient: true });
    assert.equal(after.notes, undefined);
    assert.deepEqual(after.tags, ['x']);
    assert.deepEqual(after.web, { redirectUris: ['https://a.example'], homePageUrl: null });
    assert.equal(after.isFallbackPublicClient, true);
    assert.deepEqual(changed(before, { web: null }).web, { redirectUris: [] });
    assert.deepEqual(emptyManifest.api.oauth2PermissionScopes, []);
  });

  test('gives every role and scope an id and a value of its own', () => {
    refuses({}, { appRoles: [role(0, 'A'), role(0, 'B')] });
    refuses({}, { appRoles: [role(0, 'A'), role(1, 'A')] });
    refuses({}, { api: { oauth2PermissionScopes: [scope(0, 'A'), scope(1, 'A')] } });
    refuses({}, { appRoles: [role(0, 'A')], api: { oauth2PermissionScopes: [scope(0, 'B')] } });
    // one permission may be both, and roles without a value are told apart by id
    changed({}, { appRoles: [role(0, 'A')], api: { oauth2PermissionScopes: [scope(0, 'A')] } });
    changed({}, { appRoles: [role(0, null), role(1, null)] });
    changed({}, { appRoles: [role(0, ''), role(1, '')] });
  });

  test('disables a role or scope before it takes it away or renames it', () => {
    const code = 'CannotDeleteOrUpdateEnabledEntitlement';
    const before = { appRoles: [role(0, 'A')], api: { oauth2PermissionScopes: [scope(1, 'S')] } };
    refuses(before, { appRoles: [] }, code);
    refuses(before, { appRoles: [role(0, 'B')] }, code);
    refuses(before, { appRoles: [role(0, 'B', false)] }, code);
    refuses(before, { api: { oauth2PermissionScopes: [] } }, code);
    const disabled = changed(before, { appRoles: [role(0, 'A', false)] });
    assert.deepEqual(changed(disabled, { appRoles: [] }).appRoles, []);
    changed(disabled, { appRoles: [role(0, 'B')] });
  });

  test('keeps a unique name, and asks for version 2 where personal accounts sign in', () => {
    refuses({ uniqueName: 'a' }, { uniqueName: 'b' });
    refuses({ uniqueName: 'a' }, { uniqueName: null });
    refuses({}, { signInAudience: 'AzureADandPersonalMicrosoftAccount' });
    changed({}, { signInAudience: 'PersonalMicrosoftAccount', api: { requestedAccessTokenVersion: 2 } });
  });

  test('takes redirects that no one else can catch', () => {
    for (const redirect of [
      'https://a.example/*',
      'https://*.example/',
      'https://a.example/#x',
      'http://a.example/',
      'https://u:p@a.example/',
      'https://a.example\\@b.example/',
      'javascript:alert(1)',
      'data:text/html,x',
      '/relative',
      '',
      'https://a.example/ x',
      'com.example.app:/x',
    ]) {
      refuses({}, { web: { redirectUris: [redirect] } });
    }
    refuses({}, { publicClient: { redirectUris: ['javascript:alert(1)'] } });
    changed({}, { web: { redirectUris: ['https://a.example/cb?x=1', 'http://localhost:3000/cb'] } });
    changed({}, { publicClient: { redirectUris: ['com.example.app:/x', 'http://localhost'] } });
  });

  test('names only members that there are, each within its bound', () => {
    for (const change of [
      { appId: ids[0] },
      { unknown: 1 },
      { displayName: '' },
      { displayName: 'x'.repeat(257) },
      { appRoles: [{ ...role(0, 'A B') }] },
      { appRoles: [{ ...role(0, '.A') }] },
      { appRoles: [{ ...role(0, 'A'), id: 'x' }] },
      { appRoles: [{ ...role(0, 'A'), allowedMemberTypes: [] }] },
      { api: { requestedAccessTokenVersion: 3 } },
      { signInAudience: 'Everybody' },
      { groupMembershipClaims: 'Everything' },
      { tags: Array.from({ length: 300 }, String) },
    ]) {
      assert.equal(applicationChange.safeParse(change).success, false, JSON.stringify(change).slice(0, 80));
    }
  });
});
