import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { assignDirectoryRole } from '../../src/server/directory/directory-role-assignments.ts';
import { globalAdministrator } from '../../src/server/directory/directory-roles.ts';
import { firstPartyPrincipal } from '../../src/server/directory/first-party-principals.ts';
import { passwordMatches, selectNamedUser } from '../../src/server/directory/passwords.ts';
import { findUser } from '../../src/server/directory/user-store.ts';
import { graphAppId } from '../../src/server/http/dialects/graph.ts';
import { type TestGraph, testGraph } from '../support/graph.ts';
import { grantForAll, makeApplication, makePerson } from '../support/people.ts';
import { type TestTokenService, testTokenService } from '../support/token-service.ts';

const domain = 'people.example';
const password = 'correct horse battery';
let number = 0;

/** What it takes to make a user; each time another. */
function newUser(members: object = {}) {
  number += 1;
  return {
    accountEnabled: true,
    displayName: `Person ${number}`,
    mailNickname: `person${number}`,
    userPrincipalName: `person${number}@${domain}`,
    passwordProfile: { password },
    ...members,
  };
}

describe('people through Graph', () => {
  let service: TestTokenService;
  let tenantId: TenantId;
  let graph: TestGraph;
  before(async () => {
    service = await testTokenService();
    tenantId = await service.tenant(domain);
    graph = await testGraph(service, tenantId);
  });
  after(async () => {
    await graph[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  const call: TestGraph['call'] = (...args) => graph.call(...args);
  const make = async (members: object = {}) => {
    const { status, body } = await call('POST', '/v1.0/users', { body: newUser(members) });
    assert.equal(status, 201, JSON.stringify(body));
    return body;
  };
  const personOf = ({ id, userPrincipalName }: { id: string; userPrincipalName: string }) => ({
    tenantId,
    userId: id as never,
    userPrincipalName,
    password,
  });
  const giveRole = (principalId: string, roleTemplateId: string) =>
    service.database.transaction((transaction) =>
      assignDirectoryRole(
        transaction,
        { tenantId, principalId, roleTemplateId, at: service.clock.now() },
        systemRandomness,
      ),
    );

  test('are made with a password, read by id and by name, changed, and never shown with it', async () => {
    const { status, body, headers } = await call('POST', '/v1.0/users', {
      body: newUser({ givenName: 'Ada', mobilePhone: '1', 'manager@odata.context': 'x' }),
    });
    assert.equal(status, 201);
    assert.equal(headers.get('location'), `https://graph.microsoft.com/v1.0/users/${body.id}`);
    assert.equal(JSON.stringify(body).includes(password), false);
    const byName = await call('GET', `/v1.0/users/${body.userPrincipalName.toUpperCase()}`);
    assert.equal(byName.body.id, body.id);
    assert.equal(byName.body.givenName, 'Ada');
    assert.equal((await call('GET', `/beta/users('${body.userPrincipalName}')`)).body.id, body.id);
    const changed = { displayName: 'Ada L', givenName: null, jobTitle: 'Analyst' };
    assert.equal((await call('PATCH', `/v1.0/users/${body.id}`, { body: changed })).status, 204);
    const now = (await call('GET', `/v1.0/users/${body.id}?$select=displayName,givenName,jobTitle`)).body;
    assert.deepEqual(
      [now.displayName, now.givenName, now.jobTitle, now.mobilePhone],
      ['Ada L', null, 'Analyst', undefined],
    );
    const stored = await selectNamedUser(service.database.read, tenantId, body.userPrincipalName);
    assert.equal(stored?.mustChange, true);
    assert.equal(await passwordMatches(stored?.hash, password), true);
  });

  test('are refused with names that are none, of other domains, or taken, and then nothing is done (C4)', async () => {
    const taken = await make();
    const before = (await call('GET', '/v1.0/users/$count')).body;
    const bad = [
      { userPrincipalName: taken.userPrincipalName.toUpperCase() },
      { userPrincipalName: 'x@elsewhere.example' },
      { userPrincipalName: `x@sub.${domain}` },
      { userPrincipalName: 'nobody' },
      { userPrincipalName: `@${domain}` },
      { userPrincipalName: `a..b@${domain}` },
      { userPrincipalName: `a.@${domain}` },
      { userPrincipalName: `ａ@${domain}` },
      { userPrincipalName: `ı@${domain}` },
      { userPrincipalName: `a\u200b@${domain}` },
      { userPrincipalName: ` a@${domain}` },
      { userPrincipalName: `a@${domain}.` },
      { displayName: '' },
      { displayName: 'a\u0000' },
      { accountEnabled: 'yes' },
      { passwordProfile: { password: 'short' } },
      { passwordProfile: undefined },
      { isAdmin: true },
      { id: systemRandomness.uuid() },
    ];
    for (const members of bad) {
      const { status, body } = await call('POST', '/v1.0/users', { body: newUser(members) });
      assert.deepEqual([status, body.error?.code], [400, 'Request_BadRequest'], JSON.stringify(members));
    }
    const { body: error } = await call('POST', '/v1.0/users', { body: newUser({ isAdmin: true }) });
    assert.match(error.error.message, /isAdmin/);
    assert.equal((await call('GET', '/v1.0/users/$count')).body, before);
    const refused = await call('PATCH', `/v1.0/users/${taken.id}`, {
      body: { userPrincipalName: 'a@b.example', displayName: 'half' },
    });
    assert.equal(refused.status, 400);
    assert.notEqual((await call('GET', `/v1.0/users/${taken.id}`)).body.displayName, 'half');
  });

  test('are found by the filters that tools use', async () => {
    const one = await make({ displayName: "O'Neil", department: 'R&D' });
    const found = async (query: string) => {
      const { status, body } = await call('GET', `/v1.0/users?${query}`);
      assert.equal(status, 200, JSON.stringify(body));
      return body.value.map(({ id }: { id: string }) => id);
    };
    for (const filter of [
      `userPrincipalName eq '${one.userPrincipalName}'`,
      `userPrincipalName in ('x','${one.userPrincipalName.toUpperCase()}')`,
      `id eq '${one.id}'`,
      "displayName eq 'o''neil'",
      "startswith(displayName,'O''N') and accountEnabled eq true",
      "department eq 'R&D'",
      `endsWith(userPrincipalName,'${one.userPrincipalName}')`,
    ]) {
      assert.deepEqual(await found(`$filter=${encodeURIComponent(filter)}`), [one.id], filter);
    }
    assert.deepEqual(await found(`$search=${encodeURIComponent('"displayName:neil"')}`), [one.id]);
    assert.deepEqual(await found("$filter=userPrincipalName eq 'nobody'"), []);
    const unknown = await call('GET', "/v1.0/users?$filter=passwordHash eq 'x'");
    assert.deepEqual([unknown.status, unknown.body.error.code], [400, 'Request_UnsupportedQuery']);
  });

  test('come in pages, ordered or not, whose links keep the query', async () => {
    for (let count = 0; count < 3; count += 1) await make({ department: 'Paging' });
    for (const order of ['', '&$orderby=displayName desc']) {
      const seen: string[] = [];
      let path: string | undefined =
        `/v1.0/users?$filter=department eq 'Paging'&$top=2&$count=true&$select=displayName${order}`;
      while (path !== undefined) {
        const { status, body } = await call('GET', path);
        assert.equal(status, 200, JSON.stringify(body));
        assert.ok(body.value.every((one: object) => Object.keys(one).join() === 'displayName'));
        seen.push(...body.value.map(({ displayName }: { displayName: string }) => displayName));
        const next: string | undefined = body['@odata.nextLink'];
        assert.equal(body['@odata.count'], path.includes('skiptoken') ? undefined : 3);
        path = next?.replace('https://graph.microsoft.com', '');
        if (next !== undefined) assert.match(next, /^https:\/\/graph\.microsoft\.com\/v1\.0\/users\?/);
      }
      assert.equal(new Set(seen).size, 3);
      if (order !== '') assert.deepEqual(seen, seen.toSorted().toReversed());
    }
  });

  test('see themselves as me, with what the application that acts for them may', async () => {
    const body = await make({ userType: 'Guest' });
    const bearer = await graph.tokenAs(personOf(body));
    const me = await call('GET', '/v1.0/me', { bearer });
    assert.deepEqual([me.status, me.body.id], [200, body.id]);
    assert.equal((await call('GET', `/v1.0/users/${body.id}`, { bearer })).status, 200);
    assert.deepEqual((await call('GET', '/v1.0/me/memberOf', { bearer })).body.value, []);
    const other = await make();
    for (const [method, path] of [
      ['GET', `/v1.0/users/${other.id}`],
      ['GET', '/v1.0/users'],
      ['PATCH', `/v1.0/users/${body.id}`],
      ['DELETE', `/v1.0/users/${body.id}`],
      ['GET', '/v1.0/groups'],
    ] as const) {
      const { status } = await call(method, path, { bearer, ...(method === 'PATCH' ? { body: {} } : {}) });
      assert.equal(status, 403, `${method} ${path}`);
    }
    const application = await call('GET', '/v1.0/me');
    assert.deepEqual([application.status, application.body.error.code], [400, 'BadRequest']);
  });

  test('see the directory as its members do, and change nothing of it without a role', async () => {
    const { id, ...names } = await make();
    const bearer = await graph.tokenAs(personOf({ id, ...names }));
    for (const path of ['users', `users/${id}`, 'groups', 'applications', 'servicePrincipals']) {
      assert.equal((await call('GET', `/v1.0/${path}`, { bearer })).status, 200, path);
    }
    const group = { displayName: 'g', mailEnabled: false, mailNickname: 'g', securityEnabled: true };
    for (const [method, path, body] of [
      ['POST', 'users', newUser()],
      ['PATCH', `users/${id}`, { displayName: 'x' }],
      ['DELETE', `users/${id}`, {}],
      ['POST', 'groups', group],
      ['POST', 'applications', { displayName: 'x' }],
      ['GET', 'auditLogs/directoryAudits', undefined],
      [
        'POST',
        'roleManagement/directory/roleAssignments',
        { principalId: id, roleDefinitionId: globalAdministrator },
      ],
    ] as const) {
      const { status } = await call(method, `/v1.0/${path}`, { bearer, ...(body && { body }) });
      assert.equal(status, 403, `${method} ${path}`);
    }
  });

  test('act through an application as far as its permissions go', async () => {
    const admin = await make();
    await giveRole(admin.id, globalAdministrator);
    const group = { displayName: 'g', mailEnabled: false, mailNickname: 'g', securityEnabled: true };
    const made = await call('POST', '/v1.0/groups', {
      body: { ...group, 'members@odata.bind': [`https://graph.microsoft.com/v1.0/users/${admin.id}`] },
    });
    const viewer = await makeApplication(service, tenantId, {
      publicClient: { redirectUris: ['http://localhost'] },
    });
    const through = async (scope: string) => await graph.tokenAs(personOf(admin), viewer.clientId, scope);
    const status = async (bearer: string, method: string, path: string, body?: object) =>
      (await call(method, `/v1.0/${path}`, { bearer, ...(body && { body }) })).status;

    const own = await through('openid profile');
    assert.equal(await status(own, 'GET', 'me'), 200);
    assert.deepEqual((await call('GET', '/v1.0/me/memberOf', { bearer: own })).body.value, [
      { '@odata.type': '#microsoft.graph.group', id: made.body.id },
    ]);
    assert.equal(await status(own, 'GET', 'users'), 403);
    assert.equal(await status(own, 'POST', 'me/revokeSignInSessions'), 403);

    await grantForAll(service, viewer, { appId: graphAppId }, 'Directory.Read.All');
    const reading = await through('https://graph.microsoft.com/Directory.Read.All');
    for (const path of ['users', 'groups', 'applications', 'directoryRoles']) {
      assert.equal(await status(reading, 'GET', path), 200, path);
    }
    assert.equal(await status(reading, 'POST', 'groups', group), 403);
    assert.equal(await status(reading, 'GET', 'auditLogs/signIns'), 403);
  });

  test('who administer the directory do it through an application, until the role is taken away', async () => {
    const body = await make();
    await giveRole(body.id, globalAdministrator);
    const bearer = await graph.tokenAs(personOf(body));
    const audits = '/v1.0/auditLogs/directoryAudits';
    assert.equal((await call('GET', audits, { bearer })).status, 200);
    await service.database.transaction(async (transaction) => {
      await transaction
        .deleteFrom('directory_role_assignments')
        .where('principal_id', '=', body.id)
        .execute();
      await transaction
        .insertInto('change_log')
        .values({ tenant_id: tenantId, kind: 'app-roles', key: body.id, at: service.clock.now() })
        .execute();
    });
    assert.equal((await call('GET', audits, { bearer })).status, 403);
  });

  test('show what applications were let do as them, and what others were not', async () => {
    const [one, other] = [await make(), await make()];
    const app = await makeApplication(service, tenantId, {});
    const resourceId = firstPartyPrincipal(tenantId, { appId: graphAppId })?.principalId;
    for (const { id } of [one, other]) {
      const { status } = await call('POST', '/v1.0/oauth2PermissionGrants', {
        body: {
          clientId: app.principalId,
          consentType: 'Principal',
          principalId: id,
          resourceId,
          scope: 'User.Read',
        },
      });
      assert.equal(status, 201);
    }
    const bearer = await graph.tokenAs(personOf(one));
    for (const path of [`users/${one.id}`, `users/${one.userPrincipalName}`, 'me']) {
      const { body } = await call('GET', `/v1.0/${path}/oauth2PermissionGrants`, { bearer });
      assert.deepEqual(
        body.value.map(({ principalId }: { principalId: string }) => principalId),
        [one.id],
        path,
      );
    }
  });

  test('with a role in the directory are governed by whoever gives such roles alone', async () => {
    const admin = await make();
    await giveRole(admin.id, globalAdministrator);
    const plain = await make();
    const as = await graph.withPermissions('User.ReadWrite.All');
    const path = `/v1.0/users/${admin.id}`;
    const takeOver = { passwordProfile: { password: 'another password' } };
    for (const body of [takeOver, { accountEnabled: false }, { userPrincipalName: `zz@${domain}` }]) {
      assert.equal((await call('PATCH', path, { as, body })).status, 403, JSON.stringify(body));
    }
    assert.equal((await call('DELETE', path, { as })).status, 403);
    assert.equal((await call('POST', `${path}/revokeSignInSessions`, { as })).status, 403);
    assert.equal((await call('PATCH', path, { as, body: { jobTitle: 'Chief' } })).status, 204);
    assert.equal((await call('PATCH', `/v1.0/users/${plain.id}`, { as, body: takeOver })).status, 204);
    const writer = await graph.withPermissions('Directory.ReadWrite.All');
    assert.equal(
      (await call('PATCH', `/v1.0/users/${plain.id}`, { as: writer, body: takeOver })).status,
      403,
    );
    assert.equal((await call('DELETE', `/v1.0/users/${plain.id}`, { as: writer })).status, 403);
  });

  test('lose their sessions where these are revoked, and all where they are disabled or deleted', async () => {
    const body = await make();
    const path = `/v1.0/users/${body.id}`;
    const [first] = [await graph.tokenAs(personOf(body))];
    service.clock.advance(2000);
    const revoked = await call('POST', `${path}/revokeSignInSessions`);
    assert.deepEqual([revoked.status, revoked.body.value], [200, true]);
    assert.equal((await call('GET', '/v1.0/me', { bearer: first })).status, 401);
    service.clock.advance(2000);
    const second = await graph.tokenAs(personOf(body));
    assert.equal((await call('GET', '/v1.0/me', { bearer: second })).status, 200);
    await call('PATCH', path, { body: { accountEnabled: false } });
    assert.equal((await call('GET', '/v1.0/me', { bearer: second })).status, 401);
  });

  test('who are deleted are kept for thirty days, and a restore brings them back with their password and without rights', async () => {
    const body = await make();
    await giveRole(body.id, globalAdministrator);
    const path = `/v1.0/directory/deletedItems/${body.id}`;
    assert.equal((await call('DELETE', `/v1.0/users/${body.id}`)).status, 204);
    assert.equal((await call('GET', `/v1.0/users/${body.id}`)).status, 404);
    const kept = await call('GET', path);
    assert.deepEqual([kept.status, kept.body['@odata.type']], [200, '#microsoft.graph.user']);
    assert.ok(kept.body.deletedDateTime);
    const { value } = (await call('GET', '/v1.0/directory/deletedItems/microsoft.graph.user')).body;
    assert.ok(value.some(({ id }: { id: string }) => id === body.id));
    const reader = await graph.withPermissions('Application.ReadWrite.All');
    assert.equal((await call('GET', path, { as: reader })).status, 404);
    assert.equal((await call('POST', `${path}/restore`, { as: reader })).status, 403);
    const successor = await make({ userPrincipalName: body.userPrincipalName });
    assert.equal((await call('POST', `${path}/restore`)).status, 400);
    await call('DELETE', `/v1.0/users/${successor.id}`);
    assert.equal((await call('POST', `${path}/restore`)).body.id, body.id);
    const stored = await selectNamedUser(service.database.read, tenantId, body.userPrincipalName);
    assert.equal(await passwordMatches(stored?.hash, password), true);
    service.clock.advance(2000);
    const bearer = await graph.tokenAs(personOf(body));
    assert.equal((await call('GET', '/v1.0/auditLogs/directoryAudits', { bearer })).status, 403);
    await call('DELETE', `/v1.0/users/${body.id}`);
    assert.equal((await call('DELETE', path)).status, 204);
    assert.equal((await call('POST', `${path}/restore`)).status, 404);
    assert.equal(await findUser(service.database.read, tenantId, body.id), undefined);
  });

  test('of another tenant are as if they were not (C5, C25)', async () => {
    const foreignTenant = await service.tenant();
    const foreign = await makePerson(service, foreignTenant, `x@${domain}`);
    const missing = systemRandomness.uuid();
    for (const id of [foreign.userId, missing]) {
      for (const [method, path, body] of [
        ['GET', `/v1.0/users/${id}`, undefined],
        ['PATCH', `/v1.0/users/${id}`, { displayName: 'x' }],
        ['DELETE', `/v1.0/users/${id}`, undefined],
        ['GET', `/v1.0/users/${id}/memberOf`, undefined],
        ['POST', `/v1.0/users/${id}/revokeSignInSessions`, undefined],
        ['POST', `/v1.0/users/${id}/getMemberGroups`, {}],
        ['GET', `/v1.0/directoryObjects/${id}`, undefined],
        ['GET', `/v1.0/directory/deletedItems/${id}`, undefined],
      ] as const) {
        const answer = await call(method, path, { body });
        assert.equal(answer.status, 404, `${method} ${path}`);
        assert.equal(
          answer.body.error.message,
          `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
        );
      }
    }
  });
});
