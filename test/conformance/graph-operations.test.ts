import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { assignDirectoryRole } from '../../src/server/directory/directory-role-assignments.ts';
import { globalAdministrator } from '../../src/server/directory/directory-roles.ts';
import type { GraphOperation } from '../../src/server/graph/operation.ts';
import { registerPipeline } from '../../src/server/graph/pipeline.ts';
import { graphOperations } from '../../src/server/graph/registry.ts';
import { type TestGraph, testGraph } from '../support/graph.ts';
import { type TestTokenService, testTokenService } from '../support/token-service.ts';

type Client = Awaited<ReturnType<TestTokenService['application']>>;

// what operations are depends on no part; what they do, the surface under test has its own for
const operations = graphOperations({
  isReserved: () => false,
  onPrincipalEnd: async () => {},
  onApplicationEnd: async () => {},
} as unknown as Parameters<typeof graphOperations>[0]);

const someId = '5f0c1e7a-94a5-4d4f-9d0c-6a8f4b0d8a11';
const reference = { '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${someId}` };
const assignment = { principalId: someId, resourceId: someId, appRoleId: someId };
/** A body that each operation would take, by method and the end of its path: what is refused, is refused for who asks. */
const bodies: readonly (readonly [RegExp, object])[] = [
  [/^POST .*\/\$ref$/, reference],
  [/^POST .*\/addPassword$/, {}],
  [/^POST .*\/removePassword$/, { keyId: someId }],
  [
    /^POST .*\/addKey$/,
    { keyCredential: { type: 'AsymmetricX509Cert', usage: 'Verify', key: 'eA==' }, proof: 'x' },
  ],
  [/^POST .*\/removeKey$/, { keyId: someId, proof: 'x' }],
  [/^POST .*\/(appRoleAssignments|appRoleAssignedTo)$/, assignment],
  [
    /^POST .*\/federatedIdentityCredentials$/,
    { name: 'x', issuer: 'https://x.example', subject: 's', audiences: ['a'] },
  ],
  [/^PATCH .*\/federatedIdentityCredentials\/\{\}$/, { description: 'x' }],
  [
    /^POST oauth2PermissionGrants$/,
    { clientId: someId, consentType: 'AllPrincipals', resourceId: someId, scope: 'x' },
  ],
  [/^PATCH oauth2PermissionGrants/, { scope: 'x' }],
  [/^POST .*checkMemberGroups$/, { groupIds: [someId] }],
  [/^POST .*checkMemberObjects$/, { ids: [someId] }],
  [/^POST .*(getMemberGroups|getMemberObjects)$/, {}],
  [/^POST directoryObjects\/getByIds$/, { ids: [someId] }],
  [/^POST applications$/, { displayName: 'x' }],
  [/^POST servicePrincipals$/, { appId: someId }],
  [/^POST groups$/, { displayName: 'x', mailEnabled: false, mailNickname: 'x', securityEnabled: true }],
  [
    /^POST users$/,
    {
      accountEnabled: true,
      displayName: 'x',
      mailNickname: 'x',
      userPrincipalName: 'x@x.example',
      passwordProfile: { password: 'correct horse' },
    },
  ],
  [/^PATCH (applications|servicePrincipals)\/\{\}$/, { notes: 'x' }],
  [/^PATCH (groups|users)\/\{\}$/, { displayName: 'x' }],
  [/^POST directoryRoles$/, { roleTemplateId: globalAdministrator }],
  [
    /^POST roleManagement\/directory\/roleAssignments$/,
    { principalId: someId, roleDefinitionId: globalAdministrator, directoryScopeId: '/' },
  ],
];

const nameOf = ({ method, path }: GraphOperation) => `${method} ${path}`;
function bodyOf(operation: GraphOperation): object | undefined {
  if (operation.method === 'GET' || operation.body === undefined) return undefined;
  const found = bodies.find(([pattern]) => pattern.test(nameOf(operation)));
  assert.ok(found, `${nameOf(operation)} has a body that this suite does not know`);
  const read = operation.body.safeParse(found[1]);
  assert.ok(read.success, `${nameOf(operation)} does not take ${JSON.stringify(found[1])}`);
  return found[1];
}

describe('every operation of Graph', () => {
  let service: TestTokenService;
  let graph: TestGraph;
  /** Of the tenant that is looked at from elsewhere: an id for each collection. */
  let ids: Readonly<Record<string, string>>;
  let intruder: Client;
  before(async () => {
    service = await testTokenService();
    const tenantId = await service.tenant('owner.example');
    graph = await testGraph(service, tenantId);
    ids = await furnish(graph, tenantId);
    const elsewhere = await service.tenant('intruder.example');
    intruder = await service.application(elsewhere);
    await service.database.transaction((transaction) =>
      assignDirectoryRole(
        transaction,
        {
          tenantId: elsewhere,
          principalId: intruder.principalId,
          roleTemplateId: globalAdministrator,
          at: service.clock.now(),
        },
        systemRandomness,
      ),
    );
  });
  after(async () => {
    await graph[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  /** The address of an operation on objects of the tenant, or on `missing` ones. */
  function pathOf({ path }: GraphOperation, missing?: string): string {
    const known = Object.entries(ids).find(([prefix]) => path.startsWith(prefix))?.[1] ?? someId;
    return path.replaceAll('{}', missing ?? known);
  }

  async function ask(operation: GraphOperation, path: string, bearer: string, version = 'v1.0') {
    const body = bodyOf(operation);
    return await graph.call(operation.method, `/${version}/${path}`, { bearer, body });
  }

  test('refuses whoever shows no token, or shows it in another way than it is shown (T3)', async () => {
    const good = await graph.tokenFor(graph.administrator);
    const { body } = await service.post(`/${graph.administrator.tenantId}/oauth2/v2.0/token`, {
      grant_type: 'client_credentials',
      client_id: graph.administrator.clientId,
      client_secret: graph.administrator.secret,
      scope: 'https://vault.azure.net/.default',
    });
    const headers: readonly (string | undefined)[] = [
      undefined,
      '',
      'Bearer',
      `Basic ${good}`,
      good,
      `Bearer ${good}, Bearer ${good}`,
      `Bearer ${good}x`,
      `Bearer ${'a'.repeat(8192)}`,
      `Bearer ${String(body['access_token'])}`,
    ];
    for (const operation of operations) {
      for (const [index, authorization] of headers.entries()) {
        const version = index === 0 ? 'beta' : 'v1.0';
        const path = `${pathOf(operation)}?access_token=${good}`;
        const response = await fetch(`${graph.origin}/${version}/${path}`, {
          method: operation.method,
          headers: authorization === undefined ? {} : { authorization },
        });
        const text = await response.text();
        assert.equal(response.status, 401, `${nameOf(operation)} with ${authorization?.slice(0, 20)}`);
        assert.match(text, /"code":"InvalidAuthenticationToken"/);
        assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer realm=""/);
      }
    }
  });

  test('refuses whoever has no permission, and tells nothing of what there is (T2)', async () => {
    const nobody = await graph.tokenFor(await service.application(graph.administrator.tenantId));
    for (const operation of operations) {
      for (const path of [pathOf(operation), pathOf(operation, systemRandomness.uuid())]) {
        const { status, body } = await ask(operation, path, nobody);
        assert.equal(status, 403, nameOf(operation));
        assert.equal(body.error.message, 'Insufficient privileges to complete the operation.');
      }
    }
  });

  test('refuses whoever has another permission than it asks for', async () => {
    const reader = await graph.tokenFor(await graph.withPermissions('AuditLog.Read.All'));
    for (const operation of operations) {
      if (operation.permissions.includes('AuditLog.Read.All')) continue;
      assert.equal((await ask(operation, pathOf(operation), reader)).status, 403, nameOf(operation));
    }
  });

  test('knows nothing of another tenant: what is there and what never was are one answer (T2, C5, C25)', async () => {
    const bearer = await graph.tokenFor(intruder);
    for (const operation of operations) {
      if (!operation.path.includes('{}')) continue;
      const missing = systemRandomness.uuid();
      const [there, never] = [pathOf(operation), pathOf(operation, missing)];
      const answers = [await ask(operation, there, bearer), await ask(operation, never, bearer, 'beta')];
      const worded = answers.map(({ status, body }, index) => {
        const message = String(body?.error?.message).replaceAll(/'[^']*'/g, "'…'");
        return `${index} ${status} ${body?.error?.code} ${message}`.slice(2);
      });
      assert.equal(worded[0], worded[1], nameOf(operation));
      assert.equal(answers[0]?.status, 404, nameOf(operation));
    }
  });

  test('shows a tenant its own alone where nothing is named', async () => {
    const bearer = await graph.tokenFor(intruder);
    for (const operation of operations) {
      if (operation.path.includes('{}') || operation.method !== 'GET') continue;
      const { status, body } = await ask(operation, operation.path, bearer);
      assert.ok(status === 200 || operation.path.startsWith('me'), `${nameOf(operation)} ${status}`);
      const text = JSON.stringify(body);
      for (const id of Object.values(ids)) assert.equal(text.includes(id), false, nameOf(operation));
    }
  });

  test('that declares no permission is not put on the surface at all (T3)', () => {
    const open = { method: 'GET', path: 'open', permissions: [], run: async () => ({ kind: 'nothing' }) };
    const app = { addHook() {}, route() {} };
    assert.throws(
      () => registerPipeline(app as never, [open as never], { profile: {} } as never),
      /declares no permission/,
    );
  });
});

/** Objects of every kind in a tenant, by the beginning of the paths that lead to them. */
async function furnish(graph: TestGraph, tenantId: TenantId): Promise<Readonly<Record<string, string>>> {
  const make = async (path: string, body: object) => {
    const answer = await graph.call('POST', `/v1.0/${path}`, { body });
    assert.ok(answer.status < 300, JSON.stringify(answer.body));
    return answer.body;
  };
  const user = (name: string) => ({
    accountEnabled: true,
    displayName: name,
    mailNickname: name,
    userPrincipalName: `${name}@owner.example`,
    passwordProfile: { password: 'correct horse battery' },
  });
  const application = await make('applications', { displayName: 'a' });
  const principal = await make('servicePrincipals', { appId: application.appId });
  const person = await make('users', user('ada'));
  const gone = await make('users', user('ben'));
  await graph.call('DELETE', `/v1.0/users/${gone.id}`);
  const group = await make('groups', {
    displayName: 'g',
    mailEnabled: false,
    mailNickname: 'g',
    securityEnabled: true,
  });
  const graphPrincipal = await graph.call(
    'GET',
    "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')",
  );
  const grant = await make('oauth2PermissionGrants', {
    clientId: principal.id,
    consentType: 'AllPrincipals',
    resourceId: graphPrincipal.body.id,
    scope: 'User.Read',
  });
  const [audit] = (await graph.call('GET', '/v1.0/auditLogs/directoryAudits')).body.value;
  return {
    applications: application.id,
    servicePrincipals: principal.id,
    'directory/deletedItems': gone.id,
    users: person.id,
    groups: group.id,
    directoryObjects: person.id,
    oauth2PermissionGrants: grant.id,
    organization: tenantId,
    domains: 'owner.example',
    'auditLogs/directoryAudits': audit.id,
  };
}
