import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { armErrorSchema } from '../../src/contract/arm.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { TokenRejected } from '../../src/server/http/bearer.ts';
import { type Ask, type Reply, type TestManagement, testManagement } from '../support/management.ts';

let m: TestManagement;
let s: string;
let group: string;

before(async () => {
  m = await testManagement();
  s = `/subscriptions/${m.home.subscriptionId}`;
  group = `${s}/resourceGroups/rg1`;
  await m.ask('PUT', `${group}?api-version=2022-09-01`, { as: m.home.owner, body: { location: 'westus' } });
});
after(() => m[Symbol.asyncDispose]());

const ask = (method: string, path: string, more: Ask = {}) =>
  m.ask(method, path, { as: m.home.owner, ...more });

function refused(reply: Reply, status: number, code: string): string {
  assert.equal(reply.status, status, reply.text);
  const { error } = armErrorSchema.parse(reply.body);
  assert.equal(error.code, code);
  assert.ok(['gateway', 'service'].includes(String(reply.headers['x-ms-failure-cause'])));
  assert.equal(reply.headers['content-type'], 'application/json; charset=utf-8');
  return error.message;
}

describe('an api-version', () => {
  test('that is missing', async () => {
    for (const path of [
      s,
      `${group}/providers/Microsoft.Compute/virtualMachines/vm1`,
      '/tenants',
      `${s}?api-version=`,
    ]) {
      assert.equal(
        refused(await ask('GET', path), 400, 'MissingApiVersionParameter'),
        'The api-version query parameter (?api-version=) is required for all requests.',
      );
    }
  });

  test("that one of ARM's own routes does not know", async () => {
    const message = refused(
      await ask('GET', `${group}?api-version=1999-01-01`),
      400,
      'InvalidApiVersionParameter',
    );
    assert.match(
      message,
      /^The api-version '1999-01-01' is invalid\. The supported versions are '(?:20\d\d-\d\d-\d\d,)+/,
    );
  });

  test('that a resource type does not know', async () => {
    const message = refused(
      await ask('GET', `${group}/providers/Microsoft.Compute/virtualMachines/vm1?api-version=1999-01-01`),
      400,
      'NoRegisteredProviderFound',
    );
    assert.match(
      message,
      /^No registered resource provider found for location '.*' and API version '1999-01-01' for type 'virtualMachines'\. The supported api-versions are '2026-04-01, /,
    );
  });

  test('of a type or namespace that nobody serves', async () => {
    assert.equal(
      refused(
        await ask('GET', `${group}/providers/microsoft.compute/toasters/t1?api-version=2024-07-01`),
        404,
        'InvalidResourceType',
      ),
      "The resource type could not be found in the namespace 'Microsoft.Compute' for api version '2024-07-01'.",
    );
    assert.equal(
      refused(
        await ask('GET', `${group}/providers/Nobody.Here/xs/y?api-version=2024-07-01`),
        404,
        'InvalidResourceNamespace',
      ),
      "The resource namespace 'Nobody.Here' is invalid.",
    );
  });

  test('is compared without case, and its parameter named in any', async () => {
    assert.equal(
      (await ask('GET', `${s}/providers/Microsoft.KeyVault/vaults?API-VERSION=2023-08-01-preview`)).status,
      200,
    );
  });
});

