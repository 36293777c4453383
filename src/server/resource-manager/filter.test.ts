import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readFilter } from './filter.ts';

const fields = ['resourcetype', 'name'];

describe('a filter', () => {
  test('is a conjunction of equalities, in any case', () => {
    const filter = readFilter("resourceType eq 'Microsoft.KeyVault/vaults' AND Name EQ 'it''s'", fields);
    assert.deepEqual(
      [...filter],
      [
        ['resourcetype', 'Microsoft.KeyVault/vaults'],
        ['name', "it's"],
      ],
    );
    assert.equal(readFilter(undefined, fields).size, 0);
    assert.equal(readFilter(' ', fields).size, 0);
  });

  for (const text of [
    "color eq 'red'",
    "name eq 'a' or name eq 'b'",
    "name ne 'a'",
    "name eq 'a",
    'name eq a',
    "name eq 'a' and",
    "name eq 'a' name eq 'b'",
    "name eq 'a' and name eq 'a'",
    `name eq '${'a'.repeat(3000)}'`,
  ]) {
    test(`${text.slice(0, 40)} is refused rather than ignored`, () => {
      assert.throws(() => readFilter(text, fields), { code: 'InvalidFilterInQueryString' });
    });
  }
});
