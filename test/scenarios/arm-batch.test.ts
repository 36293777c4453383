import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Ask, type Body, type TestManagement, testManagement } from '../support/management.ts';

const path = '/batch?api-version=2020-06-01';

async function batch(m: TestManagement, requests: readonly object[], ask: Ask = {}): Promise<Body> {
  const reply = await m.ask('POST', path, { as: m.home.owner, ...ask, body: { requests } });
  assert.equal(reply.status, 200, reply.text);
  return reply.body.responses;
}

function group(m: TestManagement, name: string): string {
  return `/subscriptions/${m.home.subscriptionId}/resourceGroups/${name}?api-version=2022-09-01`;
}

describe('a batch', () => {
  test('does in its order what each of its requests does alone', async () => {
    await using m = await testManagement();
    const responses = await batch(m, [
      { httpMethod: 'PUT', name: 'made', relativeUrl: group(m, 'rg1'), content: { location: 'westus' } },
      { httpMethod: 'get', name: 'seen', url: `https://management.azure.com${group(m, 'rg1')}` },
      { httpMethod: 'HEAD', url: group(m, 'rg1') },
      {
        httpMethod: 'GET',
        name: 'absent',
        relativeUrl: group(m, 'none'),
        requestHeaderDetails: { commandName: 'x' },
      },
    ]);
    assert.deepEqual(
      responses.map((each: Body) => [each.name, each.httpStatusCode]),
      [
        ['made', 201],
        ['seen', 200],
        [undefined, 204],
        ['absent', 404],
      ],
    );
    const alone = await m.ask('GET', group(m, 'rg1'), { as: m.home.owner });
    assert.deepEqual(responses[1].content, alone.body);
    assert.equal(responses[1].contentLength, Buffer.byteLength(alone.text));
    assert.equal(responses[2].content, undefined);
    assert.equal(responses[3].content.error.code, 'ResourceGroupNotFound');
    assert.equal(responses[3].headers['x-ms-failure-cause'], 'gateway');
  });

  test('lets others have their turn between its requests', async () => {
    await using m = await testManagement();
    const caller = await m.verifier.verify(m.home.owner.token);
    const requests = Array.from({ length: 100 }, () => ({
      httpMethod: 'GET',
      relativeUrl: group(m, 'none'),
    }));
    let turns = 0;
    let over = false;
    const count = () => {
      if (over) return;
      turns += 1;
      setImmediate(count);
    };
    setImmediate(count);
    const origin = 'https://management.azure.com';
    const answer = await m.dispatch({ caller, method: 'POST', url: path, body: { requests }, origin });
    over = true;
    assert.equal(answer.status, 200);
    assert.ok(turns >= requests.length, `${turns} turns`);
  });

  test('lets nobody do more than alone (T3)', async () => {
    await using m = await testManagement();
    const as = await m.application(m.home, 'nobody');
    await m.ask('PUT', group(m, 'rg1'), { as: m.home.owner, body: { location: 'westus' } });
    const responses = await batch(
      m,
      [
        { httpMethod: 'DELETE', relativeUrl: group(m, 'rg1') },
        { httpMethod: 'PUT', relativeUrl: group(m, 'rg2'), content: { location: 'westus' } },
        {
          httpMethod: 'GET',
          relativeUrl: `/subscriptions/${m.foreign.subscriptionId}?api-version=2022-12-01`,
        },
      ],
      { as },
    );
    assert.deepEqual(
      responses.map((each: Body) => [each.httpStatusCode, each.content.error.code]),
      [
        [403, 'AuthorizationFailed'],
        [403, 'AuthorizationFailed'],
        [401, 'InvalidAuthenticationTokenTenant'],
      ],
    );
    const anonymous = await m.ask('POST', path, { body: { requests: [] } });
    assert.equal(anonymous.status, 401);
    assert.equal((await m.ask('GET', group(m, 'rg1'), { as: m.home.owner })).status, 200);
  });

  test('takes no batch, no address of others and no path with two meanings', async () => {
    await using m = await testManagement();
    const responses = await batch(
      m,
      [
        path,
        `//BATCH/${path.slice(6)}`,
        'https://evil.example/subscriptions?api-version=2022-12-01',
        '//evil.example/subscriptions?api-version=2022-12-01',
        'subscriptions?api-version=2022-12-01',
        '/subscriptions/../batch?api-version=2020-06-01',
        '/subscriptions',
        '',
      ].map((relativeUrl) => ({ httpMethod: 'POST', relativeUrl, content: { requests: [{}] } })),
    );
    for (const each of responses) {
      assert.ok(each.httpStatusCode >= 400 && each.httpStatusCode < 500, JSON.stringify(each));
    }
    assert.equal(responses[1].content.error.code, 'InvalidBatchRequest');
  });

  test('is refused whole where it is too large or no batch', async () => {
    await using m = await testManagement();
    const one = { httpMethod: 'GET', relativeUrl: '/tenants?api-version=2022-12-01' };
    const many = (count: number, more = {}) => Array.from({ length: count }, () => ({ ...one, ...more }));
    for (const requests of [
      [],
      many(501),
      many(21, { content: {} }),
      [{ ...one, httpMethod: 'CONNECT' }],
      [{ ...one, relativeUrl: 7 }],
      'x',
    ]) {
      const reply = await m.ask('POST', path, { as: m.home.owner, body: { requests } });
      assert.equal(reply.status, 400, JSON.stringify(requests).slice(0, 100));
      assert.ok(reply.body.error.code);
    }
    assert.equal((await batch(m, many(200))).length, 200);
  });
});
