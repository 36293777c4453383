import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Endpoint } from '../../src/agent/agent.ts';
import type { Credential } from '../../src/agent/credential.ts';
import { signClaims } from '../../src/agent/jws.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { createHost, type Host } from '../support/host.ts';
import { type Innate, startInnate } from '../support/innate.ts';
import { ask, claimsOf, tokenPath } from '../support/metadata-request.ts';
import { Operator, type Reply, roles } from '../support/operator.ts';
import { createSecondTenant, type SecondTenant, stealSigningKey } from '../support/second-tenant.ts';

/**
 * What each surface answers to input that is wrong, over the real listener: status, code and envelope of its own
 * dialect. (Starts that fail are in `start-failures.test.ts`.)
 */
const nobody = 'deadbeef-0000-4000-8000-00000000dead';
const vaultResource = 'https://vault.azure.net';

let innate: Innate;
let operator: Operator;
let host: Host;
let endpoint: Endpoint;
let other: SecondTenant;
/** Of a machine whose host is not there any more. */
let credential: Credential;
/** Tokens of a machine without any role, for the resource manager and for vaults. */
let powerless: { readonly principalId: string; readonly management: string; readonly vault: string };
let group: string;

before(async () => {
  innate = await startInnate();
  operator = new Operator(innate.ready);
  group = await operator.createGroup('demo');
  const vault = await operator.createVault(group, 'demo-kv');
  const { oid } = claimsOf(await operator.token(vaultResource));
  await operator.assign(vault, roles.secretsOfficer, String(oid));
  await operator.vault('demo-kv', 'PUT', '/secrets/greeting?api-version=7.4', { value: 'hello' });
  const [vm, another] = [
    await operator.createMachine(group, 'vm1'),
    await operator.createMachine(group, 'vm2'),
  ];
  host = await createHost(operator);
  powerless = {
    principalId: vm.principalId,
    management: await host.enrol(vm.id, 'https://management.azure.com'),
    vault: await host.enrol(vm.id),
  };
  endpoint = await host.agent.openEndpoint(vm.id, { kind: 'tcp' });
  await using leaving = await createHost(operator);
  await leaving.enrol(another.id);
  credential = await leaving.takeCredential(another.id);
  other = await createSecondTenant(innate);
});
after(async () => {
  await host?.[Symbol.asyncDispose]();
  operator?.[Symbol.dispose]();
  await innate?.[Symbol.asyncDispose]();
});

describe('the token service refuses as Entra ID does:', () => {
  const token = (form: Record<string, string>, tenant = innate.ready.tenantId) =>
    operator.call({
      host: 'login.microsoftonline.com',
      method: 'POST',
      path: `/${tenant}/oauth2/v2.0/token`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        scope: `${vaultResource}/.default`,
        ...form,
      }).toString(),
    });
  const bySecret = (changes: Record<string, string> = {}) => ({
    client_id: innate.ready.operator.clientId,
    client_secret: innate.ready.operator.clientSecret,
    ...changes,
  });
  async function byAssertion(changes: Record<string, unknown> = {}, spoil = (jws: string) => jws) {
    const { clientId, key, thumbprint } = credential;
    const now = Math.floor(systemClock.now() / 1000);
    const claims = {
      iss: clientId,
      sub: clientId,
      aud: `https://login.microsoftonline.com/${innate.ready.tenantId}/oauth2/v2.0/token`,
      jti: systemRandomness.uuid(),
      nbf: now,
      exp: now + 300,
      ...changes,
    };
    const assertion = await signClaims(key, { typ: 'JWT', 'x5t#S256': thumbprint }, claims);
    return await token({
      client_id: clientId,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: spoil(assertion),
    });
  }
  function refused(reply: Reply, status: number, error: string, code: number): void {
    const body = reply.json();
    assert.deepEqual([reply.status, body.error, body.error_codes], [status, error, [code]], reply.body);
    assert.match(body.error_description, new RegExp(`^AADSTS${code}: .*Trace ID: .*Timestamp: `, 's'));
    assert.match(body.timestamp, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/);
    for (const id of [body.trace_id, body.correlation_id]) assert.match(id, /^[0-9a-f-]{36}$/);
  }

  test('an unknown tenant', async () => {
    refused(await token(bySecret(), nobody), 400, 'invalid_request', 90002);
  });

  test('an unknown client', async () => {
    refused(await token(bySecret({ client_id: nobody })), 400, 'unauthorized_client', 700016);
  });

  test('a client of another tenant', async () => {
    refused(await token(bySecret(), other.tenantId), 400, 'unauthorized_client', 700016);
  });

  test('a wrong secret', async () => {
    refused(await token(bySecret({ client_secret: 'guess' })), 401, 'invalid_client', 7000215);
  });

  test('an assertion that has expired', async () => {
    const past = Math.floor(systemClock.now() / 1000) - 3600;
    refused(await byAssertion({ nbf: past - 300, exp: past }), 401, 'invalid_client', 700024);
  });

  test('an assertion that was altered', async () => {
    assert.equal((await byAssertion()).status, 200, 'unaltered, it is good');
    const alter = (jws: string) => {
      const [header = '', payload = '', signature = ''] = jws.split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
      const altered = Buffer.from(JSON.stringify({ ...claims, jti: nobody })).toString('base64url');
      return [header, altered, signature].join('.');
    };
    refused(await byAssertion({}, alter), 401, 'invalid_client', 700027);
  });

  test('an assertion for a wrong audience', async () => {
    const aud = `https://login.microsoftonline.com/${other.tenantId}/oauth2/v2.0/token`;
    refused(await byAssertion({ aud }), 401, 'invalid_client', 700023);
  });
});

