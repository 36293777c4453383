import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { maxPageSize, pageOf, pageRequest, skipToken } from './paging.ts';

describe('paging', () => {
  test('walks a list to its end, each item once', () => {
    const all = ['a', 'b', 'c', 'd', 'e'];
    const seen: string[] = [];
    let token: string | undefined;
    do {
      const request = pageRequest('2', token);
      const { after } = request;
      const rows = all.filter((item) => after === undefined || item > after).slice(0, request.size + 1);
      const page = pageOf(rows, request, (item) => item);
      seen.push(...page.items);
      token = page.after === undefined ? undefined : skipToken(page.after);
    } while (token !== undefined);
    assert.deepEqual(seen, all);
  });

  test('an exactly full page is the last one', () => {
    const request = pageRequest('2', undefined);
    assert.equal(pageOf(['a', 'b'], request, String).after, undefined);
    assert.equal(pageOf(['a', 'b', 'c'], request, String).after, 'b');
  });

  test('the size is bounded', () => {
    assert.equal(pageRequest('999999999', undefined).size, maxPageSize);
    for (const top of ['0', '-1', 'ten', '1e3', '', '9999999999']) {
      assert.throws(() => pageRequest(top, undefined), { kind: 'invalid-value' });
    }
  });

  test('a position that was not given out is refused', () => {
    for (const token of ['', '=', 'a b', 'é', skipToken('x').concat('=')]) {
      assert.throws(() => pageRequest(undefined, token), { kind: 'invalid-value' });
    }
  });
});
