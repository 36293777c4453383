import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, watch } from 'node:fs';
import { chmod, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../src/foundation/clock.ts';
import { formOf, TestBrowser } from '../support/browser.ts';
import { notAsked, preparedClient } from '../support/client-packages.ts';
import { type DemoWorld, demoWorld } from '../support/demo-world.ts';
import { noIsolation } from '../support/isolation.ts';
import { exchange, testIssuer } from '../support/issuer.ts';
import { roles, toLogin } from '../support/operator.ts';
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
      // where az puts the keys that it makes
      HOME: folder.path,
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

  const asOperator = async (...words: string[]) => {
    const { code, stdout, stderr } = await az('operator', 'vm1', 'environment', ...words);
    assert.equal(code, 0, `az ${words.slice(0, 3).join(' ')}: ${stderr}`);
    return stdout === '' ? undefined : JSON.parse(stdout);
  };
  const operatorSignsIn = async () => {
    const { operator, tenantId } = world.innate.ready;
    await asOperator(
      ...['login', '--service-principal', '--tenant', tenantId],
      ...['--username', operator.clientId, '--password', operator.clientSecret],
    );
  };

  test('az makes a group, a vault and a role assignment, and takes them away', async () => {
    const { subscriptionId } = world.innate.ready;
    await operatorSignsIn();
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
    await operatorSignsIn();
    const made = await asOperator('ad', 'sp', 'create-for-rbac', '--name', 'robot', '--create-cert');
    const keyFile = folder.file('robot.pem');
    await rename(made.fileWithCertAndPrivateKey, keyFile);
    const asRobot = async (...words: string[]) => {
      const { code, stdout, stderr } = await az('robot', 'vm1', 'environment', ...words);
      assert.equal(code, 0, `az ${words.slice(0, 3).join(' ')}: ${stderr}`);
      return JSON.parse(stdout);
    };
    await asRobot(
      ...['login', '--service-principal', '--tenant', made.tenant, '--allow-no-subscriptions'],
      ...['--username', made.appId, '--certificate', keyFile],
    );
    const { tenant } = await asRobot('account', 'get-access-token', '--tenant', made.tenant);
    assert.equal(tenant, made.tenant);
  });

  test('az registers an application with a principal, a secret, a certificate and a federated credential', async () => {
    await operatorSignsIn();
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
    await operatorSignsIn();
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

  test('az signs a person in by device code and in the browser, who works with the role they have and sees who they are', async () => {
    const { subscriptionId, endpoints } = world.innate.ready;
    const name = 'alice@innate.internal';
    const made = await world.run(['user', 'create', name, '--display-name', 'Alice', '--keep']);
    const password = /^password: (\S+)$/m.exec(made.stdout)?.[1] ?? '';
    const userId = / object (\S+)$/m.exec(made.stdout)?.[1] ?? '';
    await operatorSignsIn();
    const bob = await asOperator(
      ...['ad', 'user', 'create', '--display-name', 'Bob', '--password', 'some words of Bob'],
      ...['--user-principal-name', 'bob@innate.internal'],
    );
    assert.equal(bob.userPrincipalName, 'bob@innate.internal');
    const assignment = await asOperator(
      ...['role', 'assignment', 'create', '--assignee', name, '--role', 'Contributor'],
      ...['--scope', `/subscriptions/${subscriptionId}`],
    );
    assert.deepEqual([assignment.principalId, assignment.principalType], [userId, 'User']);
    const host = new URL(endpoints.login).host;
    const environment = {
      AZURE_CONFIG_DIR: folder.file('person'),
      AZURE_CORE_COLLECT_TELEMETRY: 'false',
      AZURE_CORE_LOGIN_EXPERIENCE_V2: 'off',
    };
    const asAlice = (...words: string[]) =>
      world.start(['run', 'vm1', '--mode', 'environment', '--', program, ...words], { environment });

    const login = asAlice('login', '--use-device-code');
    const userCode = await new Promise<string>((resolve, reject) => {
      let said = '';
      login.process.stderr?.on('data', (text) => {
        said += text;
        const code = /enter the code ([A-Z0-9]{9})/.exec(said)?.[1];
        if (code !== undefined) resolve(code);
      });
      login.outcome.then(({ stderr }) => reject(new Error(stderr)), reject);
    });
    const browser = new TestBrowser(host, toLogin(world.operator, host));
    const page = await browser.submit(await browser.get('/device'), { user_code: userCode });
    const question = await browser.submit(page, { name, password });
    await browser.submit(question, {}, { press: ['answer', 'approve'] });
    const { code, stdout, stderr } = await login.outcome;
    assert.equal(code, 0, stderr);
    const [account] = JSON.parse(stdout);
    assert.deepEqual([account.id, account.user], [subscriptionId, { name, type: 'user' }]);

    const answer = async (...words: string[]) => {
      const outcome = await asAlice(...words).outcome;
      assert.equal(outcome.code, 0, outcome.stderr);
      return JSON.parse(outcome.stdout);
    };
    assert.ok((await answer('group', 'list', '--query', '[].name')).includes('demo'));
    assert.equal((await answer('ad', 'signed-in-user', 'show')).id, userId);
    const token = await answer('account', 'get-access-token', '--resource', 'https://vault.azure.net');
    assert.equal(token.tenant, world.innate.ready.tenantId);

    // and in the browser that az opens by itself: it leaves the address in a file
    await asAlice('logout').outcome;
    const opener = folder.file('browser.sh');
    const opened = folder.file('opened');
    await writeFile(
      opener,
      `#!/bin/sh\nprintf %s "$1" > "${opened}.part" && mv "${opened}.part" "${opened}"\n`,
    );
    await chmod(opener, 0o755);
    const watcher = watch(path.dirname(opened));
    const asked = new Promise<string>((resolve) =>
      watcher.on('change', () => existsSync(opened) && resolve(readFileSync(opened, 'utf8'))),
    );
    const again = world.start(['run', 'vm1', '--mode', 'environment', '--', program, 'login'], {
      environment: { ...environment, BROWSER: opener },
    });
    const ended = again.outcome.then(({ stderr }) => Promise.reject(new Error(stderr)));
    const { pathname, search } = new URL(await Promise.race([asked, ended]));
    watcher.close();
    ended.catch(() => {});
    const choice = await browser.get(`${pathname}${search}`);
    const back = await browser.get(browser.link(choice, name));
    if (back.leftFor === undefined) {
      const { action, fields } = formOf(back);
      await fetch(action, { method: 'POST', body: fields });
    } else await fetch(back.leftFor);
    const second = await again.outcome;
    assert.equal(second.code, 0, second.stderr);
    assert.equal(JSON.parse(second.stdout)[0].user.name, name);
  });
});

const showGreeting = ['keyvault', 'secret', 'show', '--vault-name', 'demo-kv', '--name', 'greeting'];
