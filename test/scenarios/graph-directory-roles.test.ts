import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TenantId } from '../../src/foundation/ids.ts';
import { type TestGraph, testGraph } from '../support/graph.ts';
import { makePerson, type TestPerson } from '../support/people.ts';
import { type TestTokenService, testTokenService } from '../support/token-service.ts';

const roles = {
  globalAdministrator: '62e90394-69f5-4237-9190-012177145e10',
  globalReader: 'f2ef992c-3afb-46b9-b7cf-a126ee74c451',
  groupsAdministrator: 'fdd7a751-b60b-444a-984c-02652fe8fa1c',
  userAdministrator: 'fe930be7-5e62-47db-91af-98c3a49a38b1',
};
const assignments = '/v1.0/roleManagement/directory/roleAssignments';

describe('roles of the directory through Graph', () => {
  let service: TestTokenService;
  let tenantId: TenantId;
  let graph: TestGraph;
  before(async () => {
    service = await testTokenService();
    tenantId = await service.tenant('contoso.example');
    graph = await testGraph(service, tenantId);
  });
  after(async () => {
    await graph[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  const call: TestGraph['call'] = (...args) => graph.call(...args);
  const done = async (...args: Parameters<TestGraph['call']>) => {
    const reply = await call(...args);
    assert.ok(reply.status < 300, `${args[0]} ${args[1]}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  };
  const refused = async (status: number, code: string, ...args: Parameters<TestGraph['call']>) => {
    const reply = await call(...args);
    const shown = `${args[0]} ${args[1]}: ${reply.status} ${JSON.stringify(reply.body)}`;
    assert.deepEqual([reply.status, reply.body.error?.code], [status, code], shown);
  };
  const makeGroup = (displayName: string, more: object = {}) =>
    done('POST', '/v1.0/groups', {
      body: { displayName, mailEnabled: false, mailNickname: 'g', securityEnabled: true, ...more },
    });
  const person = (name: string) => makePerson(service, tenantId, `${name}@contoso.example`);
  const tokenOf = (one: TestPerson) => graph.tokenAs(one);
  const reference = (id: string) => ({
    '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${id}`,
  });
  const join = (groupId: string, id: string) =>
    done('POST', `/v1.0/groups/${groupId}/members/$ref`, { body: reference(id) });
  const ids = async (path: string) =>
    (await done('GET', `/v1.0/${path}`)).value.map((one: { id: string }) => one.id).sort();
  const giveRole = (principalId: string, roleDefinitionId: string) =>
    done('POST', assignments, { body: { principalId, roleDefinitionId, directoryScopeId: '/' } });

  test('open what they open to members of a group that has one, until the member leaves (V5)', async () => {
    const carl = await person('carl');
    const group = await makeGroup('administrators', { isAssignableToRole: true });
    await giveRole(group.id, roles.groupsAdministrator);
    const bearer = await tokenOf(carl);
    const create = async () => {
      const body = { displayName: 'c', mailEnabled: false, mailNickname: 'c', securityEnabled: true };
      return (await call('POST', '/v1.0/groups', { bearer, body })).status;
    };
    assert.equal(await create(), 403);
    await join(group.id, carl.userId);
    assert.equal(await create(), 201);
    await done('DELETE', `/v1.0/groups/${group.id}/members/${carl.userId}/$ref`);
    assert.equal(await create(), 403);
  });

  test('are given to people, principals and groups made for it, and to no one else', async () => {
    const plain = await makeGroup('plain');
    const application = await service.application(tenantId);
    const give = (principalId: string, roleDefinitionId = roles.globalReader) =>
      ['POST', assignments, { body: { principalId, roleDefinitionId } }] as const;
    await refused(400, 'Request_BadRequest', ...give(plain.id));
    await refused(400, 'Request_BadRequest', ...give(application.principalId, tenantId));
    await refused(404, 'Request_ResourceNotFound', ...give(tenantId));
    await refused(400, 'Request_BadRequest', ...give('x'));
    await refused(400, 'Request_BadRequest', 'POST', assignments, {
      body: {
        principalId: application.principalId,
        roleDefinitionId: roles.globalReader,
        directoryScopeId: '/administrativeUnits/1',
      },
    });
    const made = await call(...give(application.principalId));
    assert.equal(made.status, 201);
    const { id } = made.body;
    assert.equal(made.headers.get('location'), `https://graph.microsoft.com${assignments}/${id}`);
    await refused(400, 'Request_BadRequest', ...give(application.principalId));
    assert.equal((await call('GET', '/v1.0/users', { as: application })).status, 200);
    await done('DELETE', `${assignments}/${id}`);
    await refused(404, 'Request_ResourceNotFound', 'DELETE', `${assignments}/${id}`);
    await refused(403, 'Authorization_RequestDenied', 'GET', '/v1.0/users', { as: application });
  });

  test('cannot be taken by those who administer people and groups (C9)', async () => {
    const [groupsAdministrator, userAdministrator, chief] = [
      await person('ga'),
      await person('ua'),
      await person('chief'),
    ];
    await giveRole(groupsAdministrator.userId, roles.groupsAdministrator);
    await giveRole(userAdministrator.userId, roles.userAdministrator);
    const privileged = await makeGroup('privileged', { isAssignableToRole: true });
    await giveRole(privileged.id, roles.globalAdministrator);
    await join(privileged.id, chief.userId);
    const attack = async (by: TestPerson, method: string, path: string, body: object = {}) =>
      refused(403, 'Authorization_RequestDenied', method, `/v1.0/${path}`, {
        bearer: await tokenOf(by),
        body,
      });
    const members = `groups/${privileged.id}/members/$ref`;
    const own = reference(groupsAdministrator.userId);
    await attack(groupsAdministrator, 'POST', members, own);
    await attack(groupsAdministrator, 'POST', `groups/${privileged.id}/owners/$ref`, own);
    await attack(groupsAdministrator, 'PATCH', `groups/${privileged.id}`, {
      'members@odata.bind': [own['@odata.id']],
    });
    await attack(groupsAdministrator, 'DELETE', `groups/${privileged.id}`);
    await attack(groupsAdministrator, 'POST', 'groups', {
      displayName: 'x',
      mailEnabled: false,
      mailNickname: 'x',
      securityEnabled: true,
      isAssignableToRole: true,
    });
    await attack(groupsAdministrator, 'POST', 'directoryRoles', {
      roleTemplateId: roles.globalAdministrator,
    });
    await attack(
      groupsAdministrator,
      'POST',
      `directoryRoles/${roles.globalAdministrator}/members/$ref`,
      own,
    );
    const secret = { passwordProfile: { password: 'chosen by another' } };
    await attack(userAdministrator, 'PATCH', `users/${chief.userId}`, secret);
    await attack(userAdministrator, 'PATCH', `users/${groupsAdministrator.userId}`, secret);
    await attack(userAdministrator, 'PATCH', `users/${chief.userPrincipalName}`, secret);
    await attack(userAdministrator, 'PATCH', `users/${chief.userId}`, { accountEnabled: false });
    await attack(userAdministrator, 'DELETE', `users/${chief.userId}`);
    await attack(userAdministrator, 'POST', `users/${chief.userId}/revokeSignInSessions`);
    await done('PATCH', `/v1.0/users/${(await person('anybody')).userId}`, {
      bearer: await tokenOf(userAdministrator),
      body: secret,
    });
    await done('POST', `/v1.0/${members}`, {
      bearer: await tokenOf(chief),
      body: reference(userAdministrator.userId),
    });
  });

  test('are shown by both models, to whoever may read them; the last Global Administrator stays', async () => {
    const dora = await person('dora');
    const roleMembers = `directoryRoles(roleTemplateId='${roles.globalReader}')/members`;
    await done('POST', `/v1.0/directoryRoles/${roles.globalReader}/members/$ref`, {
      body: reference(dora.userId),
    });
    assert.deepEqual(await ids(roleMembers), [dora.userId]);
    const filter = encodeURIComponent(`principalId eq '${dora.userId}'`);
    const as = await graph.withPermissions('RoleManagement.Read.Directory');
    const [assignment] = (await done('GET', `${assignments}?$filter=${filter}`, { as })).value;
    assert.deepEqual([assignment.roleDefinitionId, assignment.directoryScopeId], [roles.globalReader, '/']);
    assert.equal((await done('GET', `${assignments}/${assignment.id}`)).principalId, dora.userId);
    await done('DELETE', `/v1.0/directoryRoles/${roles.globalReader}/members/${dora.userId}/$ref`);
    assert.deepEqual(await ids(roleMembers), []);
    await refused(
      404,
      'Request_ResourceNotFound',
      'DELETE',
      `/v1.0/directoryRoles/${roles.globalReader}/members/${dora.userId}/$ref`,
    );
    assert.ok((await ids('directoryRoleTemplates')).includes(roles.globalAdministrator));
    const definitions = '/v1.0/roleManagement/directory/roleDefinitions';
    const definition = await done('GET', `${definitions}/${roles.globalAdministrator}`);
    assert.equal(definition.displayName, 'Global Administrator');
    const named = encodeURIComponent("displayName eq 'User Administrator'");
    assert.equal((await done('GET', `${definitions}?$filter=${named}`)).value[0].id, roles.userAdministrator);
    await refused(404, 'Request_ResourceNotFound', 'GET', `${definitions}/${tenantId}`);

    const admins = encodeURIComponent(`roleDefinitionId eq '${roles.globalAdministrator}'`);
    const holders = (await done('GET', `${assignments}?$filter=${admins}`)).value;
    const mine = holders.find(
      (one: { principalId: string }) => one.principalId === graph.administrator.principalId,
    );
    for (const { id } of holders) {
      if (id !== mine.id) await done('DELETE', `${assignments}/${id}`);
    }
    await refused(409, 'Request_BadRequest', 'DELETE', `${assignments}/${mine.id}`);
    const events = (await done('GET', '/v1.0/auditLogs/directoryAudits')).value;
    const removals = events.filter(
      (one: { activityDisplayName: string }) => one.activityDisplayName === 'Remove member from role',
    );
    assert.ok(
      removals.every((one: { targetResources: { id: string | null }[] }) => one.targetResources[0]?.id),
      JSON.stringify(removals),
    );
  });
});
