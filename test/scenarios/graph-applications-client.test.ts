import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { domestic, follow } from '../support/demo-world.ts';
import { startInnate } from '../support/innate.ts';

const client = path.resolve(import.meta.dirname, '..', 'clients', 'manage-applications.ts');

test("an administrator's program with the Microsoft Graph client registers an API and its client, told only of a proxy and an authority", async () => {
  await using innate = await startInnate();
  const { caFile, operator, proxy, tenantId } = innate.ready;
  const child = spawn(process.execPath, [client], {
    stdio: 'pipe',
    env: {
      ...domestic(),
      HTTPS_PROXY: proxy,
      NODE_USE_ENV_PROXY: '1',
      NODE_EXTRA_CA_CERTS: caFile,
      AZURE_TENANT_ID: tenantId,
      AZURE_CLIENT_ID: operator.clientId,
      AZURE_CLIENT_SECRET: operator.clientSecret,
    },
  });
  const { code, stdout, stderr } = await follow(child).outcome;
  assert.equal(code, 0, stderr);
  const { seen, refusals, restored } = JSON.parse(stdout);
  assert.deepEqual(seen, {
    principalOfToken: true,
    roles: ['Orders.Read'],
    audience: 'api://orders.example',
    assignment: 'orders worker',
    names: seen.names,
    found: 1,
    count: String(seen.names.length),
    notes: 'reads orders',
  });
  assert.deepEqual([...seen.names].sort(), ['Innate operator', 'orders api', 'orders worker']);
  assert.deepEqual(refusals, {
    gone: '404 Request_ResourceNotFound',
    taken: '400 Request_MultipleObjectsWithSameKeyValue',
    query: '400 Request_UnsupportedQuery',
  });
  assert.equal(restored, 'orders api');
});
