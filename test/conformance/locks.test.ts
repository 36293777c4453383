import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createProviders } from '../../src/server/providers/registry.ts';
import { effectOf } from '../../src/server/resource-manager/locks.ts';
import { createOperationRegistry } from '../../src/server/resource-manager/operation-registry.ts';

// what operations declare depends on no part
const parts: unknown = new Proxy(() => parts, { get: () => parts });
const { operations } = createOperationRegistry(createProviders(new Proxy({}, { get: () => parts }) as never));

describe('of everything that is done in a subscription', () => {
  test('locks hold all but what a role would call a read, what only answers, and locks themselves', () => {
    const group = '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}';
    const deployment = 'providers/Microsoft.Resources/deployments/{deploymentName}';
    const answering = ['/subscriptions/{subscriptionId}', group].flatMap((scope) =>
      ['exportTemplate', 'validate', 'whatIf'].map((verb) => `POST ${scope}/${deployment}/${verb}`),
    );
    const free = operations
      .filter(({ operation }) => /^\/(?:subscriptions\/|\{scope\})/.test(operation.path))
      .filter(({ operation }) => ['read', 'none'].includes(effectOf(operation)))
      .filter(({ operation }) => !operation.action.endsWith('/read'))
      .map(({ name }) => name)
      .sort();
    const expected = [
      'DELETE /{scope}/providers/Microsoft.Authorization/locks/{lockName}',
      'PUT /{scope}/providers/Microsoft.Authorization/locks/{lockName}',
      `POST ${group}/exportTemplate`,
      ...answering,
    ];
    assert.deepEqual(free, expected.sort());
  });

  test('no read is held, and what deletes is held as a deletion', () => {
    for (const { operation, name } of operations) {
      const effect = effectOf(operation);
      if (operation.method === 'GET' || operation.method === 'HEAD') assert.equal(effect, 'read', name);
      if (operation.method === 'DELETE' && effect !== 'none') assert.equal(effect, 'delete', name);
    }
  });
});
