import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { domestic, follow } from '../support/demo-world.ts';
import { startInnate } from '../support/innate.ts';

const client = path.resolve(import.meta.dirname, '..', 'clients', 'manage-resources.ts');

test('an operator’s program with the official clients makes, lists and deletes resources, told only of a proxy and an authority', async () => {
  await using innate = await startInnate();
  const { caFile, operator, proxy, subscriptionId, tenantId } = innate.ready;
  const child = spawn(process.execPath, [client], {
    stdio: 'pipe',
    env: {
      ...domestic(),
      HTTPS_PROXY: proxy,
      NODE_EXTRA_CA_CERTS: caFile,
      AZURE_TENANT_ID: tenantId,
      AZURE_CLIENT_ID: operator.clientId,
      AZURE_CLIENT_SECRET: operator.clientSecret,
      AZURE_SUBSCRIPTION_ID: subscriptionId,
    },
  });
  const { code, stdout, stderr } = await follow(child).outcome;
  assert.equal(code, 0, stderr);
  const { seen, afterMachine, afterGroup, refusals } = JSON.parse(stdout);

  assert.equal(seen.subscriptionOfGroup, `/subscriptions/${subscriptionId}/resourceGroups/clients`);
  assert.deepEqual(seen.groups, ['clients']);
  assert.deepEqual(seen.resources.toSorted(), ['clients-kv', 'vm1']);
  assert.deepEqual(seen.machines, ['vm1']);
  assert.deepEqual(seen.vaults, ['clients-kv']);
  assert.equal(seen.identity.type, 'SystemAssigned');
  assert.equal(seen.identity.tenantId, tenantId);
  assert.match(seen.identity.principalId, /^[0-9a-f-]{36}$/);
  assert.equal(seen.vaultUri, 'https://clients-kv.vault.azure.net/');
  assert.deepEqual(seen.assignments, [seen.assignment]);

  assert.deepEqual(afterMachine, { machine: '404 ResourceNotFound', assignments: [] });
  assert.deepEqual(afterGroup, { group: '404 ResourceGroupNotFound', vault: '404 ResourceGroupNotFound' });
  assert.deepEqual(refusals, {
    stranger: '400 PrincipalNotFound',
    secret: 'AuthenticationRequiredError AADSTS7000215',
  });
});
