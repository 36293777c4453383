import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { notAsked, preparedClient } from '../support/client-packages.ts';
import { type DemoWorld, demoWorld } from '../support/demo-world.ts';
import { noIsolation } from '../support/isolation.ts';
import { roles } from '../support/operator.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts';

describe('the Azure CLI', { skip: notAsked('azure-cli') }, () => {
  let world: DemoWorld;
  let program: string;
  let folder: TemporaryFolder;
  before(async () => {
    const prepared = await preparedClient(
      'azure-cli',
      ['python3', '--version'],
      [
        ['python3', '-m', 'venv', 'packages'],
        ['packages/bin/pip', 'install', '--quiet', '--no-deps', '--no-compile', '-r', 'requirements.txt'],
      ],
    );
    program = path.join(prepared, 'packages/bin/az');
    folder = await temporaryFolder();
    world = await demoWorld();
  });
  after(async () => {
    await world?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  /** `az` on a machine; what it remembers between two calls is kept apart by `session`. */
  function az(session: string, machine: string, mode: string, ...words: string[]) {
    const environment = {
      AZURE_CONFIG_DIR: folder.file(session),
      AZURE_CORE_COLLECT_TELEMETRY: 'false',
    };
    return world.run(['run', machine, '--mode', mode, '--', program, ...words], { environment });
  }

  async function asksForTheSecret(mode: string): Promise<void> {
    const session = `reader-${mode}`;
    const login = await az(session, 'vm1', mode, 'login', '--identity');
    assert.equal(login.code, 0, login.stderr);
    const [account] = JSON.parse(login.stdout);
    assert.equal(account.id, world.innate.ready.subscriptionId);
    assert.equal(account.user.assignedIdentityInfo, 'MSI');
    const token = await az(session, 'vm1', mode, 'account', 'get-access-token');
    assert.equal(JSON.parse(token.stdout).tenant, world.innate.ready.tenantId, token.stderr);
    const secret = await az(session, 'vm1', mode, ...showGreeting);
    assert.equal(JSON.parse(secret.stdout).value, world.greeting, secret.stderr);
  }

  test('az signs in with the identity of its machine and reads a secret, isolated', {
    skip: noIsolation,
  }, async () => {
    await asksForTheSecret('isolated');
  });

  test('az signs in with the identity of its machine and reads a secret by environment variables', async () => {
    await asksForTheSecret('environment');
  });

  test('az on a machine without a role is refused, with the action and the resource', async () => {
    const login = await az(
      'refused',
      'vm2',
      'environment',
      'login',
      '--identity',
      '--allow-no-subscriptions',
    );
    assert.equal(login.code, 0, login.stderr);
    const { code, stderr } = await az('refused', 'vm2', 'environment', ...showGreeting);
    assert.match(stderr, /ERROR: \(Forbidden\) Caller is not authorized to perform action on resource/);
    assert.match(stderr, /Action: 'Microsoft\.KeyVault\/vaults\/secrets\/getSecret\/action'/);
    assert.equal(code, 1);
  });

  test('az makes a group, a vault and a role assignment, and takes them away', async () => {
    const { operator, tenantId, subscriptionId } = world.innate.ready;
    const asOperator = async (...words: string[]) => {
      const { code, stdout, stderr } = await az('operator', 'vm1', 'environment', ...words);
      assert.equal(code, 0, `az ${words.slice(0, 3).join(' ')}: ${stderr}`);
      return stdout === '' ? undefined : JSON.parse(stdout);
    };
    await asOperator(
      ...['login', '--service-principal', '--tenant', tenantId],
      ...['--username', operator.clientId, '--password', operator.clientSecret],
    );
    await asOperator('group', 'create', '--name', 'from-az', '--location', 'westeurope');
    const vault = await asOperator(
      'keyvault',
      'create',
      '--name',
      'from-az-kv',
      '--resource-group',
      'from-az',
    );
    assert.equal(vault.properties.vaultUri, 'https://from-az-kv.vault.azure.net/');
    const assignment = await asOperator(
      ...['role', 'assignment', 'create', '--role', 'Key Vault Secrets User', '--scope', vault.id],
      ...['--assignee-object-id', world.vm2.principalId, '--assignee-principal-type', 'ServicePrincipal'],
    );
    assert.match(assignment.roleDefinitionId, new RegExp(`${roles.secretsUser}$`));
    assert.ok(assignment.id.startsWith(`/subscriptions/${subscriptionId}/resourceGroups/from-az/`));
    const vm = await asOperator('vm', 'show', '--resource-group', 'demo', '--name', 'vm2');
    assert.equal(vm.identity.principalId, world.vm2.principalId);
    await asOperator('group', 'delete', '--name', 'from-az', '--yes');
    assert.deepEqual(await asOperator('group', 'list', '--query', '[].name'), ['demo']);
  });
});

const showGreeting = ['keyvault', 'secret', 'show', '--vault-name', 'demo-kv', '--name', 'greeting'];
