import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { canonicalId, parseScope } from '../../src/contract/resource-id.ts';
import { listRoleAssignments } from '../../src/server/authorization/authorization-store.ts';
import { createAuthorizer } from '../../src/server/authorization/evaluate.ts';
import {
  deleteRoleAssignment,
  removeRoleAssignmentsOfPrincipal,
  removeRoleAssignmentsOfResources,
} from '../../src/server/authorization/role-assignment-removal.ts';
import { Directory } from '../../src/server/directory/directory.ts';
import { testDatabase } from '../support/database.ts';
import { testFollower } from '../support/feed.ts';
import { assign, at, getSecret, secret, testPrincipal, vault } from '../support/role-assignments.ts';
import { testTenant } from '../support/sealer.ts';

describe('two tenants in one database', () => {
  test('neither sees, uses nor removes what the other assigned, even at the same scope (C5)', async () => {
    await using database = await testDatabase();
    await using follower = await testFollower(database);
    const authorizer = createAuthorizer({
      database,
      follower,
      principals: new Directory(database, follower),
    });
    const [ours, theirs] = [await testTenant(database), await testTenant(database)];
    const principalId = await testPrincipal(database, ours);
    const { name } = await assign(database, { tenantId: ours, principalId });
    const allowed = async (tenantId: typeof ours) =>
      (await authorizer.decide({ tenantId, principalId, action: getSecret, scope: secret, plane: 'data' }))
        .allowed;
    assert.ok(await allowed(ours));
    assert.ok(!(await allowed(theirs)));

    const scope = parseScope(vault);
    const list = async (tenantId: typeof ours) =>
      (await listRoleAssignments(database.read, { tenantId, scope, reach: 'all', limit: 10 })).length;
    assert.deepEqual([await list(ours), await list(theirs)], [1, 0]);

    const removed = await database.transaction(async (tx) => {
      await removeRoleAssignmentsOfPrincipal(tx, { tenantId: theirs, principalId, at });
      await removeRoleAssignmentsOfResources(tx, {
        tenantId: theirs,
        resourceCanonicals: [canonicalId(scope)],
        at,
      });
      return await deleteRoleAssignment(tx, { tenantId: theirs, scope, name, at });
    });
    assert.equal(removed, undefined);
    assert.ok(await allowed(ours));
    assert.equal(await list(ours), 1);
  });
});
