import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AuthorizationManagementClient } from '@azure/arm-authorization';
import { ComputeManagementClient } from '@azure/arm-compute';
import { KeyVaultManagementClient } from '@azure/arm-keyvault';
import { ResourceManagementClient } from '@azure/arm-resources';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { azureClientOptions, azureCredential, collect } from '../support/azure-clients.ts';
import { testManagement } from '../support/management.ts';

describe('the official clients', () => {
  test('make a machine with an identity, a vault and a role, and take all of it away', async () => {
    await using m = await testManagement();
    const { subscriptionId, owner, tenantId } = m.home;
    const credential = azureCredential(owner);
    const options = azureClientOptions(m);
    const resources = new ResourceManagementClient(credential, subscriptionId, options);
    const compute = new ComputeManagementClient(credential, subscriptionId, options);
    const keyVault = new KeyVaultManagementClient(credential, subscriptionId, options);
    const authorization = new AuthorizationManagementClient(credential, subscriptionId, options);

    assert.equal((await resources.resourceGroups.checkExistence('demo')).body, false);
    const group = await resources.resourceGroups.createOrUpdate('demo', { location: 'westeurope' });
    assert.equal(group.properties?.provisioningState, 'Succeeded');
    assert.equal((await resources.resourceGroups.checkExistence('demo')).body, true);

    const vm = await compute.virtualMachines.createOrUpdate('demo', 'vm1', {
      location: 'westeurope',
      identity: { type: 'SystemAssigned' },
      hardwareProfile: { vmSize: 'Standard_B1s' },
    });
    const principalId = vm.identity?.principalId;
    assert.ok(principalId);
    assert.equal(vm.identity?.tenantId, tenantId);
    assert.equal(vm.provisioningState, 'Succeeded');
    const view = await compute.virtualMachines.get('demo', 'vm1', { expand: 'instanceView' });
    assert.equal(view.instanceView?.statuses?.[1]?.code, 'PowerState/running');

    const vault = await keyVault.vaults.createOrUpdate('demo', 'demo-kv', {
      location: 'westeurope',
      properties: { tenantId, sku: { family: 'A', name: 'standard' }, enableRbacAuthorization: true },
    });
    assert.equal(vault.properties.vaultUri, 'https://demo-kv.vault.azure.net/');
    assert.ok(vault.id);
    const available = await keyVault.vaults.checkNameAvailability({
      name: 'demo-kv',
      type: 'Microsoft.KeyVault/vaults',
    });
    assert.equal(available.nameAvailable, false);

    const roles = await collect(
      authorization.roleDefinitions.list(vault.id, { filter: "roleName eq 'Key Vault Secrets User'" }),
    );
    assert.equal(roles.length, 1);
    const name = systemRandomness.uuid();
    const assignment = await authorization.roleAssignments.create(vault.id, name, {
      roleDefinitionId: roles[0]?.id ?? '',
      principalId,
      principalType: 'ServicePrincipal',
    });
    assert.equal(assignment.scope, vault.id);
    const mine = await collect(
      authorization.roleAssignments.listForScope(vault.id, { filter: `principalId eq '${principalId}'` }),
    );
    assert.deepEqual(
      mine.map((each) => each.name),
      [name],
    );

    const listed = await collect(resources.resources.listByResourceGroup('demo', { top: 1 }));
    assert.deepEqual(
      listed.map((each) => each.name),
      ['vm1', 'demo-kv'],
    );
    assert.equal(listed[0]?.identity?.principalId, principalId);
    assert.equal((await collect(compute.virtualMachines.listAll())).length, 1);
    const provider = await resources.providers.get('Microsoft.Compute');
    assert.equal(provider.registrationState, 'Registered');
    assert.ok(
      provider.resourceTypes?.some((type) => type.capabilities?.includes('SystemAssignedResourceIdentity')),
    );

    const updated = await compute.virtualMachines.update('demo', 'vm1', { tags: { a: 'b' } });
    assert.deepEqual(updated.tags, { a: 'b' });
    await compute.virtualMachines.delete('demo', 'vm1');
    await assert.rejects(compute.virtualMachines.get('demo', 'vm1'), {
      statusCode: 404,
      code: 'ResourceNotFound',
    });
    assert.deepEqual(
      await collect(
        authorization.roleAssignments.listForScope(vault.id, { filter: `principalId eq '${principalId}'` }),
      ),
      [],
    );

    await resources.resourceGroups.delete('demo');
    await assert.rejects(resources.resourceGroups.get('demo'), {
      statusCode: 404,
      code: 'ResourceGroupNotFound',
    });
    await assert.rejects(keyVault.vaults.get('demo', 'demo-kv'), { statusCode: 404 });
  });

  test('read a refusal as they read one of Azure', async () => {
    await using m = await testManagement();
    const nobody = await m.application(m.home, 'nobody');
    const credential = azureCredential(nobody);
    const resources = new ResourceManagementClient(credential, m.home.subscriptionId, azureClientOptions(m));
    await assert.rejects(resources.resourceGroups.get('demo'), {
      statusCode: 403,
      code: 'AuthorizationFailed',
    });
  });
});
