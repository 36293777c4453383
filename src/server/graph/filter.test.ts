import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DomainError } from '../../foundation/domain-error.ts';
import { parseFilter, requiredValues } from './filter.ts';
import { matchesFilter } from './filter-match.ts';

const object = {
  displayName: 'Orders API',
  appId: '5b6c1d1e-1b7a-4a0d-9d58-6f6a3f6d2a10',
  createdDateTime: '2026-01-02T03:04:05Z',
  notes: null,
  accountEnabled: true,
  tags: ['One', 'two'],
  web: { homePageUrl: 'https://a.example', redirectUris: ['https://a.example/cb'] },
  appRoles: [{ value: 'Read', isEnabled: true }],
};
const matches = (filter: string) => matchesFilter(parseFilter(filter), object);

describe('a filter', () => {
  test('means what OData says', () => {
    for (const filter of [
      "displayName eq 'orders api'",
      "DISPLAYNAME EQ 'Orders API'",
      "displayName ne 'x'",
      "startswith(displayName,'Ord')",
      "startsWith(displayName, 'ord') eq true",
      "endswith(displayName,'api')",
      "contains(displayName,'ders')",
      "displayName in ('a', 'orders api')",
      'appId eq 5b6c1d1e-1b7a-4a0d-9d58-6f6a3f6d2a10',
      'notes eq null',
      'accountEnabled eq true',
      'createdDateTime ge 2026-01-01T00:00:00Z and createdDateTime lt 2027-01-01T00:00:00Z',
      "tags/any(t:t eq 'one')",
      "tags/any(t: startswith(t,'tw'))",
      'tags/any()',
      'tags/$count eq 2',
      'web/redirectUris/$count gt 0',
      "web/homePageUrl eq 'https://a.example'",
      "appRoles/any(r:r/value eq 'Read' and r/isEnabled eq true)",
      "not (displayName eq 'x') and not startswith(displayName,'x')",
      "displayName eq 'x' or (displayName eq 'orders api' and accountEnabled eq true)",
      "displayName eq 'x' or displayName eq 'y' or displayName eq 'orders api'",
    ]) {
      assert.equal(matches(filter), true, filter);
    }
    for (const filter of [
      "displayName eq 'x'",
      "displayName eq 'orders api' and accountEnabled eq false",
      "notes eq 'x'",
      "startswith(notes,'x')",
      "notes gt 'a'",
      'tags/$count eq 3',
      "tags/any(t:t eq 'three')",
      'accountEnabled eq null',
    ]) {
      assert.equal(matches(filter), false, filter);
    }
  });

  test('is refused where it is none', () => {
    for (const filter of [
      '',
      ' ',
      'x',
      'displayName',
      'displayName eq',
      "eq 'x'",
      "displayName eq 'x",
      "displayName eq 'x' and",
      "displayName eq 'x' 'y'",
      "(displayName eq 'x'",
      "displayName eq 'x')",
      'displayName eq displayName',
      "displayName like 'x'",
      "length(displayName) eq '1'",
      'startswith(displayName,1)',
      "startswith(displayName,'x') eq false",
      "tags/any(t t eq 'x')",
      "tags/all(t:t eq 'x')",
      "displayName/any(t:t eq 'x')",
      "tags eq 'x' or nothing eq 1",
      "tags/first eq 'x'",
      'displayName in ()',
      "displayName eq 'x'; drop",
      "1 eq 1 or displayName eq 'x'",
      `${'not '.repeat(40)}displayName eq 'x'`,
      `${'('.repeat(40)}displayName eq 'x'${')'.repeat(40)}`,
      `displayName eq '${'x'.repeat(9000)}'`,
    ]) {
      assert.throws(
        () => matches(filter),
        (error) => error instanceof DomainError && error.kind === 'unsupported',
        filter.slice(0, 80),
      );
    }
  });

  test('whatever it is, is read or refused', () => {
    const word = fc.constantFrom(
      ...[
        'displayName',
        'tags/any(',
        't:',
        'eq',
        'in',
        'and',
        'or',
        'not',
        '(',
        ')',
        ',',
        "'",
        "'x'",
        "''",
        '1',
      ],
      ...[
        'null',
        'true',
        '/$count',
        'startswith(',
        'constructor',
        '__proto__',
        'web/constructor',
        '%',
        '\0',
        'é',
      ],
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), (words) => {
        try {
          matches(words.join(' '));
        } catch (error) {
          assert.ok(error instanceof DomainError, String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('tells a store what it may look up, and only where that leaves nothing out', () => {
    const required = (filter: string, path = 'appId') => requiredValues(parseFilter(filter), path);
    assert.deepEqual(required("appId eq 'A'"), ['a']);
    assert.deepEqual(required("APPID in ('a','B') and displayName eq 'x'"), ['a', 'b']);
    assert.deepEqual(required("(displayName eq 'x' and appId eq 'a')"), ['a']);
    assert.deepEqual(required("tags/any(t:t eq 'One')", 'tags'), ['one']);
    for (const filter of [
      "appId eq 'a' or displayName eq 'x'",
      "not (appId eq 'a')",
      "appId ne 'a'",
      "startswith(appId,'a')",
      'appId eq null',
      "displayName eq 'a'",
    ]) {
      assert.equal(required(filter), undefined, filter);
    }
    assert.equal(required("tags/any(t:startswith(t,'o'))", 'tags'), undefined);
    assert.equal(requiredValues(undefined, 'appId'), undefined);
  });
});
