import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { silentLog } from '../../foundation/log.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import { createSurface } from '../http/surface.ts';
import type { ApplicationParts } from './applications/application-operations.ts';
import type { GraphOperation } from './operation.ts';
import { type PipelineParts, registerPipeline } from './pipeline.ts';
import { graphOperations } from './registry.ts';

const dialect = {
  name: 'test',
  envelope: () => ({ status: 400, body: undefined }),
  unexpected: () => ({ status: 500, body: undefined }),
  headers: () => ({}),
};
const surface = () => createSurface({ dialect, log: silentLog, randomness: systemRandomness });
/** What is registered asks for its parts when it runs, which here nothing does. */
const register = (operation: object) =>
  registerPipeline(surface(), [operation as GraphOperation], {} as PipelineParts);

describe('the activity of a change', () => {
  test('has to be declared: without it an operation does not register (C20)', () => {
    const run = async () => ({ kind: 'nothing' });
    const common = { path: 'things/{}', permissions: ['Directory.Read.All'], run };
    const activity = { name: 'Update thing', category: 'DirectoryManagement' };
    for (const method of ['POST', 'PATCH', 'PUT', 'DELETE']) {
      assert.throws(() => register({ method, ...common }), /declares no activity/);
      assert.throws(
        () => register({ method, ...common, activity: { ...activity, name: '' } }),
        /no activity/,
      );
      register({ method, ...common, activity });
    }
    register({ method: 'GET', ...common });
    register({ method: 'POST', asks: true, ...common });
  });

  test('shows no member that may hold a secret (H8)', () => {
    const operations = graphOperations({} as ApplicationParts);
    const shown = operations.flatMap((operation) =>
      operation.method === 'GET' || operation.asks === true ? [] : (operation.activity.shows ?? []),
    );
    assert.ok(shown.length > 5);
    assert.deepEqual(
      shown.filter((name) => /secret|password|proof|token|^keys?$|keyCredentials/i.test(name)),
      [],
    );
  });
});
