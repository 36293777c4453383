import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import https from 'node:https';
import { after, before, describe, test } from 'node:test';
import { type Innate, startInnate } from '../support/innate.ts';
import { Operator, roles } from '../support/operator.ts';

/** A request that has sent its headers and half of its body, and is let finish later. */
async function begin(operator: Operator, host: string, path: string, token: string, body: string) {
  const request: ClientRequest = https.request({
    host: '127.0.0.1',
    port: operator.port,
    servername: host,
    ca: operator.ca,
    method: 'PUT',
    path,
    headers: {
      host,
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    },
  });
  const answered = once(request, 'response') as Promise<[IncomingMessage]>;
  request.write(body.slice(0, 1));
  // the headers are on their way before anything else is asked
  await once(request, 'socket');
  if (request.socket?.connecting) await once(request.socket, 'secureConnect');
  return async () => {
    request.end(body.slice(1));
    const [response] = await answered;
    response.resume();
    return response.statusCode;
  };
}

describe('a right that ends while the body of a request is still arriving', () => {
  let innate: Innate;
  let operator: Operator;
  let group: string;
  before(async () => {
    innate = await startInnate();
    operator = new Operator(innate.ready);
    group = await operator.createGroup('slow');
  });
  after(async () => {
    operator[Symbol.dispose]();
    await innate[Symbol.asyncDispose]();
  });

  test('does not let a secret be written', async () => {
    const vault = await operator.createVault(group, 'slow-kv');
    const own = JSON.parse(
      Buffer.from(
        (await operator.token('https://vault.azure.net')).split('.')[1] as string,
        'base64url',
      ).toString(),
    ).oid as string;
    const assignment = await operator.assign(vault, roles.secretsOfficer, own);
    assert.equal(
      (await operator.vault('slow-kv', 'PUT', '/secrets/before?api-version=7.5', { value: 'x' })).status,
      200,
    );
    const finish = await begin(
      operator,
      `slow-kv.${innate.ready.endpoints.vaultSuffix}`,
      '/secrets/after?api-version=7.5',
      await operator.token('https://vault.azure.net'),
      JSON.stringify({ value: 'too late' }),
    );
    await operator.arm('DELETE', `${assignment}?api-version=2022-04-01`);
    assert.equal(await finish(), 403);
  });
});
