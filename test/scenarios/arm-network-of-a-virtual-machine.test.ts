import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Body, type TestManagement, type TestPrincipal, testManagement } from '../support/management.ts';

const versions: Readonly<Record<string, string>> = {
  virtualNetworks: '2015-06-15',
  networkSecurityGroups: '2015-06-15',
  publicIPAddresses: '2022-01-01',
  networkInterfaces: '2015-06-15',
  loadBalancers: '2022-01-01',
};

/** A group, and a way to write and read what is in it as the Azure CLI does. */
async function place(m: TestManagement) {
  const group = `/subscriptions/${m.home.subscriptionId}/resourceGroups/rg1`;
  const as = m.home.owner;
  await m.ask('PUT', `${group}?api-version=2022-09-01`, { as, body: { location: 'westus' } });
  const network = (path: string) => `${group}/providers/Microsoft.Network/${path}`;
  const urlOf = (path: string) => `${network(path)}?api-version=${versions[path.split('/')[0] ?? '']}`;
  const put = (path: string, body: Body, by: TestPrincipal = as) =>
    m.ask('PUT', urlOf(path), { as: by, body: { location: 'westus', tags: {}, ...body } });
  const get = (path: string) => m.ask('GET', urlOf(path), { as });
  const machine = (name: string, body?: Body) =>
    m.ask(
      body === undefined ? 'DELETE' : 'PUT',
      `${group}/providers/Microsoft.Compute/virtualMachines/${name}?api-version=2024-07-01`,
      { as, ...(body === undefined ? {} : { body: { location: 'westus', properties: body } }) },
    );
  return { group, network, put, get, machine, urlOf };
}

/** What the template of `az vm create` has beside the machine. */
async function networkOf({ put, network }: Awaited<ReturnType<typeof place>>, vm: string) {
  const replies = [
    await put('virtualNetworks/vnet1', {
      properties: {
        addressSpace: { addressPrefixes: ['10.0.0.0/16'] },
        subnets: [{ name: 'subnet1', properties: { addressPrefix: '10.0.0.0/24' } }],
      },
    }),
    await put(`networkSecurityGroups/${vm}NSG`, {}),
    await put(`publicIPAddresses/${vm}PublicIP`, {
      sku: { name: 'Standard' },
      properties: { publicIPAllocationMethod: 'Static' },
    }),
    await put(`networkInterfaces/${vm}VMNic`, {
      properties: {
        ipConfigurations: [
          {
            name: `ipconfig${vm}`,
            properties: {
              privateIPAllocationMethod: 'Dynamic',
              subnet: { id: network('virtualNetworks/vnet1/subnets/subnet1') },
              publicIPAddress: { id: network(`publicIPAddresses/${vm}PublicIP`) },
            },
          },
        ],
        networkSecurityGroup: { id: network(`networkSecurityGroups/${vm}NSG`) },
      },
    }),
  ];
  return replies.map(({ status, text }) => (status < 300 ? status : text));
}

const vmOn = (nic: string) => ({
  networkProfile: { networkInterfaces: [{ id: nic, properties: { deleteOption: null } }] },
});

