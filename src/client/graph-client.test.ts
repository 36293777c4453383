import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ApiError } from './agents-client.ts';
import { createGraphClient, odataText } from './graph-client.ts';
import type { Transport, TransportAnswer, TransportRequest } from './https.ts';
import { UnexpectedAnswer } from './json-reader.ts';

/** A server at the edge: answers in order, and remembers what it was asked. */
function scripted(...answers: { readonly status: number; readonly body?: unknown }[]) {
  const asked: TransportRequest[] = [];
  const transport: Transport = {
    async request(request): Promise<TransportAnswer> {
      asked.push(request);
      const { status, body } = answers.shift() ?? { status: 500 };
      return { status, headers: {}, body: body === undefined ? '' : JSON.stringify(body) };
    },
    [Symbol.dispose]() {},
  };
  const client = createGraphClient({ transport, graph: 'graph.microsoft.com', token: async () => 'token' });
  return { client, asked };
}

describe('the client of the directory', () => {
  test('gets an object, and nothing where there is none', async () => {
    const { client, asked } = scripted(
      { status: 200, body: { id: 'a' } },
      { status: 404, body: { error: { code: 'Request_ResourceNotFound', message: 'gone' } } },
    );
    assert.equal((await client.get(['applications', "a/b'c"]))?.string('id'), 'a');
    assert.equal(await client.get(['applications', 'b']), undefined);
    assert.equal(asked[0]?.path, "/v1.0/applications/a%2Fb'c");
    assert.equal(asked[0]?.headers?.['authorization'], 'Bearer token');
  });

  test('reads every page, and follows no link elsewhere', async () => {
    const next = 'https://graph.microsoft.com/v1.0/applications?$skiptoken=k1';
    const { client, asked } = scripted(
      { status: 200, body: { value: [{ id: 'a' }], '@odata.nextLink': next } },
      { status: 200, body: { value: [{ id: 'b' }] } },
    );
    const filter = `displayName eq ${odataText("it's")}`;
    const found = await client.list(['applications'], { filter });
    assert.deepEqual(
      found.map((one) => one.string('id')),
      ['a', 'b'],
    );
    assert.deepEqual(
      asked.map(({ path }) => path),
      ["/v1.0/applications?$filter=displayName%20eq%20'it''s'", '/v1.0/applications?$skiptoken=k1'],
    );
    for (const link of ['https://elsewhere.example/x', 'http://graph.microsoft.com/x', '/x', '']) {
      const led = scripted({ status: 200, body: { value: [], '@odata.nextLink': link } });
      await assert.rejects(led.client.list(['applications']), UnexpectedAnswer);
      assert.equal(led.asked.length, 1);
    }
  });

  test("fails with Graph's own words, or says that it was no Graph", async () => {
    const { client } = scripted(
      { status: 403, body: { error: { code: 'Authorization_RequestDenied', message: 'Insufficient.' } } },
      { status: 502, body: 'proxy' },
    );
    await assert.rejects(
      client.patch(['applications', 'a'], {}),
      (error) => error instanceof ApiError && error.code === 'Authorization_RequestDenied',
    );
    await assert.rejects(client.delete(['applications', 'a']), UnexpectedAnswer);
  });

  test('answers nothing where an action answers nothing', async () => {
    const { client, asked } = scripted({ status: 204 });
    assert.equal(await client.post(['applications', 'a', 'removePassword'], { keyId: 'k' }), undefined);
    assert.equal(asked[0]?.body, '{"keyId":"k"}');
  });
});
