import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '../../contract/arm.ts';
import { mergePatch, without } from './merge-patch.ts';

describe('a merge patch', () => {
  // the examples of RFC 7396, appendix A, whose documents are objects
  const examples: readonly [JsonObject, JsonObject, JsonObject][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [stored, patch, expected] of examples) {
    test(`${JSON.stringify(stored)} with ${JSON.stringify(patch)}`, () => {
      assert.deepEqual(mergePatch(stored, patch), expected);
    });
  }
});

describe('leaving members out', () => {
  test('finds them in any case, deep and in lists', () => {
    const object = {
      osProfile: { AdminPassword: 'x', computerName: 'vm' },
      list: [{ content: 'x', name: 'a' }, { content: 'y' }],
      userData: 'x',
    };
    assert.deepEqual(
      without(object, ['osProfile.adminPassword', 'list.*.content', 'USERDATA', 'absent.member']),
      {
        osProfile: { computerName: 'vm' },
        list: [{ name: 'a' }, {}],
      },
    );
  });

  test('leaves a thing without all of its members', () => {
    const object = { volumes: [{ name: 'a', Secret: { file: 'x', other: 'y' } }, { name: 'b' }] };
    assert.deepEqual(without(object, ['volumes.*.secret.*']), {
      volumes: [{ name: 'a', Secret: {} }, { name: 'b' }],
    });
  });
});
