import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Body, type TestManagement, testManagement } from '../support/management.ts';
import { deploymentWorld } from '../support/template-deployments.ts';

let m: TestManagement;
let subscription: string;
let group: string;

before(async () => {
  m = await testManagement();
  subscription = `/subscriptions/${m.home.subscriptionId}`;
  group = `${subscription}/resourceGroups/rg1`;
  await m.ask('PUT', `${group}?api-version=2022-09-01`, { as: m.home.owner, body: { location: 'westus' } });
});
after(() => m[Symbol.asyncDispose]());

const ask = (method: string, path: string, version: string, body?: Body, headers = {}) =>
  m.ask(method, `${path}?api-version=${version}`, {
    as: m.home.owner,
    ...(body === undefined ? {} : { body }),
    headers,
  });
const storage = () => `${group}/providers/Microsoft.Storage/storageAccounts`;

describe('a resource of any other type', () => {
  test('is kept as it was sent, changed by merging, listed and deleted', async () => {
    const sent = {
      location: 'West US',
      tags: { a: 'b' },
      sku: { name: 'Standard_LRS' },
      kind: 'StorageV2',
      properties: { minimumTlsVersion: 'TLS1_2', networkAcls: { defaultAction: 'Deny', ipRules: [] } },
    };
    const made = await ask('PUT', `${storage()}/one`, '2023-01-01', sent);
    assert.equal(made.status, 200);
    const { systemData, etag, ...body } = made.body;
    assert.equal(systemData.createdBy, m.home.owner.principalId);
    assert.equal(etag, '"1"');
    assert.deepEqual(body, {
      ...sent,
      id: `${storage()}/one`,
      name: 'one',
      type: 'Microsoft.Storage/storageAccounts',
      location: 'westus',
      properties: { ...sent.properties, provisioningState: 'Succeeded' },
    });
    const again = await ask('PUT', `${storage()}/ONE`, '2021-04-01', { ...made.body, kind: 'Storage' });
    assert.deepEqual([again.status, again.body.kind, again.body.name], [200, 'Storage', 'one']);
    const patched = await ask('PATCH', `${storage()}/one`, '2023-01-01', {
      tags: { c: 'd' },
      properties: { minimumTlsVersion: null, accessTier: 'Hot' },
    });
    assert.equal(patched.status, 200);
    assert.deepEqual(patched.body.tags, { c: 'd' });
    assert.deepEqual(patched.body.properties, {
      networkAcls: sent.properties.networkAcls,
      accessTier: 'Hot',
      provisioningState: 'Succeeded',
    });
    for (const place of [group, subscription]) {
      const list = await ask('GET', `${place}/providers/microsoft.storage/STORAGEACCOUNTS`, '2023-01-01');
      assert.deepEqual(
        list.body.value.map(({ id }: Body) => id),
        [`${storage()}/one`],
      );
    }
    const all = await ask('GET', `${group}/resources`, '2022-09-01');
    assert.ok(all.body.value.some(({ sku }: Body) => sku?.name === 'Standard_LRS'));
    assert.equal((await ask('HEAD', `${storage()}/one`, '2023-01-01')).status, 204);
    assert.equal((await ask('DELETE', `${storage()}/one`, '2023-01-01')).status, 200);
    assert.equal((await ask('DELETE', `${storage()}/one`, '2023-01-01')).status, 204);
    assert.equal((await ask('GET', `${storage()}/one`, '2023-01-01')).body.error.code, 'ResourceNotFound');
  });

  test('holds to If-Match and If-None-Match', async () => {
    const path = `${storage()}/tagged`;
    const body = { location: 'westus', properties: {} };
    await ask('PUT', path, '2023-01-01', body);
    for (const [headers, status] of [
      [{ 'if-none-match': '*' }, 412],
      [{ 'if-match': '"7"' }, 412],
      [{ 'if-match': '"1"' }, 200],
      [{ 'if-match': '*' }, 200],
    ] as const) {
      assert.equal(
        (await ask('PUT', path, '2023-01-01', body, headers)).status,
        status,
        JSON.stringify(headers),
      );
    }
  });

  test('lies in another one, and goes with it', async () => {
    const account = `${storage()}/outer`;
    const service = `${account}/blobServices/default`;
    const orphan = await ask('PUT', service, '2023-01-01', { properties: {} });
    assert.equal(orphan.body.error.code, 'ParentResourceNotFound');
    await ask('PUT', account, '2023-01-01', { location: 'westus' });
    await ask('PUT', service, '2023-01-01', { properties: {} });
    const made = await ask('PUT', `${service}/containers/images`, '2023-01-01', {
      properties: { publicAccess: 'None' },
    });
    assert.equal(made.status, 200);
    assert.equal(made.body.id, `${service}/containers/images`);
    assert.equal(made.body.name, 'images');
    assert.equal(made.body.type, 'Microsoft.Storage/storageAccounts/blobServices/containers');
    assert.equal('location' in made.body, false);
    const list = await ask('GET', `${service}/containers`, '2023-01-01');
    assert.deepEqual(
      list.body.value.map(({ name }: Body) => name),
      ['images'],
    );
    await ask('DELETE', account, '2023-01-01');
    await ask('PUT', account, '2023-01-01', { location: 'westus' });
    assert.equal((await ask('GET', service, '2023-01-01')).body.error.code, 'ResourceNotFound');
  });

  test('lies in one that has a provider of its own', async () => {
    const vm = `${group}/providers/Microsoft.Compute/virtualMachines/vm1`;
    await ask('PUT', vm, '2024-07-01', { location: 'westus', properties: {} });
    const made = await ask('PUT', `${vm}/runCommands/script`, '2024-07-01', {
      location: 'westus',
      properties: {
        source: { script: 'true' },
        protectedParameters: [{ name: 'a', value: 'canary' }],
      },
    });
    assert.equal(made.status, 200, made.text);
    assert.equal(made.body.type, 'Microsoft.Compute/virtualMachines/runCommands');
    assert.equal((await ask('DELETE', vm, '2024-07-01')).status, 202);
    const gone = await ask('GET', `${vm}/runCommands/script`, '2024-07-01');
    assert.equal(gone.body.error.code, 'ParentResourceNotFound');
  });

  test('extends a resource, a group or a subscription, and goes with what it extends', async () => {
    const account = `${storage()}/extended`;
    await ask('PUT', account, '2023-01-01', { location: 'westus' });
    const settings = 'providers/Microsoft.Insights/diagnosticSettings';
    for (const scope of [account, group, subscription]) {
      const path = `${scope}/${settings}/logs`;
      const made = await ask('PUT', path, '2021-05-01-preview', { properties: { logs: [] } });
      assert.equal(made.status, 200, made.text);
      assert.equal(made.body.id, path.replace('Microsoft.Insights', 'microsoft.insights'));
      const list = await ask('GET', `${scope}/${settings}`, '2021-05-01-preview');
      assert.deepEqual(
        list.body.value.map(({ id }: Body) => id),
        [made.body.id],
      );
    }
    const twice = `${group}/${settings}/logs/${settings}/more`;
    assert.equal((await ask('PUT', twice, '2021-05-01-preview', { properties: {} })).status, 200);
    const direct = await ask('GET', `${group}/${settings}`, '2021-05-01-preview');
    assert.equal(direct.body.value.length, 1, 'an extension of an extension is listed there alone');
    const nowhere = await ask('PUT', `${storage()}/nothing/${settings}/logs`, '2021-05-01-preview', {});
    assert.equal(nowhere.body.error.code, 'ResourceNotFound');
    await ask('DELETE', account, '2023-01-01');
    await ask('PUT', account, '2023-01-01', { location: 'westus' });
    assert.equal((await ask('GET', `${account}/${settings}/logs`, '2021-05-01-preview')).status, 404);
    assert.equal((await ask('GET', `${subscription}/${settings}/logs`, '2021-05-01-preview')).status, 200);
    assert.equal((await ask('DELETE', `${subscription}/${settings}/logs`, '2021-05-01-preview')).status, 200);
  });

  test('goes with its group', async () => {
    const other = `${subscription}/resourceGroups/rg2`;
    await ask('PUT', other, '2022-09-01', { location: 'westus' });
    const setting = `${other}/providers/Microsoft.Insights/diagnosticSettings/logs`;
    const account = `${other}/providers/Microsoft.Storage/storageAccounts/a`;
    await ask('PUT', setting, '2021-05-01-preview', { properties: {} });
    await ask('PUT', account, '2023-01-01', { location: 'westus' });
    await ask('DELETE', other, '2022-09-01');
    await m.operations.settled();
    await ask('PUT', other, '2022-09-01', { location: 'westus' });
    assert.equal((await ask('GET', setting, '2021-05-01-preview')).body.error.code, 'ResourceNotFound');
    assert.equal((await ask('GET', account, '2023-01-01')).body.error.code, 'ResourceNotFound');
  });

  test('moves to another group with what lies in it and extends it', async () => {
    const target = `${subscription}/resourceGroups/moved`;
    await ask('PUT', target, '2022-09-01', { location: 'westus' });
    const from = `${storage()}/mover`;
    const to = from.replace('/rg1/', '/moved/');
    const setting = 'providers/microsoft.insights/diagnosticSettings/logs';
    await ask('PUT', from, '2023-01-01', { location: 'westus' });
    await ask('PUT', `${from}/blobServices/default`, '2023-01-01', { properties: {} });
    await ask('PUT', `${from}/${setting}`, '2021-05-01-preview', { properties: {} });
    const reply = await ask('POST', `${group}/moveResources`, '2022-09-01', {
      resources: [from],
      targetResourceGroup: target,
    });
    assert.equal(reply.status, 202, reply.text);
    await m.operations.settled();
    for (const [path, version] of [
      ['', '2023-01-01'],
      ['/blobServices/default', '2023-01-01'],
      [`/${setting}`, '2021-05-01-preview'],
    ] as const) {
      const { body } = await ask('GET', `${to}${path}`, version);
      assert.equal(body.id, `${to}${path}`);
      assert.equal((await ask('GET', `${from}${path}`, version)).status, 404);
    }
    assert.equal((await ask('DELETE', to, '2023-01-01')).status, 200);
    assert.equal((await ask('GET', `${to}/${setting}`, '2021-05-01-preview')).status, 404);
  });

  test('has a place where its type needs one', async () => {
    const { status, body } = await ask('PUT', `${storage()}/placeless`, '2023-01-01', { properties: {} });
    assert.deepEqual([status, body.error.code], [400, 'LocationRequired']);
    const moved = `${storage()}/moved`;
    await ask('PUT', moved, '2023-01-01', { location: 'westus' });
    const reply = await ask('PUT', moved, '2023-01-01', { location: 'eastus' });
    assert.deepEqual([reply.status, reply.body.error.code], [409, 'InvalidResourceLocation']);
  });

  test('never shows a secret, and keeps none in the database', async () => {
    const path = `${group}/providers/Microsoft.Sql/servers/db`;
    const secret = 'canary-of-a-generic-type';
    const bodies: readonly Body[] = [
      { properties: { administratorLogin: 'me', administratorLoginPassword: secret } },
      { properties: { list: [{ name: 'API_KEY', value: secret }], text: `Password=${secret};` } },
      { sku: { name: 'x', licenseKey: secret }, clientSecret: secret, Properties: { sasToken: secret } },
    ];
    for (const method of ['PUT', 'PATCH']) {
      for (const body of bodies) {
        const reply = await ask(method, path, '2021-11-01', { location: 'westus', ...body });
        assert.ok(reply.status < 300, reply.text);
        assert.doesNotMatch(reply.text, /canary/);
      }
    }
    for (const place of [path, `${group}/resources`]) {
      const version = place === path ? '2021-11-01' : '2022-09-01';
      assert.doesNotMatch((await ask('GET', place, version)).text, /canary/);
    }
    const rows = await m.database.read.selectFrom('resources').selectAll().execute();
    assert.ok(rows.some(({ name }) => name === 'db'));
    assert.doesNotMatch(JSON.stringify(rows), /canary-of-a-generic-type/);
  });

  test('keeps nothing of what a deployment was given in confidence', async () => {
    await using world = await deploymentWorld();
    const secret = 'given-in-confidence';
    const { deployment } = await world.deploy('d', {
      template: {
        $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
        contentVersion: '1.0.0.0',
        parameters: { greeting: { type: 'securestring' } },
        resources: [
          {
            type: 'Microsoft.Cache/redis',
            apiVersion: '2024-11-01',
            name: 'one',
            location: 'westus',
            note: "[concat('it is ', parameters('greeting'))]",
            properties: { greeting: "[parameters('greeting')]", list: ["[parameters('greeting')]", 'plain'] },
          },
        ],
      },
      parameters: { greeting: { value: secret } },
    });
    assert.equal(deployment.properties.provisioningState, 'Succeeded', JSON.stringify(deployment));
    const made = await world.get(`${world.group}/providers/Microsoft.Cache/redis/one`, '2024-11-01');
    assert.deepEqual(made.body.properties, { list: ['plain'], provisioningState: 'Succeeded' });
    const rows = await world.management.database.read.selectFrom('resources').selectAll().execute();
    assert.ok(rows.some(({ name }) => name === 'one'));
    assert.doesNotMatch(JSON.stringify(rows), /given-in-confidence/);
  });

  test('carries the identities that its type may, in its own words, and no others', async () => {
    const uai = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shared`;
    await ask('PUT', uai, '2023-01-31', { location: 'westus' });
    const identity = { type: 'systemassigned,userassigned', userAssignedIdentities: { [uai]: {} } };
    const put = (type: string, name: string, version: string, block: Body) =>
      ask('PUT', `${group}/providers/${type}/${name}`, version, { location: 'westus', identity: block });
    const account = await put('Microsoft.Storage/storageAccounts', 'carrier', '2023-01-01', identity);
    assert.equal(account.status, 200, account.text);
    assert.equal(account.body.identity.type, 'SystemAssigned,UserAssigned');
    assert.match(account.body.identity.principalId, /^[0-9a-f-]{36}$/);
    assert.equal(Object.values<Body>(account.body.identity.userAssignedIdentities)[0].clientId.length, 36);
    const search = await put('Microsoft.Search/searchServices', 'carrier', '2025-05-01', identity);
    assert.equal(search.body.identity.type, 'SystemAssigned, UserAssigned');
    const system = { type: 'SystemAssigned' };
    const mysql = await put('Microsoft.DBforMySQL/flexibleServers', 'db', '2023-12-30', system);
    assert.equal(mysql.body.error.code, 'InvalidIdentityType');
    const vnet = await put('Microsoft.Network/virtualNetworks', 'net', '2023-11-01', system);
    assert.equal(vnet.body.error.code, 'InvalidIdentityType');
    const gone = await ask('DELETE', `${storage()}/carrier`, '2023-01-01');
    assert.equal(gone.status, 200);
    const again = await put('Microsoft.Storage/storageAccounts', 'carrier', '2023-01-01', system);
    assert.notEqual(again.body.identity.principalId, account.body.identity.principalId);
  });

  test('claims no identity by a member in another case', async () => {
    const path = `${storage()}/claimed`;
    const claims = {
      type: 'SystemAssigned',
      principalId: m.home.owner.principalId,
      tenantId: m.home.tenantId,
    };
    const made = await ask('PUT', path, '2023-01-01', {
      LOCATION: 'westus',
      Identity: claims,
      Id: '/x',
      eTag: 'x',
    });
    assert.equal(made.status, 200, made.text);
    assert.notEqual(made.body.identity.principalId, m.home.owner.principalId);
    assert.doesNotMatch(made.text, /"(Identity|Id|eTag)"/);
    const twice = await ask('PUT', path, '2023-01-01', {
      location: 'westus',
      identity: claims,
      IDENTITY: null,
    });
    assert.deepEqual([twice.status, twice.body.error.code], [400, 'InvalidRequestContent']);
  });

  test('has no actions: what the service would do, nothing does', async () => {
    await ask('PUT', `${storage()}/acted`, '2023-01-01', { location: 'westus' });
    const reply = await ask('POST', `${storage()}/acted/listKeys`, '2023-01-01');
    assert.deepEqual([reply.status, reply.body.error.code], [400, 'FeatureNotSupported']);
    assert.match(reply.body.error.message, /'listKeys' is not supported for the resource type/);
    const missing = await ask('POST', `${storage()}/none/listKeys`, '2023-01-01');
    assert.equal(missing.body.error.code, 'ResourceNotFound');
  });

  test('takes the rights that roles name', async () => {
    const someone = await m.application(m.home, 'someone');
    const path = `${storage()}/guarded`;
    const as = (method: string, at: string, body?: Body) =>
      m.ask(method, `${at}?api-version=2023-01-01`, { as: someone, ...(body === undefined ? {} : { body }) });
    for (const [method, at, action] of [
      ['PUT', path, 'Microsoft.Storage/storageAccounts/write'],
      ['PATCH', path, 'Microsoft.Storage/storageAccounts/write'],
      ['GET', path, 'Microsoft.Storage/storageAccounts/read'],
      ['DELETE', path, 'Microsoft.Storage/storageAccounts/delete'],
      ['GET', storage(), 'Microsoft.Storage/storageAccounts/read'],
      ['POST', `${path}/listKeys`, 'Microsoft.Storage/storageAccounts/listKeys/action'],
      ['PUT', `${path}/blobServices/default`, 'Microsoft.Storage/storageAccounts/blobServices/write'],
    ] as const) {
      const reply = await as(method, at, method.startsWith('P') ? {} : undefined);
      assert.equal(reply.status, 403, `${method} ${at}`);
      assert.ok(reply.body.error.message.includes(`'${action}'`), reply.text);
    }
    await m.assign(m.home, someone, 'Storage Account Contributor', group);
    assert.equal((await as('PUT', path, { location: 'westus' })).status, 200);
    const elsewhere = `${group}/providers/Microsoft.Sql/servers/x`;
    assert.equal((await as('GET', elsewhere)).status, 400, 'an unknown version is told before rights are');
    assert.equal(
      (await m.ask('PUT', `${elsewhere}?api-version=2021-11-01`, { as: someone, body: {} })).status,
      403,
    );
  });

  test('is told from what nobody has: namespace, type and version have errors of their own', async () => {
    const put = (path: string, version = '2023-01-01') => ask('PUT', path, version, { location: 'westus' });
    const cases: readonly [string, string, number, string][] = [
      [`${group}/providers/Nobody.Here/things/a`, '2023-01-01', 404, 'InvalidResourceNamespace'],
      [`${group}/providers/Microsoft.Storage/things/a`, '2023-01-01', 404, 'InvalidResourceType'],
      [`${storage()}/a/things/b`, '2023-01-01', 404, 'InvalidResourceType'],
      [`${storage()}/a`, '1999-01-01', 400, 'NoRegisteredProviderFound'],
      // a type with a place lies in a group
      [
        `${subscription}/providers/Microsoft.Storage/storageAccounts/a`,
        '2023-01-01',
        404,
        'InvalidResourceType',
      ],
      [
        '/providers/Microsoft.Insights/diagnosticSettings/a',
        '2021-05-01-preview',
        404,
        'InvalidResourceType',
      ],
    ];
    for (const [path, version, status, code] of cases) {
      const reply = await put(path, version);
      assert.deepEqual([reply.status, reply.body.error.code], [status, code], path);
    }
    const { body } = await put(`${storage()}/a`, '1999-01-01');
    assert.match(body.error.message, /The supported api-versions are '.*2023-01-01/);
    assert.match(body.error.message, /for type 'storageAccounts'/);
  });

  test('is never one whose meaning Innate decides, or that would be believed', async () => {
    const vault = `${group}/providers/Microsoft.KeyVault/vaults/generic-kv`;
    await ask('PUT', vault, '2023-07-01', {
      location: 'westus',
      properties: { tenantId: m.home.tenantId, sku: { family: 'A', name: 'standard' } },
    });
    for (const type of [
      ...['Microsoft.Authorization/policyAssignments', 'Microsoft.Authorization/denyAssignments'],
      ...['Microsoft.Authorization/roleEligibilityScheduleRequests', 'Microsoft.Resources/deploymentScripts'],
      ...['Microsoft.KeyVault/managedHSMs', 'Microsoft.ManagedServices/registrationAssignments'],
      ...[
        'Microsoft.Blueprint/blueprintAssignments',
        'Microsoft.Security/pricings',
        'microsoft.aadiam/tenants',
      ],
      ...[
        'Microsoft.ManagedIdentity/anything',
        'Innate.Tokens/anything',
        'Microsoft.Resources/templateSpecs',
      ],
    ]) {
      for (const scope of [group, subscription, vault]) {
        for (const version of ['2022-04-01', '2021-05-01-preview', '2023-07-01']) {
          const reply = await ask('PUT', `${scope}/providers/${type}/a`, version, { location: 'westus' });
          assert.equal(reply.status, 404, `${type} ${reply.text}`);
          assert.match(reply.body.error.code, /^InvalidResource(Type|Namespace)$/);
        }
      }
    }
    for (const below of ['secrets/a', 'keys/a', 'accessPolicies/add']) {
      const reply = await ask('PUT', `${vault}/${below}`, '2023-07-01', { properties: { value: 'x' } });
      assert.equal(reply.body.error.code, 'InvalidResourceType', below);
    }
    const inVault = `${vault}/secrets/a/providers/Microsoft.Insights/diagnosticSettings/b`;
    const onSecret = await ask('PUT', inVault, '2021-05-01-preview', { properties: {} });
    assert.equal(onSecret.body.error.code, 'ResourceNotFound', 'what lies in a vault is nobody’s place');
    const locations = `${subscription}/providers/Microsoft.Compute/locations/westus/diagnostics/a`;
    assert.equal((await ask('PUT', locations, '2024-07-01', {})).body.error.code, 'InvalidResourceType');
  });

  test('is not to be seen from another tenant', async () => {
    const path = `${storage()}/private`;
    await ask('PUT', path, '2023-01-01', { location: 'westus' });
    const reply = await m.ask('GET', `${path}?api-version=2023-01-01`, { as: m.foreign.owner });
    assert.equal(reply.body.error.code, 'InvalidAuthenticationTokenTenant');
  });
});
