import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type DeploymentWorld, deploymentWorld } from '../support/template-deployments.ts';

const identity = (name: string, more: object = {}) => ({
  type: 'Microsoft.ManagedIdentity/userAssignedIdentities',
  apiVersion: '2023-01-31',
  name,
  location: '[resourceGroup().location]',
  ...more,
});

function template(resources: unknown, more: object = {}): object {
  return {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    resources,
    ...more,
  };
}

describe('a deployment of a template', () => {
  let world: DeploymentWorld;
  before(async () => {
    world = await deploymentWorld();
  });
  after(() => world[Symbol.asyncDispose]());

  test('is accepted, runs, and shows what it made', async () => {
    const { reply, deployment } = await world.deploy('first', {
      template: template([identity('one')], {
        outputs: { ClientId: { type: 'string', value: "[reference('one').clientId]" } },
      }),
    });
    assert.equal(reply.status, 201, reply.text);
    assert.equal(reply.body.properties.provisioningState, 'Accepted');
    assert.match(String(reply.headers['azure-asyncoperation']), /\/operationStatuses\/[^?]+\?api-version=/);
    assert.equal(deployment.properties.provisioningState, 'Succeeded', JSON.stringify(deployment));
    const made = await world.get(
      `${world.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one`,
      '2023-01-31',
    );
    assert.deepEqual(deployment.properties.outputs, {
      clientId: { type: 'String', value: made.body.properties.clientId },
    });
    assert.equal(deployment.properties.outputResources.length, 1);
    const again = await world.deploy('first', { template: template([identity('one')]) });
    assert.equal(again.reply.status, 200);
  });
});
