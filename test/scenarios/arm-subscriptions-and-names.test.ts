import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SubscriptionClient } from '@azure/arm-resources-subscriptions';
import { ownProfile } from '../../src/contract/cloud-profile.ts';
import { guid, type SubscriptionId } from '../../src/foundation/ids.ts';
import { systemRandomness } from '../../src/foundation/randomness.ts';
import { insertSubscription } from '../../src/server/resource-manager/subscription-store.ts';
import { azureClientOptions, azureCredential, collect } from '../support/azure-clients.ts';
import { type Body, type TestManagement, type TestPrincipal, testManagement } from '../support/management.ts';
import { responseSchema, violations } from '../support/openapi.ts';
import { sharedFile } from '../support/shared.ts';

function clientOf(m: TestManagement, who: TestPrincipal) {
  return new SubscriptionClient(azureCredential(who), azureClientOptions(m));
}

describe('subscriptions', () => {
  test('are those in which, or above which, the caller has a role', async () => {
    await using m = await testManagement();
    const second = guid<SubscriptionId>(systemRandomness.uuid());
    await m.database.transaction((transaction) =>
      insertSubscription(transaction, {
        ...{ subscriptionId: second, tenantId: m.home.tenantId },
        ...{ displayName: 'second', at: m.clock.now() },
      }),
    );
    const ids = async (who: TestPrincipal) =>
      (await collect(clientOf(m, who).subscriptions.list())).map(({ subscriptionId }) => subscriptionId);
    assert.deepEqual(new Set(await ids(m.home.owner)), new Set([m.home.subscriptionId, second]));
    const worker = await m.application(m.home, 'worker');
    assert.deepEqual(await ids(worker), []);
    const group = `/subscriptions/${second}/resourceGroups/rg1`;
    await m.ask('PUT', `${group}?api-version=2022-09-01`, { as: m.home.owner, body: { location: 'westus' } });
    await m.assign(m.home, worker, 'Reader', group);
    assert.deepEqual(await ids(worker), [second]);
    const raw = await m.ask('GET', '/subscriptions?api-version=2022-12-01', { as: worker });
    assert.deepEqual(raw.body.count, { type: 'Total', value: 1 });
    const one = await clientOf(m, worker).subscriptions.get(second);
    assert.equal(one.tenantId, m.home.tenantId);
    assert.equal(one.state, 'Enabled');
    await assert.rejects(clientOf(m, worker).subscriptions.get(m.home.subscriptionId), { statusCode: 403 });
    const [tenant] = await collect(clientOf(m, worker).tenants.list());
    assert.equal(tenant?.tenantId, m.home.tenantId);
    assert.equal(tenant?.id, `/tenants/${m.home.tenantId}`);
  });

  test('have the locations of Azure, with where they are and what they are paired with', async () => {
    await using m = await testManagement();
    const { subscriptionId, owner } = m.home;
    const locations = await collect(clientOf(m, owner).subscriptions.listLocations(subscriptionId));
    assert.ok(locations.length > 80);
    const west = locations.find(({ name }) => name === 'westeurope');
    assert.equal(west?.regionalDisplayName, '(Europe) West Europe');
    assert.equal(west?.metadata?.regionType, 'Physical');
    assert.equal(west?.metadata?.pairedRegion?.[0]?.name, 'northeurope');
    assert.equal(
      west?.metadata?.pairedRegion?.[0]?.id,
      `/subscriptions/${subscriptionId}/locations/northeurope`,
    );
    assert.equal(west?.availabilityZoneMappings?.length, 3);
    const logical = locations.find(({ name }) => name === 'europe');
    assert.equal(logical?.metadata?.regionType, 'Logical');
  });

  const specification = sharedFile(
    'data/openapi/resources/resource-manager/Microsoft.Resources/stable/2022-12-01/subscriptions.json',
  );
  test('answer as the official description says', { skip: specification === undefined }, async () => {
    await using m = await testManagement();
    const { subscriptionId, owner: as } = m.home;
    for (const [route, path] of [
      ['/subscriptions', '/subscriptions'],
      ['/subscriptions/{subscriptionId}', `/subscriptions/${subscriptionId}`],
      ['/subscriptions/{subscriptionId}/locations', `/subscriptions/${subscriptionId}/locations`],
      ['/tenants', '/tenants'],
    ] as const) {
      const reply = await m.ask('GET', `${path}?api-version=2022-12-01`, { as });
      const schema = responseSchema(String(specification), route, 'get', 200);
      assert.ok(schema, route);
      // the description asks for a link on the last page as well, where Azure has none
      const found = violations(schema, reply.body).filter((each) => each !== '$.nextLink is missing');
      assert.deepEqual(found, [], route);
    }
  });
});

describe('a resource name', () => {
  test('that Azure keeps for itself is reserved, and every other is allowed', async () => {
    await using m = await testManagement();
    const client = clientOf(m, await m.application(m.home, 'nobody'));
    const status = async (name: string) =>
      (
        await client.checkResourceName({
          resourceNameDefinition: { name, type: 'Microsoft.Compute/virtualMachines' },
        })
      ).status;
    for (const name of ['Azure', 'office365', 'my-Windows-box', 'loginserver', 'XBOX1', 'microsoftish']) {
      assert.equal(await status(name), 'Reserved', name);
    }
    for (const name of ['vm1', 'my-login', 'azure-vm', 'a-xbox']) {
      assert.equal(await status(name), 'Allowed', name);
    }
    await assert.rejects(client.checkResourceName(), { statusCode: 400, code: 'InvalidRequestContent' });
    const anonymous = await m.ask(
      'POST',
      '/providers/Microsoft.Resources/checkResourceName?api-version=2022-12-01',
      {
        body: { name: 'x', type: 'y' },
      },
    );
    assert.equal(anonymous.status, 401);
  });
});

describe('the description of a cloud', () => {
  /** What `az` (ARM_CLOUD_METADATA_URL) reads by name, and stops at where it is absent. */
  const readByAz = [
    'sqlManagement',
    'batch',
    'gallery',
    'graphAudience',
    'vmImageAliasDoc',
    'media',
    'portal',
  ];
  /** What Terraform builds authorizers of. */
  const readByTerraform = ['keyVaultDns', 'storage', 'mhsmDns', 'synapseAnalytics', 'attestationEndpoint'];

  test('has all that az and Terraform look for, under names of one’s own as well', async () => {
    for (const [profile, name] of [
      [undefined, 'AzureCloud'],
      [ownProfile('corp.example'), 'Innate'],
    ] as const) {
      await using m = await testManagement(profile === undefined ? {} : { profile });
      const read = async (version: string): Promise<Body> =>
        (await m.ask('GET', `/metadata/endpoints?api-version=${version}`)).body;
      const [cloud] = await read('2019-05-01');
      const single = await read('2022-09-01');
      assert.deepEqual(single, cloud);
      assert.equal(cloud.name, name);
      for (const member of readByAz) assert.match(cloud[member], /^https:\/\//, member);
      for (const suffix of readByTerraform) assert.match(cloud.suffixes[suffix], /^[a-z0-9.-]+$/, suffix);
      assert.deepEqual(
        [single.authentication.tenant, single.authentication.identityProvider],
        ['common', 'AAD'],
        'Terraform takes anything else for another product',
      );
      if (profile === undefined) continue;
      for (const address of JSON.stringify(cloud).match(/"https?:\/\/[^"]+"/g) ?? []) {
        assert.match(address, /corp\.example/, 'a cloud of one’s own leads nowhere else');
      }
    }
  });
});
