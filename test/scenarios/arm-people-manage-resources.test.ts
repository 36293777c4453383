import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { guid, type PrincipalId } from '../../src/foundation/ids.ts';
import { updateUser } from '../../src/server/directory/user-store.ts';
import { type TestManagement, type TestPrincipal, testManagement } from '../support/management.ts';
import { azureCli, makePerson } from '../support/people.ts';

async function personIn(management: TestManagement, name: string): Promise<TestPrincipal> {
  const { tenantId } = management.home;
  const { userId } = await makePerson(management, tenantId, `${name}@home.example`);
  const principal = { tenantId, principalId: guid<PrincipalId>(userId), clientId: azureCli };
  return { ...principal, token: management.verifier.issue(principal, 'User') };
}

describe('a person', () => {
  test('sees the tenant and the subscriptions in which a role is assigned to them, as az login asks', async () => {
    await using management = await testManagement();
    const alice = await personIn(management, 'alice');
    const { tenantId, subscriptionId } = management.home;
    const list = async (path: string) => {
      const { body } = await management.ask('GET', `${path}?api-version=2022-12-01`, { as: alice });
      return (body as { value: { subscriptionId?: string; tenantId?: string }[] }).value;
    };
    assert.deepEqual(
      (await list('/tenants')).map((tenant) => tenant.tenantId),
      [tenantId],
    );
    assert.deepEqual(await list('/subscriptions'), []);
    await management.assign(management.home, alice, 'Reader', `/subscriptions/${subscriptionId}`);
    const seen = (await list('/subscriptions')).map((subscription) => subscription.subscriptionId);
    assert.deepEqual(seen, [subscriptionId]);
  });

  test('makes resources where their role lets them, is named as their maker, and no longer once disabled', async () => {
    await using management = await testManagement();
    const alice = await personIn(management, 'alice');
    const { tenantId, subscriptionId } = management.home;
    const group = `/subscriptions/${subscriptionId}/resourceGroups/people`;
    const vault = `${group}/providers/Microsoft.KeyVault/vaults/people-kv?api-version=2023-07-01`;
    const sku = { family: 'A', name: 'standard' };
    const body = { location: 'westeurope', properties: { tenantId, sku, enableRbacAuthorization: true } };
    const makeGroup = () =>
      management.ask('PUT', `${group}?api-version=2021-04-01`, {
        as: alice,
        body: { location: 'westeurope' },
      });
    assert.equal((await makeGroup()).status, 403);
    await management.assign(management.home, alice, 'Contributor', `/subscriptions/${subscriptionId}`);
    assert.equal((await makeGroup()).status, 201);
    const made = await management.ask('PUT', vault, { as: alice, body });
    assert.ok(made.status < 300, made.text);
    const { createdBy, createdByType } = made.body.systemData;
    assert.deepEqual([createdBy, createdByType], [alice.principalId, 'User']);
    await management.database.transaction((transaction) =>
      updateUser(transaction, { tenantId, userId: guid(alice.principalId), at: 1 }, { enabled: false }),
    );
    assert.equal((await management.ask('GET', vault, { as: alice })).status, 403);
  });

  test('is assigned roles as a User, which the directory knows without being told', async () => {
    await using management = await testManagement();
    const alice = await personIn(management, 'alice');
    const { subscriptionId, owner } = management.home;
    const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';
    const scope = `/subscriptions/${subscriptionId}`;
    const put = (name: string, principalType?: string) =>
      management.ask(
        'PUT',
        `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}?api-version=2022-04-01`,
        {
          as: owner,
          body: {
            properties: {
              roleDefinitionId: `${scope}/providers/Microsoft.Authorization/roleDefinitions/${reader}`,
              principalId: alice.principalId,
              ...(principalType === undefined ? {} : { principalType }),
            },
          },
        },
      );
    const wrong = await put('11111111-1111-4111-8111-111111111111', 'ServicePrincipal');
    assert.equal(wrong.body.error.code, 'UnmatchedPrincipalType');
    const made = await put('11111111-1111-4111-8111-111111111112');
    assert.equal(made.body.properties.principalType, 'User');
  });
});