describe('a caller', () => {
  test('without a token learns whose subscription it is', async () => {
    const reply = await m.ask('GET', `${s}?api-version=2022-12-01`);
    assert.equal(
      refused(reply, 401, 'AuthenticationFailed'),
      "Authentication failed. The 'Authorization' header is missing.",
    );
    assert.match(
      String(reply.headers['www-authenticate']),
      new RegExp(
        `^Bearer authorization_uri="https://login\\.microsoftonline\\.com/${m.home.tenantId}", error="invalid_token", `,
      ),
    );
  });

  test('without a token is not told whether anything is there (C25)', async () => {
    const known = await m.ask('GET', `${group}?api-version=2022-09-01`);
    const unknown = await m.ask('GET', `${s}/resourceGroups/no-such?api-version=2022-09-01`);
    assert.equal(known.text, unknown.text);
    const nowhere = `/subscriptions/${systemRandomness.uuid()}`;
    refused(await m.ask('GET', `${nowhere}?api-version=2022-12-01`), 401, 'AuthenticationFailed');
    refused(await m.ask('GET', `/nonsense/x?api-version=2022-12-01`), 400, 'InvalidResourceId');
  });

  test('with something that is no bearer token', async () => {
    for (const authorization of ['Basic abc', 'Bearer', 'Bearer a b', 'eyJ.a.b']) {
      refused(
        await m.ask('GET', `${s}?api-version=2022-12-01`, { headers: { authorization } }),
        401,
        'AuthenticationFailedInvalidHeader',
      );
    }
    for (const authorization of ['Bearer abc', 'Bearer a.b.c.d', 'Bearer a.b.c']) {
      refused(
        await m.ask('GET', `${s}?api-version=2022-12-01`, { headers: { authorization } }),
        401,
        'InvalidAuthenticationToken',
      );
    }
  });

  test('whose token was rejected for audience or age', async (t) => {
    const headers = { authorization: 'Bearer a.b.c' };
    const rejections: readonly [TokenRejected, string, RegExp][] = [
      [
        new TokenRejected('audience', 'x', { found: 'https://vault.azure.net' }),
        'InvalidAuthenticationTokenAudience',
        /wrong audience or resource 'https:\/\/vault\.azure\.net'\. It should exactly match with one of the allowed audiences 'https:\/\/management\.azure\.com','https:\/\/management\.core\.windows\.net'\./,
      ],
      [
        new TokenRejected('expired', 'x', { found: '11/1/2026' }),
        'ExpiredAuthenticationToken',
        /expiry UTC time '11\/1\/2026'/,
      ],
      [new TokenRejected('revoked', 'x'), 'InvalidAuthenticationToken', /invalid/],
    ];
    for (const [rejection, code, message] of rejections) {
      t.mock.method(m.verifier, 'verify', async () => {
        throw rejection;
      });
      assert.match(
        refused(await m.ask('GET', `${s}?api-version=2022-12-01`, { headers }), 401, code),
        message,
      );
      t.mock.restoreAll();
    }
  });

  test('of another tenant is told which authority to ask', async () => {
    const reply = await m.ask('GET', `${s}?api-version=2022-12-01`, { as: m.foreign.owner });
    const message = refused(reply, 401, 'InvalidAuthenticationTokenTenant');
    assert.match(
      message,
      new RegExp(
        `^The access token is from the wrong issuer 'https://sts\\.windows\\.net/${m.foreign.tenantId}/'\\. It must match the tenant 'https://sts\\.windows\\.net/${m.home.tenantId}/' associated with this subscription\\. Please use the authority \\(URL\\) 'https://login\\.microsoftonline\\.com/${m.home.tenantId}' to get the token\\.`,
      ),
    );
    assert.ok(String(reply.headers['www-authenticate']).includes(m.home.tenantId));
  });

  test('without the right is told which one, and where', async () => {
    const nobody = await m.application(m.home, 'nobody');
    const vm = `${group}/providers/Microsoft.Compute/virtualMachines/vm1`;
    const body = { location: 'westus' };
    for (const [method, path, action, scope] of [
      ['GET', `${vm}?api-version=2024-07-01`, 'Microsoft.Compute/virtualMachines/read', vm],
      ['PUT', `${vm}?api-version=2024-07-01`, 'Microsoft.Compute/virtualMachines/write', vm],
      ['DELETE', `${vm}?api-version=2024-07-01`, 'Microsoft.Compute/virtualMachines/delete', vm],
      [
        'GET',
        `${group}?api-version=2022-09-01`,
        'Microsoft.Resources/subscriptions/resourceGroups/read',
        group,
      ],
      [
        'GET',
        `${s}/resourceGroups?api-version=2022-09-01`,
        'Microsoft.Resources/subscriptions/resourceGroups/read',
        s,
      ],
      ['GET', `${s}/resources?api-version=2022-09-01`, 'Microsoft.Resources/subscriptions/resources/read', s],
      [
        'POST',
        `${s}/providers/Microsoft.Compute/register?api-version=2022-09-01`,
        'Microsoft.Compute/register/action',
        s,
      ],
      [
        'PUT',
        '/providers/Microsoft.Subscription/aliases/x?api-version=2021-10-01',
        'Microsoft.Subscription/aliases/write',
        '/',
      ],
    ] as const) {
      const reply = await m.ask(method, path, { as: nobody, ...(method === 'PUT' ? { body } : {}) });
      const at = scope === '/' ? '/providers/Microsoft.Subscription/aliases/x' : scope;
      assert.equal(
        refused(reply, 403, 'AuthorizationFailed'),
        `The client '${nobody.clientId}' with object id '${nobody.principalId}' does not have authorization to perform action '${action}' over scope '${at}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
      );
    }
  });

  test('who may read may not write, and may read in the place given only', async () => {
    const reader = await m.application(m.home, 'reader');
    await m.assign(m.home, reader, 'Reader', group);
    const vm = `${group}/providers/Microsoft.Compute/virtualMachines/vm1?api-version=2024-07-01`;
    refused(await m.ask('GET', vm, { as: reader }), 404, 'ResourceNotFound');
    refused(await m.ask('PUT', vm, { as: reader, body: { location: 'westus' } }), 403, 'AuthorizationFailed');
    refused(
      await m.ask('GET', `${s}/providers/Microsoft.Compute/virtualMachines?api-version=2024-07-01`, {
        as: reader,
      }),
      403,
      'AuthorizationFailed',
    );
    const groups = await m.ask('GET', `${s}/resourceGroups?api-version=2022-09-01`, { as: reader });
    assert.deepEqual(
      groups.body.value.map((each: { name: string }) => each.name),
      ['rg1'],
      'lists show what may be read',
    );
    refused(await m.ask('GET', vm.replace('rg1', 'rg2'), { as: reader }), 403, 'AuthorizationFailed');
    const subscription = await m.ask('GET', `${s}?api-version=2022-12-01`, { as: reader });
    assert.equal(subscription.status, 200, 'whoever has a role in a subscription sees that it is there');
  });

  test('is refused before the body is looked at', async () => {
    const nobody = await m.application(m.home, 'nobody2');
    refused(
      await m.ask('PUT', `${group}?api-version=2022-09-01`, { as: nobody, body: '{"location":' }),
      403,
      'AuthorizationFailed',
    );
    refused(
      await m.ask('PUT', `${group}?api-version=2022-09-01`, { body: 'x' }),
      401,
      'AuthenticationFailed',
    );
  });
});

describe('what is asked for', () => {
  test('in a subscription that is not there, or is none', async () => {
    const nowhere = systemRandomness.uuid();
    assert.equal(
      refused(
        await ask('GET', `/subscriptions/${nowhere}?api-version=2022-12-01`),
        404,
        'SubscriptionNotFound',
      ),
      `The subscription '${nowhere}' could not be found.`,
    );
    assert.equal(
      refused(await ask('GET', '/subscriptions/abc?api-version=2022-12-01'), 400, 'InvalidSubscriptionId'),
      "The provided subscription identifier 'abc' is malformed or invalid.",
    );
  });

  test('in a group that is not there', async () => {
    for (const path of [
      `${s}/resourceGroups/no-such?api-version=2022-09-01`,
      `${s}/resourceGroups/no-such/resources?api-version=2022-09-01`,
      `${s}/resourceGroups/no-such/providers/Microsoft.Compute/virtualMachines?api-version=2024-07-01`,
    ]) {
      const reply = await ask('GET', path);
      assert.equal(
        refused(reply, 404, 'ResourceGroupNotFound'),
        "Resource group 'no-such' could not be found.",
      );
      assert.equal(reply.headers['x-ms-failure-cause'], 'gateway');
    }
    const put = await ask(
      'PUT',
      `${s}/resourceGroups/no-such/providers/Microsoft.Compute/virtualMachines/v?api-version=2024-07-01`,
      { body: { location: 'westus' } },
    );
    refused(put, 404, 'ResourceGroupNotFound');
  });

  test('that is not there', async () => {
    const reply = await ask(
      'GET',
      `${group}/providers/Microsoft.Compute/virtualMachines/no-such?api-version=2024-07-01`,
    );
    assert.equal(
      refused(reply, 404, 'ResourceNotFound'),
      "The Resource 'Microsoft.Compute/virtualMachines/no-such' under resource group 'rg1' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    );
  });

  test('with HEAD is answered without a body', async () => {
    const there = await ask('HEAD', `${group}?api-version=2022-09-01`);
    assert.deepEqual([there.status, there.text], [204, '']);
    const absent = await ask('HEAD', `${s}/resourceGroups/no-such?api-version=2022-09-01`);
    assert.deepEqual(
      [absent.status, absent.text, absent.headers['x-ms-failure-cause']],
      [404, '', 'gateway'],
    );
  });

  test('by a method that it does not have', async () => {
    const reply = await ask('POST', `${group}?api-version=2022-09-01`, { body: {} });
    refused(reply, 405, 'HttpMethodNotAllowed');
    assert.match(String(reply.headers.allow), /PUT/);
  });

  test('by a body that is no JSON, too large, too deep or of another type (C9)', async () => {
    const path = `${group}/providers/Microsoft.Compute/virtualMachines/vm1?api-version=2024-07-01`;
    const put = (body: unknown, headers?: Record<string, string>) =>
      ask('PUT', path, { body, ...(headers === undefined ? {} : { headers }) });
    refused(await put('{"location":'), 400, 'InvalidRequestContent');
    refused(await put('"text"'), 400, 'InvalidRequestContent');
    refused(await put(undefined), 400, 'InvalidRequestContent');
    refused(await put('['.repeat(40)), 400, 'InvalidRequestContent');
    refused(await put('<vm/>', { 'content-type': 'text/xml' }), 415, 'UnsupportedMediaType');
    refused(
      await put({ location: 'westus', properties: { a: 'x'.repeat(70_000) } }),
      400,
      'InvalidRequestContent',
    );
    refused(await put({ location: 'westus', properties: [] }), 400, 'InvalidRequestContent');
    refused(await put({ location: 7 }), 400, 'InvalidRequestContent');
    assert.equal(
      refused(await put({ location: 'westus', identity: {} }), 400, 'InvalidRequestContent'),
      "The request content was invalid and could not be deserialized: 'Required property 'type' not found in JSON. Path 'identity'.'.",
    );
    const large = await put(`{"location":"${'x'.repeat(2 * 1024 * 1024)}"}`).catch((error: unknown) => error);
    if (!(large instanceof Error)) refused(large as Reply, 413, 'RequestEntityTooLarge');
    refused(await ask('GET', path), 404, 'ResourceNotFound');
  });

  test('with names of JavaScript is only data (C10)', async () => {
    const path = `${group}/providers/Microsoft.Compute/virtualMachines/constructor?api-version=2024-07-01`;
    for (const member of ['__proto__', 'constructor', 'prototype']) {
      const body = `{"location":"westus","properties":{"${member}":{"polluted":true}}}`;
      refused(await ask('PUT', path, { body }), 400, 'InvalidRequestContent');
    }
    const made = await ask('PUT', path, {
      body: '{"location":"westus","tags":{"toString":"constructor"},"properties":{"a":1}}',
    });
    assert.equal(made.status, 201);
    assert.equal(made.body.properties.a, 1);
    assert.deepEqual(made.body.tags, { toString: 'constructor' });
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
    assert.equal((await ask('GET', path.replace('constructor', '__proto__'))).status, 404);
    refused(
      await ask('GET', `${group}/providers/constructor/prototype/x?api-version=1`),
      404,
      'InvalidResourceNamespace',
    );
  });
});

describe('the discovery document', () => {
  test('is for everybody, in the shape of each version', async () => {
    const get = async (version: string) =>
      (await m.ask('GET', `//metadata/endpoints?api-version=${version}`)).body;
    assert.equal(
      (await get('2015-01-01')).authentication.audiences[0],
      'https://management.core.windows.net/',
    );
    assert.ok((await get('2018-01-01')).cloudEndpoint.public);
    const [cloud] = await get('2019-05-01');
    assert.deepEqual(await get('2020-06-01'), [cloud]);
    assert.deepEqual(await get('2022-09-01'), cloud);
    assert.equal(cloud.resourceManager, 'https://management.azure.com/');
    assert.equal(cloud.suffixes.keyVaultDns, 'vault.azure.net');
    refused(await m.ask('GET', '/metadata/endpoints'), 400, 'MissingApiVersionParameter');
    refused(await m.ask('GET', '/metadata/endpoints?api-version=x'), 400, 'InvalidApiVersionParameter');
    refused(await m.ask('POST', '/metadata/endpoints?api-version=2022-09-01'), 401, 'AuthenticationFailed');
  });
});
