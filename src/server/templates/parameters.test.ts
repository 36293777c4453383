import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bound, templateOf } from '../../../test/support/template.ts';
import type { JsonValue } from '../../contract/arm.ts';
import { readLenientJson } from './lenient-json.ts';
import { shownParameters } from './parameters.ts';
import { parseTemplate } from './template.ts';
import { TemplateError } from './template-error.ts';

async function values(
  parameters: JsonValue,
  given: JsonValue = {},
  parts: Readonly<Record<string, JsonValue>> = {},
) {
  const found = await bound(templateOf({ parameters, ...parts }), given);
  return Object.fromEntries([...found.values()].map(({ name, value }) => [name, value]));
}

describe('parameters', () => {
  test('have the given value, in any spelling of the name, or their default', async () => {
    assert.deepEqual(
      await values(
        {
          a: { type: 'string' },
          b: { type: 'int', defaultValue: 5 },
          c: { type: 'array', defaultValue: ["[parameters('b')]"] },
          d: { type: 'string', defaultValue: "[concat(parameters('a'), resourceGroup().location)]" },
        },
        { A: { value: '[not(evaluated)]' } },
      ),
      { a: '[not(evaluated)]', b: 5, c: [5], d: '[not(evaluated)]westeurope' },
    );
  });

  test('may ask for the time and for a random name in their defaults alone', async () => {
    assert.deepEqual(
      await values({
        a: { type: 'string', defaultValue: '[utcNow()]' },
        b: { type: 'string', defaultValue: "[utcNow('d')]" },
        c: { type: 'string', defaultValue: "[utcNow('M d')]" },
        d: { type: 'string', defaultValue: '[newGuid()]' },
        e: { type: 'string', defaultValue: '[newGuid()]' },
      }),
      {
        a: '20261124T210509Z',
        b: '11/24/2026',
        c: '11 24',
        d: '00000000-0000-4000-8000-000000000001',
        e: '00000000-0000-4000-8000-000000000002',
      },
    );
  });

  test('may come from a vault', async () => {
    const parameters = { p: { type: 'securestring' } };
    const reference = {
      keyVault: { id: '/subscriptions/x/resourceGroups/y/providers/Microsoft.KeyVault/vaults/v' },
      secretName: 's',
    };
    assert.deepEqual(await values(parameters, { p: { reference } }), { p: 'secret s' });
    await assert.rejects(values(parameters, { p: { reference: { keyVault: {} } } }), /key vault by its id/);
  });

  test('that are secure are not shown', async () => {
    const found = await bound(
      templateOf({
        parameters: {
          a: { type: 'securestring' },
          b: { type: 'String', defaultValue: 'seen' },
          c: { type: 'secureObject', defaultValue: { x: 1 } },
        },
      }),
      { a: { value: 'hidden' } },
    );
    assert.deepEqual(shownParameters(found), {
      a: { type: 'SecureString' },
      b: { type: 'String', value: 'seen' },
      c: { type: 'SecureObject' },
    });
    assert.equal(JSON.stringify(shownParameters(found)).includes('hidden'), false);
  });

  test('that are missing are named with their place in the request', async () => {
    const { value, places } = readLenientJson(`{"properties": {"mode": "Incremental", template:{
  "$schema": "https://schema.management.azure.com/schemas/2015-01-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "parameters": {
    "extra_param": {
      "type": "string"
    }
  },
  "resources": []
}}}`);
    const { template } = (value as { properties: { template: JsonValue } }).properties;
    await assert.rejects(bound(parseTemplate(template, places)), (error) => {
      assert.ok(error instanceof TemplateError);
      assert.equal(error.code, 'InvalidTemplate');
      assert.equal(
        error.message,
        "Deployment template validation failed: 'The value for the template parameter 'extra_param' at line '5' and column '20' is not provided. Please see https://aka.ms/arm-create-parameter-file for usage details.'.",
      );
      assert.deepEqual(error.additionalInfo, [
        {
          type: 'TemplateViolation',
          info: { lineNumber: 5, linePosition: 20, path: 'properties.template.parameters.extra_param' },
        },
      ]);
      return true;
    });
  });

  test('that the template does not have are refused with those it has', async () => {
    await assert.rejects(
      values(
        { a: { type: 'string', defaultValue: '' }, b: { type: 'int', defaultValue: 1 } },
        { c: { value: 1 }, d: { value: 2 } },
      ),
      (error) =>
        error instanceof TemplateError &&
        error.message ===
          "Deployment template validation failed: 'The template parameters 'c, d' in the parameters file are not valid; they are not present in the original template and can therefore not be provided at deployment time. The only supported parameters for this template are 'a, b'. Please see https://aka.ms/arm-pass-parameter-values for usage details.'." &&
        error.additionalInfo[0]?.info.path === '',
    );
  });

  const refused: readonly [string, JsonValue, JsonValue, RegExp][] = [
    ['another type', { p: { type: 'int' } }, { p: { value: '5' } }, /Expected 'Integer'. Actual 'String'/],
    ['a fraction', { p: { type: 'int' } }, { p: { value: 1.5 } }, /Expected 'Integer'. Actual 'Float'/],
    ['a text for a switch', { p: { type: 'bool' } }, { p: { value: 'true' } }, /Expected 'Boolean'/],
    [
      'an array for an object',
      { p: { type: 'object' } },
      { p: { value: [] } },
      /Expected 'Object'. Actual 'Array'/,
    ],
    ['nothing', { p: { type: 'string' } }, { p: { value: null } }, /deployment parameter 'p' is null/],
    ['no value at all', { p: { type: 'string' } }, { p: {} }, /deployment parameter 'p' is null/],
    ['a bare value', { p: { type: 'string' } }, { p: 'x' }, /expected to be an object with a value/],
    [
      'what is not allowed',
      { p: { type: 'string', allowedValues: ['a', 'b'] } },
      { p: { value: 'c' } },
      /'c' is not part of the allowed value\(s\): 'a,b'/,
    ],
    [
      'what is not allowed in a list',
      { p: { type: 'array', allowedValues: ['a', 'b'] } },
      { p: { value: ['a', 'c'] } },
      /not part of the allowed/,
    ],
    [
      'too short',
      { p: { type: 'string', minLength: 3 } },
      { p: { value: 'ab' } },
      /greater than or equal to '3'/,
    ],
    [
      'too long',
      { p: { type: 'array', maxLength: 1 } },
      { p: { value: [1, 2] } },
      /less than or equal to '1'/,
    ],
    ['too small', { p: { type: 'int', minValue: 1 } }, { p: { value: 0 } }, /greater than or equal to '1'/],
    ['too large', { p: { type: 'int', maxValue: 1 } }, { p: { value: 2 } }, /less than or equal to '1'/],
    [
      'a default that is not allowed',
      { p: { type: 'string', allowedValues: ['a'], defaultValue: 'b' } },
      {},
      /not part of the allowed/,
    ],
    [
      'a circle',
      {
        p: { type: 'string', defaultValue: "[parameters('q')]" },
        q: { type: 'string', defaultValue: "[parameters('p')]" },
      },
      {},
      /depends on itself/,
    ],
    [
      'a default of variables',
      { p: { type: 'string', defaultValue: "[variables('v')]" } },
      {},
      /'variables' is not expected/,
    ],
    [
      'a default of a state',
      { p: { type: 'string', defaultValue: "[reference('v')]" } },
      {},
      /'reference' is not expected/,
    ],
    ['a type that is none', { p: { type: 'text' } }, {}, /TemplateParameterType/],
    ['no type', { p: {} }, {}, /Required property 'type'/],
    ['parameters that are a list', {}, [], /expected to be an object/],
  ];
  for (const [what, parameters, given, message] of refused) {
    test(`${what} is refused`, async () => {
      await assert.rejects(
        async () => values(parameters, given),
        (error) => error instanceof TemplateError && message.test(error.message),
      );
    });
  }

  test('a secure value is in no message', async () => {
    for (const schema of [{ allowedValues: ['a'] }, { minLength: 99 }, { type: 'int' }]) {
      await assert.rejects(
        async () => values({ p: { type: 'securestring', ...schema } }, { p: { value: 'hunter2' } }),
        (error) => error instanceof TemplateError && !error.message.includes('hunter2'),
      );
    }
  });

  test('allowed values differ by more than case', async () => {
    assert.deepEqual(
      await values(
        { p: { type: 'string', allowedValues: ['Standard_LRS'] } },
        { p: { value: 'standard_lrs' } },
      ),
      {
        p: 'standard_lrs',
      },
    );
  });
});
