import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { guid, type PrincipalId } from '../../src/foundation/ids.ts';
import { join, leave, makeGroup, makeGroupsOf } from '../support/groups.ts';
import { testManagement } from '../support/management.ts';
import { azureCli, makePerson } from '../support/people.ts';
import { vaultWorld } from '../support/vault-world.ts';

const owner = 'Key Vault Secrets Officer';

describe('a group with a role', () => {
  test('lets an identity that is in it read a vault, through another group too, until it leaves (V5)', async () => {
    await using world = await vaultWorld();
    const vault = await world.vault('demo-kv');
    const { tenantId } = world;
    const as = await world.identity();
    const [outer, inner] = [await makeGroup(world, tenantId), await makeGroup(world, tenantId)];
    await world.grant({ ...as, principalId: outer }, owner, vault);
    const status = async () => (await world.ask({ method: 'GET', path: '/secrets', as })).statusCode;

    assert.equal(await status(), 403);
    await join(world, tenantId, outer, as.principalId);
    assert.equal(await status(), 200);
    await leave(world, tenantId, outer, as.principalId);
    assert.equal(await status(), 403);

    await join(world, tenantId, inner, as.principalId);
    assert.equal(await status(), 403);
    await join(world, tenantId, outer, inner, 'Group');
    assert.equal(await status(), 200);
    // a ring of groups ends nowhere, and gives nothing by itself
    await join(world, tenantId, inner, outer, 'Group');
    assert.equal(await status(), 200);
    await leave(world, tenantId, outer, inner);
    assert.equal(await status(), 403);
  });

  test('counts among hundreds of groups that its member is in', async () => {
    await using world = await vaultWorld();
    const vault = await world.vault('demo-kv');
    const as = await world.identity();
    const { tenantId } = world;
    const groups = await makeGroupsOf(world, tenantId, as.principalId, 300);
    const status = async () => (await world.ask({ method: 'GET', path: '/secrets', as })).statusCode;
    assert.equal(await status(), 403);
    for (const group of [groups[0], groups[150], groups.at(-1)]) {
      const name = await world.grant({ ...as, principalId: group ?? as.principalId }, owner, vault);
      assert.equal(await status(), 200);
      await world.revoke(tenantId, vault, name);
      assert.equal(await status(), 403);
    }
  });

  test('gives nothing once the role is taken from it', async () => {
    await using world = await vaultWorld();
    const vault = await world.vault('demo-kv');
    const as = await world.identity();
    const group = await makeGroup(world, world.tenantId);
    await join(world, world.tenantId, group, as.principalId);
    const assignment = await world.grant({ ...as, principalId: group }, owner, vault);
    const status = async () => (await world.ask({ method: 'GET', path: '/secrets', as })).statusCode;
    assert.equal(await status(), 200);
    await world.revoke(world.tenantId, vault, assignment);
    assert.equal(await status(), 403);
  });

  test('of another tenant gives nothing, though a row should name the same member', async () => {
    await using world = await vaultWorld();
    const vault = await world.vault('demo-kv');
    const as = await world.identity();
    const foreign = await world.tenant();
    const group = await makeGroup(world, foreign);
    await world.grant({ ...as, tenantId: foreign, principalId: group }, owner, '/');
    await world.grant({ ...as, tenantId: foreign, principalId: group }, owner, vault);
    await join(world, foreign, group, as.principalId);
    assert.equal((await world.ask({ method: 'GET', path: '/secrets', as })).statusCode, 403);
  });

  test('is assigned one as a Group, shows it as assigned to its members, and lets a person manage until they leave', async () => {
    await using management = await testManagement();
    const { tenantId, subscriptionId, owner: administrator } = management.home;
    const { userId } = await makePerson(management, tenantId, 'alice@home.example');
    const alice = { tenantId, principalId: guid<PrincipalId>(userId), clientId: azureCli };
    const as = { ...alice, token: management.verifier.issue(alice, 'User') };
    const group = await makeGroup(management, tenantId);
    const scope = `/subscriptions/${subscriptionId}`;
    const contributor = 'b24988ac-6180-42a0-ab88-20f7382dd24c';
    const assignments = `${scope}/providers/Microsoft.Authorization/roleAssignments`;
    const put = (principalId: string, name: string) =>
      management.ask('PUT', `${assignments}/${name}?api-version=2022-04-01`, {
        as: administrator,
        body: {
          properties: {
            roleDefinitionId: `${scope}/providers/Microsoft.Authorization/roleDefinitions/${contributor}`,
            principalId,
          },
        },
      });
    const nobody = await put('99999999-9999-4999-8999-999999999999', '11111111-1111-4111-8111-111111111111');
    assert.equal(nobody.body.error.code, 'PrincipalNotFound');
    const made = await put(group, '11111111-1111-4111-8111-111111111112');
    assert.equal(made.body.properties.principalType, 'Group');

    const subscriptions = async () =>
      (await management.ask('GET', '/subscriptions?api-version=2022-12-01', { as })).body.value.length;
    const makeResourceGroup = async () =>
      (
        await management.ask('PUT', `${scope}/resourceGroups/people?api-version=2021-04-01`, {
          as,
          body: { location: 'westeurope' },
        })
      ).status;
    const assigned = async (filter: string) => {
      const query = `api-version=2022-04-01&$filter=${encodeURIComponent(filter)}`;
      const { body } = await management.ask('GET', `${assignments}?${query}`, { as: administrator });
      return body.value.length;
    };
    assert.deepEqual([await subscriptions(), await makeResourceGroup()], [0, 403]);
    await join(management, tenantId, group, userId, 'User');
    assert.deepEqual([await subscriptions(), await makeResourceGroup()], [1, 201]);
    assert.equal(await assigned(`assignedTo('${userId}')`), 1);
    assert.equal(await assigned(`principalId eq '${userId}'`), 0);
    await leave(management, tenantId, group, userId);
    assert.deepEqual([await subscriptions(), await makeResourceGroup()], [0, 403]);
    assert.equal(await assigned(`assignedTo('${userId}')`), 0);
  });
});
