import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { assignAppRole } from '../../src/server/directory/app-role-assignments.ts';
import {
  createServicePrincipal,
  registerApplication,
} from '../../src/server/directory/application-changes.ts';
import { follow } from '../support/demo-world.ts';
import { namedTokenService } from '../support/named-token-service.ts';

const program = path.resolve(import.meta.dirname, '..', 'clients', 'call-a-customer-api.ts');
const roleId = '0b5b9f6a-2f0e-4c53-9d3e-5a3f0a5f3f11';

test("a customer's API validates tokens of both versions with jose, and with jwks-rsa and jsonwebtoken, and reads the roles", async () => {
  await using named = await namedTokenService();
  const { service, environment } = named;
  const tenantId = await service.tenant();
  const client = await service.application(tenantId);
  const at = service.clock.now();
  const rules = { randomness: systemRandomness, isReserved: () => false, at };
  const make = (version: 1 | 2) =>
    service.database.transaction(async (transaction) => {
      const { clientId, manifest } = await registerApplication(
        transaction,
        tenantId,
        {
          displayName: `orders ${version}`,
          identifierUris: [`api://orders-${version}.example`],
          api: { requestedAccessTokenVersion: version },
          appRoles: [
            {
              id: roleId,
              value: 'Orders.Read',
              displayName: 'read',
              description: 'read',
              allowedMemberTypes: ['Application'],
              isEnabled: true,
            },
          ],
        },
        rules,
      );
      const { principalId } = await createServicePrincipal(
        transaction,
        tenantId,
        { appId: clientId, change: {} },
        rules,
      );
      await assignAppRole(
        transaction,
        {
          tenantId,
          principal: { id: client.principalId, type: 'ServicePrincipal' },
          resource: { principalId, appRoles: manifest.appRoles ?? [] },
          appRoleId: roleId,
          at,
        },
        systemRandomness,
      );
      return { name: `api://orders-${version}.example`, version: `v${version}`, appId: clientId };
    });
  const apis = [await make(1), await make(2)];

  const child = spawn(process.execPath, [program], {
    stdio: 'pipe',
    env: {
      ...environment,
      AZURE_TENANT_ID: tenantId,
      AZURE_CLIENT_ID: client.clientId,
      AZURE_CLIENT_SECRET: client.secret,
      CUSTOMER_APIS: JSON.stringify(apis),
    },
  });
  const { code, stdout, stderr } = await follow(child).outcome;
  assert.equal(code, 0, stderr);

  const roles = ['Orders.Read'];
  const first = { roles, aud: 'api://orders-1.example', ver: '1.0' };
  const second = { roles, aud: apis[1]?.appId, ver: '2.0' };
  assert.deepEqual(JSON.parse(stdout), {
    'jose v1': first,
    'jsonwebtoken v1': first,
    'jose v1, other audience': 'ERR_JWT_CLAIM_VALIDATION_FAILED',
    'jose v1, altered': 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    'jose v2': second,
    'jsonwebtoken v2': second,
    'jose v2, other audience': 'ERR_JWT_CLAIM_VALIDATION_FAILED',
    'jose v2, altered': 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  });
});
