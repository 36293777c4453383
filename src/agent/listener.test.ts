import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import {
  ownIdentity,
  sharedIdentity,
  type TestEndpoint,
  testEndpoint,
  tokenOf,
} from '../../test/support/endpoint.ts';
import { eventually } from '../../test/support/eventually.ts';
import { ask, askToken, tokenPath } from '../../test/support/metadata-request.ts';
import { Refused } from './host-protocols/host-protocol.ts';

const question = '?api-version=2018-02-01&resource=https://vault.azure.net';

/** Sends bytes as they are, and gives back what comes until the connection ends. */
async function send(endpoint: TestEndpoint, bytes: string): Promise<string> {
  const [host = '', port = ''] = endpoint.address.split(':');
  const socket = connect(Number(port), host);
  socket.write(Buffer.from(bytes, 'latin1'));
  let received = '';
  socket.on('data', (chunk) => (received += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  await once(socket, 'close');
  return received;
}

describe('an endpoint refuses', () => {
  test('a request without the Metadata header, promptly and in words that probes understand', async () => {
    await using endpoint = await testEndpoint();
    for (const Metadata of [undefined, '', 'false', '1', 'true, true', 'truee']) {
      const answer = await ask(endpoint, `${tokenPath}${question}`, { headers: { Metadata } });
      assert.equal(answer.status, 400);
      assert.equal(answer.body['error_description'], 'Required metadata header not specified');
      assert.doesNotMatch(answer.text, /Identity not found|unreachable/);
    }
    const bare = await ask(endpoint, tokenPath, { headers: { Metadata: undefined } });
    assert.equal(bare.body['error_description'], 'Required metadata header not specified');
    assert.deepEqual(endpoint.fetched, []);
  });

  test('what was forwarded, came from a browser, or names another host', async () => {
    await using endpoint = await testEndpoint();
    const port = new URL(endpoint.origin).port;
    const headers: Record<string, string>[] = [
      ...[
        'X-Forwarded-For',
        'x-forwarded-for',
        'X_Forwarded_For',
        'X-Forwarded-Host',
        'X-Forwarded-Proto',
        'Forwarded',
        'Via',
        'X-Real-IP',
        'Origin',
        'Referer',
      ].map((name) => ({ [name]: '10.0.0.1' })),
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-origin' },
      ...[
        'evil.example',
        `evil.example:${port}`,
        '127.0.0.1',
        '127.0.0.1:1',
        `localhost:${port}`,
        '169.254.169.254',
        '',
      ].map((Host) => ({ Host })),
    ];
    for (const header of headers) {
      const answer = await ask(endpoint, `${tokenPath}${question}`, { headers: header });
      assert.equal(answer.status, 400, JSON.stringify(header));
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
      assert.doesNotMatch(answer.text, /Identity not found|unreachable|access_token/);
    }
    assert.deepEqual(endpoint.fetched, []);
    const allowed = await ask(endpoint, `${tokenPath}${question}`, { headers: { 'Sec-Fetch-Site': 'none' } });
    assert.equal(allowed.status, 200);
  });

  test('every method but GET', async () => {
    await using endpoint = await testEndpoint();
    for (const method of ['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE']) {
      const answer = await ask(endpoint, `${tokenPath}${question}`, { method });
      assert.equal(answer.status, 405, method);
      assert.equal(answer.headers['allow'], 'GET');
    }
    assert.deepEqual(endpoint.fetched, []);
  });

  test('smuggled and misshapen heads', async () => {
    await using endpoint = await testEndpoint();
    const host = new URL(endpoint.origin).host;
    const head = `GET ${tokenPath}${question} HTTP/1.1\r\nHost: ${host}\r\nMetadata: true\r\n`;
    const heads = {
      'a folded header': `${head}X-A: b\r\n X-Forwarded-For: 1.2.3.4\r\n\r\n`,
      'a header twice': `${head}Metadata: true\r\n\r\n`,
      'two hosts': `${head}Host: evil.example\r\n\r\n`,
      'a name with a space': `${head}X-Forwarded-For : 1.2.3.4\r\n\r\n`,
      'a bare line feed': `GET ${tokenPath}${question} HTTP/1.1\nHost: ${host}\nMetadata: true\n\n`,
      'a body': `${head}Content-Length: 4\r\n\r\nbody`,
      'a chunked body': `${head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      'both lengths': `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      'no host': `GET ${tokenPath}${question} HTTP/1.1\r\nMetadata: true\r\n\r\n`,
      'an expectation': `${head}Expect: 100-continue\r\n\r\n`,
      'absolute form': `GET http://${host}${tokenPath}${question} HTTP/1.1\r\nHost: ${host}\r\nMetadata: true\r\nConnection: close\r\n\r\n`,
      'authority form': `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      'no HTTP': 'hello\r\n\r\n',
      'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    };
    for (const [what, bytes] of Object.entries(heads)) {
      const answer = await send(endpoint, bytes);
      assert.doesNotMatch(answer, /^HTTP\/1\.1 (1|2)/, what);
      if (answer !== '')
        assert.match(answer, /^HTTP\/1\.1 4\d\d [\s\S]*Content-Type: application\/json/i, what);
    }
    assert.deepEqual(endpoint.fetched, []);
  });

  test('a missing, repeated or unfit parameter', async () => {
    await using endpoint = await testEndpoint();
    const cases: readonly (readonly [string, RegExp])[] = [
      ['', /'api-version' is missing/],
      ['?api-version=&resource=r', /'api-version' is missing/],
      ['?resource=r', /'api-version' is missing/],
      ['?api-version=2018-02-01', /'resource' is missing/],
      ['?api-version=2018-02-01&resource=', /'resource' is missing/],
      ['?api-version=1999-01-01&resource=r', /not supported/],
      ['?api-version=2017-08-01&resource=r', /not supported/],
      ['?api-version=2018-02-01&resource=a&resource=b', /'resource' is given more than once/],
      ['?api-version=2018-02-01&resource=a&Resource=b', /'resource' is given more than once/],
      ['?api-version=2018-02-01&resource=a&res%6furce=b', /'resource' is given more than once/],
      ['?api-version=2018-02-01&resource=a%20b', /'resource' is not valid/],
      [`?api-version=2018-02-01&resource=${'a'.repeat(1025)}`, /'resource' is not valid/],
      ['?api-version=2018-02-01&resource=a&client_id=x&object_id=y', /Only one of/],
      ['?api-version=2018-02-01&resource=a&client_id=x&clientid=x', /Only one of/],
      ['?api-version=2018-02-01&resource=%', /malformed/],
      ['?api-version=2018-02-01&resource=%00', /malformed/],
      ['?api-version=2018-02-01&resource=%ff', /malformed/],
      ['?__proto__=1&api-version=2018-02-01', /'resource' is missing/],
    ];
    for (const [query, words] of cases) {
      const answer = await ask(endpoint, `${tokenPath}${query}`);
      assert.equal(answer.status, 400, query);
      assert.match(String(answer.body['error_description']), words, query);
    }
    assert.deepEqual(endpoint.fetched, []);
  });

  test('an identity that the resource does not carry, as 400 for clients never to ask again', async () => {
    await using endpoint = await testEndpoint({ identities: [ownIdentity, sharedIdentity] });
    const unknown = '99999999-9999-4999-8999-999999999999';
    for (const name of ['client_id', 'object_id', 'msi_res_id', 'mi_res_id', 'principal_id']) {
      const answer = await askToken(endpoint, { [name]: unknown });
      assert.equal(answer.status, 400);
      assert.deepEqual(answer.body, { error: 'invalid_request', error_description: 'Identity not found' });
    }
    endpoint.identities = [];
    endpoint.changed();
    assert.equal((await askToken(endpoint)).body['error_description'], 'Identity not found');
  });

  test('everything else that the metadata service does not have, without stalling', async () => {
    await using endpoint = await testEndpoint();
    for (const path of [
      '/',
      '/metadata',
      '/metadata/identity',
      '/metadata/identity/getplatformmetadata?cred-api-version=2.0',
      '/metadata/identity/issuecredential?cred-api-version=2.0',
      '/metadata/attested/document?api-version=2021-02-01',
      '/latest/meta-data/iam/security-credentials/',
    ]) {
      for (const Metadata of ['true', undefined]) {
        assert.equal((await ask(endpoint, path, { headers: { Metadata } })).status, 404, path);
      }
    }
  });
});

describe('an endpoint accepts', () => {
  test('the spellings that official clients send', async () => {
    await using endpoint = await testEndpoint();
    for (const path of [
      tokenPath,
      `${tokenPath}/`,
      `/${tokenPath}`,
      `/${tokenPath}/`,
      tokenPath.toUpperCase(),
      '/metadata//identity/oauth2/token',
    ]) {
      for (const resource of ['https://vault.azure.net', 'https%3A%2F%2Fvault.azure.net']) {
        const answer = await ask(endpoint, `${path}?resource=${resource}&api-version=2018-02-01&`);
        assert.equal(answer.status, 200, path);
        assert.equal(answer.body['resource'], 'https://vault.azure.net');
      }
    }
    for (const Metadata of ['True', 'TRUE', 'true']) {
      assert.equal((await ask(endpoint, `${tokenPath}${question}`, { headers: { Metadata } })).status, 200);
    }
    const rust = await ask(
      endpoint,
      `${tokenPath}?api-version=2019-08-01&resource=r&xms_cc=cp1&bypass_cache=true`,
    );
    assert.equal(rust.status, 200);
    assert.equal(endpoint.fetched.length, 2);
  });

  test('every name of an identity, and empty ones as none', async () => {
    await using endpoint = await testEndpoint({ identities: [ownIdentity, sharedIdentity] });
    const cases: readonly (readonly [string, string, Record<string, string>])[] = [
      ['client_id', sharedIdentity.clientId.toUpperCase(), {}],
      ['clientid', sharedIdentity.clientId, {}],
      ['object_id', sharedIdentity.principalId, { object_id: sharedIdentity.principalId }],
      ['principal_id', sharedIdentity.principalId, { object_id: sharedIdentity.principalId }],
      ['principalId', sharedIdentity.principalId, { object_id: sharedIdentity.principalId }],
      ['msi_res_id', sharedIdentity.resourceId, { msi_res_id: sharedIdentity.resourceId }],
      [
        'mi_res_id',
        sharedIdentity.resourceId.toUpperCase(),
        { msi_res_id: sharedIdentity.resourceId.toUpperCase() },
      ],
      ['msi-res-id', sharedIdentity.resourceId, { msi_res_id: sharedIdentity.resourceId }],
    ];
    for (const [name, value, echo] of cases) {
      const { status, body } = await askToken(endpoint, { [name]: value });
      assert.equal(status, 200, name);
      assert.equal(body['client_id'], sharedIdentity.clientId);
      for (const [member, expected] of Object.entries(echo)) assert.equal(body[member], expected);
    }
    for (const name of ['client_id', 'clientid']) {
      assert.equal((await askToken(endpoint, { [name]: '' })).body['client_id'], ownIdentity.clientId);
    }
    endpoint.identities = [sharedIdentity];
    endpoint.changed();
    assert.equal((await askToken(endpoint)).body['client_id'], sharedIdentity.clientId);
    endpoint.identities = [sharedIdentity, { ...sharedIdentity, clientId: 'other', principalId: 'other' }];
    endpoint.changed();
    assert.match(
      String((await askToken(endpoint)).body['error_description']),
      /Multiple user assigned identities/,
    );
  });
});

describe('an answer', () => {
  test('has the members, in the order and form, that every client can read', async () => {
    await using endpoint = await testEndpoint();
    const answer = await askToken(endpoint);
    const now = Math.floor(endpoint.clock.now() / 1000);
    assert.equal(
      answer.text,
      JSON.stringify({
        access_token: `token-1-of-${ownIdentity.clientId}`,
        client_id: ownIdentity.clientId,
        expires_in: '3600',
        expires_on: String(now + 3600),
        ext_expires_in: '3600',
        not_before: String(now),
        resource: 'https://vault.azure.net',
        token_type: 'Bearer',
      }),
    );
    assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
    assert.match(String(answer.headers['server']), /^IMDS\//);
    endpoint.clock.advance(10_000);
    const later = await askToken(endpoint);
    assert.equal(later.body['expires_in'], '3590');
    assert.equal(endpoint.fetched.length, 1);
  });

  test('of a token kept ready is given no more from the moment its identity is gone', async () => {
    await using endpoint = await testEndpoint();
    assert.equal((await askToken(endpoint)).status, 200);
    endpoint.identities = [];
    endpoint.changed();
    assert.equal((await askToken(endpoint)).status, 400);
  });

  test('says when to come back where the token service is busy or away, and passes on what it says of a resource', async () => {
    await using endpoint = await testEndpoint();
    endpoint.fetch = async () => {
      throw new Refused({ kind: 'throttled', retryAfter: 7 });
    };
    const busy = await askToken(endpoint);
    assert.deepEqual(
      [busy.status, busy.headers['retry-after'], busy.body['error']],
      [429, '7', 'too_many_requests'],
    );
    endpoint.fetch = async () => {
      throw new Refused({ kind: 'unavailable', retryAfter: 0.2 });
    };
    const away = await askToken(endpoint);
    assert.deepEqual(
      [away.status, away.headers['retry-after'], away.body['error']],
      [503, '1', 'service_unavailable'],
    );
    assert.doesNotMatch(away.text, /unreachable/);
    endpoint.fetch = async () => {
      throw new Refused({ kind: 'invalid-resource', detail: 'AADSTS500011: no such resource' });
    };
    const wrong = await askToken(endpoint, { resource: 'https://nothing' });
    assert.deepEqual(wrong.body, {
      error: 'invalid_resource',
      error_description: 'AADSTS500011: no such resource',
    });
    endpoint.fetch = async () => {
      throw new Error('a secret reason');
    };
    const broken = await askToken(endpoint);
    assert.equal(broken.status, 500);
    assert.doesNotMatch(broken.text, /secret/);
  });

  test('comes for everybody who asks at once from one request to the token service', async () => {
    await using endpoint = await testEndpoint({ limits: { rate: 1, burst: 5, concurrent: 1 } });
    const release = Promise.withResolvers<void>();
    endpoint.fetch = async (_question, identity) => {
      await release.promise;
      return await tokenOf(identity, 1, endpoint.clock);
    };
    const asking = Array.from({ length: 50 }, () => askToken(endpoint));
    await eventually(() => (endpoint.fetched.length > 0 ? true : undefined));
    release.resolve();
    for (const { status } of await Promise.all(asking)) assert.equal(status, 200);
    assert.equal(endpoint.fetched.length, 1);
  });

  test('is refused to who asks for too many tokens that must be fetched, while those kept ready are given', async () => {
    await using endpoint = await testEndpoint({ limits: { rate: 20, burst: 20, concurrent: 5 } });
    const statuses: number[] = [];
    for (let serial = 0; serial < 25; serial += 1) {
      const answer = await askToken(endpoint, { resource: `https://r${serial}` });
      statuses.push(answer.status);
      if (answer.status === 429) assert.match(String(answer.headers['retry-after']), /^[1-9]/);
    }
    assert.deepEqual([...new Set(statuses.slice(0, 20))], [200]);
    assert.deepEqual([...new Set(statuses.slice(20))], [429]);
    assert.equal((await askToken(endpoint, { resource: 'https://r0' })).status, 200);
    endpoint.clock.advance(1000);
    assert.equal((await askToken(endpoint, { resource: 'https://r24' })).status, 200);
  });

  test('is counted whether kept ready or not, where every request is limited', async () => {
    await using endpoint = await testEndpoint({ every: { rate: 2, burst: 2, concurrent: 5 } });
    const statuses = [];
    for (let serial = 0; serial < 3; serial += 1) statuses.push((await askToken(endpoint)).status);
    assert.deepEqual(statuses, [200, 200, 429]);
  });
});

describe('facts about the resource', () => {
  test('are told in the shape of the metadata service', async () => {
    await using endpoint = await testEndpoint();
    const compute = await ask(endpoint, '/metadata/instance/compute?api-version=2021-02-01');
    assert.equal(compute.status, 200);
    assert.equal(compute.body['location'], 'westeurope');
    assert.equal(compute.body['resourceGroupName'], 'Demo');
    assert.equal(compute.body['tags'], 'env:test;team:a');
    const location = await ask(
      endpoint,
      '/metadata/instance/compute/location?api-version=2021-01-01&format=text',
    );
    assert.equal(location.text, 'westeurope');
    const all = await ask(endpoint, '/metadata/instance?api-version=2021-02-01');
    assert.equal((all.body['compute'] as { name: string }).name, 'vm1');
    const info = await ask(endpoint, '/metadata/identity/info?api-version=2018-02-01');
    assert.deepEqual(info.body, { tenantId: '55555555-5555-4555-8555-555555555555' });
    const versions = await ask(endpoint, '/metadata/versions');
    assert.ok((versions.body['apiVersions'] as string[]).includes('2018-02-01'));
  });

  test('need a version, and name the newest ones to who asks without', async () => {
    await using endpoint = await testEndpoint();
    for (const query of ['', '?format=json', '?api-version=1999-01-01']) {
      const answer = await ask(endpoint, `/metadata/instance/compute${query}`);
      assert.equal(answer.status, 400);
      assert.match(String(answer.body['error']), /^Bad request\. api-version/);
      assert.ok((answer.body['newest-versions'] as string[]).length > 0);
    }
    const withoutHeader = await ask(endpoint, '/metadata/instance/compute?api-version=2021-02-01', {
      headers: { Metadata: undefined },
    });
    assert.equal(withoutHeader.status, 400);
    assert.equal((await ask(endpoint, '/metadata/instance/nothing?api-version=2021-02-01')).status, 404);
  });
});
