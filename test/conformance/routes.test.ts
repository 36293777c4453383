import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { graphOperations } from '../../src/server/graph/registry.ts';
import { createProviders } from '../../src/server/providers/registry.ts';
import { anonymousRoutes } from '../../src/server/resource-manager/open-routes.ts';
import { createOperationRegistry } from '../../src/server/resource-manager/operation-registry.ts';
import {
  type ComposedServer,
  composedServer,
  type RawReply,
  type RawRequest,
  surfaceHosts,
} from '../support/composed-server.ts';
import {
  noAccessTokens,
  type OddCredential,
  showing,
  spoiled,
  wronglyShown,
} from '../support/odd-credentials.ts';
import { recordedSamples } from '../support/recorded-types.ts';
import { routesByRule, type SurfaceName } from '../support/route-rules.ts';

// what operations are depends on no part; what they do, the server under test has its own for
const parts: unknown = new Proxy(() => parts, { get: () => parts });
const options = new Proxy({}, { get: () => parts }) as never;
const ownTypes = createProviders(options);
const armOperations = createOperationRegistry([...ownTypes, ...recordedSamples(ownTypes)]).operations;
const directoryOperations = graphOperations(options);

describe('of every route of a whole server', () => {
  let server: ComposedServer;
  let tenantId: string;
  /** A token that opens each surface, and one of the same principal that opens another. */
  let tokens: Readonly<Record<'login' | 'graph' | 'management' | 'vault', string>>;
  /** Of the other tenant, whose application has every right there is, in its own. */
  let foreign: typeof tokens;
  before(async () => {
    server = await composedServer();
    tenantId = server.operator.ready.tenantId;
    const audiences = [
      'https://graph.microsoft.com',
      'https://management.azure.com',
      'https://vault.azure.net',
    ];
    const [graph = '', management = '', vault = ''] = await Promise.all(
      audiences.map((audience) => server.operator.token(audience)),
    );
    tokens = { login: graph, graph, management, vault };
    const [g = '', m = '', v = ''] = await Promise.all(
      audiences.map((audience) => server.other.token(audience)),
    );
    foreign = { login: g, graph: g, management: m, vault: v };
  });
  after(() => server?.[Symbol.asyncDispose]());

  function under(
    rule: string,
  ): readonly (RawRequest & { readonly surface: SurfaceName; readonly route: string })[] {
    return Object.entries(routesByRule[rule] ?? {}).flatMap(([surface, routes]) =>
      routes.map((route) => {
        const [method = '', url = ''] = route.split(' ');
        const path = url
          .replace(':tenant', tenantId)
          .replace(':user', 'alice@contoso.example')
          .replace(':machineId', systemRandomness.uuid())
          .replace(':name', 'greeting')
          .replace(':version', 'a'.repeat(32))
          .replace(':stream', systemRandomness.uuid());
        const host = surfaceHosts[surface as SurfaceName];
        return { surface: surface as SurfaceName, route, host, method, path };
      }),
    );
  }

  /** Every request that takes an access token, with the token that opens it. */
  function guarded(): readonly (RawRequest & { readonly what: string; readonly good: string })[] {
    const routes = under('token').filter(({ route }) => !route.endsWith(' /*'));
    return [
      ...routes.map(({ surface, route, ...request }) => ({
        ...request,
        path: surface === 'vault' ? `${request.path}?api-version=7.4` : request.path,
        what: `${surface} ${route}`,
        good: route.endsWith('userinfo') ? server.person.accessToken : tokens[surface as keyof typeof tokens],
      })),
      ...armRequests(standing).map((request) => ({ ...request, good: tokens.management })),
      ...directoryOperations.map(({ method, path }) => ({
        host: surfaceHosts.graph,
        method,
        path: `/v1.0/${path.replaceAll('{}', tenantId)}`,
        what: `graph ${method} ${path}`,
        good: tokens.graph,
      })),
      {
        host: surfaceHosts.graph,
        method: 'POST',
        path: '/v1.0/$batch',
        what: 'graph $batch',
        good: tokens.graph,
      },
    ];
  }

  /** Names of things that are there. */
  const standing = { group: 'demo', name: (type: string) => (type === 'vaults' ? 'demo-kv' : 'vm1') };
  const missing = { group: 'demo', name: () => 'never-was' };
  const nowhere = { group: 'never', name: () => 'never-was' };
  function armRequests({ group, name }: { group: string; name: (type: string) => string }) {
    const subscriptionId = server.operator.ready.subscriptionId;
    return armOperations
      .filter(({ openTo }) => openTo !== 'anyone')
      .map(({ operation, type, name: what }) => {
        const scope = `subscriptions/${subscriptionId}/resourceGroups/${group}/providers/Microsoft.Compute/virtualMachines/${name('virtualMachines')}`;
        const path = operation.path
          .replace('{scope}', scope)
          .replace('{subscriptionId}', subscriptionId)
          .replace('{resourceGroupName}', group)
          .replace('{resourceProviderNamespace}', 'Microsoft.Compute')
          .replace('{name}', name(type.type))
          .replaceAll(/\{[A-Za-z0-9]+\}/g, '0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f0');
        return {
          host: surfaceHosts.management,
          method: operation.method,
          path: `${path}?api-version=${type.apiVersions[0]}`,
          what: `arm ${what}`,
        };
      });
  }

  test('it is written down who is answered, and nothing is written down that is not served (T2, T3)', () => {
    const served = server.routes.map(({ host, method, url }) => `${host} ${method} ${url}`);
    const written = Object.values(routesByRule).flatMap((surfaces) =>
      Object.entries(surfaces).flatMap(([surface, routes]) =>
        routes.map((route) => `${surfaceHosts[surface as SurfaceName]} ${route}`),
      ),
    );
    assert.deepEqual([...served].sort(), [...written].sort());
    assert.equal(new Set(served).size, served.length, 'no route answers in two places');
    assert.deepEqual(anonymousRoutes, ['GET /metadata/endpoints'], 'the one of the resource manager');
  });

  test('those that take a token open with the right one, rightly shown', async () => {
    for (const { good, what, ...request } of guarded()) {
      if (request.method !== 'GET') continue;
      const { status, text } = await server.send({
        ...request,
        headers: { authorization: `Bearer ${good}` },
      });
      assert.notEqual(status, 401, `${what}: ${text}`);
      assert.ok(status < 500, `${what}: ${text}`);
    }
  });

  test('those that take a token are closed without one, and to one shown in another way (T3)', async () => {
    await each(guarded(), async ({ good, what, ...request }) => {
      for (const odd of wronglyShown(good))
        refusedAs(401, await server.send(showing(request, odd)), what, odd);
    });
  });

  test('those that take a token are closed to every other kind of signed text, and to one that was altered (T1, T4, T9)', async () => {
    const cases = new Map<string, readonly OddCredential[]>();
    for (const good of new Set(guarded().map((request) => request.good))) {
      const others = [tokens.graph, tokens.management, tokens.vault, server.person.accessToken];
      const elsewhere = Object.fromEntries(
        others
          .filter((token) => !opensAlike(token, good))
          .map((token, index) => [`of another audience ${index}`, token]),
      );
      const texts = {
        ...(await spoiled(good)),
        ...elsewhere,
        'an id token': server.person.idToken,
        'an event token': server.eventToken,
      };
      cases.set(good, noAccessTokens(texts));
    }
    await each(guarded(), async ({ good, what, ...request }) => {
      for (const odd of cases.get(good) ?? [])
        refusedAs(401, await server.send(showing(request, odd)), what, odd);
    });
  });

  /** Tokens for Graph open Graph and streams; userinfo takes a person's alone. */
  const opensAlike = (one: string, other: string) => audienceOf(one) === audienceOf(other);

  test('another tenant’s administrator learns nothing: what is there and what never was are one answer (T2, C5, C25)', async () => {
    const ask = async (request: RawRequest, token: string) =>
      await server.send({ ...request, headers: { authorization: `Bearer ${token}` } });
    const [there, gone, away] = [armRequests(standing), armRequests(missing), armRequests(nowhere)];
    await each(
      there.map((request, index) => [request, gone[index] ?? request, away[index] ?? request] as const),
      async ([{ what, ...request }, { what: _1, ...second }, { what: _2, ...third }]) => {
        const replies = await Promise.all(
          [request, second, third].map((one) => ask(one, foreign.management)),
        );
        const [first] = replies;
        for (const reply of replies) assert.equal(plain(reply), plain(first), what);
        if (request.path.startsWith('/subscriptions/')) assert.equal(first?.status, 401, what);
        assert.ok(!first?.text.includes('demo-kv') && !first?.text.includes('vm1'), what);
        if (first?.status === 200) assert.ok(!first.text.includes(tenantId), what);
      },
    );
    for (const { surface, route, ...request } of under('token')) {
      if (surface === 'vault') {
        const path = `${request.path}?api-version=7.4`;
        const never = { ...request, path: path.replace('greeting', 'never-was') };
        const replies = [await ask({ ...request, path }, foreign.vault), await ask(never, foreign.vault)];
        assert.equal(plain(replies[0]), plain(replies[1]), route);
        assert.equal(replies[0]?.status, 401, route);
      }
      if (route.includes('/ssf/')) {
        const never = { ...request, path: request.path.replace(tenantId, systemRandomness.uuid()) };
        const replies = [await ask(request, foreign.login), await ask(never, foreign.login)];
        assert.equal(plain(replies[0]), plain(replies[1]), route);
        assert.equal(replies[0]?.status, 403, route);
      }
    }
  });

  test('those of machines are closed to every token and every other header (T3, T9)', async () => {
    const publicKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      .publicKey.export({ type: 'spki', format: 'der' })
      .toString('base64');
    const bodies: Readonly<Record<string, object>> = {
      'POST /enrol': { joinToken: 'A'.repeat(43), publicKey },
      'POST /machines/:machineId/credentials': {
        credentials: [{ clientId: systemRandomness.uuid(), publicKey, proof: 'a.b.c' }],
      },
    };
    const good = tokens.management;
    const odds = [
      ...wronglyShown(good),
      ...noAccessTokens({ 'an access token': good, 'an id token': server.person.idToken }),
    ];
    for (const { route, surface: _, ...request } of under('machine')) {
      const body = bodies[route];
      const json =
        body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
      for (const { form: _form, ...odd } of odds) {
        refusedAs(401, await server.send(showing({ ...request, ...json }, odd)), route, odd);
      }
    }
  });

  test('those of resource providers are closed to every token without a certificate (T3, T9)', async () => {
    const good = await server.operator.token('https://identity.azure.net');
    const odds = [
      ...wronglyShown(good),
      ...noAccessTokens({
        'its own token': good,
        'of another audience': tokens.management,
        'an id token': server.person.idToken,
        'of another tenant': await server.other.token('https://identity.azure.net'),
      }),
    ];
    const machine = `${server.group}/providers/Microsoft.Compute/virtualMachines/vm1`;
    const query = `tid=${tenantId}&oid=${tenantId}&aid=${tenantId}&api-version=2024-01-01`;
    for (const { route, surface: _, ...request } of under('provider')) {
      const asked = { ...request, path: `${machine}/credentials?${query}` };
      for (const { form: _form, ...odd } of odds)
        refusedAs(401, await server.send(showing(asked, odd)), route, odd);
    }
  });

  test('those of clients give nothing to who does not prove to be one (T3)', async () => {
    const { clientId } = server.operator.ready.operator;
    const basic = (secret: string) => `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`;
    const good = tokens.graph;
    const odds: readonly OddCredential[] = [
      ...wronglyShown(good),
      ...['guess', '', good].map((secret) => ({
        what: `Basic ${secret.slice(0, 5)}`,
        headers: { authorization: basic(secret) },
      })),
      {
        what: 'two Basic headers',
        headers: { authorization: [basic('guess'), basic(server.operator.ready.operator.clientSecret)] },
      },
    ];
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      scope: 'https://management.azure.com/.default',
      token: good,
    }).toString();
    for (const { route, surface: _, ...request } of under('client')) {
      for (const { form: _form, ...odd } of odds) {
        const reply = await server.send(
          showing(
            { ...request, body: form, headers: { 'content-type': 'application/x-www-form-urlencoded' } },
            odd,
          ),
        );
        assert.ok(
          [400, 401].includes(reply.status),
          `${route} with ${odd.what}: ${reply.status} ${reply.text}`,
        );
        assert.match(
          reply.text,
          /AADSTS(7000218|7000215|7000216|9002313|50027)/,
          `${route} with ${odd.what}`,
        );
      }
    }
    const { status } = await server.send({
      host: surfaceHosts.graph,
      method: 'GET',
      path: '/v1.0/servicePrincipals',
      headers: { authorization: `Bearer ${good}` },
    });
    assert.equal(status, 200, 'and the token that they named still stands');
  });

  test('those of pages do nothing for who does not send the page’s own form (C14)', async () => {
    const form = new URLSearchParams({
      ...{ continue: '/organizations/oauth2/authorize', name: 'alice@contoso.example' },
      ...{ password: 'correct horse battery', new_password: 'staple battery', again: 'staple battery' },
      ...{ answer: 'accept', user_code: 'BCDFGHJKL', form_token: 'A'.repeat(43) },
    }).toString();
    for (const { route, surface: _, ...request } of under('page')) {
      for (const { form: _form, ...odd } of wronglyShown(tokens.graph)) {
        const own = request.method === 'GET' ? {} : { body: form };
        const reply = await server.send(
          showing(
            { ...request, ...own, headers: { 'content-type': 'application/x-www-form-urlencoded' } },
            odd,
          ),
        );
        const what = `${route} with ${odd.what}`;
        assert.equal(reply.status, request.method === 'GET' ? 303 : 403, `${what} ${reply.status}`);
        assert.equal(reply.headers['location'] ?? '/device', '/device', what);
        assert.doesNotMatch(String(reply.headers['set-cookie']), /session/i, what);
      }
    }
  });

  test('those for anyone answer the same, whatever credential is shown (T3)', async () => {
    const open = [
      ...under('anyone'),
      {
        host: surfaceHosts.management,
        method: 'GET',
        path: '/metadata/endpoints?api-version=2019-05-01',
        route: 'endpoints',
        surface: 'management' as const,
      },
    ];
    await each(open, async ({ route, surface: _, ...request }) => {
      const without = await server.send(request);
      assert.ok(without.status < 500, route);
      assert.doesNotMatch(without.text, /"(access|id|refresh)_token"\s*:/, route);
      for (const { query: _query, form: _form, ...odd } of wronglyShown(tokens.graph)) {
        const reply = await server.send(showing(request, odd));
        assert.equal(plain(reply), plain(without), `${route} with ${odd.what}`);
      }
    });
  });

  test('those for nobody, and methods that nothing serves, are refused (C15)', async () => {
    for (const { route, surface: _, ...request } of under('nobody')) {
      const { status, text } = await server.send({
        ...request,
        headers: { authorization: `Bearer ${tokens.graph}` },
      });
      if (request.method === 'OPTIONS') assert.deepEqual([status, text], [204, ''], route);
      else assert.ok(status >= 400 && status < 500, `${route} ${status}`);
    }
    const places = new Set(
      server.routes.map(({ host, url }) => `${host} ${url.replace(/\*|:[a-z]+/gi, 'x')}`),
    );
    await each([...places], async (place) => {
      const [host = '', path = ''] = place.split(' ');
      for (const method of ['TRACE', 'PROPFIND', 'OPTIONS', 'MKCOL', 'QUERY', 'LINK', 'PURGE']) {
        const { status, text } = await server.send({
          host,
          method,
          path,
          headers: { authorization: 'Bearer x.y.z' },
        });
        if (method === 'OPTIONS' && path.endsWith('/token')) continue;
        assert.ok(status >= 400 && status < 500, `${method} ${place} ${status}`);
        assert.doesNotMatch(text, /x\.y\.z|node_modules|\.ts:/, `${method} ${place}`);
      }
    });
  });
});

function refusedAs(status: number, reply: RawReply, what: string, odd: OddCredential): void {
  assert.equal(reply.status, status, `${what} with ${odd.what}: ${reply.status} ${reply.text.slice(0, 300)}`);
}

/** A few at a time, as the server would be asked. */
async function each<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await run(item);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

/** What an answer says, without what is new in each: ids, times, and the names that the request itself brought. */
function plain(reply: RawReply | undefined): string {
  const text = (reply?.text ?? '')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '<id>')
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
    .replaceAll(/[A-Za-z0-9_-]{43,}/g, '<random>')
    .replaceAll(/resourceGroups\/[a-z]+|never-was|vm1|demo-kv|greeting/gi, '<name>');
  return `${reply?.status} ${text}`;
}

function audienceOf(token: string): unknown {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).aud;
}
