import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseLenientJson, readLenientJson } from './lenient-json.ts';
import { TemplateError } from './template-error.ts';

describe('lenient JSON', () => {
  test('is JSON', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        assert.deepEqual(parseLenientJson(text), JSON.parse(text));
      }),
    );
  });

  test('takes what az pastes together', () => {
    const text = `\ufeff{"properties": {"mode": "Incremental", template:{
      /** comment
       **/
      "a": 'it''s'.length // no
    }}}`;
    assert.throws(() => parseLenientJson(text), TemplateError);
    assert.deepEqual(
      parseLenientJson(`{"properties": {"mode": "Incremental", template:{
        /** one
            two **/
        "description": "over
 two lines", // and more
        $single: 'a "quoted" \\'text\\'',
        list: [1, 2.5e3, -0.5, true, null,],
      }}} // end`),
      {
        properties: {
          mode: 'Incremental',
          template: {
            description: 'over\n two lines',
            $single: 'a "quoted" \'text\'',
            list: [1, 2500, -0.5, true, null],
          },
        },
      },
    );
  });

  const refused: readonly [string, RegExp][] = [
    ['', /ends too early. Line 1, position 1/],
    ['{', /ends too early/],
    ['{"a" 1}', /Unexpected character "1". Line 1, position 6/],
    ['[1 2]', /Unexpected character "2"/],
    ['[,]', /Unexpected character ","/],
    ['{,}', /Unexpected character ","/],
    ['{"a":1}}', /Unexpected character "}"/],
    ['01', /Unexpected character "1"/],
    ['1.', /Unexpected character "."/],
    ['+1', /Unexpected character "\+"/],
    ['NaN', /Unexpected character "N"/],
    ['undefined', /Unexpected character "u"/],
    ['truely', /Unexpected character "l"/],
    ['1e999', /too large/],
    ['"abc', /not closed/],
    ['"\\x41"', /escape that is none/],
    ['"\\u12g4"', /four digits/],
    ['/* abc', /comment is not closed/],
    ['{a-b: 1}', /Unexpected character "-"/],
    ['[\n  1,\r\n  oops\n]', /Line 3, position 3/],
    ['['.repeat(101), /deeper than 100/],
  ];
  for (const [text, message] of refused) {
    test(`${JSON.stringify(text.slice(0, 20))} is refused with its place`, () => {
      assert.throws(
        () => parseLenientJson(text),
        (error) =>
          error instanceof TemplateError &&
          error.code === 'InvalidRequestContent' &&
          message.test(error.message),
      );
    });
  }

  test('has names that are data and nothing else', () => {
    const value = parseLenientJson('{"__proto__": {"polluted": 1}, __proto__: {a: 1}, constructor: 2}');
    assert.deepEqual(Object.keys(value as object), ['__proto__', 'constructor']);
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  test('says where things stand', () => {
    const { value, places } = readLenientJson('{ template:{\n  "a": {\n    "b": [] } } }');
    const { template } = value as { template: { a: { b: [] } } };
    assert.deepEqual(places.of(value), { line: 1, column: 1 });
    assert.deepEqual(places.of(template.a), { line: 2, column: 8 });
    assert.deepEqual(places.of(template.a.b), { line: 3, column: 10 });
    assert.equal(places.of('text'), undefined);
  });

  test('refuses in no other way, whatever the text', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      "'",
      '\\',
      '/*',
      '*/',
      '//',
      '\n',
      'a',
      '1',
      '-',
      'true',
      '\\u00',
      '\u0000',
      '😀',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((parts) => parts.join('')),
        ),
        (text) => {
          try {
            parseLenientJson(text);
          } catch (error) {
            assert.ok(error instanceof TemplateError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
