import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as jose from 'jose';
import { canonicalId, parseScope } from '../../src/contract/resource-id.ts';
import type { TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { assignDirectoryRole } from '../../src/server/directory/directory-role-assignments.ts';
import { globalAdministrator } from '../../src/server/directory/directory-roles.ts';
import { insertOwner } from '../../src/server/directory/ownership.ts';
import { insertCredential } from '../../src/server/managed-identities/credential-store.ts';
import { type TestGraph, testGraph } from '../support/graph.ts';
import { type TestIdentity, type TestTokenService, testTokenService } from '../support/token-service.ts';

const vmId =
  '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/Demo/providers/Microsoft.Compute/virtualMachines/vm1';
const sharedId =
  '/subscriptions/11111111-2222-3333-4444-555555555555/resourcegroups/Demo/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shared';
const anyBody = { displayName: 'x' };
const newKey = { type: 'AsymmetricX509Cert', usage: 'Verify', key: 'AAAA' };

describe('who may do what with applications through Graph', () => {
  let service: TestTokenService;
  let tenantId: TenantId;
  let graph: TestGraph;
  let vm: TestIdentity;
  let shared: TestIdentity;
  before(async () => {
    service = await testTokenService();
    tenantId = await service.tenant();
    graph = await testGraph(service, tenantId);
    const resourceCanonical = canonicalId(parseScope(vmId));
    vm = await service.identity(tenantId, { kind: 'SystemAssigned', resourceId: vmId, resourceCanonical });
    shared = await service.identity(tenantId, {
      kind: 'UserAssigned',
      resourceId: sharedId,
      resourceCanonical: canonicalId(parseScope(sharedId)),
    });
    const { certificate, sha256 } = vm.key;
    await service.database.transaction((transaction) =>
      insertCredential(
        transaction,
        {
          thumbprint: sha256,
          tenant_id: tenantId,
          client_id: vm.clientId,
          principal_id: vm.principalId,
          machine_id: systemRandomness.uuid(),
          resource_id: vmId,
          resource_canonical: resourceCanonical,
          certificate: certificate.toString(),
          not_before: 0,
          not_after: 4e12,
        },
        1,
      ),
    );
  });
  after(async () => {
    await graph[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  const call: TestGraph['call'] = (...args) => graph.call(...args);
  const statusOf = async (...args: Parameters<TestGraph['call']>) => {
    const { status, body } = await call(...args);
    if (status === 403) assert.equal(body.error.code, 'Authorization_RequestDenied');
    return status;
  };

  /** Nothing of an identity's principal changes but whether it may sign in (h.1). */
  async function isLocked(identity: TestIdentity): Promise<void> {
    const path = `/v1.0/servicePrincipals/${identity.principalId}`;
    const reference = {
      '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${identity.principalId}`,
    };
    for (const [method, target, body] of [
      ['PATCH', path, { displayName: 'x' }],
      ['PATCH', path, { tags: ['x'] }],
      ['PATCH', path, { alternativeNames: [] }],
      ['PATCH', path, { accountEnabled: false, notes: 'x' }],
      ['PATCH', path, { keyCredentials: [] }],
      ['PATCH', path, { passwordCredentials: [] }],
      ['DELETE', path, undefined],
      ['POST', `${path}/addPassword`, {}],
      ['POST', `${path}/removePassword`, { keyId: systemRandomness.uuid() }],
      ['POST', `${path}/addKey`, { keyCredential: newKey, proof: 'x' }],
      ['POST', `${path}/removeKey`, { keyId: systemRandomness.uuid(), proof: 'x' }],
      ['POST', `${path}/owners/$ref`, reference],
      ['DELETE', `${path}/owners/${identity.principalId}/$ref`, undefined],
    ] as const) {
      const status = await statusOf(method, target, body === undefined ? {} : { body });
      assert.equal(status, 403, `${method} ${target} ${JSON.stringify(body)}`);
    }
    assert.equal((await call('GET', path)).body.accountEnabled, true);
    assert.equal(await statusOf('PATCH', path, { body: { accountEnabled: false } }), 204);
    assert.equal((await service.directory.client(tenantId, identity.clientId))?.principal.enabled, false);
    assert.equal(await statusOf('PATCH', path, { body: { accountEnabled: true } }), 204);
    assert.equal(
      await statusOf('POST', '/v1.0/servicePrincipals', { body: { appId: identity.clientId } }),
      400,
    );
  }

  test("a managed identity's principal is its resource's: it is shown, may be disabled, and nothing else of it changes", async () => {
    const path = `/v1.0/servicePrincipals/${vm.principalId}`;
    const shown = (await call('GET', path)).body;
    const [key] = shown.keyCredentials;
    assert.deepEqual([key.type, key.usage, key.key], ['AsymmetricX509Cert', 'Verify', null]);
    assert.match(key.customKeyIdentifier, /^[0-9A-F]{40}$/);
    assert.equal((await call('GET', path)).body.keyCredentials[0].keyId, key.keyId);
    assert.equal((await call('GET', `/v1.0/applications(appId='${vm.clientId}')`)).status, 404);
    const filter = encodeURIComponent(`appId eq '${vm.clientId}'`);
    assert.deepEqual((await call('GET', `/v1.0/applications?$filter=${filter}`)).body.value, []);

    await isLocked(vm);
  });

  test('and so is the principal of a user-assigned one', async () => {
    await isLocked(shared);
  });

  test('a resource that every tenant knows is shown, and nobody changes it', async () => {
    const [shown] = (await call('GET', "/v1.0/servicePrincipals?$filter=displayName eq 'Microsoft Graph'"))
      .body.value;
    assert.ok(shown.appRoles.some(({ value }: { value: string }) => value === 'Application.Read.All'));
    const path = `/v1.0/servicePrincipals/${shown.id}`;
    assert.equal((await call('GET', path)).body.appId, shown.appId);
    for (const [method, target] of [
      ['PATCH', path],
      ['DELETE', path],
      ['POST', `${path}/addPassword`],
    ] as const) {
      assert.equal(await statusOf(method, target, method === 'DELETE' ? {} : { body: {} }), 403);
    }
  });

  test("the deployment's own application is changed by nobody else, whatever they may", async () => {
    const { deployments } = graph;
    const reference = {
      '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${graph.administrator.principalId}`,
    };
    for (const [collection, id] of [
      [`applications(appId='${deployments.clientId}')`, deployments.clientId],
      [`servicePrincipals/${deployments.principalId}`, deployments.principalId],
    ] as const) {
      const path = `/v1.0/${collection}`;
      assert.equal((await call('GET', path)).status, 200, id);
      for (const [method, target, body] of [
        ['PATCH', path, { notes: 'x' }],
        ['DELETE', path, undefined],
        ['POST', `${path}/addPassword`, {}],
        ['POST', `${path}/owners/$ref`, reference],
      ] as const) {
        assert.equal(
          await statusOf(method, target, body === undefined ? {} : { body }),
          403,
          `${method} ${target}`,
        );
      }
    }
  });

  test("the deployment's own application cannot end itself", async () => {
    const { deployments: as } = graph;
    await service.database.transaction((transaction) =>
      assignDirectoryRole(
        transaction,
        { tenantId, principalId: as.principalId, roleTemplateId: globalAdministrator, at: 1 },
        systemRandomness,
      ),
    );
    const application = `/v1.0/applications(appId='${as.clientId}')`;
    const principal = `/v1.0/servicePrincipals/${as.principalId}`;
    assert.equal(await statusOf('DELETE', application, { as }), 403);
    assert.equal(await statusOf('DELETE', principal, { as }), 403);
    assert.equal(await statusOf('PATCH', principal, { as, body: { accountEnabled: false } }), 403);
    assert.equal(await statusOf('POST', `${application}/addPassword`, { as, body: {} }), 200);
  });

  test('whoever may nothing learns nothing; whoever may read may read only', async () => {
    const nobody = await service.application(tenantId);
    const reader = await graph.withPermissions('Application.Read.All');
    const auditor = await graph.withPermissions('AuditLog.Read.All');
    const app = (await call('POST', '/v1.0/applications', { body: anyBody })).body;
    const path = `/v1.0/applications/${app.id}`;
    const requests = [
      ['POST', '/v1.0/applications', anyBody],
      ['PATCH', path, { notes: 'x' }],
      ['PATCH', "/v1.0/applications(uniqueName='new')", anyBody],
      ['DELETE', path, undefined],
      ['POST', `${path}/addPassword`, {}],
      ['POST', `${path}/federatedIdentityCredentials`, { name: 'x' }],
      ['POST', `${path}/owners/$ref`, { '@odata.id': 'x' }],
      ['POST', '/v1.0/servicePrincipals', { appId: app.appId }],
      ['POST', '/v1.0/oauth2PermissionGrants', {}],
      ['POST', `/v1.0/servicePrincipals/${vm.principalId}/appRoleAssignments`, {}],
      ['PATCH', `/v1.0/servicePrincipals/${vm.principalId}`, { accountEnabled: false }],
      ['DELETE', `/v1.0/directory/deletedItems/${app.id}`, undefined],
    ] as const;
    for (const as of [nobody, reader, auditor]) {
      for (const [method, target, body] of requests) {
        const headers = { prefer: 'create-if-missing' };
        const status = await statusOf(method, target, {
          as,
          headers,
          ...(body === undefined ? {} : { body }),
        });
        assert.equal(status, 403, `${method} ${target}`);
      }
    }
    assert.equal(await statusOf('GET', path, { as: reader }), 200);
    assert.equal(await statusOf('GET', path, { as: auditor }), 403);
    assert.equal(await statusOf('GET', path, { as: nobody }), 403);
    assert.equal(await statusOf('GET', '/v1.0/nothing', { as: nobody }), 403);
    assert.equal(await statusOf('GET', '/v1.0/nothing', { as: reader }), 400);
  });

  test("an application's token for Graph names its permissions and directory roles, and no other token does", async () => {
    const reader = await graph.withPermissions('Application.Read.All', 'Group.Read.All');
    const claims = jose.decodeJwt(await graph.tokenFor(reader));
    assert.deepEqual(claims['roles'], ['Application.Read.All', 'Group.Read.All']);
    assert.equal(claims['wids'], undefined);
    const administrators = jose.decodeJwt(await graph.tokenFor(graph.administrator));
    assert.deepEqual(administrators['wids'], [globalAdministrator]);
    const vault = await service.post(`/${tenantId}/oauth2/v2.0/token`, {
      grant_type: 'client_credentials',
      client_id: reader.clientId,
      client_secret: reader.secret,
      scope: 'https://vault.azure.net/.default',
    });
    assert.equal(jose.decodeJwt(String(vault.body['access_token']))['roles'], undefined);
  });

  test('a permission that is taken away is gone from the next request on, whatever the token says', async () => {
    const reader = await graph.withPermissions('Application.Read.All');
    assert.equal(await statusOf('GET', '/v1.0/applications', { as: reader }), 200);
    const path = `/v1.0/servicePrincipals/${reader.principalId}/appRoleAssignments`;
    const [assignment] = (await call('GET', path)).body.value;
    assert.equal(await statusOf('DELETE', `${path}/${assignment.id}`), 204);
    assert.equal(await statusOf('GET', '/v1.0/applications', { as: reader }), 403);
  });

  test('with Application.ReadWrite.OwnedBy one changes what one owns, and no other', async () => {
    const owner = await graph.withPermissions('Application.ReadWrite.OwnedBy');
    const rival = await graph.withPermissions('Application.ReadWrite.OwnedBy');
    const made = await call('POST', '/v1.0/applications', { as: owner, body: { displayName: 'mine' } });
    assert.equal(made.status, 201);
    const app = made.body;
    const path = `/v1.0/applications/${app.id}`;
    const [only] = (await call('GET', `${path}/owners`)).body.value;
    assert.deepEqual(
      [only.id, only['@odata.type']],
      [owner.principalId, '#microsoft.graph.servicePrincipal'],
    );
    const steal = { '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${rival.principalId}` };
    for (const [method, target, body] of [
      ['PATCH', path, { notes: 'x' }],
      ['POST', `${path}/addPassword`, {}],
      ['POST', `${path}/owners/$ref`, steal],
      ['POST', `${path}/federatedIdentityCredentials`, { name: 'x' }],
      ['DELETE', path, undefined],
    ] as const) {
      const ask = body === undefined ? {} : { body };
      assert.equal(await statusOf(method, target, { as: rival, ...ask }), 403, `${method} ${target}`);
    }
    // a credential of its principal would open the application, so the principal is its owner's to make as well
    const principal = `/v1.0/servicePrincipals(appId='${app.appId}')`;
    const headers = { prefer: 'create-if-missing' };
    const appId = { appId: app.appId };
    assert.equal(await statusOf('POST', '/v1.0/servicePrincipals', { as: rival, body: appId }), 403);
    assert.equal(await statusOf('PATCH', principal, { as: rival, headers, body: {} }), 403);
    assert.equal(await statusOf('POST', '/v1.0/servicePrincipals', { as: owner, body: appId }), 201);
    assert.equal(await statusOf('PATCH', path, { as: owner, body: { notes: 'x' } }), 204);
    assert.equal(await statusOf('POST', `${path}/addPassword`, { as: owner, body: {} }), 200);
    assert.equal(await statusOf('POST', `${path}/owners/$ref`, { as: owner, body: steal }), 204);
    assert.equal(await statusOf('POST', `${path}/owners/$ref`, { as: owner, body: steal }), 400);
    assert.equal(await statusOf('PATCH', path, { as: rival, body: { notes: 'y' } }), 204);
    assert.equal(await statusOf('DELETE', `${path}/owners/${rival.principalId}/$ref`, { as: owner }), 204);
    assert.equal(await statusOf('PATCH', path, { as: rival, body: { notes: 'z' } }), 403);

    assert.equal(await statusOf('DELETE', path, { as: owner }), 204);
    const deleted = `/v1.0/directory/deletedItems/${app.id}`;
    assert.equal(await statusOf('POST', `${deleted}/restore`, { as: rival }), 403);
    assert.equal(await statusOf('DELETE', deleted, { as: rival }), 403);
    assert.equal(await statusOf('POST', `${deleted}/restore`, { as: owner }), 200);
    assert.equal(await statusOf('PATCH', path, { as: owner, body: { notes: 'x' } }), 204);
  });

  test('whoever makes only their own makes no more than anybody may own', async () => {
    const owner = await graph.withPermissions('Application.ReadWrite.OwnedBy');
    await service.database.transaction(async (transaction) => {
      for (let count = 0; count < 250; count += 1) {
        await insertOwner(transaction, {
          tenantId,
          objectId: systemRandomness.uuid(),
          ownerId: owner.principalId,
          ownerType: 'ServicePrincipal',
          at: 1,
        });
      }
    });
    const { status, body } = await call('POST', '/v1.0/applications', { as: owner, body: anyBody });
    assert.deepEqual([status, body.error.code], [403, 'Directory_QuotaExceeded']);
  });

  test('owning a managed identity opens nothing of it', async () => {
    const owner = await graph.withPermissions('Application.ReadWrite.OwnedBy');
    await service.database.transaction((transaction) =>
      insertOwner(transaction, {
        tenantId,
        objectId: vm.principalId,
        ownerId: owner.principalId,
        ownerType: 'ServicePrincipal',
        at: 1,
      }),
    );
    const path = `/v1.0/servicePrincipals/${vm.principalId}`;
    assert.equal(await statusOf('POST', `${path}/addPassword`, { as: owner, body: {} }), 403);
    assert.equal(await statusOf('DELETE', path, { as: owner }), 403);
  });

  test("another tenant's objects are as if they were not (C5, C25)", async () => {
    const other = await service.tenant();
    await using elsewhere = await testGraph(service, other);
    const made = (await call('POST', '/v1.0/applications', { body: { displayName: 'here' } })).body;
    const principal = (await call('POST', '/v1.0/servicePrincipals', { body: { appId: made.appId } })).body;
    const never = systemRandomness.uuid();
    for (const [method, path, body] of [
      ['GET', '/v1.0/applications/{application}', undefined],
      ['GET', "/v1.0/applications(appId='{client}')", undefined],
      ['PATCH', '/v1.0/applications/{application}', { notes: 'x' }],
      ['DELETE', '/v1.0/applications/{application}', undefined],
      ['POST', '/v1.0/applications/{application}/addPassword', {}],
      ['GET', '/v1.0/applications/{application}/owners', undefined],
      ['GET', '/v1.0/applications/{application}/federatedIdentityCredentials', undefined],
      ['GET', '/v1.0/servicePrincipals/{principal}', undefined],
      ['DELETE', '/v1.0/servicePrincipals/{principal}', undefined],
      ['GET', '/v1.0/servicePrincipals/{principal}/appRoleAssignments', undefined],
      ['GET', '/v1.0/servicePrincipals/{principal}/memberOf', undefined],
      ['GET', '/v1.0/directoryObjects/{principal}', undefined],
      ['POST', '/v1.0/servicePrincipals', { appId: '{client}' }],
      ['POST', '/v1.0/directoryObjects/getByIds', { ids: ['{principal}', '{application}'] }],
    ] as const) {
      const ask = async (application: string, client: string, principalId: string) => {
        const fill = (text: string) =>
          text
            .replaceAll('{application}', application)
            .replaceAll('{client}', client)
            .replaceAll('{principal}', principalId);
        const filled = body === undefined ? {} : { body: JSON.parse(fill(JSON.stringify(body))) };
        const reply = await elsewhere.call(method, fill(path), filled);
        const text = JSON.stringify({ ...reply.body, error: { ...reply.body.error, innerError: undefined } });
        return [
          reply.status,
          text.replaceAll(new RegExp(`${application}|${client}|${principalId}`, 'g'), '#'),
        ];
      };
      assert.deepEqual(
        await ask(made.id, made.appId, principal.id),
        await ask(never, systemRandomness.uuid(), systemRandomness.uuid()),
        `${method} ${path}`,
      );
    }
    const listed = (await elsewhere.call('GET', '/v1.0/applications')).body.value;
    assert.ok(!listed.some(({ id }: { id: string }) => id === made.id));
  });
});
