import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { testFollower } from '../../../test/support/feed.ts';
import {
  assign,
  at,
  failsWith,
  getSecret,
  group,
  secret,
  testPrincipal,
  vault,
  vm,
} from '../../../test/support/role-assignments.ts';
import { testTenant } from '../../../test/support/sealer.ts';
import { canonicalId, parseScope } from '../../contract/resource-id.ts';
import type { PrincipalId } from '../../foundation/ids.ts';
import { Directory } from '../directory/directory.ts';
import { deletePrincipal, setPrincipalEnabled } from '../directory/directory-store.ts';
import { listRoleAssignments, type RoleAssignment } from './authorization-store.ts';
import { createAuthorizer } from './evaluate.ts';
import {
  deleteRoleAssignment,
  removeRoleAssignmentsOfPrincipal,
  removeRoleAssignmentsOfResources,
} from './role-assignment-removal.ts';

describe('taking rights away', () => {
  test('an assignment removed, a principal disabled or deleted: refused at the next question', async () => {
    await using database = await testDatabase();
    await using follower = await testFollower(database);
    const tenantId = await testTenant(database);
    const authorizer = createAuthorizer({
      database,
      follower,
      principals: new Directory(database, follower),
    });
    const ends: readonly ((principalId: PrincipalId, name: string) => Promise<unknown>)[] = [
      (_principalId, name) =>
        database.transaction((tx) =>
          deleteRoleAssignment(tx, { tenantId, scope: parseScope(vault), name, at }),
        ),
      (principalId) =>
        database.transaction((tx) => removeRoleAssignmentsOfPrincipal(tx, { tenantId, principalId, at })),
      (principalId) =>
        database.transaction((tx) => setPrincipalEnabled(tx, { tenantId, principalId, enabled: false, at })),
      (principalId) => database.transaction((tx) => deletePrincipal(tx, { tenantId, principalId, at })),
    ];
    for (const end of ends) {
      const principalId = await testPrincipal(database, tenantId);
      const { name } = await assign(database, { tenantId, principalId });
      const question = { tenantId, principalId, action: getSecret, scope: secret, plane: 'data' } as const;
      assert.ok((await authorizer.decide(question)).allowed);
      assert.ok((await authorizer.decide(question)).allowed, 'from the cache');
      await end(principalId, name);
      assert.ok(!(await authorizer.decide(question)).allowed, String(end));
    }
  });

  test('an assignment is removed at its own scope only', async () => {
    await using database = await testDatabase();
    const tenantId = await testTenant(database);
    const principalId = await testPrincipal(database, tenantId);
    const { name } = await assign(database, { tenantId, principalId });
    const remove = (scope: string) =>
      database.transaction((tx) =>
        deleteRoleAssignment(tx, { tenantId, scope: parseScope(scope), name, at }),
      );
    assert.equal(await remove(group), undefined);
    assert.equal((await remove(vault.toLowerCase()))?.name, name);
    assert.equal(await remove(vault), undefined);
  });

  test('with a resource go the assignments at it, below it, and of its own identity', async () => {
    await using database = await testDatabase();
    const tenantId = await testTenant(database);
    const [other, own] = [
      await testPrincipal(database, tenantId),
      await testPrincipal(database, tenantId, vm),
    ];
    await assign(database, { tenantId, principalId: other, scope: vm });
    await assign(database, { tenantId, principalId: other, scope: `${vm}/extensions/e1` });
    await assign(database, { tenantId, principalId: own, scope: vault });
    const kept = [
      await assign(database, { tenantId, principalId: other, scope: `${vm}0` }),
      await assign(database, { tenantId, principalId: other, scope: group }),
    ];
    await database.transaction((tx) =>
      removeRoleAssignmentsOfResources(tx, {
        tenantId,
        resourceCanonicals: [canonicalId(parseScope(vm))],
        at,
      }),
    );
    const left = await listRoleAssignments(database.read, {
      tenantId,
      scope: parseScope('/'),
      reach: 'all',
      limit: 10,
    });
    assert.deepEqual(left.map(({ name }) => name).sort(), kept.map(({ name }) => name).sort());
  });

  test('the last Owner of the tenant stays', async () => {
    await using database = await testDatabase();
    const tenantId = await testTenant(database);
    const [one, two] = [await testPrincipal(database, tenantId), await testPrincipal(database, tenantId)];
    const owner = (principalId: PrincipalId) =>
      assign(database, { tenantId, principalId, role: 'Owner', scope: '/' });
    const [first, second] = [await owner(one), await owner(two)];
    const remove = ({ name }: RoleAssignment) =>
      database.transaction((tx) => deleteRoleAssignment(tx, { tenantId, scope: parseScope('/'), name, at }));

    await database.transaction((tx) =>
      setPrincipalEnabled(tx, { tenantId, principalId: two, enabled: false, at }),
    );
    await assert.rejects(remove(first), failsWith('CannotDeleteLastRbacAdminAssignment'));
    await assert.rejects(
      database.transaction((tx) => removeRoleAssignmentsOfPrincipal(tx, { tenantId, principalId: one, at })),
      failsWith('CannotDeleteLastRbacAdminAssignment'),
    );
    await database.transaction((tx) =>
      setPrincipalEnabled(tx, { tenantId, principalId: two, enabled: true, at }),
    );
    assert.ok(await remove(first));
    await assert.rejects(remove(second), failsWith('CannotDeleteLastRbacAdminAssignment'));
  });
});
