import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { matchesPattern, meets, parseExpression, requireClaimsOf } from './claims-expression.ts';

const github = 'https://token.actions.githubusercontent.com';

describe('claims matching expressions', () => {
  test('conditions joined by and must all hold, letter for letter', () => {
    const expression = parseExpression(
      "claims['sub'] matches 'repo:contoso/*:ref:refs/heads/main' and claims['repository_owner_id'] eq '42'",
    );
    const claims = { sub: 'repo:contoso/orders:ref:refs/heads/main', repository_owner_id: '42' };
    assert.equal(meets(expression, claims), true);
    assert.equal(meets(expression, { ...claims, repository_owner_id: '43' }), false);
    assert.equal(meets(expression, { ...claims, repository_owner_id: 42 }), false);
    assert.equal(meets(expression, { sub: claims.sub }), false);
    assert.equal(meets(expression, { ...claims, sub: claims.sub.toUpperCase() }), false);
    assert.equal(meets(parseExpression("claims['constructor'] matches '*'"), {}), false);
    assert.equal(meets(parseExpression("claims['sub'] matches '*'"), { sub: 'x'.repeat(2049) }), false);
  });

  test('a pattern speaks of the part it stands in, and of the rest only where it ends with a star (T15)', () => {
    const main = 'repo:contoso/*:ref:refs/heads/main';
    const table: readonly (readonly [string, string, boolean])[] = [
      [main, 'repo:contoso/orders:ref:refs/heads/main', true],
      [main, 'repo:contoso/:ref:refs/heads/main', true],
      [main, 'repo:contoso/evil:environment:x:ref:refs/heads/main', false],
      [main, 'repo:contoso/a/b:ref:refs/heads/main', false],
      [main, 'repo:contoso/orders:ref:refs/heads/main/more', false],
      [main, 'repo:contoso/orders:ref:refs/heads/mai', false],
      [main, 'repo:contoso-evil/orders:ref:refs/heads/main', false],
      [main, ' repo:contoso/orders:ref:refs/heads/main', false],
      [main, 'repo:contoso%2Forders:ref:refs/heads/main', false],
      [main, '', false],
      ['repo:contoso/orders:ref:refs/heads/*', 'repo:contoso/orders:ref:refs/heads/feature/x', true],
      ['repo:contoso/orders:*', 'repo:contoso/orders:environment:prod', true],
      ['repo:contoso/orders:*', 'repo:contoso/orders', false],
      ['repo:contoso/orders*', 'repo:contoso/orders-evil:ref:x', true],
      ['a?c', 'abc', true],
      ['a?c', 'a:c', false],
      ['a?c', 'a/c', false],
      ['a?c', 'ac', false],
      ['a*c*e', 'abcde', true],
      ['a*c*e', 'acce', true],
      ['a*c*e', 'abde', false],
      ['*', 'anything:at/all', true],
      ['*', '', true],
      ['a.c', 'abc', false],
      ['[ab]', 'a', false],
      ['a|b', 'a', false],
      ['a/b', 'a:b', false],
    ];
    for (const [pattern, value, expected] of table) {
      assert.equal(matchesPattern(pattern, value), expected, `${pattern} against ${value}`);
    }
  });

  test('every short pattern takes what a regular expression of the same meaning takes', () => {
    const words = (letters: string, length: number): readonly string[] =>
      length === 0
        ? ['']
        : ['', ...words(letters, length - 1).flatMap((word) => [...letters].map((letter) => letter + word))];
    const values = [...new Set(words('ab:', 4))];
    for (const pattern of new Set(words('a*?:', 4))) {
      const rest = pattern.endsWith('*');
      const body = (rest ? pattern.slice(0, -1) : pattern).replaceAll('?', '[^/:]').replaceAll('*', '[^/:]*');
      const meaning = new RegExp(`^${body}${rest ? '[^]*' : ''}$`);
      for (const value of values) {
        assert.equal(matchesPattern(pattern, value), meaning.test(value), `${pattern} against ${value}`);
      }
    }
  });

  test('the work grows with the value, not with the ways to divide it', () => {
    const pattern = '*a*a*a*a*a*a*a*b';
    const work = (length: number) => {
      const steps = { count: 0 };
      assert.equal(matchesPattern(pattern, 'a'.repeat(length), steps), false);
      assert.ok(steps.count <= pattern.length * (length + pattern.length), `${steps.count} for ${length}`);
      return steps.count;
    };
    assert.ok(work(2000) <= 2 * work(1000) + pattern.length * pattern.length);
  });

  test('what is no expression is refused with the place where it ends to be one', () => {
    const bad = [
      '',
      'claims',
      "claims['sub']",
      "claims['sub'] eq",
      "claims['sub'] eq 'a' ",
      "claims['sub'] eq ''",
      "claims['sub'] eq 'it''s'",
      'claims["sub"] eq "a"',
      "claims['sub'] EQ 'a'",
      "claims['sub'] ne 'a'",
      "(claims['sub'] eq 'a')",
      "not claims['sub'] eq 'a'",
      "claims['sub'] eq 'a' or claims['sub'] eq 'b'",
      "claims['sub'] eq 'a' and",
      "claims['sub'] eq 'a'  and claims['sub'] eq 'b'",
      "claims['s-u-b'] eq 'a'",
      `claims['sub'] eq '${'a'.repeat(600)}'`,
      Array.from({ length: 9 }, () => "claims['sub'] eq 'a'").join(' and '),
    ];
    for (const value of bad) {
      assert.throws(() => parseExpression(value), { name: 'DomainError', rule: 'expression' }, value);
    }
    assert.throws(() => parseExpression("claims['sub'] eq 'a' or"), /' and ' is expected at character 21/);
  });

  test('an issuer’s expressions speak of its own claims, and of an id where names can change hands', () => {
    const requires = (issuer: string, value: string) => requireClaimsOf(issuer, parseExpression(value));
    requires(github, "claims['sub'] matches 'repo:a/*' and claims['repository_owner_id'] eq '1'");
    requires(github, "claims['sub'] matches 'repo:a/*' and claims['repository_id'] eq '1'");
    requires('https://app.terraform.io', "claims['sub'] matches 'organization:a:*'");
    requires('https://gitlab.com', "claims['sub'] matches 'group_id:1:*'");
    requires(
      'https://gitlab.example.com',
      "claims['sub'] matches 'project_path:a/b:*' and claims['project_id'] eq '1'",
    );
    const refused: readonly (readonly [string, string])[] = [
      [github, "claims['sub'] matches 'repo:a/*'"],
      [github, "claims['repository_id'] eq '1'"],
      [github, "claims['sub'] eq 'a' and claims['repository_id'] eq '1' and claims['actor'] eq 'me'"],
      ['https://app.terraform.io', "claims['sub'] eq 'a' and claims['project_id'] eq '1'"],
      ['https://gitlab.com', "claims['sub'] matches 'project_path:a/b:*'"],
      ['https://gitlab.com', "claims['project_id'] eq '1'"],
    ];
    for (const [issuer, value] of refused) {
      assert.throws(() => requires(issuer, value), { rule: 'expression' }, value);
    }
  });
});
