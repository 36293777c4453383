import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ApiError } from './agents-client.ts';
import type { Transport, TransportAnswer, TransportRequest } from './https.ts';
import { UnexpectedAnswer } from './json-reader.ts';
import { clientTokens } from './operator-token.ts';
import { createResourceManagerClient } from './resource-manager-client.ts';

interface Scripted {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** A server at the edge: answers in order, and remembers what it was asked. */
function scripted(...answers: Scripted[]) {
  const asked: TransportRequest[] = [];
  const transport: Transport = {
    async request(request): Promise<TransportAnswer> {
      asked.push(request);
      const { status, headers = {}, body } = answers.shift() ?? { status: 500 };
      return { status, headers, body: body === undefined ? '' : JSON.stringify(body) };
    },
    [Symbol.dispose]() {},
  };
  const waits: number[] = [];
  const client = createResourceManagerClient({
    transport,
    management: 'management.azure.com',
    token: async () => 'token',
    wait: async (milliseconds) => void waits.push(milliseconds),
  });
  return {
    transport,
    client,
    asked,
    waits,
    lines: () => asked.map(({ method, path }) => `${method} ${path}`),
  };
}

describe('the client of the resource manager', () => {
  test('gets a resource, and nothing where there is none', async () => {
    const { client, asked } = scripted(
      { status: 200, body: { name: 'vm 1' } },
      { status: 404, body: { error: { code: 'ResourceNotFound', message: 'gone' } } },
    );
    assert.equal((await client.get('/a/vm 1', 'v'))?.string('name'), 'vm 1');
    assert.equal(await client.get('/b', 'v'), undefined);
    assert.equal(asked[0]?.path, '/a/vm%201?api-version=v');
    assert.equal(asked[0]?.headers?.['authorization'], 'Bearer token');
  });

  test('follows a deletion by its status to the end, at the pace that the server asks for', async () => {
    const headers = { 'azure-asyncoperation': 'https://management.azure.com/op?x=1', 'retry-after': '7' };
    const { client, lines, waits } = scripted(
      { status: 202, headers },
      { status: 200, headers: { 'retry-after': '2' }, body: { status: 'InProgress' } },
      { status: 200, body: { status: 'Succeeded' } },
    );
    await client.delete('/a', 'v');
    assert.deepEqual(lines(), ['DELETE /a?api-version=v', 'GET /op?x=1', 'GET /op?x=1']);
    assert.deepEqual(waits, [7000, 2000]);
  });

  test('follows a Location until it is no longer 202', async () => {
    const headers = { location: 'https://management.azure.com/loc' };
    const { client, lines } = scripted({ status: 202, headers }, { status: 202 }, { status: 204 });
    await client.delete('/a', 'v');
    assert.deepEqual(lines(), ['DELETE /a?api-version=v', 'GET /loc', 'GET /loc']);
  });

  test('answers what was created as it stands in the end', async () => {
    const headers = { 'azure-asyncoperation': 'https://management.azure.com/op' };
    const { client } = scripted(
      { status: 201, headers, body: { properties: { provisioningState: 'Creating' } } },
      { status: 200, body: { status: 'Succeeded' } },
      { status: 200, body: { identity: { principalId: 'p' } } },
    );
    assert.equal((await client.put('/a', 'v', {})).object('identity').string('principalId'), 'p');
  });

  test("fails in the server's words", async () => {
    const refusal = { status: 403, body: { error: { code: 'AuthorizationFailed', message: 'may not' } } };
    const failed = {
      status: 200,
      body: { status: 'Failed', error: { code: 'Broken', message: 'it broke' } },
    };
    const headers = { 'azure-asyncoperation': 'https://management.azure.com/op' };
    const { client } = scripted(refusal, { status: 202, headers }, failed, { status: 502, body: 'x' });
    const is = (code: string) => (error: unknown) => error instanceof ApiError && error.code === code;
    await assert.rejects(client.put('/a', 'v', {}), is('AuthorizationFailed'));
    await assert.rejects(client.delete('/a', 'v'), is('Broken'));
    await assert.rejects(client.post('/a', 'v'), UnexpectedAnswer);
  });

  test('reads every page, and sends its token nowhere else', async () => {
    const { client, lines } = scripted(
      { status: 200, body: { value: [{ name: 'one' }], nextLink: 'https://management.azure.com/a?page=2' } },
      { status: 200, body: { value: [{ name: 'two' }] } },
      { status: 200, body: { value: [], nextLink: 'https://elsewhere.example/a' } },
    );
    assert.deepEqual(
      (await client.list('/a', 'v')).map((item) => item.string('name')),
      ['one', 'two'],
    );
    await assert.rejects(client.list('/a', 'v'), UnexpectedAnswer);
    assert.equal(lines().length, 3);
  });
});

describe("the operator's tokens", () => {
  test('are kept until shortly before they expire, for each resource', async () => {
    const answer = { status: 200, body: { access_token: 't', expires_in: 3600 } };
    const { transport, asked } = scripted(answer, answer, answer);
    let now = 0;
    const token = clientTokens({
      transport,
      login: 'login.test',
      tenantId: 'tenant',
      clientId: 'id',
      clientSecret: 'a&b',
      clock: { now: () => 0, monotonic: () => now },
    });
    await token('https://one');
    await token('https://one');
    await token('https://two');
    now = 3_301_000;
    await token('https://one');
    assert.equal(asked.length, 3);
    assert.equal(asked[0]?.path, '/tenant/oauth2/v2.0/token');
    const form = new URLSearchParams(asked[0]?.body);
    assert.deepEqual([form.get('client_secret'), form.get('scope')], ['a&b', 'https://one/.default']);
  });

  test("are refused in the token service's words", async () => {
    const { transport } = scripted({
      status: 401,
      body: { error: 'invalid_client', error_description: 'AADSTS7000215' },
    });
    const clock = { now: () => 0, monotonic: () => 0 };
    const token = clientTokens({
      transport,
      login: 'l',
      tenantId: 't',
      clientId: 'i',
      clientSecret: 's',
      clock,
    });
    await assert.rejects(token('https://one'), (error) => error instanceof ApiError && error.status === 401);
  });
});
