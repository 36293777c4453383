import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { WebSiteManagementClient } from '@azure/arm-appservice';
import { azureCredential, collect } from '../support/azure-clients.ts';
import { type TestManagement, testManagement } from '../support/management.ts';
import { specifiedClient } from '../support/specified-answers.ts';

async function web(m: TestManagement) {
  const { owner, subscriptionId } = m.home;
  const group = `/subscriptions/${subscriptionId}/resourceGroups/rg1`;
  await m.ask('PUT', `${group}?api-version=2022-09-01`, { as: owner, body: { location: 'westus' } });
  const identity = async (name: string) => {
    const id = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
    await m.ask('PUT', `${id}?api-version=2023-01-31`, { as: owner, body: { location: 'westus' } });
    return id;
  };
  const { options, violations } = specifiedClient(m);
  const client = new WebSiteManagementClient(azureCredential(owner), subscriptionId, options);
  return { client, violations, group, identity };
}

const site = {
  location: 'westus',
  kind: 'app,linux',
  identity: { type: 'SystemAssigned' as const },
  siteConfig: {
    linuxFxVersion: 'NODE|22-lts',
    appSettings: [{ name: 'DB_PASSWORD', value: 'canary-setting' }],
    connectionStrings: [{ name: 'db', connectionString: 'canary-connection', type: 'SQLAzure' as const }],
  },
};

