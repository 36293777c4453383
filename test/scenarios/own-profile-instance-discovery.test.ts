import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { type RequestOptions, request } from 'node:https';
import { after, before, describe, test } from 'node:test';
import { connect } from 'node:tls';
import { type InstanceAnswerer, startInstanceAnswerer } from '../../src/agent/isolation/instance-answerer.ts';
import { instanceDiscoveryName, ownProfile } from '../../src/contract/cloud-profile.ts';
import { instanceDiscovery } from '../../src/contract/oauth2.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { makeNamedCertificate } from '../../src/server/instance-certificate.ts';

const sources = { clock: systemClock, randomness: systemRandomness };
const login = 'https://login.id.example.test';

describe('who answers programs about instances, under names of its own', () => {
  let answerer: InstanceAnswerer;
  before(async () => {
    answerer = await startInstanceAnswerer({
      profile: ownProfile('id.example.test'),
      instanceCertificate: await makeNamedCertificate(instanceDiscoveryName, sources),
      log: silentLog,
    });
  });
  after(() => answerer[Symbol.asyncDispose]());

  async function send(options: RequestOptions, body?: string) {
    const sent = request({
      host: answerer.host,
      port: answerer.port,
      servername: instanceDiscoveryName,
      ca: answerer.certificate,
      agent: false,
      ...options,
      headers: { host: instanceDiscoveryName, ...options.headers },
    });
    let asked = false;
    sent.on('continue', () => {
      asked = true;
    });
    if (options.headers !== undefined && 'expect' in options.headers) sent.flushHeaders();
    else sent.end(body);
    const [response] = await once(sent, 'response');
    let text = '';
    for await (const part of response) text += part;
    sent.destroy();
    return { status: response.statusCode as number, json: JSON.parse(text), asked };
  }
  const ask = (endpoint: string, version = '1.1') =>
    send({
      path: `/common/discovery/instance?api-version=${version}&authorization_endpoint=${encodeURIComponent(endpoint)}`,
    });

  test('names the deployment as the network, the cache and the only alias of its authority', async () => {
    const { status, json } = await ask(`${login}/tenant/oauth2/v2.0/authorize`);
    assert.equal(status, 200);
    assert.deepEqual(instanceDiscovery.parse(json), {
      tenant_discovery_endpoint: `${login}/tenant/v2.0/.well-known/openid-configuration`,
      'api-version': '1.1',
      metadata: [
        {
          preferred_network: 'login.id.example.test',
          preferred_cache: 'login.id.example.test',
          aliases: ['login.id.example.test'],
        },
      ],
    });
  });

  test('lists the same to MSAL Python, which asks for the list by the public cloud', async () => {
    const { json } = await ask(`https://${instanceDiscoveryName}/common/oauth2/authorize`);
    assert.deepEqual(instanceDiscovery.parse(json).metadata[0]?.aliases, ['login.id.example.test']);
  });

  test('knows no other authority, Azure’s own for a tenant included, and says where to sign in', async () => {
    for (const endpoint of [
      'https://login.example/common/oauth2/v2.0/authorize',
      'https://login.id.example.test.attacker.example/common/oauth2/v2.0/authorize',
      'https://login.id.example.test@attacker.example/common/oauth2/v2.0/authorize',
      'http://login.id.example.test/common/oauth2/v2.0/authorize',
      `https://${instanceDiscoveryName}/tenant/oauth2/v2.0/authorize`,
      'https://login.windows.net/common/oauth2/authorize',
      'x',
      '',
    ]) {
      const { status, json } = await ask(endpoint);
      assert.deepEqual([status, json.error, json.error_codes], [400, 'invalid_instance', [50049]], endpoint);
      assert.match(json.error_description, /AZURE_AUTHORITY_HOST=https:\/\/login\.id\.example\.test$/);
    }
  });

  test('refuses everything else, and says where to sign in', async () => {
    for (const options of [
      { path: '/tenant/v2.0/.well-known/openid-configuration' },
      { path: '/common/discovery/keys' },
      { path: '/tenant/discovery/instance' },
      { path: '/common/discovery/instance/../../tenant/oauth2/v2.0/token' },
      { path: '/common/discovery/instance', method: 'POST' },
      { path: '/common/discovery/instance', headers: { host: 'login.id.example.test' } },
      { path: '/common/discovery/instance', headers: { host: 'management.azure.com' } },
      { path: '/' },
    ]) {
      const { status, json } = await send(options);
      assert.deepEqual([status, json.error], [421, 'invalid_instance'], options.path);
      assert.match(json.error_description, /AZURE_AUTHORITY_HOST=https:\/\/login\.id\.example\.test$/);
    }
  });

  test('refuses a request for a token before its body, which is not asked for, repeated or waited for', async () => {
    const path = '/tenant/oauth2/v2.0/token';
    const form = 'grant_type=client_credentials&client_secret=hunter2';
    const sent = await send({ path, method: 'POST' }, form);
    assert.equal(sent.status, 421);
    assert.ok(!JSON.stringify(sent.json).includes('hunter2'));
    // the answer comes while the body is still held back
    const headers = { expect: '100-continue', 'content-length': String(form.length) };
    const waiting = await send({ path, method: 'POST', headers });
    assert.deepEqual([waiting.status, waiting.asked], [421, false]);
  });

  test('shows a certificate for that one name, which is no authority', async () => {
    const certificate = new X509Certificate(answerer.certificate);
    assert.equal(certificate.ca, false);
    assert.equal(certificate.subjectAltName, `DNS:${instanceDiscoveryName}`);
    for (const servername of ['login.id.example.test', 'graph.microsoft.com', `x.${instanceDiscoveryName}`]) {
      const { host, port } = answerer;
      const socket = connect({ host, port, servername, ca: answerer.certificate });
      const [error] = await once(socket, 'error');
      assert.equal(error.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
    }
  });
});
