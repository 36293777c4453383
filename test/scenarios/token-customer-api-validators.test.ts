import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { customerApi } from '../support/customer-api.ts';
import { follow } from '../support/demo-world.ts';
import { namedTokenService } from '../support/named-token-service.ts';

const program = path.resolve(import.meta.dirname, '..', 'clients', 'call-a-customer-api.ts');

test("a customer's API validates tokens of both versions with jose, and with jwks-rsa and jsonwebtoken, and reads the roles", async () => {
  await using named = await namedTokenService();
  const { service, environment } = named;
  const tenantId = await service.tenant();
  const client = await service.application(tenantId);
  const apis = [await customerApi(service, client, 1), await customerApi(service, client, 2)];

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
