import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as z from 'zod';
import { anonymousRoutes, routesForEveryCaller } from './open-routes.ts';
import { createOperationRegistry } from './operation-registry.ts';
import type { Operation, ResourceType } from './provider.ts';

const sound: Operation = {
  method: 'GET',
  path: '/subscriptions/{subscriptionId}/providers/A.B/cs',
  action: 'A.B/cs/read',
  run: async () => ({ status: 200 }),
};

/** The open routes must all be there, so that the list stays true. */
const open: readonly Operation[] = [...anonymousRoutes, ...routesForEveryCaller].map((name) => {
  const [method, path] = name.split(' ') as ['GET', string];
  return { ...sound, method, path, action: 'A.B/open/read' };
});

function registry(...operations: readonly Operation[]) {
  const type: ResourceType = {
    namespace: 'A.B',
    type: 'cs',
    apiVersions: ['2020-01-01'],
    owner: 'provider',
    tracked: false,
    operations: [...open, ...operations],
  };
  return createOperationRegistry([type]);
}

describe('registering operations', () => {
  test('an operation that declares no right does not get in', () => {
    for (const action of ['', 'read', 'A.B/cs', 'A.B/cs/*', '*', 'A.B/cs/execute', '*/read']) {
      assert.throws(() => registry({ ...sound, action }), /declares no action/);
    }
  });

  test('an operation that writes without saying what does not get in', () => {
    assert.throws(
      () => registry({ ...sound, method: 'PUT', action: 'A.B/cs/write' }),
      /without declaring a body/,
    );
    registry({ ...sound, method: 'PUT', action: 'A.B/cs/write', body: z.unknown() });
  });

  test('two operations do not share a path, whatever they call its parameters', () => {
    assert.throws(
      () => registry(sound, { ...sound, path: sound.path.replace('{subscriptionId}', '{id}') }),
      /registered twice/,
    );
  });

  test('a route on the open list that nobody answers is noticed', () => {
    const type: ResourceType = {
      namespace: 'A.B',
      type: 'cs',
      apiVersions: ['2020-01-01'],
      owner: 'provider',
      tracked: false,
      operations: [sound],
    };
    assert.throws(() => createOperationRegistry([type]), /is open, and not registered/);
  });

  test('a type without a version does not get in', () => {
    assert.throws(
      () =>
        createOperationRegistry([
          {
            namespace: 'A.B',
            type: 'cs',
            apiVersions: [],
            owner: 'provider',
            tracked: false,
            operations: [],
          },
        ]),
      /no api-version/,
    );
  });

  test('only the listed routes are open', () => {
    for (const { name, openTo } of registry(sound).operations) {
      const expected = anonymousRoutes.includes(name)
        ? 'anyone'
        : routesForEveryCaller.includes(name)
          ? 'every-caller'
          : 'nobody-else';
      assert.equal(openTo, expected);
    }
  });
});
