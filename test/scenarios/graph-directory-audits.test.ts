import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { CanonicalId, TenantId } from '../../src/foundation/ids.ts';
import { type GraphBody, type TestGraph, testGraph } from '../support/graph.ts';
import {
  assertionForm,
  makeClientKey,
  signAssertion,
  type TestTokenService,
  testTokenService,
} from '../support/token-service.ts';

const path = '/v1.0/auditLogs/directoryAudits';

describe('the directory audits', () => {
  let service: TestTokenService;
  let tenantId: TenantId;
  let graph: TestGraph;
  before(async () => {
    service = await testTokenService();
    tenantId = await service.tenant();
    graph = await testGraph(service, tenantId);
  });
  after(async () => {
    await graph[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
  });

  const call: TestGraph['call'] = (...args) => graph.call(...args);
  const audits = async (filter?: string, more = ''): Promise<readonly GraphBody[]> => {
    const query = filter === undefined ? '' : `$filter=${encodeURIComponent(filter)}`;
    const { status, body } = await call('GET', `${path}?${query}${more}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body.value;
  };
  const auditsOf = (id: string) => audits(`targetResources/any(t: t/id eq '${id}')`);
  const make = async (displayName: string) =>
    (await call('POST', '/v1.0/applications', { body: { displayName } })).body;

  test('say who made what, under the correlation that the caller gave', async () => {
    const correlation = '5a3c2d10-1111-4222-8333-444455556666';
    const { body: app } = await call('POST', '/v1.0/applications', {
      body: { displayName: 'orders', identifierUris: ['api://orders'] },
      headers: { 'client-request-id': correlation },
    });
    const [audit, ...others] = await auditsOf(app.id);
    assert.deepEqual(others, []);
    assert.match(audit.id, /^Directory_/);
    assert.equal(audit.activityDisplayName, 'Add application');
    assert.equal(audit.category, 'ApplicationManagement');
    assert.equal(audit.correlationId, correlation);
    assert.equal(audit.result, 'success');
    assert.equal(audit.operationType, 'Add');
    assert.equal(audit.initiatedBy.user, null);
    assert.equal(audit.initiatedBy.app.appId, graph.administrator.clientId);
    assert.equal(audit.initiatedBy.app.servicePrincipalId, graph.administrator.principalId);
    const [target] = audit.targetResources;
    assert.deepEqual([target.id, target.displayName, target.type], [app.id, 'orders', 'Application']);
    assert.deepEqual(
      target.modifiedProperties.find((one: GraphBody) => one.displayName === 'identifierUris'),
      { displayName: 'identifierUris', oldValue: null, newValue: '["api://orders"]' },
    );
    assert.deepEqual((await call('GET', `${path}/${audit.id}`)).body.targetResources, audit.targetResources);
  });

  test('say what a change set, from what to what', async () => {
    const app = await make('before');
    const change = { displayName: 'after', notes: 'a note with a word of its own' };
    await call('PATCH', `/v1.0/applications/${app.id}`, { body: change });
    const [audit] = await auditsOf(app.id);
    assert.equal(audit.activityDisplayName, 'Update application');
    const modified = audit.targetResources[0].modifiedProperties;
    assert.deepEqual(modified, [
      { displayName: 'displayName', oldValue: '"before"', newValue: '"after"' },
      { displayName: 'Included Updated Properties', oldValue: null, newValue: '"displayName, notes"' },
    ]);
  });

  test('cover principals, roles, owners, credentials, deletion and return, each under its name', async () => {
    const app = await make('everything');
    const principal = (await call('POST', '/v1.0/servicePrincipals', { body: { appId: app.appId } })).body;
    const object = `/v1.0/applications/${app.id}`;
    const self = `/v1.0/servicePrincipals/${principal.id}`;
    const { principalId: ownerId } = await graph.withPermissions('Application.Read.All');
    const owner = { '@odata.id': `https://graph.microsoft.com/v1.0/directoryObjects/${ownerId}` };
    const [known] = (await call('GET', "/v1.0/servicePrincipals?$filter=displayName eq 'Microsoft Graph'"))
      .body.value;
    await call('POST', `${object}/owners/$ref`, { body: owner });
    const secret = (await call('POST', `${object}/addPassword`, { body: {} })).body;
    await call('POST', `${object}/removePassword`, { body: { keyId: secret.keyId } });
    await call('POST', `${object}/federatedIdentityCredentials`, {
      body: {
        name: 'main',
        issuer: 'https://token.actions.githubusercontent.com',
        subject: 'repo:a/b:ref:refs/heads/main',
        audiences: ['api://AzureADTokenExchange'],
      },
    });
    await call('DELETE', `${object}/federatedIdentityCredentials/main`);
    const role = {
      principalId: principal.id,
      resourceId: known.id,
      appRoleId: '9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30',
    };
    const assignment = (await call('POST', `${self}/appRoleAssignments`, { body: role })).body;
    await call('DELETE', `${self}/appRoleAssignments/${assignment.id}`);
    await call('PATCH', self, { body: { accountEnabled: false } });
    await call('DELETE', object);
    await call('POST', `/v1.0/directory/deletedItems/${app.id}/restore`, { body: {} });
    await call('DELETE', object);
    await call('DELETE', `/v1.0/directory/deletedItems/${app.id}`);

    const ofApplication = await auditsOf(app.id);
    assert.deepEqual(ofApplication.map((one) => one.activityDisplayName).reverse(), [
      'Add application',
      'Add owner to application',
      'Update application – Certificates and secrets management',
      'Update application – Certificates and secrets management',
      'Add federated identity credential',
      'Remove federated identity credential',
      'Delete application',
      'Restore deleted object',
      'Delete application',
      'Hard delete object',
    ]);
    assert.ok(ofApplication.every((one) => one.targetResources[0].displayName === 'everything'));
    const newValueOf = (audit: GraphBody, name: string) =>
      audit.targetResources[0].modifiedProperties.find((one: GraphBody) => one.displayName === name)
        ?.newValue;
    const [trust] = ofApplication.filter(
      (one) => one.activityDisplayName === 'Add federated identity credential',
    );
    assert.equal(newValueOf(trust, 'subject'), '"repo:a/b:ref:refs/heads/main"');
    const keyIds = ofApplication.flatMap((one) => newValueOf(one, 'keyId') ?? []);
    assert.deepEqual(keyIds, [`"${secret.keyId}"`, `"${secret.keyId}"`]);
    assert.ok(!JSON.stringify(ofApplication).includes(secret.secretText));

    const ofPrincipal = await auditsOf(principal.id);
    assert.deepEqual(ofPrincipal.map((one) => one.activityDisplayName).reverse(), [
      'Add service principal',
      'Add app role assignment to service principal',
      'Remove app role assignment from service principal',
      'Update service principal',
    ]);
    const [update, , given] = ofPrincipal;
    assert.equal(newValueOf(update, 'accountEnabled'), 'false');
    assert.equal(newValueOf(given, 'appRoleId'), `"${role.appRoleId}"`);
    assert.deepEqual(
      given.targetResources.map((one: GraphBody) => one.displayName),
      ['everything', 'Microsoft Graph'],
    );
  });

  test('have no row of what was refused', async () => {
    const nobody = await graph.withPermissions('Application.Read.All');
    const refused = [
      await call('POST', '/v1.0/applications', { as: nobody, body: { displayName: 'x' } }),
      await call('POST', '/v1.0/applications', { body: {} }),
      await call('DELETE', `/v1.0/applications/${tenantId}`),
      await call('POST', '/v1.0/applications', {
        body: { displayName: 'x', identifierUris: ['https://vault.azure.net'] },
      }),
    ];
    assert.deepEqual(
      refused.map(({ status }) => status),
      [403, 400, 404, 400],
    );
    assert.deepEqual(await audits(`initiatedBy/app/appId eq '${nobody.clientId}'`), []);
  });

  test('are narrowed, and read page by page, the latest first', async () => {
    for (let count = 0; count < 3; count += 1) await make(`one of several ${count}`);
    const own = `initiatedBy/app/appId eq '${graph.administrator.clientId}'`;
    const whole = await audits(own);
    assert.ok(whole.length >= 3);
    const at = whole[0].activityDateTime;
    assert.ok((await audits(`activityDateTime ge ${at}`)).length > 0);
    assert.deepEqual(await audits(`activityDateTime gt 2999-01-01T00:00:00Z`), []);
    assert.deepEqual(await audits("category eq 'UserManagement'"), []);
    for (const filter of [
      "result eq 'success'",
      "targetResources/any(t: t/displayName eq 'x')",
      "x eq 'y'",
    ]) {
      const { status } = await call('GET', `${path}?$filter=${encodeURIComponent(filter)}`);
      assert.equal(status, 400, filter);
    }
    assert.deepEqual(await auditsOf('%'), []);
    const paged: string[] = [];
    let next: string | undefined = `${path}?$top=2&$filter=${encodeURIComponent(own)}`;
    while (next !== undefined) {
      const { body } = await call('GET', next);
      paged.push(...body.value.map((one: GraphBody) => one.id));
      const link: string | undefined = body['@odata.nextLink'];
      next = link === undefined ? undefined : new URL(link).pathname + new URL(link).search;
    }
    assert.deepEqual(
      paged,
      whole.map((one) => one.id),
    );
    for (const wrong of [
      `${path}/x`,
      `${path}/Directory_${tenantId}_0`,
      `${path}/Directory_${tenantId}_1e0`,
    ]) {
      assert.equal((await call('GET', wrong)).status, 404);
    }
    const reader = await graph.withPermissions('Directory.Read.All');
    assert.equal((await call('GET', path, { as: reader })).status, 403);
  });

  test('of one tenant show nothing of another (C5)', async () => {
    const app = await make('of the first');
    const [audit] = await auditsOf(app.id);
    const elsewhere = await testGraph(service, await service.tenant());
    try {
      assert.deepEqual((await elsewhere.call('GET', path)).body.value, []);
      assert.equal((await elsewhere.call('GET', `${path}/${audit.id}`)).status, 404);
    } finally {
      await elsewhere[Symbol.asyncDispose]();
    }
  });

  test('are written with the change or the change is not made (C20)', async () => {
    await using own = await testTokenService();
    const ownTenant = await own.tenant();
    await using ownGraph = await testGraph(own, ownTenant);
    await own.database.transaction((transaction) =>
      transaction.schema.dropTable('directory_audits').execute(),
    );
    const { status } = await ownGraph.call('POST', '/v1.0/applications', { body: { displayName: 'unseen' } });
    assert.equal(status, 500);
    const left = await ownGraph.call('GET', "/v1.0/applications?$filter=displayName eq 'unseen'");
    assert.deepEqual(left.body.value, []);
  });

  test('and the sign-in log hold no secret, no key and no token of a run that uses them all (H8)', async () => {
    await using own = await testTokenService();
    const ownTenant = await own.tenant();
    await using ownGraph = await testGraph(own, ownTenant);
    const key = await makeClientKey();
    const app = (await ownGraph.call('POST', '/v1.0/applications', { body: { displayName: 'a' } })).body;
    await ownGraph.call('POST', '/v1.0/servicePrincipals', { body: { appId: app.appId } });
    const added = (await ownGraph.call('POST', `/v1.0/applications/${app.id}/addPassword`, { body: {} }))
      .body;
    const certificate = key.certificate.toString().replaceAll(/-----[A-Z ]+-----|\s/g, '');
    const registered = await ownGraph.call('PATCH', `/v1.0/applications/${app.id}`, {
      body: {
        keyCredentials: [{ type: 'AsymmetricX509Cert', usage: 'Verify', key: certificate }],
        notes: 'canary-note',
      },
    });
    assert.equal(registered.status, 204, JSON.stringify(registered.body));
    const person = await ownGraph.call('POST', '/v1.0/users', {
      body: {
        ...{ accountEnabled: true, displayName: 'Ada', mailNickname: 'ada' },
        userPrincipalName: `ada@${(await ownGraph.call('GET', '/v1.0/domains')).body.value[0].id}`,
        passwordProfile: { password: 'canary-Passw0rd-one' },
      },
    });
    assert.equal(person.status, 201, JSON.stringify(person.body));
    const changed = await ownGraph.call('PATCH', `/v1.0/users/${person.body.id}`, {
      body: { passwordProfile: { password: 'canary-Passw0rd-two' } },
    });
    assert.equal(changed.status, 204, JSON.stringify(changed.body));
    const resourceId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm1';
    const resourceCanonical = resourceId.toLowerCase() as CanonicalId;
    const vm = await own.identity(ownTenant, { kind: 'SystemAssigned', resourceId, resourceCanonical });
    const assertion = await signAssertion(own, vm, vm.key);
    const managed = await own.post(`/${ownTenant}/oauth2/v2.0/token`, assertionForm(vm, assertion));
    assert.equal(managed.status, 200);
    const tokens: string[] = [String(managed.body['access_token'])];
    for (const client_secret of [added.secretText, 'canary-wrong-secret']) {
      const { body } = await own.post(`/${ownTenant}/oauth2/v2.0/token`, {
        grant_type: 'client_credentials',
        client_id: app.appId,
        client_secret,
        scope: 'https://vault.azure.net/.default',
      });
      if (typeof body['access_token'] === 'string') tokens.push(body['access_token']);
    }
    tokens.push(await ownGraph.tokenFor(ownGraph.administrator));
    assert.equal(tokens.length, 3);
    const secrets = [
      added.secretText,
      'canary-wrong-secret',
      'canary-note',
      'canary-Passw0rd-one',
      'canary-Passw0rd-two',
      assertion.split('.')[2] ?? '',
      ownGraph.administrator.secret,
      certificate.slice(40, 120),
      ...tokens.map((token) => token.split('.')[2] ?? ''),
    ];
    const rows = [
      ...(await own.database.read.selectFrom('directory_audits').selectAll().execute()),
      ...(await own.database.read.selectFrom('sign_ins').selectAll().execute()),
    ];
    assert.ok(rows.length >= 6);
    const text = JSON.stringify(rows);
    for (const [index, secret] of secrets.entries()) {
      assert.ok(secret.length > 8);
      assert.ok(!text.includes(secret), `secret ${index} stands in a record`);
    }
  });
});
