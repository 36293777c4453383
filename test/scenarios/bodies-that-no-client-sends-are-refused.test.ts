import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import {
  type ComposedServer,
  composedServer,
  type RawReply,
  surfaceHosts,
} from '../support/composed-server.ts';
import { azureCli } from '../support/people.ts';

interface Place {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly authorization?: string;
}

const kB = 1024;
const formType = 'application/x-www-form-urlencoded';
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
/** JSON that is refused wherever it arrives, whatever the members mean. */
const refusedJson: Readonly<Record<string, string>> = {
  'deeper than 32 levels': nested(33),
  'a hundred thousand levels deep': '['.repeat(100_000),
  'ten thousand levels deep, and closed': nested(10_000),
  'of more than ten thousand values': `[${'1,'.repeat(10_001)}1]`,
  'larger than a mebibyte': `{"a":"${'a'.repeat(1024 * kB)}"}`,
  'with a member named __proto__': '{"__proto__":{"isAdmin":true}}',
  'with an escaped __proto__': '{"\\u005f_proto__":{"isAdmin":true}}',
  'with a constructor inside': '{"displayName":{"constructor":{"prototype":{"isAdmin":true}}}}',
  'with a prototype in a list': '[[{"prototype":1}]]',
  'with a member twice': '{"displayName":"a","displayName":"b"}',
  'with a member twice in other spelling': '{"displayName":"a","display\\u004eame":"b"}',
  'with a member twice inside': '{"a":[{"b":1,"c":{},"b":2}]}',
  'cut off': '{"a":"b',
  'with something behind it': '{} {}',
  'with a comment': '{/* a */}',
  'in quotes of another kind': "{'a':1}",
  'with a trailing comma': '{"a":1,}',
  'with an octet of nothing': '{"a":\0}',
  'that is no number': '{"a":NaN}',
  'of quotes and backslashes': `"${'\\"'.repeat(50_000)}`,
};

