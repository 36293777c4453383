import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { carrying, type IdentityWorld, identityWorld, type MadeIdentity } from '../support/identity-world.ts';
import type { Body, Reply } from '../support/management.ts';

const extension = '/providers/Microsoft.ManagedIdentity/identities/default?api-version=2024-11-30';

describe('a resource type', () => {
  let w: IdentityWorld;
  let one: MadeIdentity;
  let two: MadeIdentity;
  before(async () => {
    w = await identityWorld();
    one = await w.identity('one');
    two = await w.identity('two');
  });
  after(() => w?.[Symbol.asyncDispose]());

  const put = async (type: string, version: string, identity: Body, name = 'thing1'): Promise<Reply> =>
    await w.m.ask('PUT', `${w.group}/providers/${type}/${name}?api-version=${version}`, {
      as: w.m.home.owner,
      body: { location: 'westus', identity, properties: {} },
    });
  const refused = (reply: Reply, code: string) => {
    assert.equal(reply.status, 400, reply.text);
    assert.equal(reply.body.error.code, code, reply.text);
  };

  test('of which a record is kept takes both kinds and writes them in its own words', async () => {
    const made = await put(
      'Microsoft.ServiceBus/namespaces',
      '2024-01-01',
      carrying('systemAssigned, userAssigned', one.id),
    );
    assert.ok(made.status < 300, made.text);
    assert.equal(made.body.identity.type, 'SystemAssigned, UserAssigned');
    assert.equal(made.body.identity.userAssignedIdentities[one.id].clientId, one.clientId);
    const shown = await w.m.ask('GET', `${made.body.id}${extension}`, { as: w.m.home.owner });
    assert.equal(shown.status, 200, shown.text);
    assert.equal(shown.body.properties.principalId, made.body.identity.principalId);
    assert.equal(shown.body.location, 'westus');
  });

  test('that shows ids as they were sent keeps even the spelling of the group', async () => {
    const sent = one.id.replace('/resourceGroups/', '/resourcegroups/');
    const made = await put('Microsoft.Cache/redis', '2023-08-01', carrying('UserAssigned', sent));
    assert.deepEqual(Object.keys(made.body.identity.userAssignedIdentities), [sent]);
  });

  test('that takes a bounded number of identities refuses the next', async () => {
    const type = 'Microsoft.Storage/storageAccounts';
    const version = '2023-05-01';
    assert.ok((await put(type, version, carrying('UserAssigned', one.id))).status < 300);
    const more = await put(type, version, carrying('UserAssigned', one.id, two.id));
    refused(more, 'InvalidParameter');
    assert.match(more.body.error.message, /^Too many user-assigned identities specified on the resource\.$/);
    assert.ok((await put(type, version, carrying('UserAssigned', two.id))).status < 300, 'swapped');
  });

  test('that takes one kind or the other refuses both together', async () => {
    const type = 'Microsoft.ContainerService/managedClusters';
    assert.ok((await put(type, '2024-07-01', { type: 'SystemAssigned' })).status < 300);
    refused(
      await put(type, '2024-07-01', carrying('SystemAssigned, UserAssigned', one.id)),
      'InvalidIdentityType',
    );
    const swapped = await put(type, '2024-07-01', carrying('UserAssigned', one.id));
    assert.equal(swapped.body.identity.type, 'UserAssigned');
    assert.equal(swapped.body.identity.principalId, undefined);
  });

  test('that takes its own identity alone, or none, refuses the rest', async () => {
    const own = 'Microsoft.StreamAnalytics/streamingjobs';
    refused(await put(own, '2020-03-01', carrying('UserAssigned', one.id)), 'InvalidIdentityType');
    assert.ok((await put(own, '2020-03-01', { type: 'systemassigned' })).status < 300);
    const none = 'Microsoft.Network/routeTables';
    refused(await put(none, '2023-09-01', { type: 'SystemAssigned' }), 'InvalidIdentityType');
    const bare = await put(none, '2023-09-01', { type: 'None' });
    assert.ok(bare.status < 300, bare.text);
    assert.equal(bare.body.identity, undefined);
  });

  test('may be restricted to by an identity, by its namespace', async () => {
    const body = { properties: { assignmentRestrictions: { providers: ['Microsoft.Cache'] } } };
    const { id } = await w.identity('cache-only', body);
    const ok = await put('Microsoft.Cache/redis', '2023-08-01', carrying('UserAssigned', id), 'cache2');
    assert.ok(ok.status < 300, ok.text);
    refused(
      await put('Microsoft.ServiceBus/namespaces', '2024-01-01', carrying('UserAssigned', id), 'bus2'),
      'FailedIdentityOperation',
    );
  });
});

describe('a resource group that is deleted', () => {
  test('takes identities and attachments with it; those of other groups are let go and live on', async () => {
    await using w = await identityWorld();
    const { m } = w;
    const as = m.home.owner;
    const inside = await w.identity('inside');
    const other = `/subscriptions/${m.home.subscriptionId}/resourceGroups/other`;
    const outside = `${other}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/outside`;
    const elsewhere = `${other}/providers/Microsoft.Compute/virtualMachines/vm2`;
    await m.ask('PUT', `${other}?api-version=2022-09-01`, { as, body: { location: 'westus' } });
    await m.ask('PUT', `${outside}?api-version=2024-11-30`, { as, body: { location: 'westus' } });
    assert.equal((await w.putVm(carrying('SystemAssigned, UserAssigned', inside.id, outside))).status, 201);
    const vm2 = await m.ask('PUT', `${elsewhere}?api-version=2024-07-01`, {
      as,
      body: { location: 'westus', identity: carrying('UserAssigned', inside.id), properties: {} },
    });
    assert.equal(vm2.status, 201, vm2.text);

    await m.ask('DELETE', `${w.group}?api-version=2022-09-01`, { as });
    await m.operations.settled();
    assert.equal((await m.ask('GET', `${w.group}?api-version=2022-09-01`, { as })).status, 404);
    const left = await m.database.read.selectFrom('identity_attachments').selectAll().execute();
    assert.deepEqual(
      left.map(({ resource_canonical, identity_id }) => [resource_canonical, identity_id]),
      [[elsewhere.toLowerCase(), inside.id]],
    );
    const { body } = await m.ask('GET', `${elsewhere}?api-version=2024-07-01`, { as });
    assert.deepEqual(body.identity.userAssignedIdentities, { [inside.id]: {} });
    const listed = await m.ask('POST', `${outside}/listAssociatedResources?api-version=2022-01-31-preview`, {
      as,
    });
    assert.deepEqual(listed.body, { totalCount: 0, value: [] });
    assert.equal((await m.ask('GET', `${outside}?api-version=2024-11-30`, { as })).status, 200);
  });
});
