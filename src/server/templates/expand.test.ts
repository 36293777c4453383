import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { expansionOf, groupFacts, groupId, templateOf } from '../../../test/support/template.ts';
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

describe('the resources of a template', () => {
  test('have ids below the scope of the deployment, and their names and types evaluated', async () => {
    const template = templateOf({
      parameters: { name: { type: 'string', defaultValue: 'v1' } },
      resources: [resource("[parameters('name')]", { location: '[resourceGroup().location]' })],
    });
    const [instance] = (await expansionOf(template)).instances;
    assert.equal(instance?.id, `${groupId}/providers/${network}/v1`);
    assert.equal(instance?.scope, groupId);
    assert.equal(instance?.location, 'westeurope');
  });

  test('children within a resource have its name and type before theirs', async () => {
    const template = templateOf({
      resources: [
        resource('v1', {
          resources: [
            { type: 'subnets', apiVersion: '2023-09-01', name: 's1', dependsOn: ['v1'] },
            {
              type: 'Microsoft.Network/virtualNetworks/subnets',
              apiVersion: '2023-09-01',
              name: 'v1/s2',
              dependsOn: ["[resourceId('Microsoft.Network/virtualNetworks', 'v1')]"],
            },
          ],
        }),
      ],
    });
    const { instances } = await expansionOf(template);
    assert.deepEqual(
      instances.map(({ id, dependsOn }) => [id.split('/providers/')[1], dependsOn.length]),
      [
        [`${network}/v1`, 0],
        [`${network}/v1/subnets/s1`, 1],
        [`${network}/v1/subnets/s2`, 1],
      ],
    );
  });

  test('a type with a providers segment is an extension of the resource before it', async () => {
    const template = templateOf({
      resources: [
        {
          type: 'Microsoft.Compute/virtualMachines/providers/roleAssignments',
          apiVersion: '2022-04-01',
          name: 'vm1/Microsoft.Authorization/b216804e-bf85-460b-be68-0ea1d0a9ea0e',
        },
      ],
    });
    const [instance] = (await expansionOf(template)).instances;
    const machine = `${groupId}/providers/Microsoft.Compute/virtualMachines/vm1`;
    assert.equal(instance?.scope, machine);
    assert.equal(
      instance?.id,
      `${machine}/providers/Microsoft.Authorization/roleAssignments/b216804e-bf85-460b-be68-0ea1d0a9ea0e`,
    );
  });

  const scopes: readonly [string, Readonly<Record<string, JsonValue>>, string][] = [
    [
      'a relative resource',
      { scope: 'Microsoft.Storage/storageAccounts/st' },
      `${groupId}/providers/Microsoft.Storage/storageAccounts/st`,
    ],
    ['the tenant', { scope: '/' }, '/'],
    [
      'a whole id',
      { scope: '/subscriptions/33333333-3333-3333-3333-333333333333' },
      '/subscriptions/33333333-3333-3333-3333-333333333333',
    ],
    [
      'a management group',
      { scope: 'Microsoft.Management/managementGroups/mg' },
      '/providers/Microsoft.Management/managementGroups/mg',
    ],
    ['another group', { resourceGroup: 'other' }, `${groupId.replace('rg1', 'other')}`],
    [
      'another subscription',
      { subscriptionId: '33333333-3333-3333-3333-333333333333' },
      '/subscriptions/33333333-3333-3333-3333-333333333333',
    ],
  ];
  for (const [what, parts, expected] of scopes) {
    test(`a resource lies in ${what} where it says so`, async () => {
      const { instances } = await expansionOf(
        templateOf({
          resources: [
            { type: 'Microsoft.Authorization/locks', apiVersion: '2020-05-01', name: 'l', ...parts },
          ],
        }),
      );
      assert.equal(instances[0]?.scope, expected);
      assert.equal(
        instances[0]?.id,
        `${expected === '/' ? '' : expected}/providers/Microsoft.Authorization/locks/l`,
      );
    });
  }

  test('a resource group of a deployment at a subscription has its own form of id', async () => {
    const template = templateOf({
      $schema: 'https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#',
      resources: [
        {
          type: 'Microsoft.Resources/resourceGroups',
          apiVersion: '2022-09-01',
          name: 'g2',
          location: 'westeurope',
        },
        {
          type: 'Microsoft.Resources/deployments',
          apiVersion: '2022-09-01',
          name: 'inner',
          resourceGroup: 'g2',
          dependsOn: [
            "[subscriptionResourceId('Microsoft.Resources/resourceGroups', 'g2')]",
            'Microsoft.Resources/resourceGroups/G2',
          ],
          properties: { template: {}, expressionEvaluationOptions: { scope: 'Inner' } },
        },
      ],
    });
    const facts = { ...groupFacts, resourceGroup: undefined };
    const { instances } = await expansionOf(template, {}, facts);
    assert.deepEqual(
      instances.map(({ id, nested, dependsOn }) => ({ id, nested, dependsOn })),
      [
        { id: groupId.replace('rg1', 'g2'), nested: undefined, dependsOn: [] },
        {
          id: `${groupId.replace('rg1', 'g2')}/providers/Microsoft.Resources/deployments/inner`,
          nested: 'inner',
          dependsOn: [groupId.replace('rg1', 'g2').toLowerCase()],
        },
      ],
    );
  });

  const broken: readonly [string, JsonValue, RegExp][] = [
    [
      'a name without a parent',
      [{ type: `${network}/subnets`, apiVersion: '1', name: 's' }],
      /incorrect segment lengths/,
    ],
    ['no apiVersion', [{ type: network, name: 'v' }], /'apiVersion' property is not specified/],
    ['no type', [{ apiVersion: '1', name: 'v' }], /'type' property is not specified/],
    ['a type that is none', [{ type: 'x', apiVersion: '1', name: 'v' }], /not of the form/],
    ['a name that is a number', [resource('[add(1, 2)]')], /'name' of a resource is expected to be a string/],
    ['a name that asks for a state', [resource("[reference('x').name]")], /not expected at this location/],
    ['the same resource twice', [resource('v'), resource('V')], /defined multiple times in a template/],
    [
      'a dependency on nothing',
      [resource('v', { dependsOn: ['nothing'] })],
      /The resource 'nothing' is not defined in the template/,
    ],
    [
      'a condition that is a number',
      [resource('v', { condition: 1 })],
      /'condition' is expected to be a boolean/,
    ],
    [
      'too many copies',
      [resource('v', { copy: { name: 'l', count: 801 } })],
      /not within the range 0 to '800'/,
    ],
    [
      'a mode that is none',
      [resource('v', { copy: { name: 'l', count: 1, mode: 'x' } })],
      /'Parallel' or 'Serial'/,
    ],
    ['a resource that is a text', ['v'], /expected to be an object/],
  ];
  for (const [what, resources, message] of broken) {
    test(`${what} is refused`, async () => {
      await assert.rejects(
        async () => expansionOf(templateOf({ resources })),
        (error) =>
          error instanceof TemplateError && error.code === 'InvalidTemplate' && message.test(error.message),
      );
    });
  }

  test('a refused resource is named with its place', async () => {
    await assert.rejects(
      async () => expansionOf(templateOf({ resources: [resource("[concat('a', variables('none'))]")] })),
      /^TemplateError|Deployment template validation failed: 'The template resource '\[concat\('a', variables\('none'\)\)\]' at line '1' and column '1' is not valid: The template variable 'none' is not found\./,
    );
  });
});

