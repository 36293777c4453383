import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as jose from 'jose';
import type { Endpoint } from '../../src/agent/agent.ts';
import { type DemoWorld, demoWorld } from '../support/demo-world.ts';
import { eventually } from '../support/eventually.ts';
import { createHost, type Host } from '../support/host.ts';
import { type Body, type TestManagement, testManagement } from '../support/management.ts';
import { Operator } from '../support/operator.ts';

const version = 'api-version=2026-11-01';
const collection = '/providers/Innate.Tokens/signingKeys';
/** Milliseconds after an acknowledgement within which tokens of a revoked key are refused (V6). */
const promised = 1000;
const vaultResource = 'https://vault.azure.net';

const kidOf = (token: string) => jose.decodeProtectedHeader(token).kid ?? '';

describe('the operator of a deployment', () => {
  let world: DemoWorld;
  let host: Host;
  let endpoint: Endpoint;
  before(async () => {
    world = await demoWorld();
    host = await createHost(world.operator);
    await host.enrol(world.vm1.id);
    endpoint = await host.agent.openEndpoint(world.vm1.id, { kind: 'tcp' });
  });
  after(async () => {
    await endpoint?.[Symbol.asyncDispose]();
    await host?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  /** A new operator each time: tokens of before are not asked for again. */
  const asOperator = async <T>(work: (operator: Operator) => Promise<T>): Promise<T> => {
    using operator = new Operator(world.innate.ready);
    return await work(operator);
  };
  const keys = async (): Promise<readonly Body[]> =>
    await asOperator(
      async (operator) => (await operator.arm('GET', `${collection}?${version}`)).json().value,
    );
  const only = async (state: string): Promise<string> => {
    const found = (await keys()).filter((key) => key.properties.state === state);
    assert.equal(found.length, 1, `one key is ${state}`);
    return found[0].name;
  };
  const rotate = () =>
    asOperator((operator) => operator.arm('POST', `/providers/Innate.Tokens/rotateSigningKeys?${version}`));
  const read = async (token: string) =>
    (await world.operator.vault('demo-kv', 'GET', '/secrets/greeting?api-version=7.5', undefined, token))
      .status;
  const imdsToken = async (): Promise<string> => {
    const query = new URLSearchParams({ 'api-version': '2018-02-01', resource: vaultResource });
    const answer = await fetch(`${endpoint.origin}/metadata/identity/oauth2/token?${query}`, {
      headers: { metadata: 'true' },
    });
    return ((await answer.json()) as { access_token?: string }).access_token ?? '';
  };

  test('turns the keys: what was announced signs, and tokens of before hold on', async () => {
    const [active, prepared] = [await only('active'), await only('prepared')];
    const token = await imdsToken();
    assert.equal(kidOf(token), active);
    await rotate();
    assert.equal(await only('active'), prepared);
    assert.equal(await only('retired'), active);
    const fresh = await asOperator((operator) => operator.token(vaultResource));
    assert.equal(kidOf(fresh), prepared);
    assert.equal(await read(token), 200);
    assert.equal(await imdsToken(), token, 'nobody has to ask again');
  });

  test('revokes the key that signs: its tokens are refused within a second, by hosts dropped, and new ones hold (V6)', async () => {
    const token = await eventually(async () => {
      const given = await imdsToken();
      return (await read(given)) === 200 ? given : undefined;
    });
    const kid = kidOf(token);
    const revoked = await asOperator((operator) =>
      operator.arm('POST', `${collection}/${kid}/revoke?${version}`),
    );
    const acknowledged = performance.now();
    assert.equal(
      revoked.json().value.find((key: Body) => key.name === kid).properties.state,
      'revoked',
      'the answer comes although the token that asked is refused from now on',
    );
    await eventually(async () => ((await read(token)) === 401 ? true : undefined));
    const lag = performance.now() - acknowledged;
    assert.ok(lag <= promised, `refused ${lag} ms after the acknowledgement`);
    const fresh = await eventually(async () => {
      const given = await imdsToken();
      return given !== '' && kidOf(given) !== kid ? given : undefined;
    });
    assert.equal(await read(fresh), 200);
    const published = await asOperator((operator) =>
      operator.call({
        host: new URL(world.innate.ready.endpoints.login).host,
        path: `/${world.innate.ready.tenantId}/discovery/v2.0/keys`,
      }),
    );
    const kids = published.json().keys.map((key: Body) => key.kid);
    assert.ok(!kids.includes(kid) && kids.length >= 2);
  });

  test('does the same on the command line, with a part of the key id', async () => {
    const listed = await world.run(['keys', 'list']);
    assert.equal(listed.code, 0, listed.stderr);
    const lines = listed.stdout.trim().split('\n');
    assert.match(lines[0] ?? '', /^KEY +STATE +ALGORITHM +ANNOUNCED +SIGNS SINCE +ENDED$/);
    assert.equal(lines.length, 1 + (await keys()).length);
    const active = await only('active');
    assert.ok(lines.some((line) => line.startsWith(`${active}  active `)));

    const turned = await world.run(['keys', 'rotate']);
    assert.match(turned.stdout, new RegExp(`^${active} +retired `, 'm'));
    const revoked = await world.run(['keys', 'revoke', active.slice(0, 10)]);
    assert.equal(revoked.code, 0, revoked.stderr);
    assert.match(revoked.stdout, new RegExp(`^${active} +revoked `, 'm'));
    const signing = await only('active');
    const again = await world.run(['keys', 'revoke', signing]);
    assert.match(again.stdout, new RegExp(`^${signing} +revoked `, 'm'));
  });

  test('lets an application choose ES256 through Graph, and its next token is signed so', async () => {
    const graph = async (method: string, path: string, body: object) =>
      await asOperator(async (operator) => {
        const host = new URL(world.innate.ready.endpoints.graph).host;
        const token = await operator.token(world.innate.ready.endpoints.graph);
        const reply = await operator.call({
          host,
          method,
          path: `/v1.0${path}`,
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
        return { status: reply.status, body: reply.body === '' ? undefined : reply.json() };
      });
    const made = await graph('POST', '/applications', { displayName: 'orders' });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const { id, appId } = made.body;
    assert.equal((await graph('POST', '/servicePrincipals', { appId })).status, 201);
    const algorithmOf = async () =>
      jose.decodeProtectedHeader(await asOperator((operator) => operator.token(appId))).alg;
    assert.equal(await algorithmOf(), 'RS256');
    const odd = await graph('PATCH', `/applications/${id}`, { accessTokenSigningAlgorithm: 'HS256' });
    assert.equal(odd.status, 400);
    const changed = await graph('PATCH', `/applications/${id}`, { accessTokenSigningAlgorithm: 'ES256' });
    assert.equal(changed.status, 204, JSON.stringify(changed.body));
    assert.equal(await algorithmOf(), 'ES256');
    const listed = (await keys()).filter((key) => key.properties.algorithm === 'ES256');
    assert.deepEqual(listed.map((key) => key.properties.state).toSorted(), ['active', 'prepared']);
    await graph('PATCH', `/applications/${id}`, { accessTokenSigningAlgorithm: null });
    assert.equal(await algorithmOf(), 'RS256');
  });

  test('is told what a command line means wrongly', async () => {
    const cases: readonly [readonly string[], number, RegExp][] = [
      [['keys', 'turn'], 2, /knows list, rotate, revoke, not 'turn'/],
      [['keys', 'revoke'], 2, /needs the id of a key/],
      [['keys', 'rotate', 'now'], 2, /takes no key id/],
      [['keys', 'revoke', 'a'], 1, /there is no signing key 'a'/],
      [['keys', 'revoke', 'nothingofthatname'], 1, /there is no signing key 'nothingofthatname'/],
    ];
    for (const [words, code, said] of cases) {
      const outcome = await world.run(words);
      assert.equal(outcome.code, code, words.join(' '));
      assert.match(outcome.stderr, said);
    }
  });
});

describe('a caller without the right', () => {
  let m: TestManagement;
  before(async () => {
    m = await testManagement();
  });
  after(() => m[Symbol.asyncDispose]());

  test('reads, turns and revokes nothing; a reader reads only', async () => {
    const nobody = await m.application(m.home, 'nobody');
    const reader = await m.application(m.home, 'reader');
    await m.assign(m.home, reader, 'Reader', '/');
    const asks: readonly (readonly [string, string])[] = [
      ['GET', collection],
      ['GET', `${collection}/some-key-of-the-tenant`],
      ['POST', `${collection}/some-key-of-the-tenant/revoke`],
      ['POST', '/providers/Innate.Tokens/rotateSigningKeys'],
    ];
    for (const [method, path] of asks) {
      const refused = await m.ask(method, `${path}?${version}`, { as: nobody });
      assert.deepEqual([refused.status, refused.body.error.code], [403, 'AuthorizationFailed'], path);
      const read = await m.ask(method, `${path}?${version}`, { as: reader });
      assert.equal(read.status, method === 'POST' ? 403 : path === collection ? 200 : 404, path);
      assert.equal((await m.ask(method, `${path}?${version}`)).status, 401);
    }
  });

  test('asks in vain for keys of another tenant, and for ids that are none', async () => {
    for (const kid of ['x', 'no-key-has-this-id-at-all', '..', 'a'.repeat(300), 'ключ']) {
      const path = `${collection}/${encodeURIComponent(kid)}/revoke?${version}`;
      const reply = await m.ask('POST', path, { as: m.home.owner });
      assert.ok(reply.status >= 400 && reply.status < 500, `${kid}: ${reply.status}`);
    }
  });
});
