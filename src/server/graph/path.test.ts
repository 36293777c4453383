import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DomainError } from '../../foundation/domain-error.ts';
import { matchPath, parsePath } from './path.ts';

const keysOf = (path: string, template: string) => matchPath(template.split('/'), parsePath(path));
const id = '5b6c1d1e-1b7a-4a0d-9d58-6f6a3f6d2a10';

describe('a path of Graph', () => {
  test('names an object by id or by a key, behind a slash or in parentheses', () => {
    for (const [path, key] of [
      [`applications/${id}`, { by: 'id', value: id }],
      [`Applications('${id}')`, { by: 'id', value: id }],
      [`applications(appId='${id}')`, { by: 'appid', value: id }],
      [`applications%28appId%3D%27${id}%27%29`, { by: 'appid', value: id }],
      ["applications(uniqueName='it''s')", { by: 'uniquename', value: "it's" }],
      ["applications/o'clock", { by: 'id', value: "o'clock" }],
      ['applications/Main', { by: 'id', value: 'Main' }],
    ] as const) {
      assert.deepEqual(keysOf(path, 'applications/{}'), [key], path);
    }
    assert.deepEqual(keysOf(`applications(appId='${id}')/owners/x/$ref`, 'applications/{}/owners/{}/$ref'), [
      { by: 'appid', value: id },
      { by: 'id', value: 'x' },
    ]);
  });

  test('names types and actions in full or by the alias of their namespace', () => {
    const template = 'groups/{}/members/microsoft.graph.user';
    for (const type of ['microsoft.graph.user', 'graph.user', 'Graph.User']) {
      assert.deepEqual(keysOf(`groups/${id}/members/${type}`, template), [{ by: 'id', value: id }], type);
    }
    assert.equal(keysOf(`groups/${id}/members/other.user`, template), undefined);
    assert.deepEqual(keysOf('applications/graph.x', 'applications/{}'), [{ by: 'id', value: 'graph.x' }]);
  });

  test('fits only what it is', () => {
    assert.equal(keysOf('applications', 'applications/{}'), undefined);
    assert.equal(keysOf(`applications/${id}/owners`, 'applications/{}'), undefined);
    assert.equal(keysOf(`servicePrincipals/${id}`, 'applications/{}'), undefined);
    assert.equal(keysOf("applications('a')('b')", 'applications/{}/{}'), undefined);
    for (const path of ['', '/', 'a/b/c/d/e/f/g/h/i', '%', 'applications/%zz']) {
      assert.throws(() => parsePath(path), DomainError, path);
    }
  });

  test('whatever it is, is read or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (path) => {
        try {
          parsePath(path);
        } catch (error) {
          assert.ok(error instanceof DomainError, String(error));
        }
      }),
    );
  });
});
