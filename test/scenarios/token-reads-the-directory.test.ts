import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { graphError, servicePrincipal, servicePrincipalPage } from '../../src/contract/graph.ts';
import { canonicalId, parseScope } from '../../src/contract/resource-id.ts';
import type { TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { deletePrincipal } from '../../src/server/directory/directory-store.ts';
import { type TestGraph, testGraph } from '../support/graph.ts';
import { type TestIdentity, type TestTokenService, testTokenService } from '../support/token-service.ts';

const vmId =
  '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/Demo/providers/Microsoft.Compute/virtualMachines/vm1';

/** What the answers here are read for. */
interface Body {
  readonly '@odata.context': string;
  readonly value: readonly Readonly<Record<string, unknown>>[];
  readonly error: { readonly code: string };
}

describe('on the Graph surface', () => {
  let service: TestTokenService;
  let tenantId: TenantId;
  let reader: Awaited<ReturnType<TestTokenService['application']>>;
  let vm: TestIdentity;
  let origin: string;
  let token: string;
  let graph: TestGraph;

  before(async () => {
    service = await testTokenService();
    tenantId = await service.tenant();
    vm = await service.identity(tenantId, {
      kind: 'SystemAssigned',
      resourceId: vmId,
      resourceCanonical: canonicalId(parseScope(vmId)),
    });
    graph = await testGraph(service, tenantId);
    reader = await graph.withPermissions('Application.Read.All');
    origin = graph.origin;
    token = await tokenFor(reader);
  });
  after(async () => {
    await graph[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  async function tokenFor(app: typeof reader, resource = 'https://graph.microsoft.com/'): Promise<string> {
    const reply = await service.post(`/${app.tenantId}/oauth2/v2.0/token`, {
      grant_type: 'client_credentials',
      client_id: app.clientId,
      client_secret: app.secret,
      scope: `${resource}/.default`,
    });
    return String(reply.body['access_token']);
  }

  async function call(path: string, init: RequestInit & { readonly bearer?: string | undefined } = {}) {
    const bearer = 'bearer' in init ? init.bearer : token;
    const response = await fetch(`${origin}${path}`, {
      ...init,
      headers: { ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }), ...init.headers },
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
  }

  const list = async (query: string) => {
    const { status, body } = await call(`/v1.0/servicePrincipals?${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return servicePrincipalPage.parse(body);
  };

  test('a managed identity looks as Graph shows one', async () => {
    const { body, headers } = await call(`/v1.0/servicePrincipals/${vm.principalId.toUpperCase()}`);
    const shown = servicePrincipal.parse(body);
    assert.equal(shown.id, vm.principalId);
    assert.equal(shown.appId, vm.clientId);
    assert.equal(shown.servicePrincipalType, 'ManagedIdentity');
    assert.deepEqual(shown.alternativeNames, [
      'isExplicit=False',
      vmId.replace('resourceGroups', 'resourcegroups'),
    ]);
    assert.deepEqual(shown.servicePrincipalNames, [vm.clientId]);
    assert.equal(shown.appDisplayName, null);
    assert.match(headers.get('content-type') ?? '', /^application\/json/);
    assert.ok(headers.get('request-id'));
    const byAppId = await call(`/v1.0/servicePrincipals(appId='${vm.clientId}')?$select=id,appId`);
    const { '@odata.context': context, ...members } = byAppId.body;
    assert.deepEqual(members, { id: vm.principalId, appId: vm.clientId });
    assert.match(context, /^https:\/\/graph\.microsoft\.com\/v1\.0\/\$metadata#/);
  });

  test('principals are found by the filters that tools use', async () => {
    const found = async (filter: string) =>
      (await list(`$filter=${encodeURIComponent(filter)}`)).value.map(({ id }) => id);
    for (const filter of [
      `appId eq '${vm.clientId}'`,
      `appid EQ '${vm.clientId.toUpperCase()}'`,
      `servicePrincipalNames/any(c:c eq '${vm.clientId}')`,
      "displayName eq 'VM1'",
      "servicePrincipalType eq 'ManagedIdentity'",
    ]) {
      assert.deepEqual(await found(filter), [vm.principalId], filter);
    }
    for (const filter of [
      "appId eq 'x'",
      "displayName eq 'it''s none'",
      "servicePrincipalType eq 'Legacy'",
    ]) {
      assert.deepEqual(await found(filter), [], filter);
    }
    for (const filter of ['x', "appId eq 'a' or 1 eq 1", "displayName eq ''' or ''''"]) {
      const { status, body } = await call(`/v1.0/servicePrincipals?$filter=${encodeURIComponent(filter)}`);
      assert.deepEqual([status, body.error.code], [400, 'Request_UnsupportedQuery'], filter);
    }
  });

  test('a long list comes in pages', async () => {
    for (let count = 0; count < 4; count += 1) await service.application(tenantId);
    const seen: unknown[] = [];
    let query = '$top=2&$select=id';
    for (;;) {
      const page = await list(query);
      assert.ok(page.value.length <= 2);
      seen.push(...page.value.map(({ id }) => id));
      const next = page['@odata.nextLink'];
      if (next === undefined) break;
      const url = new URL(next);
      assert.equal(url.host, 'graph.microsoft.com');
      query = url.search.slice(1);
    }
    assert.ok(seen.length > 6);
    assert.equal(new Set(seen).size, seen.length);
    for (const top of ['0', '1000', 'x', '-1']) {
      assert.equal((await call(`/v1.0/servicePrincipals?$top=${top}`)).status, 400);
    }
    assert.equal((await call('/v1.0/servicePrincipals?$skiptoken=x')).status, 400);
    assert.equal((await call('/v1.0/servicePrincipals?$top=1&$top=2')).status, 400);
  });

  test('principals are found by a list of ids', async () => {
    const ask = async (body: unknown) =>
      await call('/v1.0/directoryObjects/getByIds', {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      });
    const types = ['user', 'group', 'servicePrincipal', 'directoryObjectPartnerReference'];
    const { body } = await ask({ ids: [vm.principalId, tenantId, 'x', vm.principalId], types });
    assert.deepEqual(
      body.value.map((value) => [value['@odata.type'], value['id']]),
      [['#microsoft.graph.servicePrincipal', vm.principalId]],
    );
    assert.deepEqual((await ask({ ids: [vm.principalId], types: ['user'] })).body.value, []);
    for (const bad of [{}, { ids: [] }, { ids: 'x' }, { ids: Array(1001).fill('x') }, []]) {
      assert.equal((await ask(bad)).status, 400);
    }
  });

  test('nobody reads without a token for Graph and the right to read', async () => {
    const path = `/v1.0/servicePrincipals/${vm.principalId}`;
    const other = await service.application(tenantId);
    for (const [bearer, status] of [
      [undefined, 401],
      ['x', 401],
      [await tokenFor(reader, 'https://vault.azure.net'), 401],
      [await tokenFor(other), 403],
    ] as const) {
      for (const target of [path, '/v1.0/servicePrincipals', '/v1.0/nothing', '/', '/v1.0/users/x/y']) {
        const answer = await call(target, { bearer });
        assert.equal(answer.status, status, target);
        const { error } = graphError.parse(answer.body);
        assert.equal(
          error.code,
          status === 401 ? 'InvalidAuthenticationToken' : 'Authorization_RequestDenied',
        );
        const challenge = answer.headers.get('www-authenticate');
        if (status === 401) assert.match(challenge ?? '', /^Bearer realm="", authorization_uri="https:/);
      }
    }
  });

  test('a principal of another tenant, one that never was, and one that is gone are alike', async () => {
    const foreign = await service.application(await service.tenant());
    const gone = await service.application(tenantId);
    await service.database.transaction((tx) =>
      deletePrincipal(tx, { tenantId, principalId: gone.principalId, at: 1 }),
    );
    for (const id of [foreign.principalId, gone.principalId, systemRandomness.uuid(), 'x', "a'b"]) {
      const { status, body } = await call(`/v1.0/servicePrincipals/${id}`);
      assert.deepEqual([status, body.error.code], [404, 'Request_ResourceNotFound']);
    }
    assert.equal((await call(`/beta/servicePrincipals(appId='${foreign.clientId}')`)).status, 404);
    assert.equal((await call('/v1.0/unknowns')).status, 400);
  });

  test('a managed identity is locked: nothing writes', async () => {
    const path = `/v1.0/servicePrincipals/${vm.principalId}`;
    for (const [method, target] of [
      ['PATCH', path],
      ['DELETE', path],
      ['POST', `${path}/addPassword`],
      ['POST', `${path}/addKey`],
      ['POST', `${path}/owners/$ref`],
      ['POST', '/v1.0/servicePrincipals'],
      ['PUT', path],
    ] as const) {
      const { status, body } = await call(target, {
        method,
        body: '{}',
        headers: { 'content-type': 'application/json' },
      });
      assert.deepEqual(
        [status, body.error.code],
        [403, 'Authorization_RequestDenied'],
        `${method} ${target}`,
      );
    }
  });
});
