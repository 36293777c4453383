import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bound, templateOf } from '../../../test/support/template.ts';
import type { JsonValue } from '../../contract/arm.ts';
import { shownParameters } from './parameters.ts';

async function values(
  parameters: JsonValue,
  given: JsonValue = {},
  parts: Readonly<Record<string, JsonValue>> = {},
) {
  const found = await bound(templateOf({ parameters, ...parts }), given);
  return Object.fromEntries([...found.values()].map(({ name, value }) => [name, value]));
}

describe('types of languageVersion 2.0', () => {
  const parts = {
    languageVersion: '2.0',
    definitions: {
      node: {
        type: 'object',
        properties: {
          name: { type: 'string', minLength: 2 },
          next: { $ref: '#/definitions/node', nullable: true },
          password: { type: 'securestring', nullable: true },
        },
        additionalProperties: false,
      },
      shape: {
        type: 'object',
        discriminator: {
          propertyName: 'kind',
          mapping: {
            circle: {
              type: 'object',
              properties: { kind: { type: 'string', allowedValues: ['circle'] }, radius: { type: 'int' } },
            },
            square: { type: 'object', properties: { side: { type: 'int' } } },
          },
        },
      },
    },
  };

  test('hold for what is inside, and for themselves', async () => {
    const node = { $ref: '#/definitions/node' };
    const good = { name: 'ab', next: { name: 'cd', next: null } };
    assert.deepEqual(await values({ p: node }, { p: { value: good } }, parts), { p: good });
    const bad: readonly [JsonValue, RegExp][] = [
      [{ name: 'a' }, /at 'name' should be greater/],
      [{}, /'name' is required/],
      [{ name: 'ab', next: { name: 5 } }, /at 'next.name'. Expected 'String, Uri'/],
      [{ name: 'ab', more: 1 }, /'more' is not allowed/],
    ];
    for (const [value, message] of bad)
      await assert.rejects(values({ p: node }, { p: { value } }, parts), message);
  });

  test('may be absent, a list, or one of several', async () => {
    const parameters = {
      p: { type: 'string', nullable: true },
      q: { type: 'array', items: { type: 'int' }, defaultValue: [1] },
      r: { $ref: '#/definitions/shape', nullable: true },
      s: { type: 'array', prefixItems: [{ type: 'int' }], items: { type: 'string' }, defaultValue: [1, 'a'] },
    };
    assert.deepEqual(await values(parameters, { r: { value: { kind: 'circle', radius: 1 } } }, parts), {
      p: null,
      q: [1],
      r: { kind: 'circle', radius: 1 },
      s: [1, 'a'],
    });
    const bad: readonly [JsonValue, RegExp][] = [
      [{ q: { value: ['a'] } }, /at '\[0\]'/],
      [{ r: { value: { kind: 'line' } } }, /'kind' is not part of the allowed value\(s\): 'circle,square'/],
      [{ r: { value: { kind: 'circle' } } }, /'radius' is required/],
      [{ s: { value: [1, 2] } }, /at '\[1\]'/],
    ];
    for (const [given, message] of bad) await assert.rejects(values(parameters, given, parts), message);
  });

  test('with something secure inside are not shown', async () => {
    const found = await bound(templateOf({ ...parts, parameters: { p: { $ref: '#/definitions/node' } } }), {
      p: { value: { name: 'ab', password: 'x' } },
    });
    assert.deepEqual(shownParameters(found), { p: { type: 'Object' } });
  });

  test('that lead to themselves end', async () => {
    const definitions = {
      a: { $ref: '#/definitions/b' },
      b: { $ref: '#/definitions/a' },
      c: {
        type: 'object',
        discriminator: { propertyName: 'k', mapping: { c: { $ref: '#/definitions/c' } } },
      },
    };
    const loops = { languageVersion: '2.0', definitions };
    assert.deepEqual(await values({ p: { $ref: '#/definitions/a' } }, { p: { value: 1 } }, loops), { p: 1 });
    await assert.rejects(
      values({ p: { $ref: '#/definitions/c' } }, { p: { value: { k: 'c' } } }, loops),
      /leads to itself/,
    );
  });

  test('that lead nowhere are refused', async () => {
    for (const $ref of ['#/definitions/none', 'https://example.org/x', 5]) {
      assert.throws(() => templateOf({ ...parts, parameters: { p: { $ref } } }), /names no definition/);
    }
  });
});
