import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ResourceManagementClient } from '@azure/arm-resources';
import { azureClientOptions, azureCredential } from '../support/azure-clients.ts';
import { type Body, testManagement } from '../support/management.ts';

const groups = 'api-version=2022-09-01';
const machines = 'api-version=2024-07-01';

async function exportWorld() {
  await using parts = new AsyncDisposableStack();
  const m = parts.use(await testManagement());
  const as = m.home.owner;
  const put = async (path: string, body: object): Promise<Body> => {
    const reply = await m.ask('PUT', path, { as, body });
    assert.ok(reply.status < 300, reply.text);
    return reply.body;
  };
  const [from, to] = ['from', 'to'].map(
    (name) => `/subscriptions/${m.home.subscriptionId}/resourceGroups/${name}`,
  ) as [string, string];
  for (const group of [from, to]) await put(`${group}?${groups}`, { location: 'westus' });
  const identity = `${from}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/identity1`;
  await put(`${identity}?api-version=2024-11-30`, {
    location: 'westus',
    tags: { odd: '[not] an expression', even: '[neither]' },
  });
  const vm = `${from}/providers/Microsoft.Compute/virtualMachines/vm1`;
  await put(`${vm}?${machines}`, {
    location: 'westus',
    tags: { env: 'test' },
    identity: { type: 'SystemAssigned, UserAssigned', userAssignedIdentities: { [identity]: {} } },
    properties: { hardwareProfile: { vmSize: 'Standard_B1s' } },
  });
  const client = new ResourceManagementClient(
    azureCredential(as),
    m.home.subscriptionId,
    azureClientOptions(m),
  );
  const exported = async (options?: string, resources = ['*']): Promise<Body> => {
    const result = await client.resourceGroups.exportTemplate('from', {
      resources,
      ...(options === undefined ? {} : { options }),
    });
    assert.equal(result.error, undefined, JSON.stringify(result.error));
    return result.template;
  };
  const all = parts.move();
  return {
    m,
    as,
    put,
    from,
    to,
    identity,
    vm,
    client,
    exported,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

describe('a resource group', () => {
  test('is exported as a template that makes the same things again in another group', async () => {
    await using world = await exportWorld();
    const { m, as, to, exported } = world;
    const template = await exported('IncludeParameterDefaultValue');
    assert.deepEqual(Object.keys(template.parameters).sort(), [
      'userAssignedIdentities_identity1_name',
      'virtualMachines_vm1_name',
    ]);
    const machine = template.resources.find(
      (each: Body) => each.type === 'Microsoft.Compute/virtualMachines',
    );
    assert.equal(machine.name, "[parameters('virtualMachines_vm1_name')]");
    assert.equal(machine.properties.provisioningState, undefined);
    assert.equal(machine.identity.principalId, undefined);
    assert.deepEqual(machine.dependsOn, [
      "[resourceId('Microsoft.ManagedIdentity/userAssignedIdentities', parameters('userAssignedIdentities_identity1_name'))]",
    ]);

    const deployment = `${to}/providers/Microsoft.Resources/deployments/again?api-version=2022-09-01`;
    const begun = await m.ask('PUT', deployment, {
      as,
      body: { properties: { mode: 'Incremental', template } },
    });
    assert.ok(begun.status < 300, begun.text);
    await m.operations.settled();
    const ended = await m.ask('GET', deployment, { as });
    assert.equal(ended.body.properties.provisioningState, 'Succeeded', ended.text);
    const again = await m.ask('GET', `${to}/providers/Microsoft.Compute/virtualMachines/vm1?${machines}`, {
      as,
    });
    assert.equal(again.body.properties.hardwareProfile.vmSize, 'Standard_B1s');
    assert.deepEqual(again.body.tags, { env: 'test' });
    const [carried] = Object.keys(again.body.identity.userAssignedIdentities);
    assert.match(String(carried), /\/resourcegroups\/to\/.*\/identity1$/i, 'the identity of its own group');
    const identity = await m.ask(
      'GET',
      `${to}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/identity1?api-version=2024-11-30`,
      { as },
    );
    assert.deepEqual(identity.body.tags, { odd: '[not] an expression', even: '[neither]' });
  });

  test('is exported with names as they are, with comments, or in part', async () => {
    await using world = await exportWorld();
    const { exported, vm, identity } = world;
    const plain = await exported('SkipAllParameterization,IncludeComments');
    assert.deepEqual(plain.parameters, {});
    assert.deepEqual(
      plain.resources.map((each: Body) => [each.name, each.comments]),
      [
        ['vm1', `Generalized from resource: '${vm}'.`],
        [
          'identity1',
          `Generalized from resource: '${identity.replace('resourceGroups', 'resourcegroups')}'.`,
        ],
      ],
    );
    const part = await exported(undefined, [vm.toUpperCase()]);
    assert.equal(part.resources.length, 1);
    assert.equal(part.parameters.virtualMachines_vm1_name.defaultValue, undefined);
  });

  test('is exported to who has the right to it, and only by its own resources', async () => {
    await using world = await exportWorld();
    const { m, as, from, vm } = world;
    const reader = await m.application(m.home, 'reader');
    await m.assign(m.home, reader, 'Reader', from);
    const ask = (who: typeof reader, body: object) =>
      m.ask('POST', `${from}/exportTemplate?${groups}`, { as: who, body });
    assert.equal((await ask(reader, { resources: ['*'] })).status, 403);
    for (const body of [
      { resources: [`${vm}x`] },
      { resources: ['x'] },
      { resources: ['*'], outputFormat: 'Bicep' },
      { resources: 'x' },
    ]) {
      const reply = await ask(as, body);
      assert.equal(reply.status, 400, reply.text);
    }
  });
});
