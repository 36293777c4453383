import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { canonicalId, parseScope } from '../../src/contract/resource-id.ts';
import type { TenantId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { createSecret } from '../../src/server/directory/applications.ts';
import { deleteSecret } from '../../src/server/directory/client-store.ts';
import { deletePrincipal, setPrincipalEnabled } from '../../src/server/directory/directory-store.ts';
import { recordChange } from '../../src/server/storage/change-log.ts';
import { refused } from '../support/refused.ts';
import {
  assertionForm,
  makeClientKey,
  signAssertion,
  type TestIdentity,
  type TestTokenService,
  testTokenService,
} from '../support/token-service.ts';

const vmId =
  '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/demo/providers/Microsoft.Compute/virtualMachines/vm1';
const unknownGuid = 'deadbeef-0000-4000-8000-00000000dead';

describe('the token endpoint refuses', () => {
  let service: TestTokenService;
  let tenantId: TenantId;
  let otherTenantId: TenantId;
  let vm: TestIdentity;
  let app: Awaited<ReturnType<TestTokenService['application']>>;
  before(async () => {
    service = await testTokenService();
    tenantId = await service.tenant();
    otherTenantId = await service.tenant();
    const resourceCanonical = canonicalId(parseScope(vmId));
    vm = await service.identity(tenantId, { kind: 'SystemAssigned', resourceId: vmId, resourceCanonical });
    app = await service.application(tenantId);
  });
  after(() => service[Symbol.asyncDispose]());

  const scope = 'https://vault.azure.net/.default';
  const path = (tenant: string = tenantId) => `/${tenant}/oauth2/v2.0/token`;
  const secretForm = (changes: Record<string, string> = {}) => ({
    grant_type: 'client_credentials',
    client_id: app.clientId,
    client_secret: app.secret,
    scope,
    ...changes,
  });

  const withForm = async (form: Record<string, string> | string, tenant?: string) =>
    await service.post(path(tenant), form);
  const withAssertion = async (assertion: string, changes: Record<string, string> = {}, tenant?: string) =>
    await withForm({ ...assertionForm(vm, assertion), ...changes }, tenant);

  test('tenants that do not exist, are no names, or are nobody’s', async () => {
    refused(await withForm(secretForm(), unknownGuid), 90002, 'invalid_request', 400);
    refused(await withForm(secretForm(), 'nowhere.example'), 90002, 'invalid_request', 400);
    refused(await withForm(secretForm(), 'no_name'), 900023, 'invalid_request', 400);
    refused(await withForm(secretForm(), '%00'), 900023, 'invalid_request', 400);
    refused(await withForm(secretForm(), 'common'), 50059, 'invalid_request', 400);
    refused(await withForm(secretForm(), 'Organizations'), 50059, 'invalid_request', 400);
  });

  test('clients that the tenant does not have, the other tenant’s included', async () => {
    refused(await withForm(secretForm({ client_id: unknownGuid })), 700016, 'unauthorized_client', 400);
    refused(await withForm(secretForm({ client_id: 'no guid' })), 700016, 'unauthorized_client', 400);
    refused(await withForm(secretForm(), otherTenantId), 700016, 'unauthorized_client', 400);
    const assertion = await signAssertion(service, vm, vm.key);
    refused(await withAssertion(assertion, {}, otherTenantId), 700016, 'unauthorized_client', 400);
    refused(await withAssertion(assertion, { client_id: unknownGuid }), 700016, 'unauthorized_client', 400);
  });

  test('secrets that are wrong, expired, of another kind of client, or missing', async () => {
    refused(await withForm(secretForm({ client_secret: 'guess' })), 7000215, 'invalid_client', 401);
    refused(await withForm(secretForm({ client_secret: app.secretId })), 7000215, 'invalid_client', 401);
    refused(
      await withForm(secretForm({ client_secret: 'x'.repeat(30_000) })),
      7000215,
      'invalid_client',
      401,
    );
    refused(await withForm(secretForm({ client_id: vm.clientId })), 7000215, 'invalid_client', 401);
    refused(await withForm(secretForm({ client_secret: '' })), 7000216, 'invalid_client', 401);
    const { client_id: _, ...nobody } = secretForm();
    refused(await withForm(nobody), 900144, 'invalid_request', 400);
    const at = service.clock.now();
    const expired = await service.database.transaction((transaction) =>
      createSecret(
        transaction,
        { tenantId, clientId: app.clientId, expiresAt: at - 1, at },
        systemRandomness,
      ),
    );
    refused(await withForm(secretForm({ client_secret: expired.secret })), 7000222, 'invalid_client', 401);
    assert.equal((await withForm(secretForm())).status, 200, 'the live secret beside it still works');
  });

  test('a credential of a client that is registered to keep none', async () => {
    const registered = await service.application(tenantId);
    const { clientId, secretId } = registered;
    const at = service.clock.now();
    await service.database.transaction(async (transaction) => {
      await transaction
        .updateTable('applications')
        .set({ manifest: JSON.stringify({ isFallbackPublicClient: true }) })
        .where('tenant_id', '=', tenantId)
        .where('client_id', '=', clientId)
        .execute();
      await recordChange(transaction, { tenantId, kind: 'client', key: clientId, at });
    });
    const own = secretForm({ client_id: clientId, client_secret: registered.secret });
    assert.equal((await withForm(own)).status, 200, 'one that keeps a secret all the same may show it');
    await service.database.transaction((transaction) =>
      deleteSecret(transaction, { tenantId, clientId, secretId, at }),
    );
    refused(await withForm(own), 700025, 'invalid_client', 401);
    const assertion = await signAssertion(service, registered, await makeClientKey('ec'), {
      header: { alg: 'ES256' },
    });
    refused(await withForm(assertionForm(registered, assertion)), 700025, 'invalid_client', 401);
    const { client_secret: _, ...nothing } = own;
    refused(await withForm(nothing), 7000216, 'invalid_client', 401);
  });

  test('more than one credential at once', async () => {
    const assertion = await signAssertion(service, vm, vm.key);
    refused(await withAssertion(assertion, { client_secret: 'x' }), 9002313, 'invalid_request', 400);
    const basic = `Basic ${Buffer.from(`${app.clientId}:${app.secret}`).toString('base64')}`;
    refused(
      await service.post(path(), secretForm(), { authorization: basic }),
      9002313,
      'invalid_request',
      400,
    );
  });

  test('forms that are none', async () => {
    refused(await withForm(`${new URLSearchParams(secretForm())}&scope=x`), 9000411, 'invalid_request', 400);
    refused(await withForm('grant_type=%zz'), 9002313, 'invalid_request', 400);
    refused(await withForm(''), 900144, 'invalid_request', 400);
    refused(await withForm(`a=1${'&'.repeat(10)}`), 900144, 'invalid_request', 400);
    const many = Array.from({ length: 100 }, (_, n) => `p${n}=1`).join('&');
    refused(await withForm(many), 9002313, 'invalid_request', 400);
    refused(await withForm(`a=${'x'.repeat(70_000)}`), 9002313, 'invalid_request', 413);
    const json = await service.post(path(), '{}', { 'content-type': 'application/json' });
    refused(json, 900144, 'invalid_request', 400);
    const text = await service.post(path(), 'a=1', { 'content-type': 'text/plain' });
    refused(text, 9002313, 'invalid_request', 400);
  });

  test('grants, scopes and resources that it does not know', async () => {
    refused(await withForm(secretForm({ grant_type: 'password' })), 70003, 'unsupported_grant_type', 400);
    const { scope: _, ...noScope } = secretForm();
    refused(await withForm(noScope), 900144, 'invalid_request', 400);
    refused(
      await withForm({ ...noScope, resource: 'https://vault.azure.net' }),
      901002,
      'invalid_request',
      400,
    );
    refused(await withForm(secretForm({ scope: 'openid' })), 28002, 'invalid_scope', 400);
    refused(await withForm(secretForm({ scope: 'https://vault.azure.net' })), 1002012, 'invalid_scope', 400);
    refused(await withForm(secretForm({ scope: '/.default' })), 70011, 'invalid_scope', 400);
    refused(
      await withForm(secretForm({ scope: `${scope} https://graph.microsoft.com/.default` })),
      28003,
      'invalid_scope',
      400,
    );
    refused(
      await withForm(secretForm({ scope: 'https://nowhere.example/.default' })),
      500011,
      'invalid_resource',
      400,
    );
    refused(
      await withForm(secretForm({ scope: `https://${'x'.repeat(300)}/.default` })),
      500011,
      'invalid_resource',
      400,
    );
    refused(await withForm(secretForm({ claims: '{' })), 9002313, 'invalid_request', 400);
    const v1 = await service.post(`/${tenantId}/oauth2/token`, noScope);
    refused(v1, 900144, 'invalid_request', 400);
  });

  test('other methods than POST, and paths it does not have', async () => {
    refused(await service.get(path()), 900561, 'invalid_request', 405);
    refused(await service.get(`/${tenantId}/nothing/here`), 9002313, 'invalid_request', 404);
  });

  test('the caller’s own id of the exchange is kept', async () => {
    const id = systemRandomness.uuid();
    const reply = await service.post(path(unknownGuid), secretForm(), {
      'client-request-id': id,
      'return-client-request-id': 'true',
    });
    assert.equal(reply.refusal.correlation_id, id);
    assert.equal(reply.headers.get('client-request-id'), id);
    const odd = await service.post(path(unknownGuid), secretForm(), { 'client-request-id': 'x' });
    assert.notEqual(odd.refusal.correlation_id, 'x');
  });

  test('a client from the moment it is disabled, and one that is deleted', async () => {
    const { principalId, clientId, secret } = await service.application(tenantId);
    const form = secretForm({ client_id: clientId, client_secret: secret });
    assert.equal((await withForm(form)).status, 200);
    const at = service.clock.now();
    await service.database.transaction((transaction) =>
      setPrincipalEnabled(transaction, { tenantId, principalId, enabled: false, at }),
    );
    refused(await withForm(form), 7000112, 'unauthorized_client', 400);
    await service.database.transaction((transaction) =>
      deletePrincipal(transaction, { tenantId, principalId, at }),
    );
    refused(await withForm(form), 700016, 'unauthorized_client', 400);
  });
});
