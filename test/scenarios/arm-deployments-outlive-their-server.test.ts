import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { testDeployment } from '../support/deployment.ts';
import { eventually } from '../support/eventually.ts';
import { identityResource, template } from '../support/template-deployments.ts';

const secret = 'nobody but the deployer knows this';

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => path.join(folder, String(name)))
    .filter((file) => statSync(file).isFile());
}

test('a deployment under way when its server ends goes on in the next one, with the token of before, and leaves no secret on the disk or in the log', async () => {
  await using world = await testDeployment();
  const id = `${world.groupId}/providers/Microsoft.Resources/deployments/long`;
  await world.arm('PUT', id, {
    properties: {
      mode: 'Incremental',
      parameters: { password: { value: secret } },
      template: template(
        [
          identityResource("[format('identity{0}', copyIndex())]", {
            copy: { name: 'ids', count: 120 },
            tags: { length: "[string(length(parameters('password')))]" },
          }),
          {
            type: 'Microsoft.Compute/virtualMachines',
            apiVersion: '2024-07-01',
            name: 'from-template',
            location: '[resourceGroup().location]',
            identity: { type: 'SystemAssigned' },
            properties: {
              hardwareProfile: { vmSize: 'Standard_B1s' },
              osProfile: {
                computerName: 'vm',
                adminUsername: 'somebody',
                adminPassword: "[parameters('password')]",
              },
            },
            dependsOn: ['ids'],
          },
        ],
        {
          parameters: { password: { type: 'securestring' } },
          outputs: {
            principal: {
              type: 'string',
              value:
                "[reference(resourceId('Microsoft.Compute/virtualMachines', 'from-template'), '2024-07-01', 'Full').identity.principalId]",
            },
          },
        },
      ),
    },
  });
  await world.stop();
  await world.start();
  const ended = await eventually(async () => {
    const deployment = (await world.arm('GET', id)) as {
      properties: {
        provisioningState: string;
        outputs?: { principal: { value: string } };
        outputResources?: readonly object[];
      };
    };
    return ['Accepted', 'Running'].includes(deployment.properties.provisioningState) ? undefined : deployment;
  });
  const { provisioningState, outputs, outputResources } = ended.properties;
  assert.equal(provisioningState, 'Succeeded', JSON.stringify(ended));
  assert.equal(outputResources?.length, 121);
  const vm = (await world.arm(
    'GET',
    `${world.groupId}/providers/Microsoft.Compute/virtualMachines/from-template`,
  )) as { identity: { principalId: string } };
  assert.equal(outputs?.principal.value, vm.identity.principalId);
  await world.stop();
  for (const file of filesBelow(world.folder.file('data'))) {
    assert.ok(!readFileSync(file).includes(secret), file);
  }
  assert.ok(!world.log.text().includes(secret));
});
