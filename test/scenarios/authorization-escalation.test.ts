import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { canonicalId, parseScope, type Scope } from '../../src/contract/resource-id.ts';
import { guid, type PrincipalId, type TenantId } from '../../src/foundation/ids.ts';
import { builtInRoles } from '../../src/server/authorization/built-in-roles.ts';
import { evaluate, type Plane } from '../../src/server/authorization/evaluate.ts';
import { findRoleDefinitionByName } from '../../src/server/authorization/role-definitions.ts';

const tenantId = guid<TenantId>('11111111-1111-4111-8111-111111111111');
const principalId = guid<PrincipalId>('22222222-2222-4222-8222-222222222222');
const group = '/subscriptions/33333333-3333-4333-8333-333333333333/resourceGroups/demo';
const scope = parseScope(`${group}/providers/Microsoft.KeyVault/vaults/demo-kv/secrets/s`);
const root: Scope = { kind: 'tenant' };

/** The built-in roles that, held at the tenant, allow an action. */
function rolesThatMay(action: string, plane: Plane): string[] {
  return builtInRoles
    .map(({ name }) => name)
    .filter((name) => {
      const role = findRoleDefinitionByName(name);
      assert.ok(role);
      const grant = {
        assignmentId: '1',
        roleDefinitionId: role.id,
        scope: '/',
        scopeCanonical: canonicalId(root),
        conditional: false,
      };
      const grants = new Map([[grant.scopeCanonical, [grant]]]);
      return evaluate(grants, { tenantId, principalId, action, scope, plane }).allowed;
    })
    .sort();
}

describe('no role leads further than it says', () => {
  test('only those who administer access assign roles', () => {
    const administrators = ['Owner', 'Role Based Access Control Administrator', 'User Access Administrator'];
    for (const verb of ['write', 'delete']) {
      assert.deepEqual(
        rolesThatMay(`Microsoft.Authorization/roleAssignments/${verb}`, 'control'),
        administrators,
      );
    }
    assert.deepEqual(rolesThatMay('Microsoft.Authorization/roleDefinitions/write', 'control'), [
      'Owner',
      'User Access Administrator',
    ]);
  });

  test('only those who administer access lock and unlock', () => {
    for (const verb of ['write', 'delete']) {
      assert.deepEqual(rolesThatMay(`Microsoft.Authorization/locks/${verb}`, 'control'), [
        'Owner',
        'User Access Administrator',
      ]);
    }
  });

  test('only an owner moves what is governed: writing groups and giving rights are no one other role', () => {
    const write = rolesThatMay('Microsoft.Management/managementGroups/write', 'control');
    assert.deepEqual(write, ['Contributor', 'Management Group Contributor', 'Owner']);
    const gives = rolesThatMay('Microsoft.Authorization/roleAssignments/write', 'control');
    assert.deepEqual(
      write.filter((role) => gives.includes(role)),
      ['Owner'],
    );
  });

  test('only data roles read the value of a secret', () => {
    assert.deepEqual(rolesThatMay('Microsoft.KeyVault/vaults/secrets/getSecret/action', 'data'), [
      'Key Vault Administrator',
      'Key Vault Certificate User',
      'Key Vault Secrets Officer',
      'Key Vault Secrets User',
    ]);
  });

  test('attaching an identity, and making a host join as a resource, need a right of their own', () => {
    assert.deepEqual(
      rolesThatMay('Microsoft.ManagedIdentity/userAssignedIdentities/assign/action', 'control'),
      ['Contributor', 'Managed Identity Operator', 'Owner'],
    );
    assert.deepEqual(rolesThatMay('Innate.Machines/joinTokens/write', 'control'), ['Contributor', 'Owner']);
  });
});
