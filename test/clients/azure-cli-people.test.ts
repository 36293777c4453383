import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, watch } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { globalAdministrator } from '../../src/server/directory/directory-roles.ts';
import { type AzureCli, azureCli } from '../support/azure-cli.ts';
import { formOf, TestBrowser } from '../support/browser.ts';
import { notAsked } from '../support/client-packages.ts';
import type { DemoWorld } from '../support/demo-world.ts';
import { toLogin } from '../support/operator.ts';

const password = 'correct horse battery';

describe('people and the Azure CLI', { skip: notAsked('azure-cli') }, () => {
  let cli: AzureCli;
  let world: DemoWorld;
  let asOperator: ReturnType<AzureCli['as']>;
  before(async () => {
    cli = await azureCli();
    ({ world } = cli);
    asOperator = await cli.asOperator();
  });
  after(() => cli?.[Symbol.asyncDispose]());

  const subscription = () => `/subscriptions/${world.innate.ready.subscriptionId}`;

  async function createPerson(name: string): Promise<{ readonly upn: string; readonly id: string }> {
    const upn = `${name}@innate.internal`;
    const { id } = await asOperator(
      ...['ad', 'user', 'create', '--display-name', name, '--user-principal-name', upn],
      ...['--password', password],
    );
    return { upn, id };
  }

  const browser = () => {
    const { host } = new URL(world.innate.ready.endpoints.login);
    return new TestBrowser(host, toLogin(world.operator, host));
  };

  /** `az login --use-device-code`, while the person types the code that it shows into a page. */
  async function signIn(session: string, upn: string, ...options: string[]) {
    const login = cli.start(session, 'vm1', 'environment', ['login', '--use-device-code', ...options]);
    let code: string | undefined;
    let said = '';
    while (code === undefined) {
      const told = once(login.process.stderr ?? assert.fail(), 'data');
      const [text] = await Promise.race([told, login.outcome.then(({ stderr }) => assert.fail(stderr))]);
      said += text;
      code = /open the page https:\/\/login\.microsoftonline\.com\/device and enter the code (\w+) to/.exec(
        said,
      )?.[1];
    }
    const device = browser();
    const page = await device.submit(await device.get('/device'), { user_code: code });
    const question = await device.submit(page, { name: upn, password });
    assert.equal(question.title, 'Confirm');
    await device.submit(question, {}, { press: ['answer', 'approve'] });
    return await login.outcome;
  }

  test('az signs a person in by device code, who finds their subscription, themself and their groups, until they are signed out everywhere', async () => {
    const { upn, id } = await createPerson('alice');
    const group = await asOperator(
      ...['ad', 'group', 'create', '--display-name', 'readers', '--mail-nickname', 'readers'],
    );
    await asOperator('ad', 'group', 'member', 'add', '--group', 'readers', '--member-id', id);
    await asOperator(
      ...['role', 'assignment', 'create', '--assignee', group.id, '--role', 'Reader'],
      ...['--scope', subscription()],
    );
    const login = await signIn('alice', upn);
    assert.equal(login.code, 0, login.stderr);
    const [account] = JSON.parse(login.stdout);
    assert.equal(account.id, world.innate.ready.subscriptionId);
    assert.deepEqual(account.user, { name: upn, type: 'user' });

    const asAlice = cli.as('alice');
    const { tenantId } = world.innate.ready;
    const vault = ['--scope', 'https://vault.azure.net/.default'];
    for (const resource of [[], ['--resource-type', 'ms-graph'], vault]) {
      const token = await asAlice('account', 'get-access-token', ...resource);
      assert.equal(token.tenant, tenantId);
    }
    assert.equal((await asAlice('ad', 'signed-in-user', 'show')).id, id);
    const memberOf = 'https://graph.microsoft.com/v1.0/me/memberOf';
    const groups = await asAlice('rest', '--url', memberOf, '--query', 'value[].displayName');
    assert.deepEqual(groups, ['readers']);
    assert.deepEqual(await asAlice('group', 'list', '--query', '[].name'), ['demo']);
    const write = ['group', 'create', '--name', 'hers', '--location', 'westeurope'];
    const refused = await cli.run('alice', 'vm1', 'environment', ...write);
    assert.match(refused.stderr, /\(AuthorizationFailed\)/);
    const invite = ['ad', 'user', 'create', '--display-name', 'Eve', '--password', password];
    const eve = await cli.run(
      ...(['alice', 'vm1', 'environment', ...invite] as const),
      ...['--user-principal-name', 'eve@innate.internal'],
    );
    assert.match(eve.stderr, /Insufficient privileges to complete the operation/);

    await asOperator(
      ...['rest', '--method', 'post'],
      ...['--url', `https://graph.microsoft.com/v1.0/users/${upn}/revokeSignInSessions`],
    );
    const after = await cli.run('alice', 'vm1', 'environment', 'group', 'list');
    assert.match(after.stderr, /AADSTS50173: The provided grant has expired due to it being revoked/);
    assert.equal(after.code, 1);
    await asAlice('logout');
    const again = await signIn('alice', upn, '--tenant', tenantId);
    assert.equal(again.code, 0, again.stderr);
    assert.equal((await asAlice('ad', 'signed-in-user', 'show')).id, id);
  });

  test('az signs a person in in the browser that it opens', async () => {
    const { upn, id } = await createPerson('carol');
    // what the system opens for a browser: it leaves the address in a file
    const opener = cli.folder.file('browser.sh');
    const opened = cli.folder.file('opened');
    await writeFile(
      opener,
      `#!/bin/sh\nprintf %s "$1" > "${opened}.part" && mv "${opened}.part" "${opened}"\n`,
    );
    await chmod(opener, 0o755);
    const watcher = watch(path.dirname(opened));
    const asked = new Promise<string>((resolve) =>
      watcher.on('change', () => existsSync(opened) && resolve(readFileSync(opened, 'utf8'))),
    );
    const words = ['login', '--allow-no-subscriptions'];
    const login = cli.start('carol', 'vm1', 'environment', words, { BROWSER: opener });
    const ended = login.outcome.then(({ stderr }) => assert.fail(stderr));
    const { pathname, search } = new URL(await Promise.race([asked, ended]));
    watcher.close();
    ended.catch(() => {});
    const tab = browser();
    const back = await tab.submit(await tab.get(`${pathname}${search}`), { name: upn, password });
    if (back.leftFor === undefined) {
      const { action, fields } = formOf(back);
      await fetch(action, { method: 'POST', body: fields });
    } else await fetch(back.leftFor);
    const { code, stderr } = await login.outcome;
    assert.equal(code, 0, stderr);
    assert.equal((await cli.as('carol')('ad', 'signed-in-user', 'show')).id, id);
  });

  test('az registers applications for a person who administers the directory, and who owns them', async () => {
    const { upn, id } = await createPerson('dave');
    const roleAssignments = 'https://graph.microsoft.com/v1.0/roleManagement/directory/roleAssignments';
    const role = { principalId: id, roleDefinitionId: globalAdministrator, directoryScopeId: '/' };
    await asOperator(
      ...['rest', '--method', 'post', '--url', roleAssignments, '--body', JSON.stringify(role)],
    );
    await asOperator(
      ...['role', 'assignment', 'create', '--assignee', upn, '--role', 'Owner', '--scope', subscription()],
    );
    const login = await signIn('dave', upn, '--tenant', 'innate.internal');
    assert.equal(login.code, 0, login.stderr);
    const asDave = cli.as('dave');
    const { appId } = await asDave('ad', 'app', 'create', '--display-name', 'of-dave');
    assert.deepEqual(await asDave('ad', 'app', 'list', '--show-mine', '--query', '[].appId'), [appId]);
    const rbac = ['ad', 'sp', 'create-for-rbac', '--name', 'robot-of-dave', '--role', 'Reader'];
    const robot = await asDave(...rbac, '--scopes', subscription());
    // once more: the application is found, and its role assignment
    const again = await asDave(...rbac, '--scopes', subscription());
    assert.equal(again.appId, robot.appId);
    assert.notEqual(again.password, robot.password);
    const owned = ['ad', 'signed-in-user', 'list-owned-objects', '--query', '[].displayName'];
    assert.deepEqual((await asDave(...owned)).sort(), ['of-dave', 'robot-of-dave', 'robot-of-dave']);
    const asRobot = cli.as('robot-of-dave');
    await asRobot(
      ...['login', '--service-principal', '--tenant', again.tenant],
      ...['--username', again.appId, '--password', again.password],
    );
    assert.deepEqual(await asRobot('group', 'list', '--query', '[].name'), ['demo']);
  });

  test('az makes people and groups, finds them by name, and assigns roles to both and to an application', async () => {
    const { upn, id } = await createPerson('bob');
    const domains = ['rest', '--url', 'https://graph.microsoft.com/v1.0/domains', '--query', 'value[].id'];
    assert.deepEqual(await asOperator(...domains), ['innate.internal']);
    const users = ['ad', 'user', 'list', '--query', '[].id'];
    assert.deepEqual(await asOperator(...users, '--upn', upn), [id]);
    assert.deepEqual(await asOperator(...users, '--display-name', 'bo'), [id]);
    await asOperator('ad', 'user', 'update', '--id', upn, '--display-name', 'Robert');
    assert.equal((await asOperator('ad', 'user', 'show', '--id', upn)).displayName, 'Robert');

    const named = ['--display-name', 'writers', '--mail-nickname', 'writers'];
    const group = await asOperator('ad', 'group', 'create', ...named);
    const member = ['ad', 'group', 'member'];
    const ofGroup = ['--group', 'writers'];
    await asOperator(...member, 'add', ...ofGroup, '--member-id', id);
    assert.deepEqual(await asOperator(...member, 'check', ...ofGroup, '--member-id', id), { value: true });
    assert.equal((await asOperator(...member, 'list', ...ofGroup))[0].id, id);
    const memberOf = await asOperator('ad', 'user', 'get-member-groups', '--id', upn);
    assert.deepEqual(memberOf, [{ displayName: 'writers', id: group.id }]);

    const app = await asOperator('ad', 'app', 'create', '--display-name', 'deployer');
    await asOperator('ad', 'sp', 'create', '--id', app.appId);
    const scope = ['--scope', `${subscription()}/resourceGroups/demo`];
    const assignment = ['role', 'assignment'];
    const assign = async (assignee: string) => {
      const named = ['--assignee', assignee, '--role', 'Contributor', ...scope];
      return (await asOperator(...assignment, 'create', ...named)).principalType;
    };
    assert.equal(await assign(upn), 'User');
    assert.equal(await assign(group.id), 'Group');
    assert.equal(await assign(app.appId), 'ServicePrincipal');
    const shown = await asOperator(
      ...[...assignment, 'list', ...scope, '--query', 'sort_by([], &principalType)[].principalName'],
    );
    assert.deepEqual(shown, ['writers', app.appId, upn]);
    await asOperator(...assignment, 'delete', '--assignee', upn, '--role', 'Contributor', ...scope);
    const ofBob = [...assignment, 'list', '--assignee', upn, ...scope, '--query', '[].principalName'];
    assert.deepEqual(await asOperator(...ofBob), []);
    assert.deepEqual(await asOperator(...ofBob, '--include-groups'), ['writers']);

    await asOperator(...member, 'remove', ...ofGroup, '--member-id', id);
    assert.deepEqual(await asOperator(...ofBob, '--include-groups'), []);
    await asOperator('ad', 'group', 'delete', '--group', 'writers');
    await asOperator('ad', 'user', 'delete', '--id', upn);
    assert.deepEqual(await asOperator(...users, '--upn', upn), []);
  });

  test('az asks for permissions of an application, and grants them', async () => {
    const app = await asOperator('ad', 'app', 'create', '--display-name', 'front');
    await asOperator('ad', 'sp', 'create', '--id', app.appId);
    const graph = ['--id', app.appId, '--api', '00000003-0000-0000-c000-000000000000'];
    const userRead = 'e1fe6dd8-ba31-4d61-89e7-88639da4683d';
    const permission = ['ad', 'app', 'permission'];
    await asOperator(...permission, 'add', ...graph, '--api-permissions', `${userRead}=Scope`);
    const [asked] = await asOperator(...permission, 'list', '--id', app.appId);
    assert.deepEqual(asked.resourceAccess, [{ id: userRead, type: 'Scope' }]);
    const granted = await asOperator(...permission, 'grant', ...graph, '--scope', 'User.Read');
    assert.equal(granted.scope, 'User.Read');
    const grants = [...permission, 'list-grants', '--id', app.appId, '--show-resource-name'];
    assert.deepEqual(await asOperator(...grants, '--query', '[].resourceDisplayName'), ['Microsoft Graph']);
    await asOperator(...permission, 'delete', ...graph);
    assert.deepEqual(await asOperator(...permission, 'list', '--id', app.appId), []);
  });
});
