import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DomainError } from '../../foundation/domain-error.ts';
import { preconditionsOf, requirePreconditions } from './conditional.ts';

const absent = undefined;

/** Whether a write goes through. */
function allowed(headers: Record<string, string>, current: string | null | undefined): boolean {
  try {
    requirePreconditions(preconditionsOf(headers), current);
    return true;
  } catch (error) {
    assert.ok(error instanceof DomainError && error.kind === 'precondition-failed');
    return false;
  }
}

describe('preconditions', () => {
  const table: readonly [string, Record<string, string>, string | null | undefined, boolean][] = [
    ['nothing asked', {}, absent, true],
    ['If-Match: * on nothing', { 'if-match': '*' }, absent, false],
    ['If-Match: * on something', { 'if-match': '*' }, '"1"', true],
    ['If-Match of the current tag', { 'if-match': '"1"' }, '"1"', true],
    ['If-Match of another tag', { 'if-match': '"2"' }, '"1"', false],
    ['If-Match of a list with the tag', { 'if-match': '"2", "1"' }, '"1"', true],
    ['If-Match of a bare tag', { 'if-match': '1' }, '"1"', true],
    ['If-Match of a tag on nothing', { 'if-match': '"1"' }, absent, false],
    ['If-Match of a tag on what has no tag', { 'if-match': '"1"' }, null, false],
    ['If-None-Match: * on nothing', { 'if-none-match': '*' }, absent, true],
    ['If-None-Match: * on something', { 'if-none-match': '*' }, '"1"', false],
    ['If-None-Match: * on something without a tag', { 'if-none-match': '*' }, null, false],
    ['If-None-Match of another tag', { 'if-none-match': '"2"' }, '"1"', true],
    ['If-None-Match of the weak form of the tag', { 'if-none-match': 'W/"1"' }, '"1"', false],
  ];
  for (const [name, headers, current, expected] of table) {
    test(`${name}: ${expected ? 'the write is done' : '412'}`, () => {
      assert.equal(allowed(headers, current), expected);
    });
  }

  test('a header that is no list of tags is malformed', () => {
    for (const header of ['"', '"a" b', 'a b', `"${'x'.repeat(200)}"`, Array(40).fill('"1"').join(',')]) {
      assert.throws(() => preconditionsOf({ 'if-match': header }), { kind: 'malformed' });
    }
  });
});
