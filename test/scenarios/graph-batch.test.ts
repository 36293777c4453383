import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { type TestGraph, testGraph } from '../support/graph.ts';
import { type TestTokenService, testTokenService } from '../support/token-service.ts';

interface Response {
  readonly id: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of every shape
  readonly body?: any;
}

describe('several requests to Graph in one', () => {
  let service: TestTokenService;
  let tenantId: TenantId;
  let graph: TestGraph;
  before(async () => {
    service = await testTokenService();
    tenantId = await service.tenant('batch.example');
    graph = await testGraph(service, tenantId);
  });
  after(async () => {
    await graph[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  type Client = Awaited<ReturnType<TestTokenService['application']>>;
  const send = async (requests: readonly object[], as?: Client) => {
    const options = { body: { requests }, ...(as === undefined ? {} : { as }) };
    const { status, body } = await graph.call('POST', '/v1.0/$batch', options);
    assert.equal(status, 200, JSON.stringify(body));
    return new Map<string, Response>(body.responses.map((one: Response) => [one.id, one]));
  };
  const group = { displayName: 'g', mailEnabled: false, mailNickname: 'g', securityEnabled: true };

  test('each is answered as it would be by itself: read, made, refused, not there', async () => {
    const missing = systemRandomness.uuid();
    const responses = await send([
      {
        id: '1',
        method: 'POST',
        url: '/groups',
        headers: { 'content-type': 'application/json' },
        body: group,
      },
      {
        id: '2',
        method: 'GET',
        url: "groups?$filter=displayName eq 'g'&$select=displayName",
        dependsOn: ['1'],
      },
      { id: '3', method: 'GET', url: `/users/${missing}` },
      { id: '4', method: 'get', url: '/users?$top=0' },
      { id: '5', method: 'GET', url: '/groups/$count' },
      { id: '6', method: 'GET', url: '/nothing' },
      { id: '7', method: 'POST', url: '/groups', body: { ...group, x: 1 } },
      { id: '8', method: 'GET', url: '/users', dependsOn: ['7'] },
      { id: '9', method: 'GET', url: '/groups?$top=1&$top=2' },
    ]);
    const outcome = (id: string) => [responses.get(id)?.status, responses.get(id)?.body?.error?.code];
    assert.equal(responses.get('1')?.status, 201);
    assert.match(
      responses.get('1')?.headers['Location'] ?? '',
      /^https:\/\/graph\.microsoft\.com\/v1\.0\/groups\//,
    );
    assert.deepEqual(responses.get('2')?.body.value, [{ displayName: 'g' }]);
    assert.deepEqual(outcome('3'), [404, 'Request_ResourceNotFound']);
    assert.deepEqual(outcome('4'), [400, 'Request_BadRequest']);
    assert.equal(Buffer.from(responses.get('5')?.body, 'base64').toString(), '1');
    assert.deepEqual(outcome('6'), [400, 'Request_BadRequest']);
    assert.deepEqual(outcome('7'), [400, 'Request_BadRequest']);
    assert.equal(responses.get('8')?.status, 424);
    assert.equal(responses.get('9')?.status, 400);
  });

  test('nothing is gained by it: each asks for its own permission, and no header of it counts (T2)', async () => {
    const as = await graph.withPermissions('User.Read.All');
    const other = await graph.tokenFor(graph.administrator);
    const headers = { Authorization: `Bearer ${other}` };
    const responses = await send(
      [
        { id: 'a', method: 'GET', url: '/users' },
        { id: 'b', method: 'POST', url: '/groups', body: group, headers },
        { id: 'c', method: 'GET', url: '/applications', headers },
        { id: 'd', method: 'POST', url: '/$batch', body: { requests: [] } },
        { id: 'e', method: 'POST', url: '/%24batch', body: { requests: [] } },
        { id: 'f', method: 'GET', url: 'https://graph.microsoft.com/v1.0/applications' },
        { id: 'g', method: 'GET', url: '/../beta/applications' },
        { id: 'h', method: 'TRACE', url: '/users' },
      ],
      as,
    );
    assert.deepEqual(
      [...responses].map(([id, { status }]) => `${id} ${status}`),
      ['a 200', 'b 403', 'c 403', 'd 400', 'e 400', 'f 400', 'g 400', 'h 403'],
    );
    const nobody = await service.application(tenantId);
    const refused = await graph.call('POST', '/v1.0/$batch', { as: nobody, body: { requests: [] } });
    assert.equal(refused.status, 403);
  });

  test('what one takes away is gone for the next', async () => {
    const leaving = await graph.withPermissions('Application.ReadWrite.All');
    const path = `/servicePrincipals/${leaving.principalId}`;
    const responses = await send(
      [
        { id: '1', method: 'GET', url: path },
        { id: '2', method: 'DELETE', url: path },
        { id: '3', method: 'GET', url: '/applications' },
      ],
      leaving,
    );
    assert.deepEqual(
      [...responses.values()].map(({ status }) => status),
      [200, 204, 401],
    );
    assert.match(responses.get('3')?.headers['WWW-Authenticate'] ?? '', /^Bearer /);
  });

  test('each change leaves an audit, under the correlation of its request', async () => {
    const correlation = '5a3c2d10-2222-4222-8333-444455556666';
    const headers = { 'client-request-id': correlation };
    await send([
      { id: '1', method: 'POST', url: '/groups', headers, body: { ...group, displayName: 'recorded' } },
      { id: '2', method: 'POST', url: '/groups', body: group },
    ]);
    const filter = encodeURIComponent(`correlationId eq '${correlation}'`);
    const { body } = await graph.call('GET', `/v1.0/auditLogs/directoryAudits?$filter=${filter}`);
    assert.deepEqual(
      body.value.map(
        (one: { targetResources: { displayName: string }[] }) => one.targetResources[0]?.displayName,
      ),
      ['recorded'],
    );
  });

  test('a batch that is none is refused whole, and then nothing is done', async () => {
    const make = (id: string) => ({ id, method: 'POST', url: '/groups', body: group });
    const before = (await graph.call('GET', '/v1.0/groups/$count')).body;
    for (const body of [
      {},
      { requests: [] },
      { requests: Array.from({ length: 21 }, (_, index) => make(String(index))) },
      { requests: [make('1'), make('1')] },
      { requests: [make('1'), { ...make('2'), dependsOn: ['3'] }] },
      { requests: [make('1'), { method: 'GET', url: '/x' }] },
      { requests: [make('1'), { ...make('2'), url: 7 }] },
    ]) {
      const { status } = await graph.call('POST', '/v1.0/$batch', { body });
      assert.equal(status, 400, JSON.stringify(body).slice(0, 80));
    }
    assert.equal((await graph.call('GET', '/v1.0/groups/$count')).body, before);
  });

  test('the metadata document names what there is; organisation and domain are the tenant', async () => {
    const metadata = await graph.call('GET', '/v1.0/$metadata');
    assert.equal(metadata.headers.get('content-type'), 'application/xml');
    assert.match(metadata.body, /<EntitySet Name="users" EntityType="microsoft\.graph\.user"\/>/);
    const { value } = (await graph.call('GET', '/v1.0/organization')).body;
    assert.deepEqual([value[0].id, value[0].verifiedDomains[0].name], [tenantId, 'batch.example']);
    assert.equal((await graph.call('GET', `/v1.0/organization/${tenantId}`)).status, 200);
    const foreign = await service.tenant();
    assert.equal((await graph.call('GET', `/v1.0/organization/${foreign}`)).status, 404);
    assert.equal((await graph.call('GET', '/v1.0/domains/batch.example')).body.isDefault, true);
    assert.equal((await graph.call('GET', '/v1.0/domains/other.example')).status, 404);
  });
});
