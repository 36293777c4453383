import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TenantId } from '../../src/foundation/ids.ts';
import { graphAppId } from '../../src/server/http/dialects/graph.ts';
import { type TestGraph, testGraph } from '../support/graph.ts';
import { grantForAll, makeApplication, makePerson } from '../support/people.ts';
import { type TestTokenService, testTokenService } from '../support/token-service.ts';

const domain = 'owners.example';
const reference = (id: string) => ({
  '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${id}`,
});

describe('groups through Graph', () => {
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
  const make = async (members: object = {}): Promise<string> => {
    const { status, body } = await call('POST', '/v1.0/groups', {
      body: {
        displayName: 'Team',
        mailEnabled: false,
        mailNickname: 'team',
        securityEnabled: true,
        ...members,
      },
    });
    assert.equal(status, 201, JSON.stringify(body));
    return body.id;
  };
  const join = async (group: string, member: string) => {
    const path = `/v1.0/groups/${group}/members/$ref`;
    const { status, body } = await call('POST', path, { body: reference(member) });
    assert.equal(status, 204, JSON.stringify(body));
  };

  test('are managed by people who own them, and by no others without a role', async () => {
    const [owner, other] = [
      await makePerson(service, tenantId, `owner@${domain}`),
      await makePerson(service, tenantId, `other@${domain}`),
    ];
    const group = await make({ 'owners@odata.bind': [reference(owner.userId)['@odata.id']] });
    const add = `/v1.0/groups/${group}/members/$ref`;
    const body = reference(other.userId);
    const status = async (by: typeof owner, ...[method, path, content]: [string, string, object?]) =>
      (await call(method, path, { bearer: await graph.tokenAs(by), ...(content && { body: content }) }))
        .status;
    assert.equal(await status(other, 'POST', add, body), 403);
    assert.equal(await status(owner, 'POST', add, body), 204);
    assert.equal(await status(owner, 'PATCH', `/v1.0/groups/${group}`, { description: 'mine' }), 204);
    assert.equal(await status(other, 'PATCH', `/v1.0/groups/${group}`, { description: 'mine' }), 403);
    assert.equal(await status(owner, 'POST', `/v1.0/groups/${await make()}/members/$ref`, body), 403);
    // through an application that may decide about members, and about nothing else of a group
    const app = await makeApplication(service, tenantId, {
      publicClient: { redirectUris: ['http://localhost'] },
    });
    await grantForAll(service, app, { appId: graphAppId }, 'GroupMember.ReadWrite.All');
    const scope = 'https://graph.microsoft.com/GroupMember.ReadWrite.All';
    const bearer = await graph.tokenAs(owner, app.clientId, scope);
    const attempt = async (method: string, path: string, content?: object) =>
      (await call(method, path, { bearer, ...(content && { body: content }) })).status;
    assert.equal(await attempt('DELETE', `/v1.0/groups/${group}/members/${other.userId}/$ref`), 204);
    assert.equal(await attempt('PATCH', `/v1.0/groups/${group}`, { description: 'mine' }), 403);
    assert.equal(await attempt('POST', `/v1.0/groups/${group}/owners/$ref`, body), 403);
    assert.equal(await attempt('DELETE', `/v1.0/groups/${group}`), 403);
    await call('DELETE', `/v1.0/groups/${group}/owners/${owner.userId}/$ref`);
    assert.equal(await status(owner, 'DELETE', `/v1.0/groups/${group}`), 403);
  });

  test('show what somebody may not read by type and id alone', async () => {
    const { userId } = await makePerson(service, tenantId, `emma@${domain}`);
    const group = await make();
    await join(group, userId);
    const as = await graph.withPermissions('GroupMember.Read.All');
    const { value } = (await call('GET', `/v1.0/groups/${group}/members`, { as })).body;
    assert.deepEqual(value, [{ '@odata.type': '#microsoft.graph.user', id: userId }]);
    const expanded = await call('GET', `/v1.0/groups/${group}?$expand=members`, { as });
    assert.deepEqual(expanded.body.members, value);
    const filter = encodeURIComponent("startswith(displayName,'E')");
    assert.equal((await call('GET', `/v1.0/groups/${group}/members?$filter=${filter}`, { as })).status, 400);
    assert.equal((await call('GET', `/v1.0/users/${userId}`, { as })).status, 403);
    const reader = await graph.withPermissions('Application.Read.All');
    const found = await call('POST', '/v1.0/directoryObjects/getByIds', {
      as: reader,
      body: { ids: [userId, group] },
    });
    assert.deepEqual(
      found.body.value.map((one: object) => Object.keys(one)),
      [
        ['@odata.type', 'id'],
        ['@odata.type', 'id'],
      ],
    );
  });

  test('are their owners’, who decide about them through an application that may, and about no others', async () => {
    const owner = await makePerson(service, tenantId, `olga@${domain}`);
    const stranger = await makePerson(service, tenantId, `sten@${domain}`);
    const app = await service.application(tenantId);
    const own = await make({ 'owners@odata.bind': [reference(owner.userId)['@odata.id']] });
    const other = await make();
    const roles = await make({
      isAssignableToRole: true,
      'owners@odata.bind': [reference(owner.userId)['@odata.id']],
    });
    const bearer = await graph.tokenAs(owner);
    const attempts = (group: string) =>
      [
        ['GET', `/v1.0/groups/${group}`, undefined],
        ['POST', `/v1.0/groups/${group}/members/$ref`, reference(app.principalId)],
        ['GET', `/v1.0/groups/${group}/members`, undefined],
        ['DELETE', `/v1.0/groups/${group}/members/${app.principalId}/$ref`, undefined],
        ['PATCH', `/v1.0/groups/${group}`, { description: 'mine' }],
        ['POST', `/v1.0/groups/${group}/owners/$ref`, reference(stranger.userId)],
        ['DELETE', `/v1.0/groups/${group}`, undefined],
      ] as const;
    const outcomes = async (group: string, as: string) => {
      const statuses: number[] = [];
      for (const [method, path, body] of attempts(group)) {
        statuses.push((await call(method, path, { bearer: as, body })).status);
      }
      return statuses;
    };
    const denied = [200, 403, 200, 403, 403, 403, 403];
    assert.deepEqual(await outcomes(own, await graph.tokenAs(stranger)), denied);
    assert.deepEqual(await outcomes(other, bearer), denied);
    assert.deepEqual(await outcomes(roles, bearer), denied);
    assert.deepEqual(await outcomes(own, bearer), [200, 204, 200, 204, 204, 204, 204]);
  });
});
