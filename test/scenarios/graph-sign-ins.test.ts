import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { canonicalId, parseScope } from '../../src/contract/resource-id.ts';
import type { TenantId } from '../../src/foundation/ids.ts';
import { type TestGraph, testGraph } from '../support/graph.ts';
import {
  assertionForm,
  signAssertion,
  type TestIdentity,
  type TestTokenService,
  testTokenService,
} from '../support/token-service.ts';

const vmId =
  '/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/Demo/providers/Microsoft.Compute/virtualMachines/vm1';
const managed = "signInEventTypes/any(t: t eq 'managedIdentity')";
const principals = "signInEventTypes/any(t: t eq 'servicePrincipal')";

describe('the sign-in log through Graph', () => {
  let service: TestTokenService;
  let tenantId: TenantId;
  let graph: TestGraph;
  let vm: TestIdentity;
  before(async () => {
    service = await testTokenService();
    tenantId = await service.tenant();
    graph = await testGraph(service, tenantId);
    const resourceCanonical = canonicalId(parseScope(vmId));
    vm = await service.identity(tenantId, { kind: 'SystemAssigned', resourceId: vmId, resourceCanonical });
  });
  after(async () => {
    await graph[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  const askAsMachine = async () => {
    const assertion = await signAssertion(service, vm, vm.key);
    return await service.post(`/${tenantId}/oauth2/v2.0/token`, assertionForm(vm, assertion));
  };
  const list = async (filter?: string, more = '', version = 'v1.0') => {
    const query = filter === undefined ? '' : `$filter=${encodeURIComponent(filter)}`;
    return await graph.call('GET', `/${version}/auditLogs/signIns?${query}${more}`);
  };

  test('shows the token of a managed identity right after it was given out, with whose it is and for what', async () => {
    const reply = await askAsMachine();
    const claims = JSON.parse(
      Buffer.from(String(reply.body['access_token']).split('.')[1] ?? '', 'base64url').toString(),
    );
    for (const version of ['v1.0', 'beta']) {
      const { status, body } = await list(managed, '', version);
      assert.equal(status, 200);
      assert.match(body['@odata.context'], /\/\$metadata#auditLogs\/signIns$/);
      const [latest] = body.value;
      assert.equal(latest.uniqueTokenIdentifier, claims.uti);
      assert.deepEqual(
        {
          ...latest,
          id: '',
          createdDateTime: '',
          correlationId: '',
          uniqueTokenIdentifier: '',
          resourceServicePrincipalId: '',
        },
        {
          id: '',
          createdDateTime: '',
          appId: vm.clientId,
          appDisplayName: latest.servicePrincipalName,
          appOwnerTenantId: tenantId,
          userId: null,
          userDisplayName: null,
          userPrincipalName: null,
          servicePrincipalId: vm.principalId,
          servicePrincipalName: latest.servicePrincipalName,
          managedServiceIdentity: {
            msiType: 'systemAssigned',
            associatedResourceId: latest.managedServiceIdentity.associatedResourceId,
            federatedTokenId: null,
            federatedTokenIssuer: null,
          },
          clientCredentialType: 'managedIdentity',
          federatedCredentialId: null,
          servicePrincipalCredentialThumbprint: vm.key.sha256,
          servicePrincipalCredentialKeyId: null,
          resourceId: 'cfa8b339-82a2-471a-a3c9-0fc0be7a4093',
          resourceDisplayName: 'Key Vault',
          resourceServicePrincipalId: '',
          resourceTenantId: tenantId,
          resourceOwnerTenantId: null,
          ipAddress: '127.0.0.1',
          location: { city: null, state: null, countryOrRegion: null, geoCoordinates: null },
          correlationId: '',
          uniqueTokenIdentifier: '',
          signInEventTypes: ['managedIdentity'],
          isInteractive: false,
          authenticationProtocol: 'oAuth2',
          incomingTokenType: 'none',
          status: { errorCode: 0, failureReason: null, additionalDetails: null },
          conditionalAccessStatus: 'notApplied',
          appliedConditionalAccessPolicies: [],
          crossTenantAccessType: 'none',
          signInTokenProtectionStatus: 'none',
          sessionLifetimePolicies: [],
          homeTenantId: tenantId,
          agent: null,
        },
      );
      assert.equal(latest.managedServiceIdentity.associatedResourceId.toLowerCase(), vmId.toLowerCase());
      const single = await graph.call('GET', `/${version}/auditLogs/signIns/${latest.id}`);
      assert.equal(single.body.appId, vm.clientId);
    }
  });

  test('shows people at a page alone, unless kinds are named', async () => {
    await askAsMachine();
    assert.deepEqual((await list()).body.value, []);
    assert.deepEqual((await list(`appId eq '${vm.clientId}'`)).body.value, []);
    const kindsOf = async (filter: string) => [
      ...new Set((await list(filter)).body.value.flatMap((one: SignInBody) => one.signInEventTypes)),
    ];
    assert.deepEqual(await kindsOf(principals), ['servicePrincipal']);
    assert.deepEqual(await kindsOf("signInEventTypes/any(t: t ne 'servicePrincipal')"), ['managedIdentity']);
    assert.deepEqual((await kindsOf(`${managed} or ${principals}`)).sort(), [
      'managedIdentity',
      'servicePrincipal',
    ]);
    assert.deepEqual(
      (await kindsOf("signInEventTypes/any(t: t eq 'managedIdentity' or t eq 'servicePrincipal')")).sort(),
      ['managedIdentity', 'servicePrincipal'],
    );
  });

  test('is narrowed by account, application, resource, correlation, outcome and time', async () => {
    const refused = await service.post(`/${tenantId}/oauth2/v2.0/token`, {
      grant_type: 'client_credentials',
      client_id: graph.administrator.clientId,
      client_secret: 'wrong',
      scope: 'https://vault.azure.net/.default',
    });
    const ofAdministrator = `appId eq '${graph.administrator.clientId}'`;
    const [failure, ...others] = (await list(`${principals} and status/errorCode ne 0`)).body.value;
    assert.deepEqual(others, []);
    assert.equal(failure.status.errorCode, 7000215);
    assert.match(failure.status.failureReason, /^AADSTS7000215|Invalid client secret/);
    assert.equal(failure.uniqueTokenIdentifier, null);
    assert.equal(failure.correlationId, refused.body['correlation_id']);
    const at = failure.createdDateTime;
    for (const narrowing of [
      `status/errorCode eq 7000215`,
      `status/errorCode ne 0 and ${ofAdministrator}`,
      `status/errorCode ne 0 and servicePrincipalId eq '${graph.administrator.principalId}'`,
      `id eq '${failure.id}'`,
      `correlationId eq '${failure.correlationId}'`,
      `status/errorCode ne 0 and createdDateTime ge ${at} and createdDateTime le ${at}`,
    ]) {
      const { body } = await list(`${principals} and ${narrowing}`);
      assert.deepEqual(
        body.value.map(({ id }: SignInBody) => id),
        [failure.id],
        narrowing,
      );
    }
    for (const narrowing of [
      `status/errorCode ne 0 and createdDateTime gt ${at}`,
      `status/errorCode ne 0 and createdDateTime lt ${at}`,
      `correlationId eq 'not an id'`,
      `resourceId eq '${graph.administrator.clientId}'`,
      `userId eq '${tenantId}'`,
    ]) {
      assert.deepEqual((await list(`${principals} and ${narrowing}`)).body.value, [], narrowing);
    }
  });

  test('says which secret of an application was used', async () => {
    const app = (await graph.call('POST', '/v1.0/applications', { body: { displayName: 'two secrets' } }))
      .body;
    await graph.call('POST', '/v1.0/servicePrincipals', { body: { appId: app.appId } });
    const secrets = [];
    for (const displayName of ['first', 'second']) {
      const path = `/v1.0/applications/${app.id}/addPassword`;
      secrets.push((await graph.call('POST', path, { body: { passwordCredential: { displayName } } })).body);
    }
    for (const { secretText } of secrets) {
      await service.post(`/${tenantId}/oauth2/v2.0/token`, {
        grant_type: 'client_credentials',
        client_id: app.appId,
        client_secret: secretText,
        scope: 'https://vault.azure.net/.default',
      });
    }
    const { body } = await list(`${principals} and appId eq '${app.appId}'`);
    assert.deepEqual(
      body.value.map((one: SignInBody) => one.servicePrincipalCredentialKeyId).reverse(),
      secrets.map(({ keyId }) => keyId),
    );
  });

  test('is read page by page, the latest first, and each address keeps the query', async () => {
    for (let count = 0; count < 4; count += 1) await askAsMachine();
    const whole = (await list(managed)).body.value.map(({ id }: SignInBody) => id);
    const paged: string[] = [];
    let path: string | undefined = `/v1.0/auditLogs/signIns?$top=2&$filter=${encodeURIComponent(managed)}`;
    while (path !== undefined) {
      const { status, body } = await graph.call('GET', path);
      assert.equal(status, 200);
      assert.ok(body.value.length <= 2);
      paged.push(...body.value.map(({ id }: SignInBody) => id));
      const next: string | undefined = body['@odata.nextLink'];
      const url = next === undefined ? undefined : new URL(next);
      assert.equal(url === undefined || url.searchParams.get('$filter') === managed, true);
      path = url && url.pathname + url.search;
    }
    assert.deepEqual(paged, whole);
    assert.ok(whole.length >= 4);
    const times = (await list(managed)).body.value.map((one: SignInBody) => one.createdDateTime);
    assert.deepEqual(times, [...times].sort().reverse());
  });

  test('tells what it cannot narrow by, and lets nobody in who may not read it', async () => {
    for (const [filter, more] of [
      ["appDisplayName eq 'x'", ''],
      ["startswith(appId,'x')", ''],
      ["appId gt 'x'", ''],
      ["status/errorCode eq 'x'", ''],
      ['status/errorCode eq 99999999999', ''],
      ["createdDateTime ge 'soon'", ''],
      ["constructor eq 'x'", ''],
      [Array.from({ length: 120 }, () => "appId eq 'x'").join(' or '), ''],
      [`appId in (${Array.from({ length: 120 }, () => "'x'").join(',')})`, ''],
      [managed, '&$top=1001'],
      [managed, '&$top=0'],
      [managed, '&$orderby=createdDateTime asc'],
      [managed, '&$orderby=appId'],
      [managed, '&$skiptoken=k1'],
      [managed, `&$skiptoken=${'x'.repeat(100)}`],
      [managed, '&$search="appId:x"'],
    ] as const) {
      const { status, body } = await list(filter, more);
      assert.equal(status, 400, `${filter} ${more} ${JSON.stringify(body)}`);
    }
    assert.equal((await list(managed, '&$top=1000&$orderby=createdDateTime desc')).status, 200);
    assert.equal((await graph.call('GET', `/v1.0/auditLogs/signIns/${tenantId}`)).status, 404);
    assert.equal((await graph.call('GET', '/v1.0/auditLogs/signIns/x')).status, 404);
    const reader = await graph.withPermissions('Directory.Read.All');
    const auditor = await graph.withPermissions('AuditLog.Read.All');
    assert.equal((await graph.call('GET', '/v1.0/auditLogs/signIns', { as: reader })).status, 403);
    assert.equal((await graph.call('GET', '/v1.0/auditLogs/signIns', { as: auditor })).status, 200);
  });

  test('of one tenant shows nothing of another (C5)', async () => {
    const other = await service.tenant();
    const elsewhere = await testGraph(service, other);
    try {
      const [own] = (await list(managed)).body.value;
      const filter = encodeURIComponent(`${managed} or ${principals}`);
      const seen = (await elsewhere.call('GET', `/v1.0/auditLogs/signIns?$filter=${filter}`)).body.value;
      assert.ok(seen.length > 0);
      assert.ok(seen.every((one: SignInBody) => one.homeTenantId === other));
      assert.equal((await elsewhere.call('GET', `/v1.0/auditLogs/signIns/${own.id}`)).status, 404);
    } finally {
      await elsewhere[Symbol.asyncDispose]();
    }
  });
});

interface SignInBody {
  readonly id: string;
  readonly createdDateTime: string;
  readonly signInEventTypes: readonly string[];
  readonly homeTenantId: string;
  readonly servicePrincipalCredentialKeyId: string | null;
}
