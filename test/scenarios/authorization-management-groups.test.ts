import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatScope, parseScope } from '../../src/contract/resource-id.ts';
import { guid, type SubscriptionId, type TenantId } from '../../src/foundation/ids.ts';
import {
  listRoleAssignments,
  type RoleAssignmentFilter,
} from '../../src/server/authorization/authorization-store.ts';
import {
  type AuthorizationQuestion,
  createAuthorizer,
  decideFromRows,
} from '../../src/server/authorization/evaluate.ts';
import { maxAssignmentsPerManagementGroup } from '../../src/server/authorization/role-assignments.ts';
import { Directory } from '../../src/server/directory/directory.ts';
import { Hierarchy, scopeOfGroup } from '../../src/server/management-groups/hierarchy.ts';
import { savePlacement } from '../../src/server/management-groups/management-group-store.ts';
import { writeManagementGroup } from '../../src/server/management-groups/management-groups.ts';
import type { Database } from '../../src/server/storage/database.ts';
import { testDatabase } from '../support/database.ts';
import { testFollower } from '../support/feed.ts';
import {
  assign,
  at,
  failsWith,
  getSecret,
  secret,
  subscription,
  testPrincipal,
  vault,
} from '../support/role-assignments.ts';
import { testTenant } from '../support/sealer.ts';

const subscriptionId = guid<SubscriptionId>(subscription.slice('/subscriptions/'.length));
const id = (name: string) => formatScope(scopeOfGroup({ name }));

async function write(
  database: Database,
  tenantId: TenantId,
  name: string,
  parent: string = tenantId,
): Promise<void> {
  await database.transaction(async (transaction) => {
    const hierarchy = await Hierarchy.load(transaction, tenantId);
    const asked = { name, displayName: undefined, parent: hierarchy.group(parent), by: 'somebody', at };
    await writeManagementGroup(transaction, hierarchy, asked);
  });
}

async function place(database: Database, tenantId: TenantId, name: string): Promise<void> {
  await database.transaction(async (transaction) => {
    const group = (await Hierarchy.load(transaction, tenantId)).group(name);
    assert.ok(group);
    await savePlacement(transaction, { tenantId, subscriptionId, group, at });
  });
}

describe('rights at a management group', () => {
  test('open the data of vaults below it, from caches and from rows alike, until the subscription is elsewhere', async () => {
    await using database = await testDatabase();
    await using follower = await testFollower(database);
    const principals = new Directory(database, follower);
    const authorizer = createAuthorizer({ database, follower, principals });
    const [tenantId, other] = [await testTenant(database), await testTenant(database)];
    for (const tenant of [tenantId, other]) {
      await write(database, tenant, 'Corp');
      await write(database, tenant, 'Sales', 'Corp');
      await write(database, tenant, 'Labs');
    }
    const principalId = await testPrincipal(database, tenantId);
    await assign(database, { tenantId, principalId, scope: id('corp') });
    const question: AuthorizationQuestion = {
      ...{ tenantId, principalId, action: getSecret, scope: secret },
      plane: 'data',
    };
    const allowed = async () => {
      const decision = await authorizer.decide(question);
      assert.deepEqual(await decideFromRows(database.read, question), decision);
      return decision.allowed && decision.assignmentScope;
    };
    assert.equal(await allowed(), false);
    await place(database, tenantId, 'Sales');
    assert.equal(await allowed(), id('corp'));
    // another tenant's hierarchy is another, though its groups are called the same
    await place(database, other, 'Labs');
    assert.equal(await allowed(), id('corp'));
    await place(database, tenantId, 'Labs');
    assert.equal(await allowed(), false);
    await write(database, tenantId, 'Labs', 'Sales');
    assert.equal(await allowed(), id('corp'));
    await place(database, tenantId, tenantId);
    assert.equal(await allowed(), false);
    await assign(database, { tenantId, principalId, scope: id(tenantId) });
    assert.equal(await allowed(), id(tenantId));
  });

  test('are listed above what inherits them, and with what is below', async () => {
    await using database = await testDatabase();
    const tenantId = await testTenant(database);
    await write(database, tenantId, 'Corp');
    await write(database, tenantId, 'Sales', 'Corp');
    await write(database, tenantId, 'Labs');
    await place(database, tenantId, 'Sales');
    const principalId = await testPrincipal(database, tenantId);
    const names: Record<string, string> = {};
    for (const scope of ['/', id(tenantId), id('Corp'), id('Sales'), id('Labs'), subscription, vault]) {
      names[(await assign(database, { tenantId, principalId, scope })).name] = scope;
    }
    const list = async (scope: string, reach: RoleAssignmentFilter['reach']) =>
      (
        await listRoleAssignments(database.read, { tenantId, scope: parseScope(scope), reach, limit: 100 })
      ).map(({ name }) => names[name]);
    const above = ['/', id(tenantId), id('Corp'), id('Sales'), subscription];
    assert.deepEqual(new Set(await list(subscription, 'at-and-above')), new Set(above));
    assert.deepEqual(new Set(await list(subscription, 'all')), new Set([...above, vault]));
    assert.deepEqual(new Set(await list(id('Corp'), 'all')), new Set([...above, vault]));
    assert.deepEqual(
      new Set(await list(id('Labs'), 'all')),
      new Set(['/', id(tenantId), id('Labs')]),
      'nothing is below it',
    );
    assert.equal((await list(id(tenantId), 'all')).length, 7);
    assert.equal((await list('/', 'all')).length, 7);
  });

  test(`are at most ${maxAssignmentsPerManagementGroup}, whatever those below have`, async () => {
    await using database = await testDatabase();
    const tenantId = await testTenant(database);
    await write(database, tenantId, 'Corp');
    await write(database, tenantId, 'Sales', 'Corp');
    const one = await testPrincipal(database, tenantId);
    await assign(database, { tenantId, principalId: one, scope: id('Corp') });
    const row = await database.read.selectFrom('role_assignments').selectAll().executeTakeFirstOrThrow();
    const rows = Array.from({ length: maxAssignmentsPerManagementGroup - 1 }, (_none, index) => ({
      ...row,
      assignment_id: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      principal_id: `00000000-0000-4000-9000-${String(index).padStart(12, '0')}`,
    }));
    await database.transaction(async (transaction) => {
      await transaction.insertInto('role_assignments').values(rows).execute();
    });
    const more = { tenantId, principalId: await testPrincipal(database, tenantId) };
    await assert.rejects(
      assign(database, { ...more, scope: id('Corp') }),
      failsWith('RoleAssignmentLimitExceeded'),
    );
    await assign(database, { ...more, scope: id('Sales') });
  });
});
