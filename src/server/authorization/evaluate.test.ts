import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { canonicalId, parseScope } from '../../contract/resource-id.ts';
import { guid, type PrincipalId, type TenantId } from '../../foundation/ids.ts';
import type { Grant } from './authorization-store.ts';
import { builtInRoles } from './built-in-roles.ts';
import { type Decision, evaluate, type Grants, type Plane } from './evaluate.ts';
import { findRoleDefinitionByName, type RoleDefinitionId } from './role-definitions.ts';

const tenantId = guid<TenantId>('11111111-1111-4111-8111-111111111111');
const principalId = guid<PrincipalId>('22222222-2222-4222-8222-222222222222');
const subscription = '/subscriptions/33333333-3333-4333-8333-333333333333';
const group = `${subscription}/resourceGroups/demo`;
const vault = `${group}/providers/Microsoft.KeyVault/vaults/demo-kv`;
const secret = `${vault}/secrets/greeting`;
const vm = `${group}/providers/Microsoft.Compute/virtualMachines/vm1`;

interface Assigned {
  readonly role: string;
  readonly scope: string;
  readonly conditional?: boolean;
}

function grantsOf(assigned: readonly Assigned[]): Grants {
  const grants = assigned.map(({ role, scope, conditional = false }, index): Grant => {
    const roleDefinitionId = findRoleDefinitionByName(role)?.id;
    assert.ok(roleDefinitionId, role);
    return {
      assignmentId: String(index),
      roleDefinitionId,
      scope,
      scopeCanonical: canonicalId(parseScope(scope)),
      conditional,
    };
  });
  return Map.groupBy(grants, (grant) => grant.scopeCanonical);
}

function decide(assigned: readonly Assigned[], action: string, scope: string, plane: Plane): Decision {
  return evaluate(grantsOf(assigned), { tenantId, principalId, action, scope: parseScope(scope), plane });
}

const getSecret = 'Microsoft.KeyVault/vaults/secrets/getSecret/action';

