import assert from 'node:assert/strict';
import { canonicalId, parseScope } from '../../src/contract/resource-id.ts';
import { DomainError } from '../../src/foundation/domain-error.ts';
import { type ClientId, guid, type PrincipalId, type TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import type { RoleAssignment } from '../../src/server/authorization/authorization-store.ts';
import {
  createOrUpdateRoleAssignment,
  type RoleAssignmentRequest,
} from '../../src/server/authorization/role-assignments.ts';
import { findRoleDefinitionByName } from '../../src/server/authorization/role-definitions.ts';
import { insertPrincipal } from '../../src/server/directory/directory-store.ts';
import type { Database } from '../../src/server/storage/database.ts';

export const subscription = '/subscriptions/33333333-3333-4333-8333-333333333333';
export const group = `${subscription}/resourceGroups/demo`;
export const vault = `${group}/providers/Microsoft.KeyVault/vaults/demo-kv`;
export const secret = parseScope(`${vault}/secrets/greeting`);
export const vm = `${group}/providers/Microsoft.Compute/virtualMachines/vm1`;
export const getSecret = 'Microsoft.KeyVault/vaults/secrets/getSecret/action';
export const operator = guid<PrincipalId>('00000000-0000-4000-8000-000000000001');
export const at = Date.UTC(2026, 10, 1);

function roleId(name: string): string {
  const role = findRoleDefinitionByName(name);
  assert.ok(role, name);
  return role.id;
}

export async function testPrincipal(
  database: Database,
  tenantId: TenantId,
  resourceId?: string,
): Promise<PrincipalId> {
  const principalId = guid<PrincipalId>(systemRandomness.uuid());
  const clientId = guid<ClientId>(systemRandomness.uuid());
  const facts = { tenantId, principalId, clientId, displayName: 'p', at };
  await database.transaction(async (transaction) =>
    insertPrincipal(
      transaction,
      resourceId === undefined
        ? { ...facts, principalType: 'Application' }
        : {
            ...facts,
            principalType: 'ManagedIdentity',
            identity: {
              kind: 'SystemAssigned',
              resourceId,
              resourceCanonical: canonicalId(parseScope(resourceId)),
            },
          },
    ),
  );
  return principalId;
}

export type Wanted = Omit<Partial<RoleAssignmentRequest>, 'scope'> & {
  readonly tenantId: TenantId;
  readonly principalId: string;
  readonly role?: string;
  readonly at?: number;
  readonly scope?: string;
};

export async function assign(database: Database, wanted: Wanted): Promise<RoleAssignment> {
  const { role = 'Key Vault Secrets User', scope = vault, ...rest } = wanted;
  const { assignment } = await database.transaction((transaction) =>
    createOrUpdateRoleAssignment(transaction, {
      name: systemRandomness.uuid(),
      roleDefinitionId: `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${roleId(role)}`,
      by: operator,
      at,
      ...rest,
      scope: parseScope(scope),
    }),
  );
  return assignment;
}

/** For `assert.rejects`: a broken rule with this code. */
export function failsWith(code: string, message?: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof DomainError, String(error));
    assert.equal(error.code, code);
    if (message) assert.match(error.message, message);
    return true;
  };
}
