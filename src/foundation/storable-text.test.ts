import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isStorable, isStorableJson } from './storable-text.ts';

describe('text that every database keeps', () => {
  test('has neither NUL nor halves of surrogate pairs', () => {
    for (const text of ['', 'a', 'ü 😀', 'line\nline', '\u0001']) assert.equal(isStorable(text), true);
    for (const text of ['\0', 'a\0b', '\ud800', 'a\udc00', '\udc00\ud800'])
      assert.equal(isStorable(text), false);
  });

  test('in JSON is looked for in every value and every name', () => {
    assert.equal(isStorableJson({ a: ['b', { c: null, d: 1, e: true }] }), true);
    for (const value of ['\0', ['\0'], { a: { b: ['\0'] } }, { 'a\0': 1 }]) {
      assert.equal(isStorableJson(value), false);
    }
  });
});