describe('who may do what', () => {
  test('nobody may do anything without an assignment', () => {
    assert.deepEqual(decide([], 'Microsoft.Resources/subscriptions/read', subscription, 'control'), {
      allowed: false,
      considered: 0,
    });
  });

  test('a role at a vault reaches its secrets, and the decision names the assignment', () => {
    const decision = decide([{ role: 'Key Vault Secrets User', scope: vault }], getSecret, secret, 'data');
    assert.deepEqual(decision, {
      allowed: true,
      assignmentId: '0',
      roleDefinitionId: '4633458b-17de-408a-b874-0445c86b69e6',
      roleName: 'Key Vault Secrets User',
      assignmentScope: vault,
    });
  });

  test('a role at one secret does not reach another, nor the vault', () => {
    const assigned = [{ role: 'Key Vault Secrets User', scope: secret }];
    assert.ok(decide(assigned, getSecret, secret, 'data').allowed);
    assert.ok(!decide(assigned, getSecret, `${vault}/secrets/other`, 'data').allowed);
    assert.ok(!decide(assigned, getSecret, `${vault}/secrets/greeting2`, 'data').allowed);
    assert.ok(
      !decide(assigned, 'Microsoft.KeyVault/vaults/secrets/readMetadata/action', vault, 'data').allowed,
    );
  });

  test('a role is inherited from group, subscription and tenant, in any spelling', () => {
    for (const scope of ['/', subscription.toUpperCase(), group.toUpperCase(), vault.toLowerCase()]) {
      const assigned = [{ role: 'Key Vault Secrets User', scope }];
      assert.ok(
        decide(assigned, getSecret.toUpperCase(), secret.replace('demo-kv', 'DEMO-KV'), 'data').allowed,
      );
    }
  });

  test('a role elsewhere does not help', () => {
    const elsewhere = [`${subscription}/resourceGroups/demo2`, `${vault}2`, vm];
    for (const scope of elsewhere) {
      assert.ok(
        !decide([{ role: 'Key Vault Administrator', scope }], getSecret, secret, 'data').allowed,
        scope,
      );
    }
  });

  test('Owner and Contributor read no secret', () => {
    for (const role of ['Owner', 'Contributor', 'Key Vault Contributor']) {
      assert.ok(!decide([{ role, scope: '/' }], getSecret, secret, 'data').allowed, role);
    }
  });

  test('a data role changes no resource', () => {
    const assigned = [{ role: 'Key Vault Secrets Officer', scope: '/' }];
    assert.ok(!decide(assigned, 'Microsoft.KeyVault/vaults/write', vault, 'control').allowed);
    assert.ok(!decide(assigned, 'Microsoft.KeyVault/vaults/secrets/write', secret, 'control').allowed);
  });

  test('Contributor writes resources and grants no rights', () => {
    const assigned = [{ role: 'Contributor', scope: subscription }];
    const write = 'Microsoft.Authorization/roleAssignments/write';
    assert.ok(decide(assigned, 'Microsoft.Compute/virtualMachines/write', vm, 'control').allowed);
    assert.ok(!decide(assigned, write, group, 'control').allowed);
    assert.ok(!decide(assigned, write.toLowerCase(), group, 'control').allowed);
  });

  test('what one role excludes another may still grant', () => {
    const assigned = [
      { role: 'Contributor', scope: group },
      { role: 'Role Based Access Control Administrator', scope: subscription },
    ];
    assert.ok(decide(assigned, 'Microsoft.Authorization/roleAssignments/write', vm, 'control').allowed);
  });

  test('Reader reads and writes nothing', () => {
    const assigned = [{ role: 'Reader', scope: '/' }];
    assert.ok(decide(assigned, 'Microsoft.Compute/virtualMachines/read', vm, 'control').allowed);
    for (const verb of ['write', 'delete', 'start/action', 'read/action']) {
      assert.ok(!decide(assigned, `Microsoft.Compute/virtualMachines/${verb}`, vm, 'control').allowed, verb);
    }
  });

  test('Managed Identity Operator attaches identities, Managed Identity Contributor does not', () => {
    const identity = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1`;
    const assign = 'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action';
    const may = (role: string) => decide([{ role, scope: group }], assign, identity, 'control').allowed;
    assert.ok(may('Managed Identity Operator'));
    assert.ok(!may('Managed Identity Contributor'));
  });

  test('an assignment under a condition grants nothing', () => {
    const decision = decide([{ role: 'Owner', scope: '/', conditional: true }], 'a/read', vm, 'control');
    assert.deepEqual(decision, { allowed: false, considered: 1 });
  });

  test('an unknown role grants nothing', () => {
    const grant: Grant = {
      assignmentId: '1',
      roleDefinitionId: '99999999-9999-4999-8999-999999999999' as RoleDefinitionId,
      scope: '/',
      scopeCanonical: canonicalId({ kind: 'tenant' }),
      conditional: false,
    };
    const question = {
      tenantId,
      principalId,
      action: 'a/read',
      scope: parseScope(vm),
      plane: 'control',
    } as const;
    assert.ok(!evaluate(new Map([[grant.scopeCanonical, [grant]]]), question).allowed);
  });

  test('an action that is no name of an operation is refused even to an Owner', () => {
    for (const action of ['', '*', 'a\u212A/read', 'x'.repeat(513)]) {
      assert.ok(!decide([{ role: 'Owner', scope: '/' }], action, vm, 'control').allowed, action);
    }
  });
});

/**
 * The same rules, written another way: over strings, by regular expressions, from the table of roles as it stands,
 * through every assignment.
 */
function allowedByRule(assigned: readonly Assigned[], action: string, scope: string, plane: Plane): boolean {
  const isName = /^[\x21-\x29\x2b-\x7e]{1,512}$/.test(action);
  const path = `${scope.toLowerCase()}/`;
  if (!isName) return false;
  return assigned.some((assignment) => {
    const base = assignment.scope === '/' ? '/' : `${assignment.scope.toLowerCase()}/`;
    const role = builtInRoles.find(({ name }) => name === assignment.role);
    if (!path.startsWith(base) || role === undefined || assignment.conditional) return false;
    return role.permissions.some((permission) => {
      const includes = plane === 'data' ? permission.dataActions : permission.actions;
      const excludes = plane === 'data' ? permission.notDataActions : permission.notActions;
      const matches = (pattern: string) => asExpression(pattern).test(action);
      return (includes ?? []).some(matches) && !(excludes ?? []).some(matches);
    });
  });
}

function asExpression(pattern: string): RegExp {
  const parts = pattern.split('/*/').map((part) =>
    part
      .split('*')
      .map((text) => text.replaceAll('.', '\\.'))
      .join('.*'),
  );
  return new RegExp(`^${parts.join('/(?:.*/)?')}$`, 'i');
}

describe('the evaluator', () => {
  test('agrees with a slow reading of the rules on random assignments (C3)', () => {
    const scopes = ['/', subscription, group, `${subscription}/resourceGroups/demo2`, vault, secret, vm];
    const namespaces = [
      'Microsoft.KeyVault',
      'Microsoft.Compute',
      'Microsoft.Authorization',
      'microsoft.storage',
    ];
    const middles = [
      'vaults',
      'vaults/secrets',
      'vaults/keys',
      'virtualMachines',
      'roleAssignments',
      'storageAccounts',
    ];
    const verbs = [
      'read',
      'write',
      'Delete',
      'getSecret/action',
      'setSecret/action',
      'wrap/action',
      'listKeys/action',
    ];
    const mixed = fc
      .tuple(fc.constantFrom(...namespaces), fc.constantFrom(...middles), fc.constantFrom(...verbs))
      .map((parts) => parts.join('/'));
    const patterns = builtInRoles.flatMap(({ permissions }) =>
      permissions.flatMap((permission) => Object.values(permission).flat() as string[]),
    );
    // Actions that a pattern of some role just matches, or just misses.
    const near = fc
      .tuple(fc.constantFrom(...patterns), fc.constantFrom('', 'x', 'x/y', 'read'))
      .map(([pattern, filling]) => pattern.replaceAll('*', filling));
    const assignment = fc.record({
      role: fc.constantFrom(...builtInRoles.map(({ name }) => name)),
      scope: fc.constantFrom(...scopes),
      conditional: fc.boolean(),
    });
    const question = fc.record({
      assigned: fc.array(assignment, { maxLength: 4 }),
      action: fc.oneof(mixed, near),
      scope: fc.constantFrom(...scopes.slice(1)),
      plane: fc.constantFrom<Plane>('control', 'data'),
    });
    let allowed = 0;
    fc.assert(
      fc.property(question, ({ assigned, action, scope, plane }) => {
        const expected = allowedByRule(assigned, action, scope, plane);
        if (expected) allowed += 1;
        return decide(assigned, action, scope, plane).allowed === expected;
      }),
      { numRuns: 20_000, interruptAfterTimeLimit: 5000 },
    );
    assert.ok(allowed > 100, 'the questions are not all refused');
  });
});