describe('the network of a virtual machine', () => {
  test('is made as az vm create makes it, and shows what az vm show -d reads', async () => {
    await using m = await testManagement();
    const at = await place(m);
    assert.deepEqual(await networkOf(at, 'vm1'), [201, 201, 201, 201]);
    assert.equal((await at.machine('vm1', vmOn(at.network('networkInterfaces/vm1VMNic')))).status, 201);

    const { body: nic } = await at.get('networkInterfaces/vm1VMNic');
    const [configuration] = nic.properties.ipConfigurations;
    assert.equal(configuration.id, `${nic.id}/ipConfigurations/ipconfigvm1`);
    assert.equal(configuration.properties.privateIPAddress, '10.0.0.4');
    assert.equal(configuration.properties.primary, true);
    assert.match(nic.properties.macAddress, /^00-0D-3A(-[0-9A-F]{2}){3}$/);
    assert.ok(nic.properties.virtualMachine.id.endsWith('/virtualMachines/vm1'));
    assert.ok(nic.properties.networkSecurityGroup.id.endsWith('/vm1NSG'));

    const { body: ip } = await at.get('publicIPAddresses/vm1PublicIP');
    assert.match(ip.properties.ipAddress, /^(192\.0\.2|198\.51\.100|203\.0\.113)\./);
    assert.equal(ip.properties.ipConfiguration.id, configuration.id);
    assert.deepEqual(ip.sku, { name: 'Standard', tier: 'Regional' });

    const { body: network } = await at.get('virtualNetworks/vnet1');
    assert.equal(network.properties.subnets[0].id, `${network.id}/subnets/subnet1`);
    assert.equal(network.properties.subnets[0].properties.provisioningState, 'Succeeded');
    const list = await at.get('virtualNetworks');
    assert.deepEqual(
      list.body.value.map((each: Body) => each.name),
      ['vnet1'],
    );
    const { body: rules } = await at.get('networkSecurityGroups/vm1NSG');
    assert.deepEqual(rules.properties.securityRules, []);
    assert.equal(rules.properties.defaultSecurityRules.length, 6);
  });

  test('gives each interface the next address of its subnet, and lets it keep it', async () => {
    await using m = await testManagement();
    const at = await place(m);
    await networkOf(at, 'vm1');
    await networkOf(at, 'vm2');
    await networkOf(at, 'vm1');
    const addressOf = async (vm: string) =>
      (await at.get(`networkInterfaces/${vm}VMNic`)).body.properties.ipConfigurations[0].properties
        .privateIPAddress;
    assert.deepEqual([await addressOf('vm1'), await addressOf('vm2')], ['10.0.0.4', '10.0.0.5']);
    const read = (await at.get('networkInterfaces/vm1VMNic')).body;
    assert.equal((await at.put('networkInterfaces/vm1VMNic', read)).status, 200);
    assert.equal(await addressOf('vm1'), '10.0.0.4');
    const [configuration] = read.properties.ipConfigurations;
    const asked = { privateIPAllocationMethod: 'Static', privateIPAddress: '10.0.0.77' };
    configuration.properties = { ...configuration.properties, ...asked };
    await at.put('networkInterfaces/vm1VMNic', read);
    assert.equal(await addressOf('vm1'), '10.0.0.77');
  });

  test('is free again when the machine, or the interface, is gone', async () => {
    await using m = await testManagement();
    const at = await place(m);
    await networkOf(at, 'vm1');
    await at.machine('vm1', vmOn(at.network('networkInterfaces/vm1VMNic')));
    await at.machine('vm1');
    assert.equal((await at.get('networkInterfaces/vm1VMNic')).body.properties.virtualMachine, undefined);
    const address = (await at.get('publicIPAddresses/vm1PublicIP')).body.properties;
    assert.ok(address.ipConfiguration);
    await m.ask('DELETE', at.urlOf('networkInterfaces/vm1VMNic'), { as: m.home.owner });
    const freed = (await at.get('publicIPAddresses/vm1PublicIP')).body.properties;
    assert.equal(freed.ipConfiguration, undefined);
    assert.equal(freed.ipAddress, address.ipAddress);
  });

  test('moves with the machine, and either still names the other', async () => {
    await using m = await testManagement();
    const at = await place(m);
    const as = m.home.owner;
    await networkOf(at, 'vm1');
    await at.machine('vm1', vmOn(at.network('networkInterfaces/vm1VMNic')));
    const other = `/subscriptions/${m.home.subscriptionId}/resourceGroups/rg2`;
    await m.ask('PUT', `${other}?api-version=2022-09-01`, { as, body: { location: 'westus' } });
    const moved = await m.ask('POST', `${at.group}/moveResources?api-version=2022-09-01`, {
      as,
      body: {
        resources: [
          `${at.group}/providers/Microsoft.Compute/virtualMachines/vm1`,
          at.network('networkInterfaces/vm1VMNic'),
        ],
        targetResourceGroup: other,
      },
    });
    assert.ok(moved.status < 300, moved.text);
    await m.operations.settled();
    const nic = await m.ask(
      'GET',
      `${other}/providers/Microsoft.Network/networkInterfaces/vm1VMNic?api-version=2022-01-01`,
      { as },
    );
    assert.equal(
      nic.body.properties.virtualMachine.id,
      `${other}/providers/Microsoft.Compute/virtualMachines/vm1`,
    );
    const { body: ip } = await at.get('publicIPAddresses/vm1PublicIP');
    assert.equal(ip.properties.ipConfiguration.id, `${nic.body.id}/ipConfigurations/ipconfigvm1`);
    const machine = `${other}/providers/Microsoft.Compute/virtualMachines/vm1?api-version=2024-07-01`;
    await m.ask('DELETE', machine, { as });
    const free = await m.ask(
      'GET',
      `${other}/providers/Microsoft.Network/networkInterfaces/vm1VMNic?api-version=2022-01-01`,
      { as },
    );
    assert.equal(free.body.properties.virtualMachine, undefined);
  });

  test('has subnets and rules that are written one by one, and stay when the whole is written', async () => {
    await using m = await testManagement();
    const at = await place(m);
    const as = m.home.owner;
    const missing = await at.get('virtualNetworks/vnet1/subnets/subnet2');
    assert.deepEqual([missing.status, missing.body.error.code], [404, 'ResourceNotFound']);
    await networkOf(at, 'vm1');
    const absent = await at.get('virtualNetworks/vnet1/subnets/subnet2');
    assert.deepEqual([absent.status, absent.body.error.code], [404, 'NotFound']);
    const made = await at.put('virtualNetworks/vnet1/subnets/subnet2', {
      properties: { addressPrefix: '10.0.1.0/24' },
    });
    assert.deepEqual([made.status, made.body.name], [201, 'subnet2']);
    const whole = { properties: { addressSpace: { addressPrefixes: ['10.0.0.0/16'] } } };
    const again = await at.put('virtualNetworks/vnet1', whole);
    assert.deepEqual(
      again.body.properties.subnets.map((each: Body) => each.name),
      ['subnet1', 'subnet2'],
    );
    const gone = await m.ask('DELETE', at.urlOf('virtualNetworks/vnet1/subnets/SUBNET1'), { as });
    assert.equal(gone.status, 200);
    const rest = await at.get('virtualNetworks/vnet1/subnets');
    assert.deepEqual(
      rest.body.value.map((each: Body) => each.name),
      ['subnet2'],
    );
    assert.equal(
      (
        await at.put('networkSecurityGroups/vm1NSG/securityRules/ssh', {
          properties: { priority: 1000, access: 'Allow', direction: 'Inbound', protocol: 'Tcp' },
        })
      ).status,
      201,
    );
    const nowhere = await at.put('virtualNetworks/none/subnets/a', { properties: {} });
    assert.equal(nowhere.body.error.code, 'ParentResourceNotFound');
  });

  test('is refused where it names what is not there, or what the caller may not use', async () => {
    await using m = await testManagement();
    const at = await place(m);
    await networkOf(at, 'vm1');
    const nic = (subnet: string) => ({
      properties: { ipConfigurations: [{ name: 'a', properties: { subnet: { id: subnet } } }] },
    });
    const subnet = at.network('virtualNetworks/vnet1/subnets/subnet1');
    for (const id of [`${subnet}x`, subnet.replace('vnet1', 'vnet2')]) {
      const { body } = await at.put('networkInterfaces/bad', nic(id));
      assert.equal(body.error.code, 'InvalidResourceReference', id);
    }
    for (const body of [
      { properties: {} },
      { properties: { ipConfigurations: 'x' } },
      { properties: { ipConfigurations: [{ name: 'a', properties: { subnet: 7 } }] } },
    ]) {
      const reply = await at.put('networkInterfaces/bad', body);
      assert.equal(reply.status, 400, reply.text);
    }
    for (const subnets of ['x', [{}], [{ name: 'a' }, { name: 'A' }], [{ name: '../b' }]]) {
      const reply = await at.put('virtualNetworks/bad', { properties: { subnets } });
      assert.equal(reply.status, 400, reply.text);
    }
    const stranger = await m.application(m.home, 'stranger');
    const other = `/subscriptions/${m.home.subscriptionId}/resourceGroups/rg2`;
    await m.ask('PUT', `${other}?api-version=2022-09-01`, { as: m.home.owner, body: { location: 'westus' } });
    await m.assign(m.home, stranger, 'Contributor', other);
    const theirs = `${other}/providers/Microsoft.Network/networkInterfaces/nic?api-version=2022-01-01`;
    const refused = await m.ask('PUT', theirs, {
      as: stranger,
      body: { location: 'westus', ...nic(subnet) },
    });
    assert.deepEqual([refused.status, refused.body.error.code], [403, 'LinkedAuthorizationFailed']);
    assert.match(refused.body.error.message, /virtualNetworks\/subnets\/join\/action/);
    const taken = await m.ask(
      'PUT',
      `${other}/providers/Microsoft.Compute/virtualMachines/vm?api-version=2024-07-01`,
      {
        as: stranger,
        body: { location: 'westus', properties: vmOn(at.network('networkInterfaces/vm1VMNic')) },
      },
    );
    assert.equal(taken.body.error.code, 'LinkedAuthorizationFailed');
    assert.equal((await at.get('networkInterfaces/vm1VMNic')).body.properties.virtualMachine, undefined);
  });

  test('has load balancers as az vmss create makes them', async () => {
    await using m = await testManagement();
    const at = await place(m);
    const made = await at.put('loadBalancers/lb', {
      sku: { name: 'Standard' },
      properties: {
        backendAddressPools: [{ name: 'pool' }],
        frontendIPConfigurations: [{ name: 'front', properties: { publicIPAddress: { id: 'x' } } }],
      },
    });
    assert.equal(made.status, 201, made.text);
    assert.ok(
      made.body.properties.backendAddressPools[0].id.endsWith('/loadBalancers/lb/backendAddressPools/pool'),
    );
    const rule = await at.put('loadBalancers/lb/inboundNatRules/NatRule', {
      properties: { backendPort: 22 },
    });
    assert.equal(rule.status, 201);
    const deleted = await m.ask('DELETE', at.urlOf('loadBalancers/lb'), { as: m.home.owner });
    assert.equal(deleted.status, 202);
    const operation = new URL(String(deleted.headers['azure-asyncoperation']));
    const polled = await m.ask('GET', operation.pathname + operation.search, { as: m.home.owner });
    assert.equal(polled.body.status, 'Succeeded');
  });
});