describe('loops of resources', () => {
  test('are unrolled, with their index in names', async () => {
    const { instances, all } = await expansionOf(
      templateOf({
        resources: [
          resource("[concat('v', copyIndex(1))]", { copy: { name: 'loop', count: 3 } }),
          resource('after', { dependsOn: ['loop'] }),
        ],
      }),
    );
    assert.deepEqual(
      instances.map(({ name }) => name),
      ['v1', 'v2', 'v3', 'after'],
    );
    assert.equal(instances[3]?.dependsOn.length, 3);
    assert.deepEqual(
      all('loop').map(({ name }) => name),
      ['v1', 'v2', 'v3'],
    );
  });

  test('of no rounds leave nothing to wait for', async () => {
    assert.deepEqual(
      await waits([
        resource("[concat('v', copyIndex())]", { copy: { name: 'loop', count: 0 } }),
        resource('after', { dependsOn: ['loop'] }),
      ]),
      { after: [] },
    );
  });

  test('that are serial run in batches', async () => {
    assert.deepEqual(
      await waits([
        resource("[concat('v', copyIndex())]", {
          copy: { name: 'loop', count: 5, mode: 'Serial', batchSize: 2 },
        }),
      ]),
      { v0: [], v1: [], v2: ['v0', 'v1'], v3: ['v0', 'v1'], v4: ['v2', 'v3'] },
    );
  });
});

describe('a template with symbolic names', () => {
  const template = templateOf({
    languageVersion: '2.0',
    resources: {
      vault: {
        existing: true,
        type: 'Microsoft.KeyVault/vaults',
        apiVersion: '2023-07-01',
        name: 'v',
        dependsOn: ['id'],
      },
      id: {
        type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
        apiVersion: '2023-01-31',
        name: 'i',
        location: 'x',
      },
      vms: {
        copy: { name: 'vms', count: 2 },
        type: 'Microsoft.Compute/virtualMachines',
        apiVersion: '2024-07-01',
        name: "[format('vm{0}', copyIndex())]",
        dependsOn: ['vault'],
      },
      last: {
        type: network,
        apiVersion: '2023-09-01',
        name: 'n',
        properties: {
          all: "[map(references('vms', 'full'), lambda('vm', lambdaVariables('vm').identity.principalId))]",
          one: "[reference('vms[1]').x]",
          uri: "[reference('vault').vaultUri]",
        },
      },
    },
  });

  test('is keyed by them, and what is only read is waited through', async () => {
    const expansion = await expansionOf(template);
    assert.deepEqual(
      expansion.instances.map(({ key, dependsOn, existing }) => ({ key, dependsOn, existing })),
      [
        { key: 'vault', dependsOn: ['id'], existing: true },
        { key: 'id', dependsOn: [], existing: false },
        { key: 'vms[0]', dependsOn: ['id'], existing: false },
        { key: 'vms[1]', dependsOn: ['id'], existing: false },
        { key: 'last', dependsOn: ['vms[0]', 'vms[1]', 'id'], existing: false },
      ],
    );
    assert.equal(expansion.find('VMS[1]')?.name, 'vm1');
    assert.equal(expansion.find('vms'), undefined);
    assert.equal(expansion.find(`${groupId}/providers/Microsoft.KeyVault/vaults/v`)?.symbol, 'vault');
  });
});
