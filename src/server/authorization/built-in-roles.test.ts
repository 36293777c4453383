import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { sharedFile } from '../../../test/support/shared.ts';
import type { Permission } from './built-in-role.ts';
import { builtInRoles } from './built-in-roles.ts';
import {
  findRoleDefinition,
  findRoleDefinitionByName,
  listRoleDefinitions,
  parseRoleDefinitionId,
} from './role-definitions.ts';

const facts = sharedFile('data/built-in-roles.json');

interface PublishedRole {
  readonly name: string;
  readonly roleName: string;
  readonly assignableScopes: readonly string[];
  readonly permissions: readonly (Required<Permission> & { readonly condition: string | null })[];
}

describe('built-in roles', () => {
  test('have the ids, names and permissions that Azure publishes', {
    skip: facts ? false : 'no shared data',
  }, () => {
    const published = JSON.parse(readFileSync(facts ?? '', 'utf8')) as PublishedRole[];
    for (const role of builtInRoles) {
      if (role.name.startsWith('Innate ')) continue;
      const original = published.find(({ name }) => name === role.id);
      assert.ok(original, role.name);
      assert.equal(role.name, original.roleName);
      assert.deepEqual(original.assignableScopes, ['/'], role.name);
      const ours = role.permissions.map(({ actions, notActions, dataActions, notDataActions }) => ({
        actions: actions ?? [],
        notActions: notActions ?? [],
        dataActions: dataActions ?? [],
        notDataActions: notDataActions ?? [],
      }));
      const theirs = original.permissions.map(
        ({ actions, notActions, dataActions, notDataActions, condition }) => {
          assert.equal(condition, null, `${role.name} holds under a condition`);
          return { actions, notActions, dataActions, notDataActions };
        },
      );
      assert.deepEqual(ours, theirs, role.name);
    }
  });

  test('include every role of vaults that holds without a condition', {
    skip: facts ? false : 'no shared data',
  }, () => {
    const published = JSON.parse(readFileSync(facts ?? '', 'utf8')) as PublishedRole[];
    const missing = published
      .filter(({ roleName }) => roleName.startsWith('Key Vault '))
      .filter(({ name }) => !builtInRoles.some(({ id }) => id === name))
      .map(({ roleName }) => roleName);
    assert.deepEqual(missing, ['Key Vault Data Access Administrator']);
  });

  test('of ours say so, and grant nothing beyond our own namespaces', () => {
    const published = facts === undefined ? [] : (JSON.parse(readFileSync(facts, 'utf8')) as PublishedRole[]);
    for (const { id, name, permissions } of builtInRoles) {
      if (!name.startsWith('Innate ')) continue;
      assert.ok(!published.some((role) => role.name === id || role.roleName === name), name);
      const granted = permissions.flatMap(({ actions = [], dataActions = [] }) => [
        ...actions,
        ...dataActions,
      ]);
      assert.ok(granted.length > 0 && granted.every((action) => action.startsWith('Innate.')), name);
    }
  });

  test('have each their own id and name', () => {
    assert.equal(new Set(builtInRoles.map(({ id }) => id)).size, builtInRoles.length);
    assert.equal(new Set(builtInRoles.map(({ name }) => name.toLowerCase())).size, builtInRoles.length);
    assert.equal(listRoleDefinitions().length, builtInRoles.length);
  });
});

describe('role definitions', () => {
  const id = '4633458b-17de-408a-b874-0445c86b69e6';

  test('are found by the GUID at the end of their id, whatever it hangs from', () => {
    const path = '/providers/Microsoft.Authorization/roleDefinitions/';
    const subscription = '/subscriptions/33333333-3333-4333-8333-333333333333';
    for (const prefix of [
      '',
      path,
      path.toUpperCase(),
      `${subscription}${path}`,
      `${subscription}/resourceGroups/g${path}`,
    ]) {
      const parsed = parseRoleDefinitionId(`${prefix}${id.toUpperCase()}`);
      assert.equal(parsed, id);
      assert.equal(parsed && findRoleDefinition(parsed)?.name, 'Key Vault Secrets User');
    }
  });

  test('are found by name in any case', () => {
    assert.equal(findRoleDefinitionByName('key vault secrets user')?.id, id);
    assert.equal(findRoleDefinitionByName('Key Vault'), undefined);
  });

  test('have no other ids', () => {
    for (const text of [
      '',
      'Owner',
      `/x/${id}`,
      `${id}/`,
      `/providers/Microsoft.Compute/roleDefinitions/${id}`,
    ]) {
      assert.equal(parseRoleDefinitionId(text), undefined, text);
    }
  });
});
