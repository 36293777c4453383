import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { type AzureCli, azureCli } from '../support/azure-cli.ts';
import { notAsked } from '../support/client-packages.ts';
import { compiledTemplate } from '../support/compiled-template.ts';

/** A file as people write them: comments in it, one parameter, an output in capital letters. */
const file = `{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  // who it is for
  "parameters": { "name": { "type": "string" }, "password": { "type": "securestring", "defaultValue": "" } },
  "resources": [
    {
      "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
      "apiVersion": "2023-01-31",
      "name": "[parameters('name')]",
      "location": "[resourceGroup().location]", /* where the group is */
      "tags": { "made": "by az" }
    }
  ],
  "outputs": { "ClientId": { "type": "string", "value": "[reference(parameters('name')).clientId]" } }
}
`;

const subscriptionFile = JSON.stringify({
  $schema: 'https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#',
  contentVersion: '1.0.0.0',
  resources: [
    {
      type: 'Microsoft.Resources/resourceGroups',
      apiVersion: '2021-04-01',
      name: 'from-sub',
      location: 'westeurope',
    },
  ],
});

describe('the Azure CLI and deployments', { skip: notAsked('azure-cli') }, () => {
  let cli: AzureCli;
  let az: ReturnType<AzureCli['as']>;
  before(async () => {
    cli = await azureCli();
    az = await cli.asOperator();
    await writeFile(cli.folder.file('main.json'), file);
    await writeFile(cli.folder.file('sub.json'), subscriptionFile);
  });
  after(() => cli?.[Symbol.asyncDispose]());

  test('az checks a template, tells what it would do, deploys it and shows what it did', async () => {
    const group = ['--resource-group', 'demo'];
    const main = [...group, '--name', 'main', '--template-file', cli.folder.file('main.json')];
    const given = ['--parameters', 'name=from-file', 'password=hunter2hunter2'];
    const checked = await az('deployment', 'group', 'validate', ...main, ...given);
    assert.equal(checked.properties.validatedResources.length, 1);
    const guess = await az('deployment', 'group', 'what-if', ...main, ...given, '--no-pretty-print');
    const created = guess.changes.find(({ changeType }: { changeType: string }) => changeType === 'Create');
    assert.match(created.resourceId, /\/from-file$/);
    const made = await az('deployment', 'group', 'create', ...main, ...given);
    assert.equal(made.properties.provisioningState, 'Succeeded');
    const identity = await az('identity', 'show', ...group, '--name', 'from-file');
    assert.equal(made.properties.outputs.clientId.value, identity.clientId);
    assert.equal(made.properties.parameters.password.value, undefined);
    const again = await az('deployment', 'group', 'what-if', ...main, ...given, '--no-pretty-print');
    assert.equal(
      again.changes.find(({ resourceId }: { resourceId: string }) => /\/from-file$/.test(resourceId))
        .changeType,
      'NoChange',
    );
    const shown = await az('deployment', 'group', 'show', ...group, '--name', 'main');
    assert.equal(shown.properties.correlationId, made.properties.correlationId);
    const operations = await az('deployment', 'operation', 'group', 'list', ...group, '--name', 'main');
    assert.equal(operations.length, 2);
    const exported = await az('deployment', 'group', 'export', ...group, '--name', 'main');
    assert.equal(exported.resources.length, 1);
    assert.deepEqual(await az('deployment', 'group', 'list', ...group, '--query', '[].name'), ['main']);
    await az('deployment', 'group', 'delete', ...group, '--name', 'main');
    assert.deepEqual(await az('deployment', 'group', 'list', ...group), []);
  });

  test('az deploys to a subscription', async () => {
    const made = await az(
      ...['deployment', 'sub', 'create', '--location', 'westeurope', '--name', 'sub'],
      ...['--template-file', cli.folder.file('sub.json')],
    );
    assert.equal(made.properties.provisioningState, 'Succeeded');
    assert.ok((await az('group', 'list', '--query', '[].name')).includes('from-sub'));
  });

  test('az deploys what Bicep compiles to: a machine, a role for its identity, modules', async () => {
    const template = cli.folder.file('compiled.json');
    await writeFile(template, JSON.stringify(compiledTemplate));
    const inCompiled = ['--resource-group', 'compiled'] as const;
    await az('group', 'create', '--name', 'compiled', '--location', 'westeurope');
    await az('identity', 'create', ...inCompiled, '--name', 'shared');
    const machine = JSON.stringify({ name: 'api' });
    const made = await az(
      ...['deployment', 'group', 'create', ...inCompiled, '--name', 'compiled', '--template-file', template],
      ...['--parameters', `machine=${machine}`],
    );
    const { principalId, clientIds } = made.properties.outputs;
    const vm = await az('vm', 'show', ...inCompiled, '--name', 'api');
    assert.equal(vm.identity.principalId, principalId.value);
    const ofModules = "[?starts_with(name, 'app-')].clientId";
    const apps = await az('identity', 'list', ...inCompiled, '--query', ofModules);
    assert.deepEqual(apps.sort(), [...clientIds.value].sort());
    const roles = ['role', 'assignment', 'list', '--assignee', vm.identity.principalId, '--all'];
    const names = await az(...roles, '--query', '[].roleDefinitionName');
    assert.deepEqual(names, ['Key Vault Secrets User']);
    const states = "[?starts_with(name, 'app-')].properties.provisioningState";
    const modules = await az('deployment', 'group', 'list', ...inCompiled, '--query', states);
    assert.deepEqual(modules, ['Succeeded', 'Succeeded']);
  });

  test('az tells why a deployment failed', async () => {
    const main = ['--resource-group', 'demo', '--name', 'wrong'];
    const refused = await cli.run(
      ...(['operator', 'vm1', 'environment', 'deployment', 'group', 'create', ...main] as const),
      ...['--template-file', cli.folder.file('main.json'), '--parameters', 'name=a'],
    );
    assert.match(refused.stderr, /The resource name 'a' is not valid/);
    assert.equal(refused.code, 1);
  });
});
