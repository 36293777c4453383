import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { evaluated } from '../../../test/support/template.ts';
import { escapedText, isExpression, literalText, parseExpression } from './expression.ts';
import { TemplateError } from './template-error.ts';

describe('an expression', () => {
  test('is a text in single brackets', () => {
    for (const text of ['[a()]', "['x']", '[]']) assert.equal(isExpression(text), true, text);
    for (const text of ['', '[', '[a', 'a]', '[[a()]', ' [a()]', '[a()] '])
      assert.equal(isExpression(text), false, text);
  });

  test('that is meant as text has a second bracket', () => {
    assert.equal(literalText('[[a]'), '[a]');
    assert.equal(literalText('[[[a]]'), '[[a]]');
    assert.equal(literalText('[a'), '[a');
    assert.equal(literalText('[[a'), '[[a');
    fc.assert(
      fc.property(fc.stringMatching(/^[[\]ab]*$/), (text) => {
        const escaped = escapedText(text);
        assert.equal(isExpression(escaped), false);
        assert.equal(literalText(escaped), text);
      }),
    );
  });

  test('has calls, texts, whole numbers, members and indexes', () => {
    assert.deepEqual(parseExpression("[ f ( 'it''s', -3 ).a.?b[0][?c()] ]"), {
      kind: 'access',
      of: {
        kind: 'call',
        name: 'f',
        operands: [
          { kind: 'literal', value: "it's" },
          { kind: 'literal', value: -3 },
        ],
      },
      path: [
        { kind: 'member', name: 'a', safe: false },
        { kind: 'member', name: 'b', safe: true },
        { kind: 'index', index: { kind: 'literal', value: 0 }, safe: false },
        { kind: 'index', index: { kind: 'call', name: 'c', operands: [] }, safe: true },
      ],
    });
    assert.deepEqual(parseExpression('[ns.f()]'), { kind: 'call', name: 'ns.f', operands: [] });
  });

  const refused: readonly [string, RegExp][] = [
    ['[]', /expected token 'Identifier' and actual 'EndOfData' at position 2/],
    ['[foo]', /'foo': expected token 'LeftParenthesis' and actual 'EndOfData' at position 5/],
    ['[f(]', /expected token 'Identifier' and actual 'EndOfData'/],
    ['[f(1,)]', /expected token 'Identifier' and actual 'RightParenthesis'/],
    ['[f() g()]', /expected token 'EndOfData' and actual 'Identifier' at position 6/],
    ["[f('abc)]", /a string is not closed at position 4/],
    ['[f("abc")]', /the character '"' is not expected/],
    ['[f(1.5)]', /expected token 'Identifier' and actual 'Integer'|expected token/],
    ['[f().]', /expected token 'Identifier'/],
    ['[f()[1]', /expected token 'RightSquareBracket'/],
    ['[f(99999999999999999999)]', /too large/],
    [`[${'f('.repeat(65)}${')'.repeat(65)}]`, /nested deeper than 64/],
  ];
  for (const [text, message] of refused) {
    test(`${text.slice(0, 40)} is refused with its position`, () => {
      assert.throws(
        () => parseExpression(text),
        (error) => error instanceof TemplateError && message.test(error.message),
      );
    });
  }

  test('fails in no other way, whatever the text', async () => {
    const pieces = fc.constantFrom(
      '(',
      ')',
      '[',
      ']',
      ',',
      '.',
      '?',
      "'",
      "''",
      ' ',
      '-1',
      '0',
      '99',
      'a',
      'concat',
      'if',
      'true()',
      'null()',
      "'x'",
      'range(0,3)',
      'createObject',
      'lambda',
      'map',
      'json',
      'format',
      '{0}',
      'substring',
      'split',
      'copyIndex',
      'union',
      'reference',
      'variables',
      'parameters',
      'dateTimeAdd',
      'parseCidr',
      'resourceId',
      'items',
      'sort',
      '\u0000',
      '😀',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((parts) => parts.join('')),
        ),
        async (text) => {
          try {
            await evaluated(text);
          } catch (error) {
            assert.ok(error instanceof TemplateError, `${text}: ${error}`);
          }
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('of any function with any values fails in no other way', async () => {
    const names = [
      'concat',
      'format',
      'toLower',
      'substring',
      'replace',
      'split',
      'join',
      'startsWith',
      'padLeft',
      'guid',
      'uniqueString',
      'string',
      'int',
      'float',
      'bool',
      'json',
      'base64',
      'base64ToString',
      'base64ToJson',
      'uri',
      'uriComponent',
      'uriComponentToString',
      'dataUri',
      'dataUriToString',
      'array',
      'createArray',
      'range',
      'length',
      'empty',
      'contains',
      'first',
      'last',
      'take',
      'skip',
      'indexOf',
      'lastIndexOf',
      'union',
      'intersection',
      'flatten',
      'indexFromEnd',
      'tryIndexFromEnd',
      'createObject',
      'items',
      'objectKeys',
      'shallowMerge',
      'tryGet',
      'add',
      'sub',
      'mul',
      'div',
      'mod',
      'min',
      'max',
      'not',
      'equals',
      'less',
      'greaterOrEquals',
      'dateTimeAdd',
      'dateTimeFromEpoch',
      'dateTimeToEpoch',
      'resourceId',
      'subscriptionResourceId',
      'extensionResourceId',
      'tenantResourceId',
      'subscription',
      'providers',
      'pickZones',
      'parseCidr',
      'cidrSubnet',
      'cidrHost',
      'coalesce',
      'and',
      'or',
      'if',
      'reference',
      'listKeys',
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.array(fc.jsonValue(), { maxLength: 4 }),
        async (name, values) => {
          const operands = values.map((_, at) => `variables('v')[${at}]`).join(', ');
          const escaped = JSON.parse(JSON.stringify(values), (_, value) =>
            typeof value === 'string' ? escapedText(value) : value,
          );
          try {
            await evaluated(`${name}(${operands})`, { variables: { v: escaped } });
          } catch (error) {
            assert.ok(error instanceof TemplateError, `${name} ${JSON.stringify(values)}: ${error}`);
          }
        },
      ),
      { numRuns: 2500 },
    );
  });
});
