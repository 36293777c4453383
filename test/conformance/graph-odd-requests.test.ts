import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { GraphOperation } from '../../src/server/graph/operation.ts';
import { graphOperations } from '../../src/server/graph/registry.ts';
import { type TestGraph, testGraph } from '../support/graph.ts';
import { type TestTokenService, testTokenService } from '../support/token-service.ts';

// what operations are depends on no part; what they do, the surface under test has its own for
const operations = graphOperations({
  isReserved: () => false,
  onPrincipalEnd: async () => {},
  onApplicationEnd: async () => {},
} as unknown as Parameters<typeof graphOperations>[0]);

const id = '5f0c1e7a-94a5-4d4f-9d0c-6a8f4b0d8a11';
/** As they stand in a path. */
const keys = [
  '%00',
  `${id}%00`,
  'a%00%40odd.example',
  '%F0%9F%98%80',
  "'",
  "a''b",
  '%2e%2e',
  'a%2Fb',
  '%C4%B0',
  '%E2%80%8B',
  id.toUpperCase(),
  `%7B${id}%7D`,
  '-1',
  'x'.repeat(300),
  '%25',
  '*',
];
const queries = [
  "$filter=displayName eq 'a%00b'",
  "$filter=id eq '%00'",
  "$filter=userPrincipalName eq '%00' or appId eq '%00'",
  "$filter=appId eq 'x%00'",
  "$filter=principalId eq '%00'",
  "$filter=roleDefinitionId eq '%00'",
  "$filter=correlationId eq '%00'",
  "$filter=userId eq '%00'",
  '$filter=createdDateTime ge 2026-99-99T99:99:99Z',
  "$filter=createdDateTime lt 'x'",
  '$filter=activityDateTime ge 2026-13-01',
  '$filter=status/errorCode eq 99999999999999',
  "$filter=members/any(m:m/id eq 'x')",
  '$filter=((((((((((((((((((((id eq null))))))))))))))))))))',
  `$filter=id in (${Array(900).fill("'x'").join(',')})`,
  '$filter=constructor eq null',
  '$filter=__proto__/x eq null',
  '$filter=',
  '$orderby=constructor',
  '$orderby=businessPhones',
  '$orderby=displayName desc,id',
  '$search="displayName:%00"',
  '$search="toString:x"',
  '$select=__proto__,constructor',
  '$expand=__proto__',
  '$expand=constructor($select=x)',
  '$expand=members($expand=members)',
  '$top=1e3',
  '$top=01',
  '$skip=5',
  '$skiptoken=k%00',
  '$skiptoken=o999999&$orderby=id',
  '$skiptoken=..',
  '$count=maybe',
  '$format=xml',
  '$apply=aggregate(x)',
  '%00=%00',
  '$filter[]=x',
];
const bodies = [
  'null',
  '[]',
  '"x"',
  '7',
  '{}',
  '{"displayName":"a\\u0000b"}',
  '{"displayName":"\\ud800"}',
  '{"displayName":null}',
  '{"displayName":["x"]}',
  '{"accountEnabled":1}',
  '{"userPrincipalName":"a\\u0000@odd.example"}',
  '{"@odata.id":null}',
  '{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/\\u0000"}',
  `{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/${id}"}`,
  '{"members@odata.bind":"x"}',
  '{"owners@odata.bind":[null]}',
  '{"ids":["\\u0000"],"types":["\\u0000"]}',
  '{"groupIds":["\\u0000"]}',
  '{"ids":[{}]}',
  '{"requests":[{"id":"\\u0000","method":"GET","url":"/users/%00"}]}',
  '{',
  '',
];

describe('whatever is asked of Graph', () => {
  let service: TestTokenService;
  let graph: TestGraph;
  let bearer: string;
  before(async () => {
    service = await testTokenService();
    graph = await testGraph(service, await service.tenant('odd.example'));
    bearer = await graph.tokenFor(graph.administrator);
  });
  after(async () => {
    await graph[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  async function answered({ method }: Pick<GraphOperation, 'method'>, path: string, body?: string) {
    const response = await fetch(`${graph.origin}/v1.0/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${bearer}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const shown = `${method} ${path.slice(0, 120)} ${body ?? ''}: ${response.status} ${text.slice(0, 300)}`;
    assert.ok(response.status < 500, shown);
    if (response.status >= 400) assert.ok(JSON.parse(text).error.code, shown);
  }

  test('odd names of objects get an answer of Graph', async () => {
    for (const operation of operations) {
      if (!operation.path.includes('{}')) continue;
      for (const key of keys) {
        await answered(
          operation,
          operation.path.replaceAll('{}', key),
          operation.method === 'GET' ? undefined : '{}',
        );
      }
    }
  });

  test('odd names in parentheses get one too', async () => {
    const collections = new Set(
      operations.flatMap(({ path }) => (path.includes('/{}') ? [path.slice(0, path.indexOf('/{}'))] : [])),
    );
    for (const collection of collections) {
      for (const key of [
        "appId='%00'",
        "userPrincipalName='%00'",
        "uniqueName='%00'",
        "name=''",
        "'",
        'x=y',
        "id='x',y='z'",
      ]) {
        await answered({ method: 'GET' }, `${collection}(${key})`);
      }
    }
  });

  test('odd options get one too', async () => {
    for (const operation of operations) {
      if (operation.method !== 'GET' || operation.path.includes('{}')) continue;
      for (const query of queries) await answered(operation, `${operation.path}?${query}`);
    }
  });

  test('odd bodies get one too', async () => {
    for (const operation of [...operations, { method: 'POST', path: '$batch' } as const]) {
      if (operation.method === 'GET' || operation.method === 'DELETE') continue;
      const path = operation.path.replaceAll('{}', graph.administrator.principalId);
      for (const body of bodies) await answered(operation, path, body);
    }
  });
});
