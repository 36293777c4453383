import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bound, groupFacts, templateOf } from '../../../test/support/template.ts';
import type { JsonValue } from '../../contract/arm.ts';
import { readLenientJson } from './lenient-json.ts';
import { bindParameters, shownParameters } from './parameters.ts';
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

describe('a template document', () => {
  const refused: readonly [string, Readonly<Record<string, JsonValue>>, RegExp][] = [
    [
      'a schema that is none',
      { $schema: 'https://example.org/x.json' },
      /schema 'https:\/\/example.org\/x.json' is not supported/,
    ],
    ['no version', { contentVersion: '' }, /contentVersion/],
    [
      'a member that is none',
      { resource: [] },
      /Could not find member 'resource' on object of type 'Template'/,
    ],
    [
      'another version of the language',
      { languageVersion: '3.0' },
      /language version '3.0' is not recognized/,
    ],
    ['imports', { imports: { k8s: {} } }, /uses 'imports'/],
    ['resources by symbols in version 1', { resources: {} }, /expected to be an array/],
    [
      'a list of resources in version 2',
      { languageVersion: '2.0', resources: [] },
      /object by symbolic names/,
    ],
    [
      'two parameters of one name',
      { parameters: { a: { type: 'int' }, A: { type: 'int' } } },
      /'A' is defined more than once/,
    ],
    [
      'an output without a value',
      { outputs: { o: { type: 'int' } } },
      /'value' not found in JSON. Path 'outputs.o'/,
    ],
    ['functions that are an object', { functions: {} }, /expected to be an array/],
    [
      'too many outputs',
      {
        outputs: Object.fromEntries(
          Array.from({ length: 65 }, (_, at) => [`o${at}`, { type: 'int', value: 1 }]),
        ),
      },
      /outputs limit exceeded. Limit: '64' and actual: '65'/,
    ],
  ];
  for (const [what, parts, message] of refused) {
    test(`${what} is refused`, () => {
      assert.throws(
        () => templateOf(parts),
        (error) => error instanceof TemplateError && message.test(error.message),
      );
    });
  }

  test('says by its schema where it is deployed', () => {
    const kinds = ['', 'subscription', 'managementGroup', 'tenant'].map(
      (kind) =>
        templateOf({
          $schema: `https://schema.management.azure.com/schemas/2019-08-01/${kind}deploymentTemplate.json#`,
        }).scope,
    );
    assert.deepEqual(kinds, ['resourceGroup', 'subscription', 'managementGroup', 'tenant']);
  });

  test('asks a vault once for each secret and only for those that are given', async () => {
    const asked: string[] = [];
    const template = templateOf({
      parameters: { a: { type: 'securestring' }, b: { type: 'string', defaultValue: "[parameters('a')]" } },
    });
    await bindParameters(
      template,
      { a: { reference: { keyVault: { id: '/vault' }, secretName: 's', secretVersion: 'v1' } } },
      {
        facts: groupFacts,
        newGuid: () => '',
        utcNow: () => 0,
        secret: async ({ vaultId, secretName, secretVersion }) => {
          asked.push(`${vaultId} ${secretName} ${secretVersion}`);
          return 'x';
        },
      },
    );
    assert.deepEqual(asked, ['/vault s v1']);
  });
});
