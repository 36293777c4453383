import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type FilterExpression, readFilterExpression } from './filter-expression.ts';

/** An expression as a text with all its parentheses. */
function shown(expression: FilterExpression): string {
  if (expression.kind !== 'term') return `(${expression.parts.map(shown).join(` ${expression.kind} `)})`;
  const { kind, field, value } = expression.term;
  return `${field} ${kind} ${value}`;
}

describe('a $filter', () => {
  test('is read as Azure documents its forms', () => {
    for (const [text, expected] of [
      ["resourceType eq 'Microsoft.KeyVault/vaults'", 'resourcetype equals Microsoft.KeyVault/vaults'],
      ["name EQ 'it''s' AND location ne 'West US'", "(name equals it's and location differs West US)"],
      ["substringof('demo', name)", 'name contains demo'],
      ["startswith(tagName, 'dep')", 'tagname starts-with dep'],
      ['identity ne null', 'identity differs null'],
      ["identity/principalId eq 'x'", 'identity/principalid equals x'],
      [
        "name eq 'a' or name eq 'b' and location eq 'c'",
        '(name equals a or (name equals b and location equals c))',
      ],
      [
        "(name eq 'a' or name eq 'b')and(location eq 'c')",
        '((name equals a or name equals b) and location equals c)',
      ],
      ["name eq ')'", 'name equals )'],
    ] as const) {
      const expression = readFilterExpression(text);
      assert.ok(expression);
      assert.equal(shown(expression), expected);
    }
    assert.equal(readFilterExpression(undefined), undefined);
    assert.equal(readFilterExpression('  '), undefined);
  });

  test('that says anything else is refused, and not with a crash', () => {
    for (const text of [
      'name',
      "name eq 'a' and",
      "name eq 'a' name eq 'b'",
      "name = 'a'",
      "name gt 'a'",
      'name eq a',
      "name eq 'a",
      "(name eq 'a'",
      "name eq 'a')",
      "substringof(name, 'a')",
      "startswith('a', name)",
      "'a' eq name",
      '()',
      '('.repeat(2000),
      `${'('.repeat(20)}name eq 'a'${')'.repeat(20)}`,
      Array.from({ length: 65 }, () => "name eq 'a'").join(' or '),
      `name eq '${'a'.repeat(5000)}'`,
      "name eq 'a'; drop table resources",
    ]) {
      assert.throws(() => readFilterExpression(text), { code: 'InvalidFilterInQueryString' }, text);
    }
  });
});
