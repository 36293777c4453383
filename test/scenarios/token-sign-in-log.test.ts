import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CanonicalId, TenantId } from '../../src/foundation/ids.ts';
import { readSignIns } from '../../src/server/audit/sign-in-store.ts';
import {
  assertionForm,
  makeClientKey,
  signAssertion,
  type TestTokenService,
  testTokenService,
} from '../support/token-service.ts';

const machine = '/subscriptions/s/resourceGroups/Demo/providers/Microsoft.Compute/virtualMachines/vm1';
const ownIdentity = {
  kind: 'SystemAssigned',
  resourceId: machine,
  resourceCanonical: machine.toLowerCase() as CanonicalId,
} as const;

const signInsOf = async ({ database }: TestTokenService, tenantId: TenantId) =>
  (await readSignIns(database.read, tenantId, { limit: 1000 })).rows;

describe('the sign-in log of the token service', () => {
  test('has a row for a managed identity’s token, with its resource and the credential of its host', async () => {
    await using service = await testTokenService();
    const tenantId = await service.tenant();
    const identity = await service.identity(tenantId, ownIdentity);
    const assertion = await signAssertion(service, identity, identity.key);
    const reply = await service.post(`/${tenantId}/oauth2/v2.0/token`, assertionForm(identity, assertion));
    assert.equal(reply.status, 200);
    const [row, ...others] = await signInsOf(service, tenantId);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [
        row?.kind,
        row?.errorCode,
        row?.accountId,
        row?.identityResourceId,
        row?.credential,
        row?.credentialId,
      ],
      ['managedIdentity', 0, identity.principalId, machine, 'managedIdentity', identity.key.sha256],
    );
    assert.equal(row?.signInId, reply.headers.get('x-ms-request-id'));
    assert.equal(row?.resource, 'https://vault.azure.net');
    assert.ok(!JSON.stringify(row).includes(assertion.slice(-40)));
  });

  test('has a row for each refusal, and no secret in it', async () => {
    await using service = await testTokenService();
    const tenantId = await service.tenant();
    const app = await service.application(tenantId);
    const form = {
      grant_type: 'client_credentials',
      client_id: app.clientId,
      scope: 'https://vault.azure.net/.default',
    };
    const path = `/${tenantId}/oauth2/v2.0/token`;
    await service.post(path, { ...form, client_secret: 'a-wrong-secret' });
    await service.post(path, {
      ...form,
      client_id: '99999999-9999-4999-8999-999999999999',
      client_secret: 'x',
    });
    await service.post(path, {
      ...form,
      client_secret: app.secret,
      scope: 'https://nowhere.example/.default',
    });
    const claims = JSON.stringify({ access_token: { nbf: { value: '4000000000' } } });
    await service.post(path, { ...form, client_secret: app.secret, claims });
    await service.post(path, { grant_type: 'magic' });
    await service.post(path, 'grant_type=a&grant_type=b');
    const rows = await signInsOf(service, tenantId);
    assert.deepEqual(
      rows.map(({ errorCode, accountId }) => [errorCode, accountId]),
      [
        [9000411, undefined],
        [70003, undefined],
        [9002313, app.principalId],
        [500011, app.principalId],
        [700016, undefined],
        [7000215, app.principalId],
      ],
    );
    assert.ok(!JSON.stringify(rows).includes('a-wrong-secret'));
    assert.ok(!JSON.stringify(rows).includes(app.secret));
  });

  test('admits the assertion of a host once: of 200 at the same time one gets a token (T11)', async () => {
    await using service = await testTokenService();
    const tenantId = await service.tenant();
    const identity = await service.identity(tenantId, ownIdentity);
    const form = assertionForm(identity, await signAssertion(service, identity, identity.key));
    const replies = await Promise.all(
      Array.from({ length: 200 }, () => service.post(`/${tenantId}/oauth2/v2.0/token`, form)),
    );
    const refused = replies.filter(({ status }) => status !== 200);
    assert.equal(refused.length, 199);
    for (const { status, body } of refused) {
      assert.deepEqual([status, body['error'], body['error_codes']], [401, 'invalid_client', [50012]]);
      assert.ok(!('access_token' in body));
    }
    const rows = await signInsOf(service, tenantId);
    assert.equal(rows.length, 200);
    assert.equal(rows.filter(({ errorCode }) => errorCode === 0).length, 1);
  });

  test('lets an application send its assertion again while it lasts, as MSAL of JavaScript and Python do', async () => {
    await using service = await testTokenService();
    const tenantId = await service.tenant();
    const app = await service.application(tenantId);
    const key = await makeClientKey();
    service.register(app, key);
    const assertion = await signAssertion(service, app, key);
    for (const resource of [
      'https://vault.azure.net',
      'https://management.azure.com',
      'https://vault.azure.net',
    ]) {
      const reply = await service.post(
        `/${tenantId}/oauth2/v2.0/token`,
        assertionForm(app, assertion, resource),
      );
      assert.equal(reply.status, 200);
    }
  });

  test('refuses an application’s assertion that comes again where the deployment says so, and one without an id', async () => {
    await using service = await testTokenService({ assertionRules: { once: true } });
    const tenantId = await service.tenant();
    const app = await service.application(tenantId);
    const key = await makeClientKey();
    service.register(app, key);
    const path = `/${tenantId}/oauth2/v2.0/token`;
    const form = assertionForm(app, await signAssertion(service, app, key));
    assert.equal((await service.post(path, form)).status, 200);
    assert.deepEqual((await service.post(path, form)).body['error_codes'], [50012]);
    const nameless = await signAssertion(service, app, key, { payload: { jti: undefined } });
    assert.deepEqual((await service.post(path, assertionForm(app, nameless))).body['error_codes'], [50027]);
  });

  test('gives no token where its row cannot be written (C20)', async () => {
    await using service = await testTokenService();
    const tenantId = await service.tenant();
    const app = await service.application(tenantId);
    await service.database.transaction((transaction) =>
      transaction.schema.alterTable('sign_ins').renameTo('sign_ins_away').execute(),
    );
    const reply = await service.post(`/${tenantId}/oauth2/v2.0/token`, {
      grant_type: 'client_credentials',
      client_id: app.clientId,
      client_secret: app.secret,
      scope: 'https://vault.azure.net/.default',
    });
    assert.equal(reply.status, 500);
    assert.ok(!('access_token' in reply.body));
  });
});
