import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testDatabase } from '../../../test/support/database.ts';
import { testTenant } from '../../../test/support/sealer.ts';
import { guid, type UserId } from '../../foundation/ids.ts';
import { systemRandomness } from '../../foundation/randomness.ts';
import { insertUser, revokeSignIns, selectUser } from './user-store.ts';

test('a second revocation within the second refuses what was signed in since the first', async () => {
  await using database = await testDatabase();
  const tenantId = await testTenant(database);
  const userId = guid<UserId>(systemRandomness.uuid());
  const at = 10_200;
  const validFrom = async () => (await selectUser(database.read, tenantId, { userId }))?.tokensValidFrom ?? 0;
  await database.transaction((transaction) =>
    insertUser(transaction, { tenantId, userId, userPrincipalName: 'a@b.example', displayName: 'a', at: 1 }),
  );
  const revoke = (tenant = tenantId) =>
    database.transaction((transaction) => revokeSignIns(transaction, { tenantId: tenant, userId, at }));
  assert.equal(await revoke(), true);
  const first = await validFrom();
  assert.equal(await revoke(), true);
  assert.ok((await validFrom()) > Math.ceil(first / 1000) * 1000);
  assert.equal(await revoke(await testTenant(database)), false);
});
