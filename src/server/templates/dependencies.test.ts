import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { expansionOf, groupId, templateOf } from '../../../test/support/template.ts';
import type { JsonValue } from '../../contract/arm.ts';
import { TemplateError } from './template-error.ts';

const network = 'Microsoft.Network/virtualNetworks';

function resource(name: string, parts: Readonly<Record<string, JsonValue>> = {}): JsonValue {
  return { type: network, apiVersion: '2023-09-01', name, ...parts };
}

async function waits(resources: JsonValue, parts: Readonly<Record<string, JsonValue>> = {}) {
  const { instances } = await expansionOf(templateOf({ resources, ...parts }));
  return Object.fromEntries(
    instances.map((each) => [each.name, each.dependsOn.map((key) => key.split('/').at(-1))]),
  );
}

describe('what a resource waits for', () => {
  test('is named by id, by type and name, by name, in any case', async () => {
    assert.deepEqual(
      await waits([
        resource('one'),
        resource('two', {
          dependsOn: ["[resourceId('microsoft.network/VirtualNetworks', 'ONE')]"],
        }),
        resource('three', { dependsOn: ['Microsoft.Network/virtualnetworks/Two', 'one'] }),
      ]),
      { one: [], two: ['one'], three: ['two', 'one'] },
    );
  });

  test('follows from what its expressions ask for', async () => {
    const { instances } = await expansionOf(
      templateOf({
        variables: { names: ['one', 'two'] },
        resources: [
          resource('one'),
          resource('two'),
          resource('three', {
            properties: {
              a: "[reference('one').x]",
              copy: [
                {
                  name: 'b',
                  count: 2,
                  input:
                    "[reference(resourceId('Microsoft.Network/virtualNetworks', variables('names')[copyIndex('b')]), '2020-01-01').y]",
                },
              ],
              c: "[listKeys('two', '2021-01-01').keys[0]]",
            },
          }),
        ],
      }),
    );
    const three = instances[2];
    assert.deepEqual(three?.dependsOn.map((key) => key.split('/').at(-1)).sort(), ['one', 'two']);
    assert.deepEqual(
      three?.dependencies.map(({ resourceName, apiVersion, actionName }) => [
        resourceName,
        apiVersion,
        actionName,
      ]),
      [
        ['one', undefined, undefined],
        ['two', '2021-01-01', 'listKeys'],
        ['one', '2020-01-01', undefined],
        ['two', '2020-01-01', undefined],
      ],
    );
  });

  test('does not come out of a nested deployment with a scope of its own', async () => {
    const nested = (scope: string): JsonValue => ({
      type: 'Microsoft.Resources/deployments',
      apiVersion: '2022-09-01',
      name: scope,
      properties: {
        expressionEvaluationOptions: { scope },
        template: { outputs: { o: { type: 'object', value: "[reference('one')]" } } },
      },
    });
    assert.deepEqual(await waits([resource('one'), nested('inner'), nested('outer')]), {
      one: [],
      inner: [],
      outer: ['one'],
    });
  });

  test('is what lies behind a resource that is not made', async () => {
    assert.deepEqual(
      await waits([
        resource('one'),
        resource('two', { condition: false, dependsOn: ['one'] }),
        resource('three', { dependsOn: ['two'] }),
      ]),
      { one: [], two: ['one'], three: ['one'] },
    );
  });

  test('two alternatives of one resource are one resource', async () => {
    const { instances } = await expansionOf(
      templateOf({
        resources: [
          resource('one', { condition: false, properties: { a: 1 } }),
          resource('one', { condition: true, properties: { a: 2 } }),
        ],
      }),
    );
    assert.deepEqual(
      instances.map(({ condition, definition }) => [condition, definition['properties']]),
      [[true, { a: 2 }]],
    );
  });

  test('must not be a circle', async () => {
    await assert.rejects(
      waits([
        resource('one', { dependsOn: ['three'] }),
        resource('two', { dependsOn: ['one'] }),
        resource('three', { properties: { x: "[reference('two')]" } }),
      ]),
      (error) =>
        error instanceof TemplateError &&
        error.message ===
          `Deployment template validation failed: 'Circular dependency detected on resource: '${groupId}/providers/${network}/one'. Please see https://aka.ms/arm-syntax-resources for usage details.'.`,
    );
  });

  test('may be reached on two ways', async () => {
    assert.deepEqual(
      await waits([
        resource('a', { dependsOn: ['b', 'c'] }),
        resource('b'),
        resource('c', { dependsOn: ['d'] }),
        resource('d', { dependsOn: ['b'] }),
      ]),
      { a: ['b', 'c'], b: [], c: ['d'], d: ['b'] },
    );
  });
});
