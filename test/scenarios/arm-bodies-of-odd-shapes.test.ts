import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type TestManagement, testManagement } from '../support/management.ts';

type Json = string | number | boolean | null | readonly Json[] | { readonly [member: string]: Json };

/** What stands where something else should. */
const odd: readonly Json[] = [null, -1, 'x', '', [], {}, true, [null], [[]], [{}], { '': '' }];

/** A body of each type, with something in every place that its provider looks at. */
const bodies: readonly (readonly [path: string, body: { readonly [member: string]: Json }])[] = [
  [
    'Microsoft.Compute/virtualMachines/a?api-version=2024-07-01',
    {
      zones: ['1'],
      properties: {
        storageProfile: {
          osDisk: {
            createOption: 'FromImage',
            name: 'd',
            managedDisk: { storageAccountType: 'Premium_LRS' },
          },
          imageReference: { publisher: 'Debian', offer: 'debian-12', sku: '12-gen2', version: 'latest' },
          dataDisks: [],
        },
        osProfile: { computerName: 'a', linuxConfiguration: { provisionVMAgent: true } },
        networkProfile: { networkInterfaces: [{ id: '/nowhere' }] },
      },
    },
  ],
  [
    'Microsoft.Compute/virtualMachineScaleSets/a?api-version=2024-07-01',
    {
      sku: { name: 'Standard_DS1_v2', capacity: 1 },
      properties: {
        upgradePolicy: { mode: 'Manual' },
        orchestrationMode: 'Uniform',
        virtualMachineProfile: {
          storageProfile: { osDisk: { createOption: 'FromImage' }, imageReference: { publisher: 'Debian' } },
          osProfile: { computerNamePrefix: 'a' },
          networkProfile: { networkInterfaceConfigurations: [] },
        },
      },
    },
  ],
  [
    'Microsoft.Network/virtualNetworks/a?api-version=2022-01-01',
    { properties: { subnets: [{ name: 's', properties: { addressPrefix: '10.0.0.0/24' } }] } },
  ],
  [
    'Microsoft.Network/networkSecurityGroups/a?api-version=2022-01-01',
    { properties: { securityRules: [{ name: 'r', properties: { priority: 100 } }] } },
  ],
  [
    'Microsoft.Network/publicIPAddresses/a?api-version=2022-01-01',
    { sku: { name: 'Standard' }, properties: { dnsSettings: { domainNameLabel: 'a' } } },
  ],
  [
    'Microsoft.Network/networkInterfaces/a?api-version=2022-01-01',
    {
      properties: {
        ipConfigurations: [
          {
            name: 'c',
            properties: {
              subnet: { id: 'SUBNET' },
              privateIPAllocationMethod: 'Static',
              privateIPAddress: '10.0.0.9',
            },
          },
        ],
        dnsSettings: { dnsServers: [] },
        networkSecurityGroup: { id: 'GROUP' },
      },
    },
  ],
  [
    'Microsoft.Web/serverfarms/a?api-version=2023-12-01',
    { kind: 'linux', sku: { name: 'B1' }, properties: { reserved: true } },
  ],
  [
    'Microsoft.Web/sites/odd-site?api-version=2023-12-01',
    {
      kind: 'app',
      properties: {
        serverFarmId: '/nowhere',
        siteConfig: {
          appSettings: [{ name: 'a', value: 'b' }],
          connectionStrings: [{ name: 'a' }],
          cors: {},
        },
      },
    },
  ],
  [
    'Microsoft.ContainerInstance/containerGroups/a?api-version=2023-05-01',
    {
      properties: {
        containers: [
          { name: 'a', properties: { image: 'b', environmentVariables: [{ name: 'c' }], ports: [] } },
        ],
        initContainers: [{ name: 'i' }],
        volumes: [{ name: 'v', secret: {} }],
        ipAddress: { type: 'Public', dnsNameLabel: 'x', ports: [] },
      },
    },
  ],
  [
    'Microsoft.App/managedEnvironments/env?api-version=2024-03-01',
    { properties: { appLogsConfiguration: { logAnalyticsConfiguration: { customerId: 'c' } } } },
  ],
  [
    'Microsoft.App/containerApps/app?api-version=2024-03-01',
    {
      properties: {
        environmentId: '/nowhere',
        configuration: { secrets: [{ name: 'a', value: 'b' }], ingress: { external: true } },
        template: { revisionSuffix: 'x', containers: [] },
      },
    },
  ],
  [
    'Microsoft.HybridCompute/machines/a?api-version=2024-07-10',
    { kind: 'AWS', properties: { vmId: 'x', osProfile: { computerName: 'a' } } },
  ],
];

/** Every way to put one odd thing into one place of a body. */
function* distorted(value: Json): Generator<Json> {
  yield* odd;
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    const list = value as readonly Json[];
    for (const [index, item] of list.entries()) {
      for (const each of distorted(item)) yield list.with(index, each);
    }
    return;
  }
  for (const [name, inside] of Object.entries(value as { readonly [member: string]: Json })) {
    for (const each of distorted(inside)) yield { ...(value as object), [name]: each };
  }
}

async function place(m: TestManagement) {
  const as = m.home.owner;
  const group = `/subscriptions/${m.home.subscriptionId}/resourceGroups/rg1`;
  await m.ask('PUT', `${group}?api-version=2022-09-01`, { as, body: { location: 'westus' } });
  const network = `${group}/providers/Microsoft.Network`;
  const made = await m.ask('PUT', `${network}/virtualNetworks/net?api-version=2022-01-01`, {
    as,
    body: {
      location: 'westus',
      properties: { subnets: [{ name: 's', properties: { addressPrefix: '10.0.0.0/24' } }] },
    },
  });
  assert.equal(made.status, 201);
  await m.ask('PUT', `${network}/networkSecurityGroups/nsg?api-version=2022-01-01`, {
    as,
    body: { location: 'westus' },
  });
  return (body: Json) =>
    JSON.parse(
      JSON.stringify(body)
        .replace('SUBNET', `${network}/virtualNetworks/net/subnets/s`)
        .replace('GROUP', `${network}/networkSecurityGroups/nsg`),
    ) as { readonly [member: string]: Json };
}

describe('a body with something odd in one place', () => {
  for (const [path, template] of bodies) {
    const [type] = path.split('?');
    test(`is taken or refused, and read again: ${type}`, async () => {
      await using m = await testManagement();
      const body = (await place(m))(template);
      const as = m.home.owner;
      const url = `/subscriptions/${m.home.subscriptionId}/resourceGroups/rg1/providers/${path}`;
      const plain = await m.ask('PUT', url, { as, body: { ...body, location: 'westus' } });
      assert.ok(plain.status < 300, plain.text);
      let taken = 0;
      let refused = 0;
      for (const each of distorted(body)) {
        const sent =
          typeof each === 'object' && each !== null && !Array.isArray(each)
            ? { ...each, location: 'westus' }
            : each;
        for (const method of ['PUT', 'PATCH']) {
          const reply = await m.ask(method, url, { as, body: sent });
          const place = `${method} ${JSON.stringify(sent)}: ${reply.text}`;
          assert.ok(reply.status < 300 || (reply.status >= 400 && reply.status < 500), place);
          if (reply.status < 300) taken += 1;
          else refused += 1;
          if (reply.status < 300) assert.equal((await m.ask('GET', url, { as })).status, 200, place);
          else assert.ok(reply.body.error.code, place);
        }
      }
      assert.ok(taken > 0 && refused > 0, `${taken} were taken, ${refused} refused`);
    });
  }
});
