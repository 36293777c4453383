import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { canonicalId, parseScope } from '../../src/contract/resource-id.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { Secrets } from '../../src/server/targets/key-vault/secrets.ts';
import type { Vault } from '../../src/server/targets/key-vault/vaults.ts';
import type { TestPrincipal } from '../support/management.ts';
import { testSealer } from '../support/sealer.ts';
import {
  type DeploymentWorld,
  deploymentWorld,
  identityResource,
  template,
} from '../support/template-deployments.ts';

const secret = 'kept in a vault, not in a file';

describe('a parameter that refers to a secret of a vault', () => {
  let world: DeploymentWorld;
  let vaultId: string;
  before(async () => {
    world = await deploymentWorld();
    const { database, clock, home } = world.management;
    vaultId = `${world.group}/providers/Microsoft.KeyVault/vaults/deploy-kv`;
    await openToTemplates(true);
    const scope = parseScope(vaultId);
    const secrets = new Secrets({
      database,
      clock,
      sealer: testSealer(database, clock),
      randomness: systemRandomness,
    });
    const vault = { tenantId: home.tenantId, scope, canonical: canonicalId(scope) } as unknown as Vault;
    await secrets.set(vault, 'password', { value: secret });
  });
  after(() => world[Symbol.asyncDispose]());

  async function openToTemplates(enabledForTemplateDeployment: boolean): Promise<void> {
    const { tenantId } = world.management.home;
    const properties = { tenantId, sku: { family: 'A', name: 'standard' }, enabledForTemplateDeployment };
    await world.ask('PUT', `${vaultId}?api-version=2023-07-01`, {
      body: { location: 'westeurope', properties },
    });
  }

  const deploy = (secretName: string, as?: TestPrincipal, type = 'securestring') =>
    world.deploy(
      'referring',
      {
        parameters: { password: { reference: { keyVault: { id: vaultId }, secretName } } },
        template: template(
          [identityResource('sized', { tags: { length: "[string(length(parameters('password')))]" } })],
          { parameters: { password: { type } } },
        ),
      },
      as === undefined ? {} : { as },
    );

  test('has its value, which nobody sees', async () => {
    for (const type of ['securestring', 'string']) {
      const { deployment, id } = await deploy('password', undefined, type);
      assert.equal(deployment.properties.provisioningState, 'Succeeded', JSON.stringify(deployment));
      const sized = `${world.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/sized`;
      assert.equal((await world.get(sized, '2023-01-31')).body.tags.length, String(secret.length));
      const shown = [await world.get(id), await world.get(`${id}/operations`)];
      for (const { text } of shown) assert.ok(!text.includes(secret), type);
    }
  });

  test('takes the right to deploy from the vault, a vault that is open to templates, and a secret that is there', async () => {
    const { management, group } = world;
    const reader = await management.application(management.home, 'identities');
    await management.assign(management.home, reader, 'Managed Identity Contributor', group);
    await management.assign(management.home, reader, 'Key Vault Secrets User', group);
    const refused = await deploy('password', reader);
    assert.deepEqual(
      [refused.reply.status, refused.reply.body.error.code],
      [403, 'KeyVaultParameterReferenceAuthorizationFailed'],
      'reading secrets is another right',
    );
    const missing = await deploy('nothing');
    assert.equal(missing.reply.body.error.code, 'KeyVaultParameterReferenceSecretRetrieveFailed');
    await openToTemplates(false);
    const closed = await deploy('password');
    assert.equal(closed.reply.body.error.code, 'KeyVaultParameterReferenceAuthorizationFailed');
    await openToTemplates(true);
    const foreign = vaultId.replace(management.home.subscriptionId, management.foreign.subscriptionId);
    const elsewhere = await world.deploy('elsewhere', {
      parameters: { password: { reference: { keyVault: { id: foreign }, secretName: 'password' } } },
      template: template([], { parameters: { password: { type: 'securestring' } } }),
    });
    assert.equal(elsewhere.reply.body.error.code, 'KeyVaultParameterReferenceNotFound');
  });
});
