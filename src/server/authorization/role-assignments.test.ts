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
  operator,
  secret,
  subscription,
  testPrincipal,
  vault,
  vm,
  type Wanted,
} from '../../../test/support/role-assignments.ts';
import { testTenant } from '../../../test/support/sealer.ts';
import { parseScope } from '../../contract/resource-id.ts';
import type { PrincipalId } from '../../foundation/ids.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import { Directory } from '../directory/directory.ts';
import { listRoleAssignments } from './authorization-store.ts';
import { createAuthorizer, decideFromRows } from './evaluate.ts';

describe('assigning a role', () => {
  test('gives the right from the next question on, and says who did it', async () => {
    await using database = await testDatabase();
    await using follower = await testFollower(database);
    const tenantId = await testTenant(database);
    const principalId = await testPrincipal(database, tenantId);
    const authorizer = createAuthorizer({
      database,
      follower,
      principals: new Directory(database, follower),
    });
    const question = { tenantId, principalId, action: getSecret, scope: secret, plane: 'data' } as const;
    assert.deepEqual(await authorizer.decide(question), { allowed: false, considered: 0 });

    const assignment = await assign(database, { tenantId, principalId, description: 'reads' });
    assert.equal(assignment.createdBy, operator);
    assert.equal(assignment.principalType, 'ServicePrincipal');
    assert.equal(assignment.scope, vault);
    const decision = await authorizer.decide(question);
    assert.equal(decision.allowed && decision.assignmentId, assignment.name);
    assert.deepEqual(await decideFromRows(database.read, question), decision);
  });

  test('again with the same name and content updates the description and keeps who created it', async () => {
    await using database = await testDatabase();
    const tenantId = await testTenant(database);
    const principalId = await testPrincipal(database, tenantId);
    const first = await assign(database, { tenantId, principalId });
    const again = await assign(database, {
      tenantId,
      principalId,
      name: first.name.toUpperCase(),
      scope: vault.toUpperCase().replace('/SUBSCRIPTIONS', '/subscriptions'),
      description: 'changed',
      by: principalId,
      at: at + 1000,
    });
    assert.deepEqual(again, {
      ...first,
      description: 'changed',
      updatedAt: at + 1000,
      updatedBy: principalId,
    });
  });

  test('under another name that exists already is refused', async () => {
    await using database = await testDatabase();
    const tenantId = await testTenant(database);
    const principalId = await testPrincipal(database, tenantId);
    const first = await assign(database, { tenantId, principalId });
    await assert.rejects(
      assign(database, { tenantId, principalId, scope: vault.toLowerCase() }),
      failsWith(
        'RoleAssignmentExists',
        new RegExp(`^The role assignment already exists\\. .*${first.name.replaceAll('-', '')}`),
      ),
    );
  });

  test('cannot turn one assignment into another, at any scope of the tenant', async () => {
    await using database = await testDatabase();
    const tenantId = await testTenant(database);
    const principalId = await testPrincipal(database, tenantId);
    const { name } = await assign(database, { tenantId, principalId });
    for (const change of [
      { role: 'Owner' },
      { scope: group },
      { principalId: await testPrincipal(database, tenantId) },
    ]) {
      await assert.rejects(
        assign(database, { tenantId, principalId, name, ...change }),
        failsWith('RoleAssignmentUpdateNotPermitted'),
      );
    }
  });

  test('in one tenant leaves the same name free in another', async () => {
    await using database = await testDatabase();
    const [one, two] = [await testTenant(database), await testTenant(database)];
    const { name } = await assign(database, {
      tenantId: one,
      principalId: await testPrincipal(database, one),
    });
    const other = await assign(database, {
      tenantId: two,
      principalId: await testPrincipal(database, two),
      name,
    });
    assert.equal(other.name, name);
  });

  test('to a principal that does not exist, or is of another tenant, is refused', async () => {
    await using database = await testDatabase();
    const [tenantId, foreign] = [await testTenant(database), await testTenant(database)];
    for (const principalId of [systemRandomness.uuid(), await testPrincipal(database, foreign)]) {
      await assert.rejects(
        assign(database, { tenantId, principalId }),
        failsWith(
          'PrincipalNotFound',
          new RegExp(
            `^Principal ${principalId.replaceAll('-', '')} does not exist in the directory ${tenantId}\\..*  See https://aka.ms/docs-principaltype$`,
          ),
        ),
      );
    }
  });

  test('to a foreign principal with its type given grants that principal nothing', async () => {
    await using database = await testDatabase();
    const [tenantId, foreign] = [await testTenant(database), await testTenant(database)];
    const principalId = await testPrincipal(database, foreign);
    await assign(database, { tenantId, principalId, principalType: 'ServicePrincipal' });
    for (const asked of [tenantId, foreign]) {
      const question = {
        tenantId: asked,
        principalId,
        action: getSecret,
        scope: secret,
        plane: 'data',
      } as const;
      assert.equal((await decideFromRows(database.read, question)).allowed, false);
    }
  });

  test('with a wrong or unknown type of principal is refused', async () => {
    await using database = await testDatabase();
    const tenantId = await testTenant(database);
    const principalId = await testPrincipal(database, tenantId);
    await assert.rejects(
      assign(database, { tenantId, principalId, principalType: 'User' }),
      failsWith(
        'UnmatchedPrincipalType',
        /has type 'ServicePrincipal' , which is different from specified PrinciaplType 'User'\.$/,
      ),
    );
    await assert.rejects(
      assign(database, { tenantId, principalId, principalType: 'MSI' }),
      failsWith('InvalidPrincipalType', /^The PrincipalType property 'MSI' is not valid\./),
    );
    await assign(database, { tenantId, principalId, principalType: 'serviceprincipal' });
  });

  test('that is badly asked for is refused with the code that says why', async () => {
    await using database = await testDatabase();
    const tenantId = await testTenant(database);
    const principalId = await testPrincipal(database, tenantId);
    const unknownRole = '99999999-9999-4999-8999-999999999999';
    const cases: readonly [Partial<Wanted>, string][] = [
      [{ name: 'mine' }, 'InvalidRoleAssignmentId'],
      [{ roleDefinitionId: 'Owner' }, 'BadRequestFormat'],
      [{ roleDefinitionId: unknownRole }, 'RoleDefinitionDoesNotExist'],
      [{ principalId: 'me' }, 'BadRequestFormat'],
      [
        { condition: "@Resource[x] StringEquals 'y'", conditionVersion: '2.0' },
        'RoleAssignmentConditionNotSupported',
      ],
      [{ delegatedManagedIdentityResourceId: vm }, 'DelegatedManagedIdentityNotSupported'],
      [{ description: 'x'.repeat(2049) }, 'BadRequestFormat'],
      [{ description: 'a\u0000b' }, 'BadRequestFormat'],
      [{ description: '\ud800' }, 'BadRequestFormat'],
    ];
    for (const [wrong, code] of cases) {
      await assert.rejects(assign(database, { tenantId, principalId, ...wrong }), failsWith(code));
    }
    const all = await listRoleAssignments(database.read, {
      tenantId,
      scope: parseScope('/'),
      reach: 'all',
      limit: 10,
    });
    assert.deepEqual(all, []);
  });
});

