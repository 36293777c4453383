import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validFromAfter } from './tokens-valid-from.ts';

test('a second revocation in one second refuses what was issued after the first', () => {
  const first = validFromAfter(0, 10_200);
  assert.equal(first, 10_200);
  // dated up, so as not to look older than the first revocation
  const issued = Math.ceil(first / 1000) * 1000;
  const second = validFromAfter(first, 10_900);
  assert.ok(issued < second);
  assert.ok(Math.ceil(second / 1000) * 1000 < validFromAfter(second, 10_950));
});

test('a revocation by a clock that is behind moves forward all the same', () => {
  assert.ok(validFromAfter(10_200, 4000) > 11_000);
});
