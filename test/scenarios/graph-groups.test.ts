import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { PrincipalId, TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import {
  type Authorizer,
  createAuthorizer,
  decideFromRows,
} from '../../src/server/authorization/evaluate.ts';
import { createOrUpdateRoleAssignment } from '../../src/server/authorization/role-assignments.ts';
import { findRoleDefinitionByName } from '../../src/server/authorization/role-definitions.ts';
import { assignDirectoryRole } from '../../src/server/directory/directory-role-assignments.ts';
import { globalAdministrator } from '../../src/server/directory/directory-roles.ts';
import { type TestGraph, testGraph } from '../support/graph.ts';
import { makePerson } from '../support/people.ts';
import { type TestTokenService, testTokenService } from '../support/token-service.ts';

const domain = 'groups.example';
const reference = (id: string) => ({
  '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${id}`,
});

describe('groups through Graph', () => {
  let service: TestTokenService;
  let tenantId: TenantId;
  let graph: TestGraph;
  let authorizer: Authorizer;
  before(async () => {
    service = await testTokenService();
    tenantId = await service.tenant(domain);
    graph = await testGraph(service, tenantId);
    const { database, follower, directory } = service;
    authorizer = createAuthorizer({ database, follower, principals: directory });
  });
  after(async () => {
    await graph[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  const call: TestGraph['call'] = (...args) => graph.call(...args);
  const newGroup = (members: object = {}) => ({
    displayName: 'Team',
    mailEnabled: false,
    mailNickname: 'team',
    securityEnabled: true,
    ...members,
  });
  const make = async (members: object = {}): Promise<string> => {
    const { status, body } = await call('POST', '/v1.0/groups', { body: newGroup(members) });
    assert.equal(status, 201, JSON.stringify(body));
    return body.id;
  };
  const join = async (group: string, member: string) => {
    const path = `/v1.0/groups/${group}/members/$ref`;
    const { status, body } = await call('POST', path, { body: reference(member) });
    assert.equal(status, 204, JSON.stringify(body));
  };
  const leave = async (group: string, member: string) =>
    assert.equal((await call('DELETE', `/v1.0/groups/${group}/members/${member}/$ref`)).status, 204);
  const ids = async (path: string) => {
    const { status, body } = await call('GET', path);
    assert.equal(status, 200, JSON.stringify(body));
    return body.value.map(({ id }: { id: string }) => id).sort();
  };
  const assignReader = (principalId: string, principalType?: string) =>
    service.database.transaction((transaction) =>
      createOrUpdateRoleAssignment(transaction, {
        tenantId,
        scope: { kind: 'tenant' },
        name: systemRandomness.uuid(),
        roleDefinitionId: findRoleDefinitionByName('Reader')?.id ?? '',
        principalId,
        ...(principalType === undefined ? {} : { principalType }),
        by: graph.administrator.principalId,
        at: service.clock.now(),
      }),
    );
  const mayRead = async (principalId: PrincipalId): Promise<boolean> => {
    const question = {
      tenantId,
      principalId,
      action: 'Microsoft.Resources/subscriptions/read',
      scope: { kind: 'tenant' },
      plane: 'control',
    } as const;
    await service.follower.catchUp();
    const { allowed } = await authorizer.decide(question);
    const byRows = await decideFromRows(service.database.read, question);
    assert.equal(byRows.allowed, allowed);
    return allowed;
  };

  test('are made with members and owners, read, changed and deleted', async () => {
    const member = await service.application(tenantId);
    const { status, body, headers } = await call('POST', '/v1.0/groups', {
      body: newGroup({
        description: 'all of us',
        groupTypes: [],
        'members@odata.bind': [reference(member.principalId)['@odata.id']],
        'owners@odata.bind': [`https://graph.microsoft.com/v1.0/users/${member.principalId}`],
      }),
    });
    assert.equal(status, 201, JSON.stringify(body));
    assert.equal(headers.get('location'), `https://graph.microsoft.com/v1.0/groups/${body.id}`);
    assert.deepEqual([body.securityEnabled, body.mailEnabled, body.description], [true, false, 'all of us']);
    const path = `/v1.0/groups/${body.id}`;
    assert.deepEqual(await ids(`${path}/members`), [member.principalId]);
    assert.deepEqual(
      await ids(`${path}/owners`),
      [graph.administrator.principalId, member.principalId].sort(),
    );
    assert.equal(
      (await call('PATCH', path, { body: { description: null, displayName: 'Crew' } })).status,
      204,
    );
    const now = (await call('GET', path)).body;
    assert.deepEqual([now.displayName, now.description, now.mailNickname], ['Crew', null, 'team']);
    assert.deepEqual(await ids("/v1.0/groups?$filter=displayName eq 'crew'"), [body.id]);
    const { members } = (await call('GET', `${path}?$expand=members($select=id)`)).body;
    assert.deepEqual(
      members.map(({ id }: { id: string }) => id),
      [member.principalId],
    );
    assert.equal((await call('GET', `${path}?$expand=calendar`)).status, 400);
    assert.equal((await call('DELETE', path)).status, 204);
    assert.equal((await call('GET', path)).status, 404);
  });

  test('refuse what is no security group, and references that lead nowhere, and then nothing is done', async () => {
    const before = (await call('GET', '/v1.0/groups/$count')).body;
    const missing = reference(systemRandomness.uuid())['@odata.id'];
    for (const [members, status] of [
      [{ mailEnabled: true }, 400],
      [{ securityEnabled: false }, 400],
      [{ groupTypes: ['Unified'] }, 400],
      [{ visibility: 'HiddenMembership' }, 400],
      [{ displayName: '' }, 400],
      [{ mailNickname: 'a b' }, 400],
      [{ unknown: 1 }, 400],
      [{ 'members@odata.bind': [missing] }, 404],
      [{ 'members@odata.bind': ['https://elsewhere.example/x'] }, 400],
      [{ 'members@odata.bind': Array(21).fill(missing) }, 400],
      [{ 'owners@odata.bind': [missing] }, 404],
    ] as const) {
      const answer = await call('POST', '/v1.0/groups', { body: newGroup(members) });
      assert.equal(answer.status, status, JSON.stringify(members));
    }
    assert.equal((await call('GET', '/v1.0/groups/$count')).body, before);
  });

  test('have members of every kind, in groups of groups, round and round', async () => {
    const [outer, middle, inner] = [await make(), await make(), await make()];
    const person = await makePerson(service, tenantId, `ann@${domain}`);
    const app = await service.application(tenantId);
    await join(outer, middle);
    await join(middle, inner);
    await join(inner, outer);
    await join(inner, person.userId);
    await join(middle, app.principalId);
    assert.deepEqual(await ids(`/v1.0/groups/${outer}/members`), [middle]);
    assert.deepEqual(
      await ids(`/v1.0/groups/${outer}/transitiveMembers`),
      [middle, inner, person.userId, app.principalId].sort(),
    );
    assert.deepEqual(await ids(`/v1.0/groups/${outer}/transitiveMembers/microsoft.graph.user`), [
      person.userId,
    ]);
    const count = await call('GET', `/v1.0/groups/${middle}/members/graph.servicePrincipal/$count`);
    assert.deepEqual([count.status, count.body, count.headers.get('content-type')], [200, '1', 'text/plain']);
    assert.deepEqual(await ids(`/v1.0/users/${person.userId}/memberOf`), [inner]);
    const all = [outer, middle, inner].sort();
    assert.deepEqual(await ids(`/v1.0/users/${person.userId}/transitiveMemberOf`), all);
    assert.deepEqual(await ids(`/v1.0/servicePrincipals/${app.principalId}/transitiveMemberOf`), all);
    const ask = async (path: string, body: object) =>
      (await call('POST', `/v1.0/${path}`, { body })).body.value;
    assert.deepEqual(
      (await ask(`users/${person.userId}/getMemberGroups`, { securityEnabledOnly: true })).sort(),
      all,
    );
    assert.deepEqual(
      await ask(`users/ann@${domain}/checkMemberGroups`, { groupIds: [outer, systemRandomness.uuid()] }),
      [outer],
    );
    assert.deepEqual(await ask(`directoryObjects/${app.principalId}/checkMemberObjects`, { ids: [middle] }), [
      middle,
    ]);
    const references = await call('GET', `/v1.0/groups/${outer}/members/$ref`);
    assert.deepEqual(references.body.value, [reference(middle)]);
    const typed = (await call('GET', `/v1.0/groups/${inner}/members?$select=id`)).body.value;
    assert.deepEqual(typed.map((one: Record<string, string>) => one['@odata.type']).sort(), [
      '#microsoft.graph.group',
      '#microsoft.graph.user',
    ]);
  });

  test('take nobody twice, nor themselves, nor what is not there', async () => {
    const group = await make();
    const app = await service.application(tenantId);
    await join(group, app.principalId);
    const path = `/v1.0/groups/${group}/members/$ref`;
    const again = await call('POST', path, { body: reference(app.principalId) });
    assert.deepEqual([again.status, again.body.error.code], [400, 'Request_BadRequest']);
    assert.match(again.body.error.message, /already exist/);
    assert.equal((await call('POST', path, { body: reference(group) })).status, 400);
    assert.equal((await call('POST', path, { body: reference(systemRandomness.uuid()) })).status, 404);
    assert.equal((await call('POST', path, { body: { '@odata.id': 'x' } })).status, 400);
    const foreign = await service.application(await service.tenant());
    assert.equal((await call('POST', path, { body: reference(foreign.principalId) })).status, 404);
    assert.equal(
      (await call('DELETE', `/v1.0/groups/${group}/members/${systemRandomness.uuid()}/$ref`)).status,
      404,
    );
  });

  test('of many who ask for the same at once one is served, and nobody sees a failure of ours', async () => {
    const group = await make();
    const { principalId } = await service.application(tenantId);
    const outcomes = async (path: string, body: (index: number) => object) => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, index) => call('POST', path, { body: body(index) })),
      );
      return answers.map(({ status }) => status).sort();
    };
    const refused = Array(7).fill(400);
    assert.deepEqual(await outcomes(`/v1.0/groups/${group}/members/$ref`, () => reference(principalId)), [
      204,
      ...refused,
    ]);
    assert.deepEqual(await outcomes(`/v1.0/groups/${group}/owners/$ref`, () => reference(principalId)), [
      204,
      ...refused,
    ]);
    assert.deepEqual(
      await outcomes('/v1.0/users', (index) => ({
        accountEnabled: true,
        displayName: `Same ${index}`,
        mailNickname: 'same',
        userPrincipalName: `${index % 2 === 0 ? 'same' : 'SAME'}@${domain}`,
        passwordProfile: { password: 'correct horse battery' },
      })),
      [201, ...refused],
    );
    const { value } = (await call('GET', "/v1.0/users?$filter=startswith(displayName,'Same')")).body;
    await call('DELETE', `/v1.0/users/${value[0].id}`);
    const restores = await Promise.all(
      Array.from({ length: 4 }, () => call('POST', `/v1.0/directory/deletedItems/${value[0].id}/restore`)),
    );
    assert.equal(restores.filter(({ status }) => status === 200).length, 1);
    assert.ok(restores.every(({ status }) => status === 200 || (status >= 400 && status < 500)));
  });

  test('long lists of members come in pages whose links lead on', async () => {
    const group = await make();
    for (let count = 0; count < 3; count += 1) {
      await join(group, (await service.application(tenantId)).principalId);
    }
    const first = await call('GET', `/v1.0/groups/${group}/members?$top=2&$count=true`);
    assert.deepEqual([first.body.value.length, first.body['@odata.count']], [2, 3]);
    const next = new URL(first.body['@odata.nextLink']);
    const second = await call('GET', `${next.pathname}${next.search}`);
    assert.equal(second.body.value.length, 1);
    assert.equal(second.body['@odata.nextLink'], undefined);
  });

  test('give their members what is assigned to them, until the membership ends (V5)', async () => {
    const [outer, inner] = [await make(), await make()];
    const app = await service.application(tenantId);
    await join(outer, inner);
    const { assignment } = await assignReader(outer);
    assert.equal(assignment.principalType, 'Group');
    assert.equal(await mayRead(app.principalId), false);
    await join(inner, app.principalId);
    assert.equal(await mayRead(app.principalId), true);
    await leave(outer, inner);
    assert.equal(await mayRead(app.principalId), false);
    await join(outer, inner);
    assert.equal(await mayRead(app.principalId), true);
    await call('DELETE', `/v1.0/groups/${outer}`);
    assert.equal(await mayRead(app.principalId), false);
    await call('POST', `/v1.0/directory/deletedItems/${outer}/restore`);
    assert.deepEqual(await ids(`/v1.0/groups/${outer}/members`), [inner]);
    assert.equal(await mayRead(app.principalId), false, 'what was assigned does not come back');
    await assert.rejects(assignReader(inner, 'User'), /UnmatchedPrincipalType|different from specified/);
  });

  test('that may have roles in the directory are decided by whoever gives the roles', async () => {
    const group = await make({ isAssignableToRole: true });
    const plain = await make();
    const app = await service.application(tenantId);
    const as = await graph.withPermissions('Group.ReadWrite.All');
    const path = `/v1.0/groups/${group}`;
    const attempts = [
      ['POST', `${path}/members/$ref`, reference(app.principalId)],
      ['POST', `${path}/owners/$ref`, reference(app.principalId)],
      ['PATCH', path, { 'members@odata.bind': [reference(app.principalId)['@odata.id']] }],
      ['DELETE', path, undefined],
      ['POST', '/v1.0/groups', newGroup({ isAssignableToRole: true })],
    ] as const;
    for (const [method, target, body] of attempts) {
      assert.equal((await call(method, target, { as, body })).status, 403, `${method} ${target}`);
    }
    assert.equal((await call('PATCH', path, { body: { isAssignableToRole: false } })).status, 400);
    assert.equal(
      (await call('POST', `${path}/members/$ref`, { body: reference(plain) })).status,
      400,
      'no group in it',
    );
    await service.database.transaction((transaction) =>
      assignDirectoryRole(
        transaction,
        { tenantId, principalId: group, roleTemplateId: globalAdministrator, at: service.clock.now() },
        systemRandomness,
      ),
    );
    assert.equal((await call('GET', '/v1.0/groups', { as: app })).status, 403);
    await join(group, app.principalId);
    assert.equal((await call('GET', '/v1.0/groups', { as: app })).status, 200);
    await leave(group, app.principalId);
    assert.equal((await call('GET', '/v1.0/groups', { as: app })).status, 403);
  });

  test('of another tenant are as if they were not (C5, C25)', async () => {
    const otherTenant = await service.tenant();
    const foreign = systemRandomness.uuid();
    await service.database.transaction((transaction) =>
      transaction
        .insertInto('groups')
        .values({
          group_id: foreign,
          tenant_id: otherTenant,
          display_name: 'x',
          profile: '{}',
          created_at: 1,
        })
        .execute(),
    );
    const own = await make();
    for (const id of [foreign, systemRandomness.uuid()]) {
      for (const [method, path, body] of [
        ['GET', `/v1.0/groups/${id}`, undefined],
        ['PATCH', `/v1.0/groups/${id}`, { displayName: 'y' }],
        ['DELETE', `/v1.0/groups/${id}`, undefined],
        ['GET', `/v1.0/groups/${id}/members`, undefined],
        ['GET', `/v1.0/groups/${id}/transitiveMembers/$count`, undefined],
        ['POST', `/v1.0/groups/${id}/members/$ref`, reference(own)],
        ['POST', `/v1.0/groups/${own}/members/$ref`, reference(id)],
        ['DELETE', `/v1.0/groups/${id}/members/${own}/$ref`, undefined],
      ] as const) {
        const answer = await call(method, path, { body });
        assert.equal(answer.status, 404, `${method} ${path}`);
        assert.equal(answer.body.error.code, 'Request_ResourceNotFound');
      }
    }
  });
});