describe('the metadata service refuses as IMDS does:', () => {
  const good = `${tokenPath}?api-version=2018-02-01&resource=${vaultResource}`;
  async function refused(
    path: string,
    headers: Record<string, string | undefined>,
    description: string,
  ): Promise<void> {
    const answer = await ask(endpoint, path, { headers });
    assert.equal(answer.status, 400, answer.text);
    assert.deepEqual(answer.body, { error: answer.body['error'], error_description: description });
    assert.ok(['invalid_request', 'bad_request'].includes(String(answer.body['error'])));
    assert.match(String(answer.headers['server']), /^IMDS\//);
  }

  test('no Metadata header', () =>
    refused(good, { Metadata: undefined }, 'Required metadata header not specified'));

  test('X-Forwarded-For', () =>
    refused(
      good,
      { 'X-Forwarded-For': '10.0.0.1' },
      "A request with the header 'X-Forwarded-For' is not answered",
    ));

  test('an unknown identity', () => refused(`${good}&client_id=${nobody}`, {}, 'Identity not found'));
});

describe('the resource manager refuses as ARM does:', () => {
  const version = 'api-version=2024-07-01';
  const call = async (method: string, path: string, content?: string, token?: string) => {
    const authorization = `Bearer ${token ?? (await operator.token('https://management.azure.com'))}`;
    return await operator.call({
      host: 'management.azure.com',
      method,
      path,
      headers: { authorization, 'content-type': 'application/json' },
      ...(content === undefined ? {} : { body: content }),
    });
  };
  const machine = () => `${group}/providers/Microsoft.Compute/virtualMachines/vm1`;
  function refused(reply: Reply, status: number, code: string, message: RegExp): void {
    const { error } = reply.json();
    assert.deepEqual([reply.status, error.code], [status, code], reply.body);
    assert.match(error.message, message);
    assert.ok(reply.headers['x-ms-request-id']);
    assert.ok(['gateway', 'service'].includes(String(reply.headers['x-ms-failure-cause'])));
  }

  test('no api-version', async () => {
    const message = /^The api-version query parameter \(\?api-version=\) is required for all requests\.$/;
    refused(await call('GET', machine()), 400, 'MissingApiVersionParameter', message);
  });

  test('an unknown api-version', async () => {
    const message = /API version '1999-01-01' for type 'virtualMachines'/;
    refused(
      await call('GET', `${machine()}?api-version=1999-01-01`),
      400,
      'NoRegisteredProviderFound',
      message,
    );
  });

  test('a malformed id', async () => {
    const reply = await call('GET', `/subscriptions/not-a-guid/resourceGroups/demo?${version}`);
    refused(reply, 400, 'InvalidSubscriptionId', /not-a-guid/);
  });

  test('a body that is no JSON', async () => {
    const reply = await call('PUT', `${machine()}?${version}`, '{"location":');
    refused(reply, 400, 'InvalidRequestContent', /not valid JSON/);
  });

  test('a body that says something impossible', async () => {
    const content = JSON.stringify({ location: 'westeurope', identity: { type: 'Stolen' } });
    const reply = await call('PUT', `${machine()}?${version}`, content);
    refused(reply, 400, 'InvalidIdentityType', /Stolen/);
  });

  test('a caller without permission, naming the action and the scope', async () => {
    const reply = await call('GET', `${machine()}?${version}`, undefined, powerless.management);
    const { principalId } = powerless;
    const action = 'Microsoft\\.Compute/virtualMachines/read';
    refused(
      reply,
      403,
      'AuthorizationFailed',
      new RegExp(
        `with object id '${principalId}' does not have authorization to perform action '${action}' over scope '${machine()}'`,
      ),
    );
  });

  test('no token, a token for another audience, and one of another tenant', async () => {
    const reply = await operator.call({ host: 'management.azure.com', path: `${machine()}?${version}` });
    refused(reply, 401, 'AuthenticationFailed', /'Authorization' header is missing/);
    const challenge = `Bearer authorization_uri="https://login.microsoftonline.com/${innate.ready.tenantId}"`;
    assert.ok(String(reply.headers['www-authenticate']).startsWith(challenge));
    const forVaults = await call('GET', `${machine()}?${version}`, undefined, powerless.vault);
    refused(forVaults, 401, 'InvalidAuthenticationTokenAudience', /vault\.azure\.net/);
    const foreign = await other.token('https://management.azure.com');
    const strange = await call('GET', `${machine()}?${version}`, undefined, foreign);
    refused(strange, 401, 'InvalidAuthenticationTokenTenant', new RegExp(other.tenantId));
  });
});

describe('a vault refuses as Key Vault does:', () => {
  const secret = '/secrets/greeting?api-version=7.4';
  const get = (token?: string, path = secret) =>
    operator.call({
      host: 'demo-kv.vault.azure.net',
      path,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
  function refused(reply: Reply, status: number, code: string, message: RegExp): void {
    const { error } = reply.json();
    assert.deepEqual([reply.status, error.code], [status, code], reply.body);
    assert.match(error.message, message);
    assert.ok(reply.headers['x-ms-keyvault-service-version']);
    const challenge = `Bearer authorization="https://login.microsoftonline.com/${innate.ready.tenantId}", resource="${vaultResource}"`;
    assert.equal(reply.headers['www-authenticate'], status === 401 ? challenge : undefined);
  }

  test('no token', async () => {
    refused(await get(), 401, 'Unauthorized', /^AKV10000: Request is missing a Bearer or PoP token\.$/);
  });

  test('a token for a wrong audience', async () => {
    const message =
      /^AKV10022: Invalid audience\. Expected https:\/\/vault\.azure\.net, found: https:\/\/management\.azure\.com\.$/;
    refused(await get(powerless.management), 401, 'Unauthorized', message);
  });

  test('a token of a foreign tenant', async () => {
    const message = new RegExp(
      `^AKV10032: Invalid issuer\\. .* found https://sts\\.windows\\.net/${other.tenantId}/`,
    );
    refused(await get(await other.token(vaultResource)), 401, 'Unauthorized', message);
  });

  test('a token that was altered', async () => {
    const [header, , signature] = powerless.vault.split('.');
    const { oid } = claimsOf(await operator.token(vaultResource));
    const claims = { ...claimsOf(powerless.vault), oid };
    const altered = Buffer.from(JSON.stringify(claims)).toString('base64url');
    refused(await get([header, altered, signature].join('.')), 401, 'Unauthorized', /^AKV10046: /);
  });

  test('a token that has expired, though rightly signed', async () => {
    const { kid, key } = await stealSigningKey(innate);
    const header = { typ: 'JWT', kid, x5t: kid };
    const claims = claimsOf(powerless.vault);
    assert.equal((await get(await signClaims(key, header, claims))).status, 403, 'it would only lack rights');
    const exp = Math.floor(systemClock.now() / 1000) - 3600;
    const old = await signClaims(key, header, { ...claims, iat: exp - 3600, nbf: exp - 3600, exp });
    refused(await get(old), 401, 'Unauthorized', /^The token has expired\.$/);
  });

  test('a caller without a role, naming the action and the resource', async () => {
    const reply = await get(powerless.vault);
    refused(reply, 403, 'Forbidden', /^Caller is not authorized to perform action on resource\./);
    const { message, innererror } = reply.json().error;
    assert.deepEqual(innererror, { code: 'ForbiddenByRbac' });
    assert.match(message, /Action: 'Microsoft\.KeyVault\/vaults\/secrets\/getSecret\/action'/);
    assert.match(message, /Resource: '\/subscriptions\/.*\/vaults\/demo-kv\/secrets\/greeting'/);
  });

  test('no api-version, and an unknown one', async () => {
    const token = await operator.token(vaultResource);
    refused(await get(token, '/secrets/greeting'), 400, 'BadParameter', /api-version/);
    refused(
      await get(token, '/secrets/greeting?api-version=1.0'),
      400,
      'BadParameter',
      /\(1\.0\) is not recognized/,
    );
  });

  test('an invalid body', async () => {
    const reply = await operator.vault('demo-kv', 'PUT', '/secrets/x?api-version=7.4', { value: 7 });
    refused(reply, 400, 'BadParameter', /'value'/);
  });

  test('a vault that does not exist', async () => {
    const reply = await operator.vault('no-such-kv', 'GET', secret);
    assert.equal(reply.status, 404);
    assert.equal(reply.json().error.code, 'VaultNotFound');
  });
});

describe('the directory refuses as Microsoft Graph does:', () => {
  test('no token, and a token for another audience', async () => {
    const path = '/v1.0/servicePrincipals';
    const get = (headers: Record<string, string> = {}) =>
      operator.call({ host: 'graph.microsoft.com', path, headers });
    for (const reply of [await get(), await get({ authorization: `Bearer ${powerless.vault}` })]) {
      assert.equal(reply.status, 401, reply.body);
      const { error } = reply.json();
      assert.equal(error.code, 'InvalidAuthenticationToken');
      assert.ok(error.innerError['request-id']);
    }
  });

  test('a caller without permission', async () => {
    const token = await other.token('https://graph.microsoft.com');
    const reply = await operator.call({
      host: 'graph.microsoft.com',
      path: '/v1.0/servicePrincipals',
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(reply.status, 403, reply.body);
    assert.equal(reply.json().error.code, 'Authorization_RequestDenied');
  });
});

describe('the agents surface refuses:', () => {
  test('a request without proof, and a body that is no order', async () => {
    for (const headers of [{}, { authorization: 'Bearer x' }, { authorization: 'Proof a.b.c' }]) {
      const reply = await operator.call({
        host: 'agents.innate.internal',
        path: `/machines/${nobody}/identities`,
        headers,
      });
      assert.equal(reply.status, 401, reply.body);
      assert.ok(reply.json().error.code);
    }
    const enrol = await operator.call({
      host: 'agents.innate.internal',
      method: 'POST',
      path: '/enrol',
      headers: { 'content-type': 'application/json' },
      body: '{"joinToken":7}',
    });
    assert.equal(enrol.status, 400, enrol.body);
    assert.ok(enrol.json().error.code);
  });

  test('a join token that was used, without a word of what it was for', async () => {
    const used = await operator.joinToken(`${group}/providers/Microsoft.Compute/virtualMachines/vm1`);
    await using once = await createHost(operator);
    await once.agent.enrol(used);
    await assert.rejects(once.agent.enrol(used), (error: Error) => {
      assert.equal(error.name, 'EnrolmentRefused');
      assert.doesNotMatch(error.message, /vm1|subscriptions/);
      return true;
    });
  });
});
