import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Reply, testManagement } from '../support/management.ts';

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What every answer has, refused or not (`spec/resource-manager.md` a.2). */
function requireCommon({ headers }: Reply, what: string): void {
  assert.match(String(headers['x-ms-request-id']), guid, what);
  assert.match(String(headers['x-ms-correlation-request-id']), guid, what);
  assert.match(String(headers['x-ms-routing-request-id']), /^[A-Z]+:\d{8}T\d{6}Z:[0-9a-f-]{36}$/, what);
  assert.equal(headers['cache-control'], 'no-cache', what);
  assert.equal(headers['pragma'], 'no-cache', what);
  assert.equal(headers['expires'], '-1', what);
  assert.equal(headers['strict-transport-security'], 'max-age=31536000; includeSubDomains', what);
  assert.equal(headers['x-content-type-options'], 'nosniff', what);
  assert.ok(headers['date'], what);
}

function quotaOf({ headers }: Reply): readonly string[] {
  return Object.keys(headers)
    .filter((name) => name.startsWith('x-ms-ratelimit-remaining-'))
    .map((name) => name.slice('x-ms-ratelimit-remaining-'.length))
    .sort();
}

describe('every answer of the resource manager', () => {
  test('says which request it is to, that it is not to be kept, and what is left to ask for', async () => {
    await using m = await testManagement();
    const as = m.home.owner;
    const group = `/subscriptions/${m.home.subscriptionId}/resourceGroups/rg1?api-version=2022-09-01`;
    const body = { location: 'westus' };
    for (const [method, path, ask, status, quota] of [
      ['PUT', group, { as, body }, 201, ['subscription-global-writes', 'subscription-writes']],
      ['GET', group, { as }, 200, ['subscription-global-reads', 'subscription-reads']],
      ['HEAD', group, { as }, 204, ['subscription-global-reads', 'subscription-reads']],
      ['GET', '/tenants?api-version=2022-12-01', { as }, 200, ['tenant-reads']],
      ['DELETE', group, { as }, 202, ['subscription-deletes', 'subscription-global-deletes']],
      ['GET', group, {}, 401, []],
      ['GET', '/providers/No.Such/thing?api-version=1', { as }, 404, []],
      ['PUT', group, { as, body: '<a/>', headers: { 'content-type': 'text/xml' } }, 415, []],
      ['POST', '/tenants?api-version=2022-12-01', { as }, 405, []],
    ] as const) {
      const reply = await m.ask(method, path, ask);
      assert.equal(reply.status, status, `${method} ${path}: ${reply.text}`);
      requireCommon(reply, `${method} ${path}`);
      assert.deepEqual(quotaOf(reply), quota, `${method} ${path}`);
      const failed = status >= 400;
      assert.equal(reply.headers['x-ms-failure-cause'] !== undefined, failed, `${method} ${path}`);
      if (reply.text !== '') {
        assert.equal(reply.headers['content-type'], 'application/json; charset=utf-8', `${method} ${path}`);
      }
      await m.operations.settled();
    }
  });

  test('repeats the ids that the caller gave, and nothing that is no id', async () => {
    await using m = await testManagement();
    const as = m.home.owner;
    const ask = (headers: Record<string, string>) =>
      m.ask('GET', '/tenants?api-version=2022-12-01', { as, headers });
    const given = '0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f0';
    const echoed = await ask({
      'x-ms-correlation-request-id': given,
      'x-ms-client-request-id': given,
      'x-ms-return-client-request-id': 'true',
    });
    assert.equal(echoed.headers['x-ms-correlation-request-id'], given);
    assert.equal(echoed.headers['x-ms-client-request-id'], given);
    const silent = await ask({ 'x-ms-client-request-id': given });
    assert.equal(silent.headers['x-ms-client-request-id'], undefined);
    const odd = await ask({ 'x-ms-correlation-request-id': 'a b; c=<d>' });
    assert.match(String(odd.headers['x-ms-correlation-request-id']), guid);
  });
});
