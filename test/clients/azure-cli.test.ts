import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../src/foundation/clock.ts';
import { type AzureCli, azureCli } from '../support/azure-cli.ts';
import { notAsked } from '../support/client-packages.ts';
import type { DemoWorld } from '../support/demo-world.ts';
import { noIsolation } from '../support/isolation.ts';
import { exchange, testIssuer } from '../support/issuer.ts';
import { roles } from '../support/operator.ts';

describe('the Azure CLI', { skip: notAsked('azure-cli') }, () => {
  let cli: AzureCli;
  let world: DemoWorld;
  let az: AzureCli['run'];
  let asOperator: ReturnType<AzureCli['as']>;
  before(async () => {
    cli = await azureCli();
    ({ world, run: az } = cli);
    asOperator = await cli.asOperator();
  });
  after(() => cli?.[Symbol.asyncDispose]());

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
    const { subscriptionId } = world.innate.ready;
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

  test('az makes an application with a certificate of its own, and signs in as it', async () => {
    const made = await asOperator('ad', 'sp', 'create-for-rbac', '--name', 'robot', '--create-cert');
    const keyFile = cli.folder.file('robot.pem');
    await rename(made.fileWithCertAndPrivateKey, keyFile);
    const asRobot = cli.as('robot');
    await asRobot(
      ...['login', '--service-principal', '--tenant', made.tenant, '--allow-no-subscriptions'],
      ...['--username', made.appId, '--certificate', keyFile],
    );
    const { tenant } = await asRobot('account', 'get-access-token', '--tenant', made.tenant);
    assert.equal(tenant, made.tenant);
  });

  test('az registers an application with a principal, a secret, a certificate and a federated credential', async () => {
    const app = await asOperator(
      ...['ad', 'app', 'create', '--display-name', 'from-az', '--identifier-uris', 'api://from-az'],
      ...['--web-redirect-uris', 'https://a.example/cb'],
    );
    assert.deepEqual(app.identifierUris, ['api://from-az']);
    const principal = await asOperator('ad', 'sp', 'create', '--id', app.appId);
    for (const name of [app.appId, principal.id, 'api://from-az']) {
      assert.equal((await asOperator('ad', 'sp', 'show', '--id', name)).id, principal.id);
    }
    assert.equal((await asOperator('ad', 'app', 'show', '--id', app.id)).appId, app.appId);
    assert.equal((await asOperator('ad', 'app', 'list', '--display-name', 'from-a'))[0].id, app.id);
    const identities = await asOperator(
      ...['ad', 'sp', 'list', '--filter', "servicePrincipalType eq 'ManagedIdentity'"],
      ...['--query', '[].id'],
    );
    assert.ok(identities.includes(world.vm1.principalId));

    const reset = await asOperator('ad', 'app', 'credential', 'reset', '--id', app.appId, '--append');
    assert.ok(reset.password);
    const certificate = await asOperator(
      ...['ad', 'app', 'credential', 'reset', '--id', app.appId, '--create-cert', '--append'],
    );
    assert.ok(certificate.fileWithCertAndPrivateKey);
    rmSync(certificate.fileWithCertAndPrivateKey);
    const parameters = JSON.stringify({
      name: 'main',
      issuer: 'https://token.actions.githubusercontent.com',
      subject: 'repo:contoso/orders:ref:refs/heads/main',
      audiences: ['api://AzureADTokenExchange'],
    });
    const federated = ['ad', 'app', 'federated-credential'];
    await asOperator(...federated, 'create', '--id', app.appId, '--parameters', parameters);
    const [credential] = await asOperator(...federated, 'list', '--id', app.appId);
    assert.equal(credential.name, 'main');
    await asOperator(...federated, 'delete', '--id', app.appId, '--federated-credential-id', 'main');

    await asOperator(
      'ad',
      'app',
      'owner',
      'add',
      '--id',
      app.appId,
      '--owner-object-id',
      world.vm1.principalId,
    );
    const owners = await asOperator('ad', 'app', 'owner', 'list', '--id', app.appId, '--query', '[].id');
    assert.ok(owners.includes(world.vm1.principalId));
    await asOperator('ad', 'app', 'update', '--id', app.appId, '--set', 'notes=updated');
    assert.equal((await asOperator('ad', 'app', 'show', '--id', app.appId)).notes, 'updated');

    const { subscriptionId } = world.innate.ready;
    const made = await asOperator(
      ...['ad', 'sp', 'create-for-rbac', '--name', 'rbac', '--role', 'Reader'],
      ...['--scopes', `/subscriptions/${subscriptionId}`],
    );
    const login = await az(
      ...(['rbac', 'vm1', 'environment', 'login', '--service-principal'] as const),
      ...['--tenant', made.tenant, '--username', made.appId, '--password', made.password],
    );
    assert.equal(login.code, 0, login.stderr);
    const scope = `/subscriptions/${subscriptionId}`;
    const assignments = await asOperator(
      'role',
      'assignment',
      'list',
      '--assignee',
      made.appId,
      '--scope',
      scope,
    );
    assert.equal(assignments[0].principalName, made.appId);
    await asOperator('ad', 'sp', 'delete', '--id', made.appId);
    await asOperator('ad', 'app', 'delete', '--id', app.appId);
    assert.deepEqual(await asOperator('ad', 'app', 'list', '--app-id', app.appId), []);
  });

  test('az makes an identity with a federated credential, and signs in as it with a token of another issuer', async () => {
    await using issuer = await testIssuer();
    const { tenantId } = world.innate.ready;
    const named = ['--resource-group', 'demo'] as const;
    const identity = await asOperator('identity', 'create', ...named, '--name', 'deploy');
    assert.equal(identity.tenantId, tenantId);
    assert.equal(
      (await asOperator('identity', 'show', ...named, '--name', 'deploy')).clientId,
      identity.clientId,
    );
    assert.deepEqual(await asOperator('identity', 'list', ...named, '--query', '[].name'), ['deploy']);

    const credentials = ['identity', 'federated-credential'] as const;
    const ofDeploy = [...named, '--identity-name', 'deploy'] as const;
    const trust = ['--issuer', issuer.issuer, '--audiences', exchange] as const;
    const made = await asOperator(
      ...[...credentials, 'create', ...ofDeploy, '--name', 'main', ...trust, '--subject', 'first'],
    );
    assert.equal(made.subject, 'first');
    await asOperator(...credentials, 'update', ...ofDeploy, '--name', 'main', ...trust, '--subject', 'build');
    assert.equal((await asOperator(...credentials, 'show', ...ofDeploy, '--name', 'main')).subject, 'build');
    assert.deepEqual(await asOperator(...credentials, 'list', ...ofDeploy, '--query', '[].name'), ['main']);

    // the issuer is on no public network: its key is pinned, in a member that az does not know
    const properties = {
      issuer: issuer.issuer,
      subject: 'build',
      audiences: [exchange],
      innateTrust: { keys: issuer.keys.map(({ jwk }) => jwk) },
    };
    await asOperator(
      ...['rest', '--method', 'put', '--body', JSON.stringify({ properties })],
      ...['--url', `${identity.id}/federatedIdentityCredentials/main?api-version=2024-11-30`],
    );
    const now = Math.floor(systemClock.now() / 1000);
    const token = await issuer.sign({ sub: 'build', iat: now, exp: now + 3600 });
    const signIn = await az(
      ...(['deploy', 'vm1', 'environment', 'login', '--service-principal'] as const),
      ...['--username', identity.clientId, '--tenant', tenantId, '--allow-no-subscriptions'],
      ...['--federated-token', token],
    );
    assert.equal(signIn.code, 0, signIn.stderr);

    await asOperator(...credentials, 'delete', ...ofDeploy, '--name', 'main', '--yes');
    assert.deepEqual(await asOperator(...credentials, 'list', ...ofDeploy), []);
    const again = await az(
      ...(['deploy-again', 'vm1', 'environment', 'login', '--service-principal'] as const),
      ...['--username', identity.clientId, '--tenant', tenantId, '--allow-no-subscriptions'],
      ...['--federated-token', token],
    );
    assert.match(again.stderr, /AADSTS70025/);
    await asOperator('identity', 'delete', ...named, '--name', 'deploy');
    assert.deepEqual(await asOperator('identity', 'list', ...named), []);
  });
});

const showGreeting = ['keyvault', 'secret', 'show', '--vault-name', 'demo-kv', '--name', 'greeting'];