describe('a whole server refuses bodies that no client sends (C9, C10):', () => {
  let server: ComposedServer;
  let json: readonly Place[];
  let login: string;
  before(async () => {
    server = await composedServer();
    const { operator } = server;
    const bearer = async (resource: string) => `Bearer ${await operator.token(resource)}`;
    const graph = await bearer('https://graph.microsoft.com');
    const management = await bearer('https://management.azure.com');
    login = `/${operator.ready.tenantId}`;
    const signals = ['streams', 'status', 'subjects/add', 'subjects/remove', 'verify'];
    json = [
      ...['users', 'groups', 'applications', '$batch', 'directoryObjects/getByIds'].map((path) => ({
        ...{ host: surfaceHosts.graph, method: 'POST', path: `/v1.0/${path}`, authorization: graph },
      })),
      ...signals.map((path) => ({
        ...{ host: surfaceHosts.login, method: 'POST', path: `${login}/ssf/${path}`, authorization: graph },
      })),
      ...[`${server.group}/providers/Microsoft.Compute/virtualMachines/vm2?api-version=2024-07-01`].map(
        (path) => ({
          ...{ host: surfaceHosts.management, method: 'PUT', path, authorization: management },
        }),
      ),
      {
        ...{ host: surfaceHosts.vault, method: 'PUT', path: '/secrets/other?api-version=7.4' },
        authorization: await bearer('https://vault.azure.net'),
      },
      { host: surfaceHosts.agents, method: 'POST', path: '/enrol' },
    ];
  });
  after(() => server?.[Symbol.asyncDispose]());

  async function send(
    { authorization, ...place }: Place,
    type: string,
    body: string,
    more = {},
  ): Promise<RawReply> {
    const headers = {
      'content-type': type,
      ...more,
      ...(authorization === undefined ? {} : { authorization }),
    };
    return await server.send({ ...place, headers, body });
  }

  /** In few words, and none of them those of the body. */
  function refused(reply: RawReply, what: string): void {
    assert.ok(
      reply.status >= 400 && reply.status < 500,
      `${what}: ${reply.status} ${reply.text.slice(0, 300)}`,
    );
    assert.ok(reply.text.length < 4 * kB, `${what}: ${reply.text.length} characters of answer`);
  }

  test('JSON that is too deep, too much, ambiguous, broken, or that names the workings of objects', async () => {
    for (const place of json) {
      for (const [what, body] of Object.entries(refusedJson)) {
        refused(await send(place, 'application/json', body), `${place.path} with JSON ${what}`);
      }
    }
  });

  test('JSON that is packed, of another type, or in another character set', async () => {
    for (const place of json) {
      const odd = async (type: string, body: string, headers = {}) =>
        refused(
          await send(place, type, body, headers),
          `${place.path} as ${type} ${JSON.stringify(headers)}`,
        );
      await odd('application/json', '{}', { 'content-encoding': 'gzip' });
      await odd('application/json', '{}', { 'content-encoding': 'identity, br' });
      for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x'])
        await odd(type, '{}');
    }
  });

  test('forms that are too large, too many, ambiguous, or no forms', async () => {
    const endpoints = [
      'token',
      'v2.0/token',
      'v2.0/revoke',
      'v2.0/introspect',
      'devicecode',
      'v2.0/devicecode',
    ];
    const client = `client_id=${azureCli}&grant_type=refresh_token&refresh_token=x&token=x`;
    const forms: Readonly<Record<string, string>> = {
      'larger than 64 kB': `${client}&a=${'a'.repeat(64 * kB)}`,
      'of a hundred parameters': `${client}&${Array.from({ length: 100 }, (_, index) => `p${index}=1`).join('&')}`,
      'with a name twice': `${client}&client_id=${azureCli}`,
      'with a name twice in other spelling': `${client}&client%5Fid=${azureCli}`,
      'with a broken escape': `${client}&a=%zz`,
      'with half a character': `${client}&a=%c3`,
      'of nothing but separators': '&='.repeat(20_000),
      'that is JSON': '{"grant_type":"client_credentials"}',
    };
    for (const endpoint of endpoints) {
      const place = { host: surfaceHosts.login, method: 'POST', path: `${login}/oauth2/${endpoint}` };
      for (const [what, form] of Object.entries(forms)) {
        refused(await send(place, formType, form), `${endpoint} with a form ${what}`);
      }
      // what is not known is not looked at, whatever it is called
      const named = await send(place, formType, `${client}&__proto__=x&constructor=x&prototype[isAdmin]=1`);
      assert.equal(named.status, (await send(place, formType, client)).status, endpoint);
      for (const type of ['application/json', 'multipart/form-data; boundary=x', 'text/plain']) {
        refused(await send(place, type, '{"grant_type":"client_credentials"}'), `${endpoint} as ${type}`);
      }
    }
  });

  test('values made to keep a pattern busy, in every field that has one', async () => {
    const long = 60_000;
    const texts: Readonly<Record<string, string>> = {
      'of one letter': 'a'.repeat(long),
      'of dots': '.'.repeat(long),
      'of spaces and an end': `${' '.repeat(long)}x`,
      'of hosts without an end': `https://${'a.'.repeat(long / 2)}!`,
      'of paths without an end': `http://localhost${'/a'.repeat(long / 2)}\n`,
      'of parts of a token': 'aA-_.'.repeat(long / 5),
      'of open brackets': '['.repeat(long),
      'of open braces': '{"a":'.repeat(long / 5),
      'of numbers': '1'.repeat(long),
      'of escapes': '\\"'.repeat(long / 2),
      'of quotes': "'".repeat(long),
      'of a person at many places': 'a@'.repeat(long / 2),
      'of letters that are two': 'ﬃİ'.repeat(long / 5),
    };
    const fields: Readonly<Record<string, readonly string[]>> = {
      [`${login}/oauth2/v2.0/token`]: [
        ...['client_id', 'client_secret', 'client_assertion', 'scope', 'claims', 'assertion', 'code'],
        ...['redirect_uri', 'code_verifier', 'refresh_token', 'device_code', 'resource', 'grant_type'],
      ],
      [`${login}/oauth2/v2.0/introspect`]: ['token', 'token_type_hint', 'client_id'],
      [`${login}/oauth2/v2.0/devicecode`]: ['scope', 'client_id'],
      '/sign-in/password': ['continue', 'name', 'password', 'form_token'],
      '/device': ['user_code'],
    };
    const grants = ['client_credentials', 'authorization_code', 'refresh_token', 'device_code'];
    const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    let turn = 0;
    for (const [path, names] of Object.entries(fields)) {
      for (const name of names) {
        for (const [what, text] of Object.entries(texts)) {
          turn += 1;
          const form = new URLSearchParams({
            ...{ client_id: azureCli, client_assertion_type: assertionType, token: 'x' },
            grant_type:
              name === 'client_assertion' ? 'client_credentials' : (grants[turn % grants.length] ?? ''),
            [name]: text,
          });
          // what is escaped takes three octets a character
          const body = form
            .toString()
            .slice(0, 64 * kB)
            .replace(/%[0-9A-F]?$/, '');
          const place = { host: surfaceHosts.login, method: 'POST', path };
          const reply = await send(place, formType, body);
          refused(reply, `${path} ${name} ${what}`);
        }
      }
    }
  });

  test('queries made to keep a pattern busy, at every surface', async () => {
    const { operator, group } = server;
    const texts = [
      ...['('.repeat(4000), "'".repeat(4000), 'not '.repeat(1500), 'a eq '.repeat(1000), ' '.repeat(4000)],
      ...[
        'a/'.repeat(2000),
        "x eq 'y' and ".repeat(400),
        ','.repeat(4000),
        '1'.repeat(4000),
        '\\"'.repeat(2000),
      ],
    ];
    const graph = `Bearer ${await operator.token('https://graph.microsoft.com')}`;
    const management = `Bearer ${await operator.token('https://management.azure.com')}`;
    for (const text of texts) {
      const value = encodeURIComponent(text)
        .slice(0, 8000)
        .replace(/%[0-9A-F]?$/, '');
      for (const option of [
        '$filter',
        '$search',
        '$select',
        '$orderby',
        '$expand',
        '$top',
        '$skiptoken',
        '$count',
      ]) {
        for (const [host, path, authorization] of [
          [surfaceHosts.graph, '/v1.0/users?x=y', graph],
          [surfaceHosts.graph, '/v1.0/auditLogs/signIns?x=y', graph],
          [
            surfaceHosts.management,
            `${group}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01`,
            management,
          ],
        ] as const) {
          const reply = await server.send({
            host,
            method: 'GET',
            path: `${path}&${option}=${value}`,
            headers: { authorization },
          });
          assert.ok(
            reply.status < 500,
            `${path} ${option} ${text.slice(0, 10)} ${reply.status} ${reply.text}`,
          );
        }
      }
      const asked = `client_id=${azureCli}&redirect_uri=${value}&scope=${value.slice(0, 4000)}`.slice(
        0,
        12_000,
      );
      const path = `${login}/oauth2/v2.0/authorize?${asked}`;
      const { status } = await server.send({ host: surfaceHosts.login, method: 'GET', path });
      assert.ok(status < 500, `authorize ${text.slice(0, 10)} ${status}`);
    }
  });

  test('and serves on: nothing of it was a failure of its own, and no object was changed', async () => {
    assert.equal(({} as { isAdmin?: boolean }).isAdmin, undefined);
    assert.doesNotMatch(server.deployment.log.text(), /request failed/);
    const path = `${login}/v2.0/.well-known/openid-configuration?${systemRandomness.uuid()}`;
    assert.equal((await server.send({ host: surfaceHosts.login, method: 'GET', path })).status, 200);
  });
});
