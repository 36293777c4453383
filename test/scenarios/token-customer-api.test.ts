import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as jose from 'jose';
import type { PrincipalId, TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { changedManifest, emptyManifest } from '../../src/server/directory/application-manifest.ts';
import { createApplication } from '../../src/server/directory/applications.ts';
import { deletePrincipal, setPrincipalEnabled } from '../../src/server/directory/directory-store.ts';
import { recordChange } from '../../src/server/storage/change-log.ts';
import type { Transaction } from '../../src/server/storage/database.ts';
import { type TestTokenService, testTokenService } from '../support/token-service.ts';

const reader = '5b6c1d1e-1b7a-4a0d-9d58-6f6a3f6d2a10';
const person = '7f1b2c3d-0000-4000-8000-000000000001';
const off = '7f1b2c3d-0000-4000-8000-000000000002';

const role = (id: string, value: string, more: object = {}) => ({
  id,
  value,
  displayName: value,
  description: value,
  isEnabled: true,
  allowedMemberTypes: ['Application' as const],
  ...more,
});

describe("a token for a customer's own API", () => {
  let service: TestTokenService;
  let tenantId: TenantId;
  let client: Awaited<ReturnType<TestTokenService['application']>>;
  let api: Awaited<ReturnType<typeof createApplication>>;

  before(async () => {
    service = await testTokenService();
    tenantId = await service.tenant();
    client = await service.application(tenantId);
    api = await makeApi('orders', 1);
  });
  after(() => service[Symbol.asyncDispose]());

  const change = <T>(work: (transaction: Transaction) => Promise<T>) => service.database.transaction(work);

  const makeApi = (name: string, version: 1 | 2, more: Parameters<typeof changedManifest>[1] = {}) =>
    change((transaction) =>
      createApplication(
        transaction,
        {
          tenantId,
          displayName: name,
          manifest: changedManifest(emptyManifest, {
            identifierUris: [`api://${name}.example/Things`],
            api: { requestedAccessTokenVersion: version },
            appRoles: [
              role(reader, 'Orders.Read'),
              role(person, 'Orders.Own', { allowedMemberTypes: ['User'] }),
              role(off, 'Orders.Off', { isEnabled: false }),
            ],
            ...more,
          }),
        },
        systemRandomness,
        service.clock.now(),
      ),
    );

  const assign = (principalId: string, resourceId: string, appRoleId: string) =>
    change(async (transaction) => {
      await transaction
        .insertInto('app_role_assignments')
        .values({
          assignment_id: systemRandomness.uuid(),
          tenant_id: tenantId,
          principal_id: principalId,
          principal_type: 'ServicePrincipal',
          resource_id: resourceId,
          app_role_id: appRoleId,
          created_at: 1,
        })
        .execute();
      await recordChange(transaction, { tenantId, kind: 'app-roles', key: principalId, at: 1 });
    });

  const join = (memberId: string, groupId: string) =>
    change(async (transaction) => {
      await transaction
        .insertInto('group_members')
        .values({
          tenant_id: tenantId,
          group_id: groupId,
          member_id: memberId,
          member_type: 'ServicePrincipal',
          created_at: 1,
        })
        .execute();
      await recordChange(transaction, { tenantId, kind: 'memberships', key: tenantId, at: 1 });
    });

  const ask = (resource: string, more: Record<string, string> = {}, as = client) =>
    service.post(`/${tenantId}/oauth2/v2.0/token`, {
      grant_type: 'client_credentials',
      client_id: as.clientId,
      client_secret: as.secret,
      scope: `${resource}/.default`,
      ...more,
    });

  const claimsFor = async (resource: string, more: Record<string, string> = {}, as = client) => {
    const reply = await ask(resource, more, as);
    assert.equal(reply.status, 200, reply.text);
    return jose.decodeJwt(reply.body['access_token'] as string);
  };

  test('is asked for by its identifier, in any case, with or without a slash, or by its id', async () => {
    for (const name of [
      'api://orders.example/Things',
      'api://orders.example/Things/',
      'API://ORDERS.example/things',
      api.clientId,
      `api://${api.clientId}`,
    ]) {
      const claims = await claimsFor(name);
      assert.equal(claims.aud, name);
      assert.equal(claims['ver'], '1.0');
      assert.equal(claims['roles'], undefined);
    }
    for (const name of ['api://orders.example', 'api://orders.example/Things/x', 'api://nobody.example']) {
      assert.match((await ask(name)).refusal.error_description, /^AADSTS500011/);
    }
  });

  test('is of version 2, for the application id, where the API says so', async () => {
    const second = await makeApi('invoices', 2);
    for (const name of ['api://invoices.example/Things', second.clientId, `api://${second.clientId}`]) {
      const claims = await claimsFor(name);
      assert.equal(claims.aud, second.clientId);
      assert.equal(claims['ver'], '2.0');
      assert.equal(claims['azp'], client.clientId);
    }
  });

  test('names the roles that are assigned, enabled, and meant for applications', async () => {
    const target = await makeApi('roles', 1);
    const name = 'api://roles.example/Things';
    for (const id of [reader, person, off]) await assign(client.principalId, target.principalId, id);
    assert.deepEqual((await claimsFor(name))['roles'], ['Orders.Read']);
    // the same role id at another API says nothing here
    assert.equal((await claimsFor('api://orders.example/Things'))['roles'], undefined);
  });

  test('names roles of groups that the client is itself in, from the next token on', async () => {
    const target = await makeApi('grouped', 1);
    const name = 'api://grouped.example/Things';
    const member = await service.application(tenantId);
    const [inner, outer] = [systemRandomness.uuid(), systemRandomness.uuid()];
    await assign(inner, target.principalId, reader);
    assert.equal((await claimsFor(name, {}, member))['roles'], undefined);
    await join(member.principalId, inner);
    assert.deepEqual((await claimsFor(name, {}, member))['roles'], ['Orders.Read']);

    const nested = await makeApi('nested', 1);
    await assign(outer, nested.principalId, reader);
    await join(inner, outer);
    assert.equal((await claimsFor('api://nested.example/Things', {}, member))['roles'], undefined);
  });

  test('is refused without an assignment where the API requires one', async () => {
    const target = await makeApi('closed', 1);
    const name = 'api://closed.example/Things';
    await change(async (transaction) => {
      await transaction
        .updateTable('principals')
        .set({ manifest: JSON.stringify({ appRoleAssignmentRequired: true }) })
        .where('principal_id', '=', target.principalId)
        .execute();
      await recordChange(transaction, { tenantId, kind: 'client', key: target.clientId, at: 1 });
    });
    const refused = await ask(name);
    assert.equal(refused.status, 400);
    assert.match(refused.refusal.error_description, /^AADSTS501051/);
    await assign(client.principalId, target.principalId, '00000000-0000-0000-0000-000000000000');
    assert.equal((await claimsFor(name))['roles'], undefined);
  });

  test('lists groups where the API asks for them, two hundred at most', async () => {
    await makeApi('groups', 1, { groupMembershipClaims: 'SecurityGroup' });
    const name = 'api://groups.example/Things';
    const member = await service.application(tenantId);
    assert.equal((await claimsFor(name, {}, member))['groups'], undefined);
    const [inner, outer] = [systemRandomness.uuid(), systemRandomness.uuid()];
    await join(member.principalId, inner);
    await join(inner, outer);
    // groups that contain each other are met once
    await join(outer, inner);
    const groups = (await claimsFor(name, {}, member))['groups'] as string[];
    assert.deepEqual([...groups].sort(), [inner, outer].sort());
    for (let count = 0; count < 199; count += 1) await join(member.principalId, systemRandomness.uuid());
    assert.equal((await claimsFor(name, {}, member))['groups'], undefined);
  });

  test('says that its client understands challenges only where both sides do', async () => {
    const optionalClaims = { accessToken: [{ name: 'xms_cc', essential: false, additionalProperties: [] }] };
    await makeApi('listening', 1, { optionalClaims });
    const claims = JSON.stringify({ access_token: { xms_cc: { values: ['CP1', 'x'] } } });
    assert.deepEqual((await claimsFor('api://listening.example/Things', { claims }))['xms_cc'], ['CP1']);
    assert.equal((await claimsFor('api://listening.example/Things'))['xms_cc'], undefined);
    assert.equal((await claimsFor('api://orders.example/Things', { claims }))['xms_cc'], undefined);
    for (const bad of ['{', '[]', '{"access_token":{"xms_cc":{"values":"CP1"}}}', 'x'.repeat(9000)]) {
      const reply = await ask('api://listening.example/Things', { claims: bad });
      assert.equal(reply.status, 400);
      assert.match(reply.refusal.error_description, /^AADSTS9002313/);
    }
  });

  test('is not given for an API that is disabled or gone', async () => {
    const target = await makeApi('ending', 1);
    const name = 'api://ending.example/Things';
    const key = { tenantId, principalId: target.principalId as PrincipalId, at: service.clock.now() };
    assert.equal((await ask(name)).status, 200);
    await change((transaction) => setPrincipalEnabled(transaction, { ...key, enabled: false }));
    assert.match((await ask(name)).refusal.error_description, /^AADSTS500014/);
    await change((transaction) => deletePrincipal(transaction, key));
    assert.match((await ask(name)).refusal.error_description, /^AADSTS500011/);
  });

  test('of another tenant is not known by any of its names', async () => {
    const other = await service.tenant();
    const stranger = await service.application(other);
    for (const name of ['api://orders.example/Things', api.clientId]) {
      const reply = await service.post(`/${other}/oauth2/v2.0/token`, {
        grant_type: 'client_credentials',
        client_id: stranger.clientId,
        client_secret: stranger.secret,
        scope: `${name}/.default`,
      });
      assert.match(reply.refusal.error_description, /^AADSTS500011/);
    }
  });
});
