import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { groupFacts, templateOf } from '../../../test/support/template.ts';
import type { JsonValue } from '../../contract/arm.ts';
import { bindParameters } from './parameters.ts';
import { TemplateError } from './template-error.ts';

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
