import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ArmError } from '../http/dialects/arm.ts';
import { queryString, readRequestTarget } from './request-target.ts';

describe('a request target', () => {
  test('is read into decoded segments and a query of lower-case names', () => {
    const { segments, path, query } = readRequestTarget('//Subscriptions///a%20b/?API-Version=1&$Top=2');
    assert.deepEqual(segments, ['Subscriptions', 'a b']);
    assert.equal(path, '/Subscriptions/a b');
    assert.equal(query.get('api-version'), '1');
    assert.equal(query.get('$top'), '2');
  });

  test('may have the scope of an extension in one segment, as an official client sends it', () => {
    const plain = '/subscriptions/s/resourceGroups/My rg/providers/P/locks/l';
    for (const raw of [
      '/%2Fsubscriptions%2Fs%2FresourceGroups%2FMy%20rg/providers/P/locks/l',
      '/subscriptions%2fs%2fresourceGroups%2fMy%20rg/providers/P/locks/l',
    ]) {
      assert.equal(readRequestTarget(raw).path, plain);
    }
    const group = '/%2Fproviders%2FMicrosoft.Management%2FmanagementGroups%2Fg/providers/P/locks';
    assert.equal(
      readRequestTarget(group).path,
      '/providers/Microsoft.Management/managementGroups/g/providers/P/locks',
    );
  });

  const refused = [
    'http://management.azure.com/subscriptions',
    '*',
    'subscriptions',
    '/a\\b',
    '/a%5cb',
    '/a%5Cb',
    '/a%2fb',
    '/a%2Fb',
    '/%2Fsubscriptions%2Fb',
    '/%2Fsubscriptions%2Fb/c',
    '/a/%2Fsubscriptions%2Fb/providers/c',
    '/%2Fa%2Fb/providers/c',
    '/%2Fsubscriptions%2Fa/providers/c%2Fd',
    '/%2Fsubscriptions%2F..%2Fb/providers/c',
    '/%2Fsubscriptions%252Fb/providers/c',
    '/%2Fsubscriptions%2Fa%5Cb/providers/c',
    '/a;b',
    '/a%3bb',
    '/..',
    '/a/../b',
    '/a/./b',
    '/%2e%2e/b',
    '/a/%2E/b',
    '/..;/b',
    '/a%00b',
    '/a%0d%0ab',
    '/a%25b',
    '/a%b',
    '/a%',
    '/é',
    '/%C3%A9',
    '/a#b',
    '/a b',
    '/a\tb',
    '/a?x=1&X=2',
    '/a?$filter=a%00b',
    '/a?api-version=1&api-version=1',
    `/a?${'x'.repeat(9000)}`,
    `/a?${Array.from({ length: 40 }, (_, index) => `p${index}=1`).join('&')}`,
  ];
  for (const raw of refused) {
    test(`${raw.slice(0, 48)} is refused`, () => {
      assert.throws(
        () => readRequestTarget(raw),
        (error) => error instanceof ArmError && error.kind === 'malformed',
      );
    });
  }

  test('keeps names of objects out of the way of names in the query', () => {
    const { query } = readRequestTarget('/a?__proto__=x&constructor=y');
    assert.equal(query.get('__proto__'), 'x');
    assert.equal(query.get('constructor'), 'y');
    assert.equal(query.get('toString'), undefined);
  });

  test('gives its query on, with some of it replaced', () => {
    const { query } = readRequestTarget("/a?api-version=1&$filter=name%20eq%20'x'&$skiptoken=old");
    const again = new URLSearchParams(queryString(query, { $skiptoken: 'new' }));
    assert.equal(again.get('$filter'), "name eq 'x'");
    assert.deepEqual(again.getAll('$skiptoken'), ['new']);
  });
});
