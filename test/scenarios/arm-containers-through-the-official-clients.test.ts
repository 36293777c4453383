import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ContainerAppsAPIClient } from '@azure/arm-appcontainers';
import { ContainerInstanceManagementClient } from '@azure/arm-containerinstance';
import { azureCredential, collect } from '../support/azure-clients.ts';
import { type TestManagement, testManagement } from '../support/management.ts';
import { specifiedClient } from '../support/specified-answers.ts';

async function containers(m: TestManagement) {
  const { owner, subscriptionId } = m.home;
  const group = `/subscriptions/${subscriptionId}/resourceGroups/rg1`;
  await m.ask('PUT', `${group}?api-version=2022-09-01`, { as: owner, body: { location: 'westus' } });
  const identity = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1`;
  await m.ask('PUT', `${identity}?api-version=2023-01-31`, { as: owner, body: { location: 'westus' } });
  const { options, violations } = specifiedClient(m);
  const credential = azureCredential(owner);
  return {
    ...{ group, identity, violations },
    instances: new ContainerInstanceManagementClient(credential, subscriptionId, options),
    apps: new ContainerAppsAPIClient(credential, subscriptionId, options),
  };
}

async function everythingStored(m: TestManagement): Promise<string> {
  const rows = await m.database.read.selectFrom('resources').selectAll().execute();
  const sealed = await m.database.read.selectFrom('resource_secrets').selectAll().execute();
  return JSON.stringify([rows, sealed.map((row) => Buffer.from(row.values_sealed).toString('latin1'))]);
}

const resources = { requests: { cpu: 1, memoryInGB: 1.5 } };

describe('a container group, through the official client', () => {
  test('is made with its identities, and keeps no secret of its containers', async () => {
    await using m = await testManagement();
    const { instances, violations, identity } = await containers(m);
    const made = await instances.containerGroups.beginCreateOrUpdateAndWait('rg1', 'group-1', {
      location: 'westus',
      identity: { type: 'SystemAssigned, UserAssigned', userAssignedIdentities: { [identity]: {} } },
      osType: 'Linux',
      ipAddress: { type: 'Public', ports: [{ port: 80, protocol: 'TCP' }], dnsNameLabel: 'Label' },
      containers: [
        {
          name: 'one',
          image: 'alpine:latest',
          resources,
          environmentVariables: [
            { name: 'PLAIN', value: 'shown' },
            { name: 'SECRET', secureValue: 'canary-variable' },
          ],
        },
      ],
      imageRegistryCredentials: [{ server: 'r.example', username: 'u', password: 'canary-password' }],
      volumes: [{ name: 'v', secret: { file: 'canary-volume' } }],
    });
    assert.equal(made.provisioningState, 'Succeeded');
    assert.equal(made.identity?.type, 'SystemAssigned, UserAssigned');
    assert.ok(made.identity?.principalId && made.identity.userAssignedIdentities?.[identity]?.clientId);
    assert.match(made.ipAddress?.ip ?? '', /^(192\.0\.2|198\.51\.100|203\.0\.113)\./);
    assert.equal(made.ipAddress?.fqdn, 'label.westus.azurecontainer.io');
    const [container] = made.containers;
    assert.equal(container?.instanceView?.currentState?.state, 'Running');
    assert.deepEqual(
      container?.environmentVariables?.map(({ name, value }) => [name, value]),
      [
        ['PLAIN', 'shown'],
        ['SECRET', undefined],
      ],
    );
    const read = await instances.containerGroups.get('rg1', 'group-1');
    assert.ok(!JSON.stringify(read).includes('canary'));
    assert.ok(!(await everythingStored(m)).includes('canary'));
    assert.deepEqual(violations, []);
  });

  test('is stopped, started and restarted, tagged, listed and deleted', async () => {
    await using m = await testManagement();
    const { instances, violations } = await containers(m);
    const { containerGroups } = instances;
    const group = {
      location: 'westus',
      osType: 'Linux',
      containers: [{ name: 'one', image: 'alpine', resources }],
    };
    await containerGroups.beginCreateOrUpdateAndWait('rg1', 'group-1', group);
    const states = async () => {
      const { instanceView, containers: all } = await containerGroups.get('rg1', 'group-1');
      return [
        instanceView?.state,
        all[0]?.instanceView?.currentState?.state,
        all[0]?.instanceView?.restartCount,
      ];
    };
    assert.deepEqual(await states(), ['Running', 'Running', 0]);
    await containerGroups.stop('rg1', 'group-1');
    assert.deepEqual(await states(), ['Stopped', 'Terminated', 0]);
    await containerGroups.beginStartAndWait('rg1', 'group-1', { updateIntervalInMs: 1 });
    await containerGroups.beginRestartAndWait('rg1', 'group-1', { updateIntervalInMs: 1 });
    assert.deepEqual(await states(), ['Running', 'Running', 1]);
    const tagged = await containerGroups.update('rg1', 'group-1', { tags: { a: 'b' } });
    assert.deepEqual([tagged.tags, tagged.containers.length], [{ a: 'b' }, 1]);
    assert.equal((await collect(containerGroups.list())).length, 1);
    assert.equal((await collect(containerGroups.listByResourceGroup('rg1'))).length, 1);
    await containerGroups.beginDeleteAndWait('rg1', 'group-1');
    assert.deepEqual(await collect(containerGroups.list()), []);
    assert.deepEqual(violations, []);
  });

  test('is refused without a container, or under a name that none can have', async () => {
    await using m = await testManagement();
    const { group } = await containers(m);
    const put = (name: string, properties: unknown) =>
      m.ask(
        'PUT',
        `${group}/providers/Microsoft.ContainerInstance/containerGroups/${name}?api-version=2023-05-01`,
        {
          as: m.home.owner,
          body: { location: 'westus', properties },
        },
      );
    const one = { containers: [{ name: 'a', properties: { image: 'b' } }] };
    for (const properties of [
      undefined,
      {},
      { containers: [] },
      { containers: [{ name: 'a' }] },
      { containers: [{ name: 'a', properties: {} }] },
      { containers: Array.from({ length: 61 }, () => one.containers[0]) },
      { ...one, restartPolicy: 'Sometimes' },
    ]) {
      assert.equal((await put('group-1', properties)).status, 400, JSON.stringify(properties)?.slice(0, 80));
    }
    for (const name of ['A', 'a--b', '-a', 'a-', 'a_b', 'x'.repeat(64)]) {
      assert.equal((await put(name, one)).body.error.code, 'InvalidResourceName', name);
    }
  });
});

describe('a container app, through the official client', () => {
  test('is made in an environment, with secrets that are sealed and listed on request', async () => {
    await using m = await testManagement();
    const { apps, violations, group } = await containers(m);
    const environment = await apps.managedEnvironments.createOrUpdate('rg1', 'env1', {
      location: 'westus',
      appLogsConfiguration: { logAnalyticsConfiguration: { customerId: 'c', sharedKey: 'canary-key' } },
    });
    assert.ok(environment.defaultDomain && environment.staticIp);
    const app = await apps.containerApps.createOrUpdate('rg1', 'app-1', {
      location: 'westus',
      identity: { type: 'SystemAssigned' },
      environmentId: environment.id ?? '',
      configuration: {
        ingress: { external: true, targetPort: 80 },
        secrets: [
          { name: 'db', value: 'canary-secret' },
          { name: 'vaulted', keyVaultUrl: 'https://v.vault.azure.net/secrets/a', identity: 'system' },
        ],
      },
      template: { containers: [{ name: 'one', image: 'alpine', env: [{ name: 'DB', secretRef: 'db' }] }] },
    });
    assert.equal(app.provisioningState, 'Succeeded');
    assert.equal(app.configuration?.ingress?.fqdn, `app-1.${environment.defaultDomain}`);
    assert.ok(app.identity?.principalId);
    assert.match(app.latestRevisionName ?? '', /^app-1--/);
    const list = async () => (await apps.containerApps.listSecrets('rg1', 'app-1')).value;
    assert.deepEqual(
      (await list()).map(({ name, value, keyVaultUrl }) => [name, value, keyVaultUrl]),
      [
        ['db', 'canary-secret', undefined],
        ['vaulted', undefined, 'https://v.vault.azure.net/secrets/a'],
      ],
    );
    const read = await apps.containerApps.get('rg1', 'app-1');
    assert.ok(!JSON.stringify(read).includes('canary'));
    assert.ok(!(await everythingStored(m)).includes('canary'));

    // names alone keep their values; what is not named any more is forgotten
    await apps.containerApps.update('rg1', 'app-1', {
      location: 'westus',
      configuration: { secrets: [{ name: 'db' }, { name: 'more', value: 'canary-more' }] },
    });
    assert.deepEqual(
      (await list()).map(({ name, value }) => [name, value]),
      [
        ['db', 'canary-secret'],
        ['more', 'canary-more'],
      ],
    );
    await apps.containerApps.update('rg1', 'app-1', { location: 'westus', configuration: { secrets: [] } });
    assert.deepEqual(await list(), []);
    await assert.rejects(
      apps.containerApps.update('rg1', 'app-1', {
        location: 'westus',
        configuration: { secrets: [{ name: 'db' }] },
      }),
      { code: 'ContainerAppSecretInvalid' },
    );
    const reader = await m.application(m.home, 'reader');
    await m.assign(m.home, reader, 'Reader', group);
    const readers = new ContainerAppsAPIClient(
      azureCredential(reader),
      m.home.subscriptionId,
      specifiedClient(m).options,
    );
    assert.equal((await readers.containerApps.get('rg1', 'app-1')).name, 'app-1');
    await assert.rejects(readers.containerApps.listSecrets('rg1', 'app-1'), { statusCode: 403 });
    assert.deepEqual(violations, []);
  });

  test('keeps no secret that is spelled otherwise', async () => {
    await using m = await testManagement();
    const { group } = await containers(m);
    const as = m.home.owner;
    const secret = { name: 'db', Value: 'canary', value: 'canary' };
    const sent: readonly (readonly [string, object])[] = [
      ['Microsoft.App/containerApps/app-1?api-version=2024-03-01', { Configuration: { Secrets: [secret] } }],
      ['Microsoft.App/containerApps/app-2?api-version=2024-03-01', { configuration: { SECRETS: [secret] } }],
      [
        'Microsoft.ContainerInstance/containerGroups/group-1?api-version=2023-05-01',
        {
          containers: [
            {
              name: 'a',
              properties: { image: 'b', EnvironmentVariables: [{ name: 'A', SecureValue: 'canary' }] },
            },
          ],
          Volumes: [{ name: 'v', Secret: { file: 'canary' } }],
        },
      ],
      [
        'Microsoft.Web/sites/site-1?api-version=2023-12-01',
        { SiteConfig: { AppSettings: [{ name: 'A', value: 'canary' }] } },
      ],
      [
        'Microsoft.Web/sites/site-2?api-version=2023-12-01',
        { siteConfig: { AppSettings: [{ name: 'A', value: 'canary' }], metadata: [{ value: 'canary' }] } },
      ],
    ];
    for (const [path, properties] of sent) {
      const url = `${group}/providers/${path}`;
      const made = await m.ask('PUT', url, { as, body: { location: 'westus', properties } });
      assert.ok(made.status < 300, made.text);
      assert.ok(!made.text.includes('canary'), made.text);
      const patched = await m.ask('PATCH', url, { as, body: { properties } });
      assert.ok(patched.status < 300, patched.text);
      assert.ok(!(await m.ask('GET', url, { as })).text.includes('canary'), url);
    }
    assert.ok(!(await everythingStored(m)).includes('canary'));
  });

  test('says None where it has no identity, and both kinds in its own spelling', async () => {
    await using m = await testManagement();
    const { apps, identity } = await containers(m);
    const { containerApps } = apps;
    const none = await containerApps.createOrUpdate('rg1', 'app-1', { location: 'westus' });
    assert.deepEqual(none.identity?.type, 'None');
    const both = await containerApps.createOrUpdate('rg1', 'app-1', {
      location: 'westus',
      identity: { type: 'SystemAssigned,UserAssigned', userAssignedIdentities: { [identity]: {} } },
    });
    assert.equal(both.identity?.type, 'SystemAssigned, UserAssigned');
    const again = await containerApps.createOrUpdate('rg1', 'app-1', {
      ...both,
      identity: { type: 'None' },
    });
    assert.equal(again.identity?.type, 'None');
  });

  test('is stopped and started, listed and deleted', async () => {
    await using m = await testManagement();
    const { apps, violations } = await containers(m);
    const { containerApps } = apps;
    await containerApps.createOrUpdate('rg1', 'app-1', { location: 'westus' });
    const stopped = await containerApps.stop('rg1', 'app-1', { updateIntervalInMs: 1 });
    assert.equal((stopped ?? (await containerApps.get('rg1', 'app-1'))).runningStatus, 'Stopped');
    await containerApps.start('rg1', 'app-1', { updateIntervalInMs: 1 });
    assert.equal((await containerApps.get('rg1', 'app-1')).runningStatus, 'Running');
    assert.equal((await collect(containerApps.listBySubscription())).length, 1);
    await containerApps.delete('rg1', 'app-1', { updateIntervalInMs: 1 });
    assert.deepEqual(await collect(containerApps.listByResourceGroup('rg1')), []);
    assert.deepEqual(violations, []);
  });
});