describe('a web site, through the official client', () => {
  test('is made with plan and identity, started and stopped, listed and deleted', async () => {
    await using m = await testManagement();
    const { client, violations } = await web(m);
    const plan = await client.appServicePlans.createOrUpdate('rg1', 'plan1', {
      location: 'westus',
      sku: { name: 'P1v3' },
      reserved: true,
    });
    assert.equal(plan.sku?.tier, 'PremiumV3');
    const made = await client.webApps.createOrUpdate('rg1', 'site-one', {
      ...site,
      serverFarmId: plan.id ?? '',
    });
    assert.equal(made.state, 'Running');
    assert.equal(made.defaultHostName, 'site-one.azurewebsites.net');
    assert.equal(made.serverFarmId, plan.id);
    assert.equal(made.siteConfig?.linuxFxVersion, 'NODE|22-lts');
    assert.ok(made.identity?.principalId);
    await client.webApps.stop('rg1', 'site-one');
    assert.equal((await client.webApps.get('rg1', 'site-one')).state, 'Stopped');
    await client.webApps.restart('rg1', 'site-one');
    await client.webApps.start('rg1', 'site-one');
    const again = await client.webApps.update('rg1', 'site-one', { httpsOnly: true });
    assert.deepEqual([again.state, again.httpsOnly], ['Running', true]);
    assert.equal(again.identity?.principalId, made.identity?.principalId);
    const taken = await client.checkNameAvailability('Site-One', 'Microsoft.Web/sites');
    assert.deepEqual([taken.nameAvailable, taken.reason], [false, 'AlreadyExists']);
    const foreign = new WebSiteManagementClient(
      azureCredential(m.foreign.owner),
      m.foreign.subscriptionId,
      specifiedClient(m).options,
    );
    await m.ask(
      'PUT',
      `/subscriptions/${m.foreign.subscriptionId}/resourceGroups/rg1?api-version=2022-09-01`,
      {
        as: m.foreign.owner,
        body: { location: 'westus' },
      },
    );
    await assert.rejects(foreign.webApps.createOrUpdate('rg1', 'site-one', site), { statusCode: 409 });
    assert.equal((await collect(client.webApps.list())).length, 1);
    assert.equal((await collect(client.webApps.listByResourceGroup('rg1'))).length, 1);
    await client.webApps.delete('rg1', 'site-one');
    await client.appServicePlans.delete('rg1', 'plan1');
    await assert.rejects(client.webApps.get('rg1', 'site-one'), { statusCode: 404 });
    assert.deepEqual(violations, []);
  });

  test('keeps its settings sealed, and tells them to those alone who may list them', async () => {
    await using m = await testManagement();
    const { client, violations, group } = await web(m);
    await client.webApps.createOrUpdate('rg1', 'site-one', site);
    assert.deepEqual((await client.webApps.listApplicationSettings('rg1', 'site-one')).properties, {
      DB_PASSWORD: 'canary-setting',
    });
    assert.deepEqual((await client.webApps.listConnectionStrings('rg1', 'site-one')).properties, {
      db: { value: 'canary-connection', type: 'SQLAzure' },
    });
    const read = await client.webApps.get('rg1', 'site-one');
    const config = await client.webApps.getConfiguration('rg1', 'site-one');
    assert.equal(config.linuxFxVersion, 'NODE|22-lts');
    const rows = await m.database.read.selectFrom('resources').selectAll().execute();
    const sealed = await m.database.read.selectFrom('resource_secrets').selectAll().execute();
    const seen = [read, config, rows, sealed.map((row) => Buffer.from(row.values_sealed).toString('latin1'))];
    for (const each of seen) assert.ok(!JSON.stringify(each).includes('canary'), JSON.stringify(each));

    // a write of the site that says nothing of settings leaves them
    await client.webApps.createOrUpdate('rg1', 'site-one', read);
    const { properties } = await client.webApps.listApplicationSettings('rg1', 'site-one');
    assert.deepEqual(properties, { DB_PASSWORD: 'canary-setting' });
    const written = await client.webApps.updateApplicationSettings('rg1', 'site-one', {
      properties: { A: '1', __proto__x: '2' },
    });
    assert.deepEqual(written.properties, { A: '1', __proto__x: '2' });
    assert.deepEqual((await client.webApps.listApplicationSettings('rg1', 'site-one')).properties, {
      A: '1',
      __proto__x: '2',
    });
    await client.webApps.updateConfiguration('rg1', 'site-one', { alwaysOn: true });
    const changed = await client.webApps.getConfiguration('rg1', 'site-one');
    assert.deepEqual([changed.alwaysOn, changed.linuxFxVersion], [true, 'NODE|22-lts']);
    const slotNames = await client.webApps.updateSlotConfigurationNames('rg1', 'site-one', {
      appSettingNames: ['A'],
    });
    assert.deepEqual(slotNames.appSettingNames, ['A']);
    assert.deepEqual((await client.webApps.listSlotConfigurationNames('rg1', 'site-one')).appSettingNames, [
      'A',
    ]);

    const reader = await m.application(m.home, 'reader');
    await m.assign(m.home, reader, 'Reader', group);
    const { options } = specifiedClient(m);
    const readers = new WebSiteManagementClient(azureCredential(reader), m.home.subscriptionId, options);
    assert.equal((await readers.webApps.getConfiguration('rg1', 'site-one')).alwaysOn, true);
    await assert.rejects(readers.webApps.listApplicationSettings('rg1', 'site-one'), {
      statusCode: 403,
      code: 'AuthorizationFailed',
    });

    // a site of the same name later has none of them
    await client.webApps.delete('rg1', 'site-one');
    await client.webApps.createOrUpdate('rg1', 'site-one', { location: 'westus' });
    assert.deepEqual((await client.webApps.listApplicationSettings('rg1', 'site-one')).properties, {});
    assert.deepEqual(violations, []);
  });

  test('is read, edited and written back with the identities that it showed, as az webapp identity does', async () => {
    await using m = await testManagement();
    const { client, violations, identity } = await web(m);
    const [one, two] = [await identity('id1'), await identity('id2')];
    await client.webApps.createOrUpdate('rg1', 'site-one', {
      location: 'westus',
      identity: { type: 'UserAssigned', userAssignedIdentities: { [one]: {} } },
    });
    const read = await client.webApps.get('rg1', 'site-one');
    assert.ok(read.identity?.userAssignedIdentities?.[one]?.clientId);
    const assigned = await client.webApps.createOrUpdate('rg1', 'site-one', {
      ...read,
      identity: {
        type: 'SystemAssigned, UserAssigned',
        userAssignedIdentities: { ...read.identity?.userAssignedIdentities, [two]: {} },
      },
    });
    assert.equal(assigned.identity?.type, 'SystemAssigned, UserAssigned');
    assert.deepEqual(Object.keys(assigned.identity?.userAssignedIdentities ?? {}).sort(), [one, two].sort());
    const none = await client.webApps.createOrUpdate('rg1', 'site-one', {
      ...assigned,
      identity: { type: 'None' },
    });
    assert.equal(none.identity, undefined);
    assert.deepEqual(violations, []);
  });

  test('has slots with settings and an identity of their own, named after both', async () => {
    await using m = await testManagement();
    const { client, violations } = await web(m);
    await assert.rejects(client.webApps.createOrUpdateSlot('rg1', 'site-one', 'staging', site), {
      statusCode: 404,
      code: 'ParentResourceNotFound',
    });
    const parent = await client.webApps.createOrUpdate('rg1', 'site-one', site);
    const slot = await client.webApps.createOrUpdateSlot('rg1', 'site-one', 'staging', {
      location: 'westus',
      identity: { type: 'SystemAssigned' },
    });
    assert.equal(slot.name, 'site-one/staging');
    assert.equal(slot.defaultHostName, 'site-one-staging.azurewebsites.net');
    const { principalId } = slot.identity ?? {};
    assert.notEqual(principalId, parent.identity?.principalId);
    const principal = await m.database.read
      .selectFrom('principals')
      .select('display_name')
      .where('tenant_id', '=', m.home.tenantId)
      .where('principal_id', '=', String(principalId))
      .executeTakeFirstOrThrow();
    assert.equal(principal.display_name, 'site-one/slots/staging');
    await client.webApps.updateApplicationSettingsSlot('rg1', 'site-one', 'staging', {
      properties: { A: 'slot' },
    });
    const settings = await client.webApps.listApplicationSettingsSlot('rg1', 'site-one', 'staging');
    assert.deepEqual(settings.properties, { A: 'slot' });
    assert.deepEqual((await client.webApps.listApplicationSettings('rg1', 'site-one')).properties, {
      DB_PASSWORD: 'canary-setting',
    });
    await client.webApps.stopSlot('rg1', 'site-one', 'staging');
    assert.equal((await client.webApps.getSlot('rg1', 'site-one', 'staging')).state, 'Stopped');
    assert.equal((await client.webApps.get('rg1', 'site-one')).state, 'Running');
    assert.deepEqual(
      (await collect(client.webApps.listSlots('rg1', 'site-one'))).map(({ name }) => name),
      ['site-one/staging'],
    );
    await client.webApps.delete('rg1', 'site-one');
    assert.deepEqual(await m.database.read.selectFrom('resources').select('name').execute(), []);
    assert.deepEqual(await m.database.read.selectFrom('resource_secrets').select('kind').execute(), []);
    const left = await m.database.read
      .selectFrom('principals')
      .select('principal_id')
      .where('principal_id', '=', String(principalId))
      .execute();
    assert.deepEqual(left, []);
    assert.deepEqual(violations, []);
  });

  test('keeps every other kind of configuration, sealed where there are keys in it', async () => {
    await using m = await testManagement();
    const { client, violations } = await web(m);
    const { webApps } = client;
    await webApps.createOrUpdate('rg1', 'site-one', { location: 'westus' });
    await webApps.updateAuthSettings('rg1', 'site-one', { enabled: true, clientSecret: 'canary-client' });
    const auth = await webApps.getAuthSettings('rg1', 'site-one');
    assert.deepEqual([auth.enabled, auth.clientSecret], [true, 'canary-client']);
    await webApps.updateAzureStorageAccounts('rg1', 'site-one', {
      properties: {
        files: { type: 'AzureFiles', accountName: 'a', shareName: 's', accessKey: 'canary-key' },
      },
    });
    const accounts = await webApps.listAzureStorageAccounts('rg1', 'site-one');
    assert.equal(accounts.properties?.['files']?.accessKey, 'canary-key');
    await webApps.updateMetadata('rg1', 'site-one', { properties: { CURRENT_STACK: 'node' } });
    assert.deepEqual((await webApps.listMetadata('rg1', 'site-one')).properties, { CURRENT_STACK: 'node' });
    const before = await webApps.getDiagnosticLogsConfiguration('rg1', 'site-one');
    assert.equal(before.applicationLogs?.fileSystem?.level, 'Off');
    const logs = await webApps.updateDiagnosticLogsConfig('rg1', 'site-one', {
      httpLogs: { azureBlobStorage: { enabled: true, sasUrl: 'https://canary.example/?sig=canary' } },
    });
    assert.equal(logs.httpLogs?.azureBlobStorage?.enabled, true);
    await webApps.updateAuthSettingsV2('rg1', 'site-one', { platform: { enabled: true } });
    assert.equal((await webApps.getAuthSettingsV2('rg1', 'site-one')).platform?.enabled, true);
    assert.equal((await webApps.getFtpAllowed('rg1', 'site-one')).allow, false);
    await webApps.updateFtpAllowed('rg1', 'site-one', { allow: true });
    assert.equal((await webApps.getFtpAllowed('rg1', 'site-one')).allow, true);
    assert.equal((await webApps.getScmAllowed('rg1', 'site-one')).allow, false);
    const published = await webApps.listPublishingCredentials('rg1', 'site-one');
    assert.equal(published.publishingUserName, '$site-one');
    assert.ok(!published.publishingPassword);
    const rows = await m.database.read.selectFrom('resources').selectAll().execute();
    const sealed = await m.database.read.selectFrom('resource_secrets').selectAll().execute();
    const texts = sealed.map((row) => Buffer.from(row.values_sealed).toString('latin1'));
    for (const each of [rows, texts, logs]) assert.ok(!JSON.stringify(each).includes('canary'));
    assert.deepEqual(violations, []);
  });

  test('is refused with settings that are none, and under names that no host can have', async () => {
    await using m = await testManagement();
    const { group } = await web(m);
    const as = m.home.owner;
    const url = (name: string, below = '') =>
      `${group}/providers/Microsoft.Web/sites/${name}${below}?api-version=2023-12-01`;
    for (const siteConfig of [
      { appSettings: 'x' },
      { appSettings: [{ value: 'a' }] },
      { connectionStrings: [{ name: 'a', connectionString: 7 }] },
    ]) {
      const reply = await m.ask('PUT', url('site-two'), {
        as,
        body: { location: 'westus', properties: { siteConfig } },
      });
      assert.deepEqual([reply.status, reply.body.error.code], [400, 'BadRequest'], reply.text);
    }
    assert.equal((await m.ask('GET', url('site-two'), { as })).status, 404);
    for (const name of ['a', '-ab', 'a.b', 'a_b', 'x'.repeat(61)]) {
      const reply = await m.ask('PUT', url(name), { as, body: { location: 'westus' } });
      assert.equal(reply.body.error.code, 'InvalidResourceName', name);
    }
    await m.ask('PUT', url('site-two'), { as, body: { location: 'westus' } });
    for (const properties of [{ a: 7 }, { a: { b: 'c' } }, 'x', { '': 'a' }]) {
      const reply = await m.ask('PUT', url('site-two', '/config/appsettings'), { as, body: { properties } });
      assert.equal(reply.status, 400, JSON.stringify(properties));
    }
    const nowhere = await m.ask('POST', url('site-three', '/config/appsettings/list'), { as });
    assert.deepEqual([nowhere.status, nowhere.body.error.code], [404, 'ResourceNotFound']);
  });
});
