import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testDeployment } from '../support/deployment.ts';
import { eventually } from '../support/eventually.ts';
import type { Body } from '../support/management.ts';
import { ask, askToken, claimsOf } from '../support/metadata-request.ts';

const version = 'api-version=2024-07-01';

describe('a host of an instance of a scale set', () => {
  test('has the identities of the set for as long as the set has them, and the instance is there', async () => {
    await using deployment = await testDeployment();
    const { arm, groupId } = deployment;
    const set = `${groupId}/providers/Microsoft.Compute/virtualMachineScaleSets/set1`;
    const made: Body = await arm('PUT', `${set}?${version}`, {
      location: 'westeurope',
      sku: { name: 'Standard_DS1_v2', capacity: 2 },
      identity: { type: 'SystemAssigned' },
      properties: { virtualMachineProfile: { storageProfile: { osDisk: { createOption: 'FromImage' } } } },
    });
    const instance = `${set}/virtualMachines/1`;
    await using agent = await deployment.agent();
    await agent.enrol(await deployment.joinToken(instance));
    await using endpoint = await agent.openEndpoint(instance, { kind: 'tcp' });
    const own = await askToken(endpoint);
    assert.equal(own.status, 200, own.text);
    const claims = claimsOf(own.body['access_token']);
    assert.equal(claims['oid'], made.identity.principalId);
    assert.equal(String(claims['xms_mirid']).toLowerCase(), set.toLowerCase());
    const { body: facts } = await ask(endpoint, '/metadata/instance?api-version=2021-02-01');
    const { compute } = facts as Body;
    assert.equal(compute.resourceId.toLowerCase(), instance.toLowerCase());
    assert.equal(compute.location, 'westeurope');
    assert.equal(compute.vmSize, 'Standard_DS1_v2');

    // an identity that the set gets and loses, its hosts get and lose
    const identity = `${groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1`;
    const { properties }: Body = await arm('PUT', `${identity}?api-version=2023-01-31`, {
      location: 'westeurope',
    });
    const named = { client_id: String(properties.clientId), resource: 'https://graph.microsoft.com' };
    assert.notEqual((await askToken(endpoint, named)).status, 200);
    await arm('PATCH', `${set}?${version}`, {
      identity: { type: 'SystemAssigned, UserAssigned', userAssignedIdentities: { [identity]: {} } },
    });
    const attached = await eventually(async () => {
      const reply = await askToken(endpoint, named);
      return reply.status === 200 ? reply : undefined;
    });
    assert.equal(claimsOf(attached.body['access_token'])['oid'], properties.principalId);
    await arm('PATCH', `${set}?${version}`, { identity: { type: 'SystemAssigned' } });
    await eventually(async () => {
      const reply = await askToken(endpoint, { ...named, resource: 'https://vault.azure.net' });
      return reply.status === 200 ? undefined : true;
    });

    // the other instance's end leaves this one; its own takes the host with it
    await arm('DELETE', `${set}/virtualMachines/0?${version}`);
    assert.equal((await askToken(endpoint, { resource: 'https://graph.microsoft.com' })).status, 200);
    await arm('DELETE', `${instance}?${version}`);
    await eventually(async () => {
      const reply = await askToken(endpoint, { resource: 'https://storage.azure.com' });
      return reply.status === 200 ? undefined : true;
    });
  });

  test('does not come to stand for an instance that is not there', async () => {
    await using deployment = await testDeployment();
    const set = `${deployment.groupId}/providers/Microsoft.Compute/virtualMachineScaleSets/set1`;
    await deployment.arm('PUT', `${set}?${version}`, {
      location: 'westeurope',
      sku: { name: 'Standard_DS1_v2', capacity: 1 },
      identity: { type: 'SystemAssigned' },
    });
    await assert.rejects(deployment.joinToken(`${set}/virtualMachines/1`), /404/);
    const token = await deployment.joinToken(`${set}/virtualMachines/0`);
    await deployment.arm('PATCH', `${set}?${version}`, { sku: { capacity: 0 } });
    await using agent = await deployment.agent();
    await assert.rejects(agent.enrol(token), 'its instance is gone');
  });
});