describe('listing assignments', () => {
  test('shows those at the scope, above, and below it, and of one principal where asked', async () => {
    await using database = await testDatabase();
    const tenantId = await testTenant(database);
    const [one, two] = [await testPrincipal(database, tenantId), await testPrincipal(database, tenantId)];
    for (const scope of ['/', subscription, group, vault])
      await assign(database, { tenantId, principalId: one, scope });
    await assign(database, { tenantId, principalId: two, scope: `${subscription}/resourceGroups/demo2` });
    // `_` stands for any character in LIKE; a scope with one must not reach its look-alikes.
    await assign(database, { tenantId, principalId: two, scope: `${subscription}/resourceGroups/d_mo` });
    const scopesOf = async (scope: string, reach: 'all' | 'at-and-above', principalId?: PrincipalId) => {
      const filter = { tenantId, scope: parseScope(scope), reach, limit: 100 };
      const found = await listRoleAssignments(
        database.read,
        principalId ? { ...filter, principalId } : filter,
      );
      return found.map((assignment) => assignment.scope).sort();
    };
    assert.deepEqual(await scopesOf(group, 'all'), ['/', subscription, group, vault].sort());
    assert.deepEqual(await scopesOf(group, 'at-and-above'), ['/', subscription, group].sort());
    assert.equal((await scopesOf('/', 'all')).length, 6);
    assert.deepEqual(await scopesOf(`${subscription}/resourceGroups/d_mo`, 'all', two), [
      `${subscription}/resourceGroups/d_mo`,
    ]);
    assert.deepEqual(await scopesOf(vault, 'at-and-above', two), []);
  });

  test('goes on behind the last name seen', async () => {
    await using database = await testDatabase();
    const tenantId = await testTenant(database);
    const principalId = await testPrincipal(database, tenantId);
    for (const scope of ['/', subscription, group]) await assign(database, { tenantId, principalId, scope });
    const filter = { tenantId, scope: parseScope('/'), reach: 'all', limit: 2 } as const;
    const first = await listRoleAssignments(database.read, filter);
    const after = first.at(-1)?.name ?? '';
    const second = await listRoleAssignments(database.read, { ...filter, after });
    assert.equal(new Set([...first, ...second].map(({ name }) => name)).size, 3);
  });
});
