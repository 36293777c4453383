import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ComputeManagementClient, type VirtualMachineIdentity } from '@azure/arm-compute';
import { ManagedServiceIdentityClient } from '@azure/arm-msi';
import { ResourceManagementClient } from '@azure/arm-resources';
import { azureClientOptions, azureCredential, collect, type SeenRequest } from '../support/azure-clients.ts';
import { testManagement } from '../support/management.ts';
import { answerViolations } from '../support/openapi.ts';
import { sharedFile } from '../support/shared.ts';

const location = 'westeurope';
const compute = 'compute/resource-manager/Microsoft.Compute/ComputeRP/stable/2024-07-01/virtualMachine.json';

describe('the official clients', () => {
  test('give a machine identities, change them in every way there is, and take them away', async () => {
    await using m = await testManagement();
    const { subscriptionId, tenantId, owner } = m.home;
    const seen: SeenRequest[] = [];
    const options = azureClientOptions(m, seen);
    const credential = azureCredential(owner);
    const resources = new ResourceManagementClient(credential, subscriptionId, options);
    const msi = new ManagedServiceIdentityClient(credential, subscriptionId, options);
    const { virtualMachines } = new ComputeManagementClient(credential, subscriptionId, options);

    await resources.resourceGroups.createOrUpdate('demo', { location });
    const one = await msi.userAssignedIdentities.createOrUpdate('demo', 'one', { location });
    const two = await msi.userAssignedIdentities.createOrUpdate('demo', 'two', { location });
    const [first, second] = [one.id ?? '', two.id ?? ''];
    const keys = ({ userAssignedIdentities }: VirtualMachineIdentity = {}) =>
      Object.keys(userAssignedIdentities ?? {}).map((id) => id.toLowerCase());

    const made = await virtualMachines.createOrUpdate('demo', 'vm1', {
      location,
      identity: { type: 'SystemAssigned, UserAssigned', userAssignedIdentities: { [first]: {} } },
    });
    assert.equal(made.identity?.type, 'SystemAssigned, UserAssigned');
    assert.equal(made.identity?.tenantId, tenantId);
    const [shown] = Object.values(made.identity?.userAssignedIdentities ?? {});
    assert.deepEqual({ ...shown }, { principalId: one.principalId, clientId: one.clientId });

    const own = await msi.systemAssignedIdentities.getByScope(`/${made.id}`);
    assert.equal(own.principalId, made.identity?.principalId);
    assert.equal(own.tenantId, tenantId);
    assert.ok(own.clientId);

    // as az assigns and removes: PATCH, and the key in lower case to remove
    const added = await virtualMachines.update('demo', 'vm1', {
      identity: { type: 'SystemAssigned, UserAssigned', userAssignedIdentities: { [second]: {} } },
    });
    assert.deepEqual(keys(added.identity), [first.toLowerCase(), second.toLowerCase()]);
    const removal = { [first.toLowerCase()]: null } as unknown as Record<string, object>;
    const removed = await virtualMachines.update('demo', 'vm1', {
      identity: { type: 'UserAssigned', userAssignedIdentities: removal },
    });
    assert.equal(removed.identity?.type, 'UserAssigned');
    assert.equal(removed.identity?.principalId, undefined);
    assert.deepEqual(keys(removed.identity), [second.toLowerCase()]);
    await assert.rejects(msi.systemAssignedIdentities.getByScope(`/${made.id}`), { statusCode: 404 });

    // as programs do that read, change and write the whole
    const read = await virtualMachines.get('demo', 'vm1');
    const written = await virtualMachines.createOrUpdate('demo', 'vm1', { ...read, tags: { a: 'b' } });
    assert.deepEqual(written.identity, read.identity);
    assert.deepEqual(written.tags, { a: 'b' });

    const listed = await collect(virtualMachines.list('demo'));
    assert.deepEqual(
      listed.map(({ identity }) => identity),
      [read.identity],
    );
    const everything = await collect(
      resources.resources.list({ filter: "resourceType eq 'Microsoft.Compute/virtualMachines'" }),
    );
    assert.deepEqual(
      Object.keys(everything[0]?.identity?.userAssignedIdentities ?? {}),
      Object.keys(read.identity?.userAssignedIdentities ?? {}),
    );

    await msi.userAssignedIdentities.delete('demo', 'two');
    const dangling = await virtualMachines.get('demo', 'vm1');
    assert.deepEqual(keys(dangling.identity), [second.toLowerCase()]);
    const bare = await virtualMachines.update('demo', 'vm1', { identity: { type: 'None' } });
    assert.equal(bare.identity, undefined);
    assert.ok(
      seen.every(({ status }) => status < 400 || status === 404),
      JSON.stringify(seen),
    );
  });

  test('read refusals of identities as they read those of Azure', async () => {
    await using m = await testManagement();
    const { subscriptionId, owner } = m.home;
    const group = `/subscriptions/${subscriptionId}/resourceGroups/demo`;
    const options = azureClientOptions(m);
    const resources = new ResourceManagementClient(azureCredential(owner), subscriptionId, options);
    await resources.resourceGroups.createOrUpdate('demo', { location });
    const absent = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/absent`;
    const identity = { type: 'UserAssigned', userAssignedIdentities: { [absent]: {} } } as const;
    const as = (who: typeof owner) =>
      new ComputeManagementClient(azureCredential(who), subscriptionId, options).virtualMachines;
    await assert.rejects(as(owner).createOrUpdate('demo', 'vm1', { location, identity }), {
      statusCode: 400,
      code: 'FailedIdentityOperation',
    });
    const writer = await m.application(m.home, 'writer');
    await m.assign(m.home, writer, 'Virtual Machine Contributor', group);
    await assert.rejects(as(writer).createOrUpdate('demo', 'vm1', { location, identity }), {
      statusCode: 403,
      code: 'LinkedAuthorizationFailed',
    });
  });

  test('are answered in the shape of Azure’s specification', {
    skip:
      sharedFile(`data/openapi/${compute}`) === undefined
        ? 'the specifications are not on this machine'
        : false,
  }, async () => {
    await using m = await testManagement();
    const { subscriptionId, owner: as } = m.home;
    const group = `/subscriptions/${subscriptionId}/resourceGroups/demo`;
    const id = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one`;
    const vm = `${group}/providers/Microsoft.Compute/virtualMachines/vm1`;
    await m.ask('PUT', `${group}?api-version=2022-09-01`, { as, body: { location } });
    await m.ask('PUT', `${id}?api-version=2024-11-30`, { as, body: { location } });
    const file = sharedFile(`data/openapi/${compute}`) ?? '';
    const check = async (method: string, body?: object) => {
      const { status, body: answer } = await m.ask(method, `${vm}?api-version=2024-07-01`, {
        as,
        ...(body === undefined ? {} : { body }),
      });
      assert.ok(status < 300, JSON.stringify(answer));
      assert.deepEqual(answerViolations(file, { method, path: vm, status, body: answer }), []);
    };
    const identity = { type: 'SystemAssigned, UserAssigned', userAssignedIdentities: { [id]: {} } };
    await check('PUT', { location, identity, properties: {} });
    await check('PATCH', { identity: { type: 'UserAssigned' } });
    await m.ask('DELETE', `${id}?api-version=2024-11-30`, { as });
    await check('GET');
  });
});
