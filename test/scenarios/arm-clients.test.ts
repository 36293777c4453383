import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startInnate } from '../support/innate.ts';
import { runAsOperator } from '../support/operator-program.ts';

test('an operator’s program with the official clients makes, lists and deletes resources, told only of a proxy and an authority', async () => {
  await using innate = await startInnate();
  const { subscriptionId, tenantId } = innate.ready;
  const { seen, afterMachine, afterGroup, refusals } = await runAsOperator(innate, 'manage-resources.ts', {
    AZURE_SUBSCRIPTION_ID: subscriptionId,
  });

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
