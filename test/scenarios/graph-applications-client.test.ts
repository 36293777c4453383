import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startInnate } from '../support/innate.ts';
import { nodeProxy, runAsOperator } from '../support/operator-program.ts';

test("an administrator's program with the Microsoft Graph client registers an API and its client, told only of a proxy and an authority", async () => {
  await using innate = await startInnate();
  const { seen, refusals, restored } = await runAsOperator(innate, 'manage-applications.ts', nodeProxy);
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
